/* stats - counters of both kinds of hierarchy in the same units. Private to this folder. */
#ifndef CGROUPS_STATS_H
#define CGROUPS_STATS_H

#include "cgroups/part.h"

void stats_read(struct cgroup *cg, bool brief, struct cgroup_stats *ret);

/* Where one counter is in either hierarchy. A file NULL: that hierarchy does not have it; a word NULL: the file is the number. */
struct stats_place {
	const char *controller, *v1_file, *v1_word;
	const char *v2_file, *v2_word;
	unsigned v2_factor; /* to our unit: nanoseconds, bytes, counts */
};
/* "max" gives UINT64_MAX. False when it cannot be had. */
bool stats_counter(struct cgroup *cg, const struct stats_place *where, uint64_t *ret);

/* Pure helpers, for tests. */
/* Sum of the third words of v1's "8:0 Read 4096" lines with this operation; false when there is none. */
bool stats_sum_v1(const char *text, const char *operation, uint64_t *ret);
/* Sum of "key=N" over the lines of io.stat. */
bool stats_sum_v2(const char *text, const char *key, uint64_t *ret);

/* "50000 100000" of cpu.max, or v1's two files, as thousandths of a CPU; false: no limit. */
bool stats_cpu_limit(const char *quota, const char *period, uint64_t *ret);
/* The first number of a PSI file in hundredths of a percent. */
bool stats_pressure(const char *text, uint64_t *ret);

/* "hugepages-2048kB" -> "2MB"; false for any other name. */
bool stats_page_size(const char *directory, char *ret, size_t size);

#endif
