/* stat_extras - what `zone stat` shows of a zone beyond the files of its cgroup. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_STAT_EXTRAS_H
#define RUNTIME_ZONE_STAT_EXTRAS_H

#include "runtime/zone/zone.h"

/* `pid` is its first process, which runs. Limits of its processes, and of `extras` (enum zone_stat_extra) processes and disk. What cannot be had stays not set. */
void stat_extras(const struct zone_dirs *d, struct engine_container *c, pid_t pid, unsigned extras,
		 struct zone_stat *s);

/* Shares: the weight of each that runs against the sum of those that compete with it. Zones of one tenant compete below its weight, tenants with the zones that have none. */
struct stat_weights {
	struct stat_group {
		char *tenant;    /* NULL: those without */
		uint64_t sum;    /* of the weights of its zones */
		uint64_t weight; /* its own; 0 for those without */
	} * items;
	size_t n;
};
/* `tenant` may be NULL. Sums only; the weights of tenants come by stat_weights_share(). */
void stat_weights_add(struct stat_weights *w, const char *tenant, uint64_t weight);
/* Pure: hundredths of a percent of the CPUs for one of this weight. */
uint64_t stat_weights_part(const struct stat_weights *w, const char *tenant, uint64_t weight);
/* Fills share and share_milli of the rows. */
void stat_weights_share(struct stat_weights *w, const struct zone_dirs *d, struct zone_stat *list,
			size_t n);
void stat_weights_done(struct stat_weights *w);

/* Pure: the soft limit of a row of /proc/PID/limits, "Max processes"; not set: unlimited. */
struct opt_u64 stat_limit(const char *limits, const char *name);

/* Bytes used and allowed of the tree at a path, by the kernel's own count; false where it keeps none. */
bool stat_disk(const char *root, struct opt_u64 *ret_used, struct opt_u64 *ret_limit);

#endif
