#include <stdlib.h>

#include "runtime/zone/zone.h"
#include "tests/unit/test.h"

static void test_host(void)
{
	struct cgroup_stats s;

	zone_stat_read_host("cpu  100 10 40 1000 50 3 2 5 7 8\ncpu0 1 2 3\n",
			    "MemTotal:       2000 kB\nMemFree: 1 kB\nMemAvailable:    500 kB\n"
			    "Mlocked: 7 kB\nSwapTotal:  100 kB\nSwapFree:   40 kB\n",
			    "0.10 0.20 0.30 2/345 678\n", 100, &s);
	CHECK(s.cpu_ns.set && s.cpu_ns.value == UINT64_C(160) * 10000000);
	CHECK(s.memory.value == 1500 * 1024 && s.memory_limit.value == 2000 * 1024);
	CHECK(s.swap.value == 60 * 1024 && s.swap_limit.value == 100 * 1024);
	CHECK(s.locked.set && s.locked.value == 7 * 1024);
	CHECK(s.pids.set && s.pids.value == 345);
}

static void test_strange(void)
{
	struct cgroup_stats s;

	zone_stat_read_host("", "", "", 100, &s);
	CHECK(s.cpu_ns.value == 0 && s.memory.value == 0 && !s.pids.set && !s.locked.set);
}

int main(void)
{
	test_host();
	test_strange();
	return test_done();
}
