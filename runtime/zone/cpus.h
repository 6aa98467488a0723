/* cpus - who runs on which CPUs. Private to runtime/zone; what the monitor needs is in zone.h (zone_cpus_*).
 *
 * A zone with dedicatedCPU or pool has a file RUN/.cpus/NAME, "dedicated 1" or "pool 0-1", written before its cgroup is made and removed after it is gone. All that can be known follows from
 * these files and from which zones live: a file of a zone that is dead counts for nothing and is taken away. */
#ifndef RUNTIME_ZONE_CPUS_H
#define RUNTIME_ZONE_CPUS_H

#include "config/zone_spec.h"
#include "runtime/base/err.h"
#include "runtime/zone/cpu_list.h"
#include "runtime/zone/store.h"

/* pool.c. -ENOENT tells how to make it. */
MUST_CHECK int pool_cpus(const struct zone_dirs *d, const char *name, struct cpu_list *ret,
			 struct err *e);

/* Would the zone get its CPUs now? Changes nothing. -EBUSY names who holds them. */
MUST_CHECK int cpus_check(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
			  struct err *e);
/* What a zone has for itself; no CPUs: nothing, it runs where everybody does. */
struct cpu_claim {
	bool dedicated; /* else a pool's */
	struct cpu_list cpus;
};
/* Live: the running zone gets what `z` says, and the others what that leaves them. `wish` (NULL: none) is tried first: what it had before, when a change is taken back. *ret_old (may be NULL), what it had
 * until now, is the caller's to free. A failure leaves all as it was; -ENOTRECOVERABLE when that is not sure. -EBUSY names who holds the CPUs. */
MUST_CHECK int cpus_change(const struct zone_dirs *d, const char *name, const struct zone_spec *z,
			   const struct cpu_claim *wish, struct cpu_claim **ret_old, struct err *e);

/* Pure. Somebody who has CPUs. */
struct cpu_holder {
	char *zone;
	bool dedicated; /* else a pool's */
	struct cpu_list cpus;
};
struct cpu_holders {
	struct cpu_list all; /* the host's */
	struct cpu_holder *items;
	size_t n;
};
void cpu_holders_done(struct cpu_holders *h);
/* What is left for everybody without CPUs of their own. */
void cpu_holders_rest(const struct cpu_holders *h, struct cpu_list *ret);
/* The most CPUs of "min-max" that can be given away: free ones, and at least one stays with the host. -EBUSY names the holders. */
MUST_CHECK int cpu_holders_choose(const struct cpu_holders *h, const char *range,
				  struct cpu_list *ret, struct err *e);

#endif
