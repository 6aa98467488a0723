/* learn - what a zone's programs use: system calls and privileges, watched from their first instruction to their last, and the least that "limitpriv" and "seccomp" need for it.
 *
 * The zone, which must be installed and not running, is made ready, strace(1) takes hold of its init, which has not begun yet, the zone is booted, given time or a command that exercises it, and shut
 * down. So its beginning and its end are in the profile as well, and every process that descends from its init; what `zone exec` and `zone login` bring in does not. Privileges are what the kernel's tracepoint
 * capability:cap_capable (Linux 6.14) says of these processes; without it those are left out only that no call used could have needed, and the profile says so.
 * What was not exercised is not in it: a profile is as good as the time in which it was made. As root, in the host's first pid namespace. */
#ifndef RUNTIME_ZONE_LEARN_H
#define RUNTIME_ZONE_LEARN_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

enum { LEARN_SECONDS = 10, LEARN_SECONDS_MAX = 86400 };

struct zone_learn {
	unsigned seconds;     /* how long the zone runs; with a command: at least */
	char *const *command; /* of the host, run while the zone is; NULL */
};
/* The profile, a document:
 *   zone time seconds command  of the observation; `status` of the command
 *   how           { "calls": "strace", "capabilities": "tracepoint" | "calls" }
 *   calls         { NAME: how often }, also those that the filter refuses
 *   capabilities  { NAME: how often }, with the tracepoint
 *   limitpriv seccomp   for zone.json
 *   goes          { "limitpriv": [NAME], "seccomp": how many }: what the zone may today and would not any more
 * -EBUSY: the zone runs. -ENOENT: there is no strace. After a failure the zone is halted. */
MUST_CHECK int zone_learn(const struct zone_dirs *d, const char *name, const struct zone_learn *o,
			  struct json **ret, struct err *e);

#endif
