/* stat_text - one report of `zone stat` in each of its forms. Pure: from two readings, or one, to text; and what a whole run comes to. */
#ifndef RUNTIME_ZONE_STAT_TEXT_H
#define RUNTIME_ZONE_STAT_TEXT_H

#include "runtime/zone/zone.h"

/* What can be asked for by name, after zonestat(1). */
enum stat_resource {
	STAT_CPU = 1 << 0,
	STAT_MEMORY = 1 << 1,
	STAT_SWAP = 1 << 2,
	STAT_LOCKED = 1 << 3,
	STAT_PROCESSES = 1 << 4,
	STAT_LWPS = 1 << 5,
	STAT_DISK = 1 << 6,
	STAT_BLOCKIO = 1 << 7,
	STAT_NETWORK = 1 << 8,
	STAT_PSI = 1 << 9,
};

/* A reading, or what a run of several comes to: what was used, the mean, the most. */
enum stat_kind { STAT_NOW, STAT_TOTAL, STAT_AVERAGE, STAT_HIGH };
extern const char *const stat_kind_words[]; /* NULL for STAT_NOW */

/* What a report is made of. `before` (n_before; may be none) is the reading before, for rates; without one, rates are averages since each began. */
struct stat_report {
	const struct zone_stat *now, *before;
	size_t n, n_before;
	uint64_t interval_ms;
	enum stat_kind kind;
	unsigned resources; /* enum stat_resource; 0: all */
};

/* The rows of a report beyond the zones': "[total]" of all rows so far. Freshly allocated name; the rest are sums. */
struct zone_stat stat_total(const struct zone_stat *list, size_t n);

/* Average CPU use in hundredths of a percent of one CPU (STAT_TOTAL: ten thousandths of a second); bytes or operations in a second; CPU use in hundredths of a percent of its share.
 * False: not counted here. */
bool stat_cpu(const struct stat_report *r, size_t i, uint64_t *ret);
bool stat_throttled(const struct stat_report *r, size_t i,
		    uint64_t *ret); /* as stat_cpu: the time in which it was held back by its cap */
enum stat_rate {
	STAT_READ,
	STAT_WRITTEN,
	STAT_RECEIVED,
	STAT_SENT,
	STAT_READS,
	STAT_WRITES,
	STAT_RATES
};
bool stat_per_second(const struct stat_report *r, size_t i, enum stat_rate which, uint64_t *ret);
bool stat_of_share(const struct stat_report *r, size_t i, uint64_t *ret);

/* --- for people (stat_table.c) --- */
enum { STAT_COLUMNS_MAX = 15 };
struct stat_table;
/* The table of one resource, that of all at a glance for NULL; NULL when there is no resource of this name. */
const struct stat_table *stat_table_find(const char *resource);
const char *stat_table_name(const struct stat_table *t);  /* NULL: that of all */
unsigned stat_table_resource(const struct stat_table *t); /* 0: that of all */
extern const char stat_table_names[]; /* of the resources, for messages: "cpu, memory ..." */
/* The names of its columns; returns how many. */
size_t stat_table_heads(const struct stat_table *t, enum stat_kind kind,
			const char *heads[STAT_COLUMNS_MAX]);
/* One row, in the same order; freshly allocated, "-" where nothing is counted. */
void stat_table_cells(const struct stat_table *t, const struct stat_report *r, size_t i,
		      struct strv *ret);

/* --- for programs --- */
/* "NAME:BRAND:..." of raw numbers, an empty field where nothing is counted. Fields are only ever added at the end. */
char *stat_line(const struct stat_report *r, size_t i);
extern const char stat_line_fields[]; /* their names, in the same form */
struct json *stat_json(const struct stat_report *r, size_t i);
/* The whole page in Prometheus' text format. */
char *stat_prometheus(const struct stat_report *r);

/* --- a run (stat_summary.c) --- */
struct stat_summary {
	struct stat_seen *rows; /* in the order in which they came */
	size_t n;
	uint64_t n_reports, ms;
};
void stat_summary_add(struct stat_summary *s, const struct stat_report *r);
/* What the run comes to until now: the list of its rows and the report over it, of a kind but STAT_NOW. Counters are those of the run in STAT_TOTAL, else those of a second: of the mean one, of the one in the
 * busiest interval. What is no counter is as at the end, the mean, the most. Borrows the names; free both lists with free(). */
struct stat_report stat_summary_report(const struct stat_summary *s, enum stat_kind kind,
				       struct zone_stat **ret_now, struct zone_stat **ret_before);
void stat_summary_done(struct stat_summary *s);

#endif
