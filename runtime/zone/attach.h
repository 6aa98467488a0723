/* attach - what attaching files and taking in a zone that is migrated have in common. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_ATTACH_H
#define RUNTIME_ZONE_ATTACH_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/zone.h"

#define ATTACH_OK      "ok"
#define ATTACH_WARNING "warning"
#define ATTACH_PROBLEM "problem"

/* A row of the report, without control characters. `check` and `result` are constants. */
void attach_row(struct zone_attach *report, const char *check, const char *result,
		const char *format, ...) PRINTF_LIKE(4, 5);
/* The questions that can be asked before the files are there. `z` has a specification; `facts` is what detached.json would say. */
void attach_look(const struct zone_dirs *d, struct zone *z, const char *zonepath,
		 const struct json *facts, struct zone_attach *report);
/* The configuration in `facts` as the text of a file that names this zonepath (NULL: none). */
MUST_CHECK int attach_config(const struct json *facts, const char *zonepath, char **ret,
			     struct err *e);
/* The record: the zone is installed, with the files in this zonepath. The lock is held. */
MUST_CHECK int attach_take(const struct zone_dirs *d, struct zone *z, const char *zonepath,
			   const struct json *facts, struct err *e);

#endif
