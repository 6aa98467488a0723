/* detached - the file that goes with a zone's files when they leave: ZONEPATH/detached.json.
 *
 *   { "format": "zones-detached", "version": 1, "zonename", "uuid", "brand", "architecture", "kernel", "from", "created", "installed", "image", "configuration": { the zone's file } }
 *
 * It may come from another host, so it is only ever read through the limits of base/json.h, and what it says of a configuration is checked like any other.
 * Private to runtime/zone. */
#ifndef RUNTIME_ZONE_DETACHED_H
#define RUNTIME_ZONE_DETACHED_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

#define DETACHED_FILE   "detached.json"
#define DETACHED_FORMAT "zones-detached"
enum { DETACHED_VERSION = 1 };

/* Read the one in a zonepath; -ENOENT when there is none. */
MUST_CHECK int detached_load(const char *zonepath, struct json **ret, struct err *e);

#endif
