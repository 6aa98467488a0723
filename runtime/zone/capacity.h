/* capacity - what the files of all zones promise against what the host has. */
#ifndef RUNTIME_ZONE_CAPACITY_H
#define RUNTIME_ZONE_CAPACITY_H

#include <stddef.h>
#include <stdint.h>

#include "config/tenant.h"
#include "runtime/base/err.h"
#include "runtime/zone/store.h"

enum capacity_resource {
	CAPACITY_CPU, /* thousandths of a CPU: cappedCPU.ncpus, or the most of dedicatedCPU.ncpus */
	CAPACITY_MEMORY, /* bytes: cappedMemory.physical */
	CAPACITY_SWAP,   /* bytes: cappedMemory.swap without physical */
	CAPACITY_LWPS,   /* maxLwps, which every zone has */
	CAPACITY_RESOURCES,
};
const char *capacity_word(enum capacity_resource r); /* "cpu" "memory" "swap" "lwps" */

/* The sum of caps, and how many zones have none and could take all there is. */
struct capacity_promise {
	uint64_t sum;
	unsigned without;
};
struct capacity_row {
	char *tenant; /* NULL: the host; else `present` is the tenant's limit */
	enum capacity_resource resource;
	struct opt_u64 present; /* not set: there is no limit */
	struct capacity_promise all, running;
	struct opt_u64 used; /* now, by the zones that run */
};

/* One zone for capacity_add(). */
struct capacity_zone {
	const struct zone_spec *spec;     /* what its file says, zone_expanded() */
	const struct tenant_spec *tenant; /* NULL: none */
	bool running;
};
/* Pure. The rows of the host, and after them four for each tenant, get the promises of the zones. All zones of a tenant together count for the host at most as much as the tenant's limit, and with a limit none of
 * them is without a cap. */
void capacity_count(const struct capacity_zone *zones, size_t n, struct capacity_row *rows,
		    size_t n_rows);

MUST_CHECK int zone_capacity(const struct zone_dirs *d, struct capacity_row **ret, size_t *ret_n,
			     struct err *e);
void capacity_free(struct capacity_row *rows, size_t n);
/* The promises of all zones are more than there is. */
bool capacity_is_over(const struct capacity_row *row);

#endif
