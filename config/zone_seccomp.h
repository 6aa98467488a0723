/* zone_seccomp - the system call filter that every zone has. Private to config/. Pure. */
#ifndef CONFIG_ZONE_SECCOMP_H
#define CONFIG_ZONE_SECCOMP_H

#include <stdbool.h>

#include "config/spec.h"

/* A new profile for this machine's architecture. `nesting`: the zone may make user namespaces of its own. `counted`: it may not make subvolumes, in which files would not count against its quota. The caller puts it into spec->linux.seccomp, which owns it. */
struct seccomp_spec *zone_seccomp_new(bool nesting, bool counted);

#endif
