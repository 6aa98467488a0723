/* plan - how `apply` and `diff` show the differences between a zone and its file. */
#ifndef RUNTIME_ZONE_CMD_PLAN_H
#define RUNTIME_ZONE_CMD_PLAN_H

#include "runtime/base/json.h"
#include "runtime/zone/zone.h"

/* A line for each change, when there is one. */
void plan_print(const struct zone_plan *p);
/* Members "state", "running", "pending" (how many changes are left when the verb is done) and "changes" of the document. */
void plan_json(const struct zone_plan *p, bool is_done, struct json *to);

#endif
