/* bus - the calls to systemd that the systemd driver needs, over libsystemd's sd-bus. Private to this folder.
 *
 * libsystemd is loaded when the first connection is opened and not before: no other command pays for it, and a host without systemd needs no such package. Every call has an end
 * (BUS_TIMEOUT). Interface: org.freedesktop.systemd1(5). */
#ifndef CGROUPS_BUS_H
#define CGROUPS_BUS_H

#include <stdbool.h>

#include "cgroups/unit.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"

struct bus;

/* To the system's systemd, or to the user's own. systemd's private socket is tried first, because there no bus daemon stands in between that could be busy; then the message bus.
 * -EOPNOTSUPP: systemd is not running here (or in another pid namespace, where our pids mean others), -ENOENT: no libsystemd. */
MUST_CHECK int bus_open(bool user, struct bus **ret, struct err *e);
void bus_close(struct bus *b);
static inline void bus_free(struct bus *b)
{
	bus_close(b);
}
DEFINE_AUTO_PTR(bus);

/* StartTransientUnit, and wait until the job is done. `pid` (0: none) becomes the scope's first process. A unit of the name that has failed is forgotten first; one that runs is -EEXIST. */
MUST_CHECK int bus_start_unit(struct bus *b, const char *name, const struct unit_props *props,
			      pid_t pid, struct err *e);
/* SetUnitProperties for the time until the unit ends. A property that this systemd does not know is left out. */
MUST_CHECK int bus_set_props(struct bus *b, const char *name, const struct unit_props *props,
			     struct err *e);
/* StopUnit, wait, and ResetFailedUnit, so that nothing is remembered. No such unit is success. */
MUST_CHECK int bus_stop_unit(struct bus *b, const char *name, struct err *e);
/* The cgroup of a unit, or of systemd itself (name NULL): "" is the root. Freshly allocated. */
MUST_CHECK int bus_cgroup(struct bus *b, const char *name, char **ret, struct err *e);

#endif
