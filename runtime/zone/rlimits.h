/* rlimits - the names of resource limits, and those that a running zone has by now. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_RLIMITS_H
#define RUNTIME_ZONE_RLIMITS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "config/spec.h"
#include "config/zone_spec.h"

/* Pure: "nofile" -> "RLIMIT_NOFILE", freshly allocated. */
char *rlimit_type(const char *name);
/* Pure: what processes of such a zone begin with; false: what the host gives. */
bool rlimit_of(const struct zone_spec *z, const char *type, struct rlimit *ret);
/* Pure: the limits of such a zone in the place of those that a process has from the container's configuration, which is that of its boot. */
void rlimits_take(struct process_spec *p, const struct zone_spec *z);

#endif
