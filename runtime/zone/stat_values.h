/* stat_values - the table of plain values behind the forms of stat_text.h. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_STAT_VALUES_H
#define RUNTIME_ZONE_STAT_VALUES_H

#include "runtime/zone/stat_text.h"

struct stat_value {
	const char *name;
	unsigned resource; /* enum stat_resource */
	const char *metric, *type, *help;
	size_t offset;
	uint64_t divisor; /* to Prometheus' base unit; 0: none */
};
extern const struct stat_value stat_values[];
extern const size_t stat_n_values;
const struct opt_u64 *stat_value_of(const struct zone_stat *s, size_t k);
bool stat_is_limit(size_t k); /* it is given, not used: shares and weights too */

/* How much more row i has of the counter at `offset`, and in what time. False: not counted. */
bool stat_growth(const struct stat_report *r, size_t i, size_t offset, uint64_t *ret,
		 uint64_t *ret_ms);

#endif
