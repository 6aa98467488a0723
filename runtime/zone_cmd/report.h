/* report - what was looked at before files are attached or a zone is migrated. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_REPORT_H
#define RUNTIME_ZONE_CMD_REPORT_H

#include "runtime/base/json.h"
#include "runtime/zone/zone.h"

void report_print(const struct zone_attach *r);
/* {"ok", "zone", "note", "error", "code", "report": [...]}. `e` counts when result < 0; `note` may be NULL. */
struct json *report_json(const struct zone_attach *r, int result, const char *note,
			 const struct err *e);

#endif
