/* spawn - start a zone's monitor as a program of its own and hear how it went. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_SPAWN_H
#define RUNTIME_ZONE_SPAWN_H

#include <stdbool.h>

#include "runtime/base/err.h"
#include "runtime/zone/zone.h"

/* exec "zone monitor NAME" in a new session and wait until it has reached the wanted state or failed; its error becomes ours. `lock` is the zone's lock, which the caller holds: it goes
 * along to the monitor, so that it stays taken until the monitor has come to an end with this, even if the caller is killed. */
MUST_CHECK int spawn_monitor(const char *name, const struct zone_boot *o, bool attach, int lock,
			     struct err *e);

#endif
