/* Sums of caps: a tenant's zones count for the host at most as much as the tenant's limit. */
#include "runtime/zone/capacity.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct zone_cpu_cap half = { .ncpus = { true, 500 } }, two = { .ncpus = { true, 2000 } };
static struct zone_memory_cap gig = { .physical = { true, 1 << 30 }, .swap = { true, 3U << 30 } };

static void rows_make(struct capacity_row *rows, const char *tenant, uint64_t limit)
{
	for (size_t i = 0; i < CAPACITY_RESOURCES; i++)
		rows[i] = (struct capacity_row){ .tenant = mem_strdup(tenant),
						 .resource = (enum capacity_resource)i,
						 .present = { limit > 0, limit } };
}

int main(void)
{
	struct zone_spec capped = { .capped_cpu = &half,
				    .capped_memory = &gig,
				    .max_lwps = { true, 10 } };
	struct zone_spec large = { .capped_cpu = &two }, open = { 0 };
	struct tenant_spec acme = { .tenant = (char *)"acme" };
	const struct capacity_zone zones[] = {
		{ &capped, NULL, true },
		{ &open, NULL, false },
		{ &large, &acme, true },
		{ &open, &acme, false },
	};
	struct capacity_row *rows = mem_array(8, sizeof(*rows));

	rows_make(rows, NULL, 3000);
	rows_make(rows + 4, "acme", 1000);
	capacity_count(zones, 4, rows, 8);
	CHECK(rows[0].all.sum == 1500 && rows[0].all.without == 1);
	CHECK(rows[0].running.sum == 1500 && rows[0].running.without == 0);
	CHECK(!capacity_is_over(&rows[0]));
	CHECK(rows[4].all.sum == 2000 && rows[4].all.without == 1 && capacity_is_over(&rows[4]));
	/* no cap in a limited tenant is the tenant's limit */
	CHECK(rows[1].all.sum == (1 << 30) + 1000 && rows[1].all.without == 1);
	CHECK(rows[2].all.sum == (2U << 30) + 1000);
	CHECK(rows[3].all.sum == 10 + 4096 + 1000 && rows[3].all.without == 0);
	capacity_free(rows, 8);

	/* a tenant without limits passes on what its zones have */
	rows = mem_array(8, sizeof(*rows));
	rows_make(rows, NULL, 0);
	rows_make(rows + 4, "acme", 0);
	capacity_count(zones, 4, rows, 8);
	CHECK(rows[0].all.sum == 2500 && rows[0].all.without == 2);
	CHECK(!capacity_is_over(&rows[0]));
	capacity_free(rows, 8);
	CHECK_STR(capacity_word(CAPACITY_LWPS), "lwps");
	return test_done();
}
