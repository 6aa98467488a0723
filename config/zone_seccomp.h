/* zone_seccomp - the system call filter that every zone has. For config/ and for what learns a list (runtime/zone/learn.h). Pure. */
#ifndef CONFIG_ZONE_SECCOMP_H
#define CONFIG_ZONE_SECCOMP_H

#include <stdbool.h>

#include "config/spec.h"

/* A new profile for this machine's architecture. `nesting`: the zone may make user namespaces of its own. `counted`: it may not make subvolumes, in which files would not count against its quota. The caller puts it into spec->linux.seccomp, which owns it. */
struct seccomp_spec *zone_seccomp_new(bool nesting, bool counted);

/* Only these calls, and those that the runtime itself makes on its way into the zone, stay allowed; all others are refused with EPERM (zone_calls.c). An empty list changes nothing. */
void zone_seccomp_restrict(struct seccomp_spec *s, const struct strv *calls);
/* Is it a call that some zone may make, at least with some arguments? */
bool zone_seccomp_knows(const char *call);
/* Is it one that no list takes away? And how many of the others a list leaves, of the whole filter for an empty one. */
bool zone_seccomp_is_always(const char *call);
size_t zone_seccomp_optional(const struct strv *calls);

#endif
