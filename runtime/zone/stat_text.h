/* stat_text - one report of `zone stat` in each of its forms. Pure: from two readings, or one, to text. */
#ifndef RUNTIME_ZONE_STAT_TEXT_H
#define RUNTIME_ZONE_STAT_TEXT_H

#include "runtime/zone/zone.h"

/* What a report is made of. `before` (n_before; may be none) is the reading before, for rates; without one, rates are averages since each began. */
struct stat_report {
	const struct zone_stat *now, *before;
	size_t n, n_before;
	uint64_t interval_ms;
};

/* The rows of a report beyond the zones': "[total]" of all rows so far. Freshly allocated name; the rest are sums. */
struct zone_stat stat_total(const struct zone_stat *list, size_t n);

/* Average CPU use in hundredths of a percent of one CPU; bytes in a second. False: not counted here. */
bool stat_cpu(const struct stat_report *r, size_t i, uint64_t *ret);
enum stat_rate { STAT_READ, STAT_WRITTEN, STAT_RECEIVED, STAT_SENT, STAT_RATES };
bool stat_per_second(const struct stat_report *r, size_t i, enum stat_rate which, uint64_t *ret);

/* Cells of the table, in the order of stat_heads; freshly allocated, "-" where nothing is counted. */
extern const char *const stat_heads[]; /* ends with NULL */
void stat_cells(const struct stat_report *r, size_t i, struct strv *ret);
/* "NAME:BRAND:..." of raw numbers, an empty field where nothing is counted. Fields are only ever added at the end. */
char *stat_line(const struct stat_report *r, size_t i);
extern const char stat_line_fields[]; /* their names, in the same form */
struct json *stat_json(const struct stat_report *r, size_t i);
/* The whole page in Prometheus' text format. */
char *stat_prometheus(const struct stat_report *r);

#endif
