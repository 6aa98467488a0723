/* stats - counters of both kinds of hierarchy in the same units. Private to this folder. */
#ifndef CGROUPS_STATS_H
#define CGROUPS_STATS_H

#include "cgroups/part.h"

void stats_read(struct cgroup *cg, struct cgroup_stats *ret);

/* Pure helpers, for tests. */
/* Sum of the third words of v1's "8:0 Read 4096" lines with this operation; false when there is none. */
bool stats_sum_v1(const char *text, const char *operation, uint64_t *ret);
/* Sum of "key=N" over the lines of io.stat. */
bool stats_sum_v2(const char *text, const char *key, uint64_t *ret);

#endif
