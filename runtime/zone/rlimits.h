/* rlimits - the names of resource limits, and those that a running zone has by now. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_RLIMITS_H
#define RUNTIME_ZONE_RLIMITS_H

#include "config/spec.h"
#include "config/zone_spec.h"

/* Pure: "nofile" -> "RLIMIT_NOFILE", freshly allocated. */
char *rlimit_type(const char *name);
/* Pure: the limits of a zone's file in the place of those that a process has from the container's configuration, which is that of its boot. What is set by another property too stays (maxProcesses,
 * cappedMemory.locked): it does not change while the zone runs. */
void rlimits_take(struct process_spec *p, const struct zone_spec *z);

#endif
