/* detached - the file that goes with a zone's files when they leave: ZONEPATH/detached.json.
 *
 *   { "format": "zones-detached", "version": 1, "zonename", "uuid", "brand", "architecture", "kernel", "from", "created", "installed", "image", "configuration": { the zone's file } }
 *
 * and, when the zone itself went to another host and these are what it has left behind: "migratedTo": the host, "migratedAt": the time.
 *
 * It may come from another host, so it is only ever read through the limits of base/json.h, and what it says of a configuration is checked like any other.
 * Private to runtime/zone. */
#ifndef RUNTIME_ZONE_DETACHED_H
#define RUNTIME_ZONE_DETACHED_H

#include <stdbool.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

#define DETACHED_FILE   "detached.json"
#define DETACHED_FORMAT "zones-detached"
#define DETACHED_TO     "migratedTo"
#define DETACHED_AT     "migratedAt"
enum { DETACHED_VERSION = 1 };

/* Read the one in a zonepath; -ENOENT when there is none. */
MUST_CHECK int detached_load(const char *zonepath, struct json **ret, struct err *e);
/* What it says of an installed zone. */
struct json *detached_facts(const struct zone *z);
/* Detach the zone because it is on `host` now. The lock is held; the state is not asked, and detaching again is fine. */
MUST_CHECK int detach_migrated(const struct zone_dirs *d, struct zone *z, const char *host,
			       struct err *e);
/* Are there detached files where this configured zone has its own? */
bool detached_is_there(const struct zone_dirs *d, const struct zone *z);

#endif
