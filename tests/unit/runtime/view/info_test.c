#include "runtime/view/view.h"

#include <string.h>

#include "tests/unit/test.h"

#define S UINT64_C(1000000000)

static void test_numbers(void)
{
	const struct view_memory m = {
		.total = 1000, .used = 400, .shmem = 30, .swap_total = 70, .swap_used = 20
	};
	const struct view_load l = { .milli = { 500, 1000, 2250 } };
	struct sysinfo i;

	memset(&i, 0xff, sizeof(i));
	view_info(&i, 5 * S + 1, &m, &l, 12);
	CHECK_INT(i.uptime, 6);
	CHECK_INT(i.loads[0], 32768);
	CHECK_INT(i.loads[1], 65536);
	CHECK_INT(i.loads[2], 147456);
	CHECK_INT(i.totalram, 1000);
	CHECK_INT(i.freeram, 600);
	CHECK_INT(i.sharedram, 30);
	CHECK_INT(i.bufferram, 0);
	CHECK_INT(i.totalswap, 70);
	CHECK_INT(i.freeswap, 50);
	CHECK_INT(i.procs, 12);
	CHECK_INT(i.totalhigh + i.freehigh + i.pad, 0);
	CHECK_INT(i.mem_unit, 1);
}

static void test_edges(void)
{
	const struct view_memory m = { .total = 10, .used = 11, .swap_total = 3, .swap_used = 4 };
	const struct view_load l = { 0 };
	unsigned char bytes[sizeof(struct sysinfo)], rest[16] = { 0 };
	struct sysinfo i;

	memset(&i, 0xff, sizeof(i));
	view_info(&i, 5 * S, &m, &l, 100000);
	CHECK_INT(i.uptime, 5);
	CHECK_INT(i.freeram, 0);
	CHECK_INT(i.freeswap, 0);
	CHECK_INT(i.procs, 65535);
	view_info(&i, 0, &m, &l, VIEW_NONE);
	CHECK_INT(i.procs, 1);
	/* what is behind the last member goes into foreign memory too */
	memcpy(bytes, &i, sizeof(i));
	size_t end = offsetof(struct sysinfo, mem_unit) + sizeof(i.mem_unit);

	CHECK(memcmp(bytes + end, rest, sizeof(i) - end) == 0);
}

int main(void)
{
	test_numbers();
	test_edges();
	return test_done();
}
