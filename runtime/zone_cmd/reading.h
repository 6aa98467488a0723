/* reading - one look at what runs, for stat and top. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_READING_H
#define RUNTIME_ZONE_CMD_READING_H

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/stat_text.h"
#include "runtime/zone/zone.h"

struct reading {
	struct zone_stat *list;
	size_t n;
	uint64_t at_ms; /* CLOCK_MONOTONIC */
};
void reading_done(struct reading *r);
/* The zones, their tenants, the sum of the zones, and the machine. With chosen names only those; "@acme" is a tenant. `extras`: enum zone_stat_extra. Inside a zone `d` is NULL, and the row that of this zone. */
MUST_CHECK int reading_take(const struct zone_dirs *d, const struct strv *names, unsigned extras,
			    struct reading *ret, struct err *e);
/* Borrows both. */
struct stat_report reading_report(const struct reading *now, const struct reading *before);

#endif
