#include <stdlib.h>

#include "runtime/zone/stat_text.h"
#include "tests/unit/test.h"

static struct zone_stat one(const char *name, uint64_t age_ms, uint64_t cpu_ns, uint64_t memory)
{
	struct zone_stat s = { .name = (char *)name, .brand = (char *)"native", .age_ms = age_ms };

	s.cgroup.cpu_ns = (struct opt_u64){ true, cpu_ns };
	s.cgroup.memory = (struct opt_u64){ true, memory };
	s.cgroup.memory_limit = (struct opt_u64){ true, 1000 };
	s.cgroup.oom_kills = (struct opt_u64){ true, cpu_ns > 0 ? 2 : 0 };
	return s;
}

static const struct zone_stat *row(const struct stat_report *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->now[i].name, name))
			return &r->now[i];
	return NULL;
}

static void test_run(void)
{
	/* a: 1 s of CPU in the first second, 0.2 in the next; b comes in the second, c ends with the first */
	struct zone_stat at0[] = { one("a", 5000, 0, 100), one("c", 100, 0, 1) };
	struct zone_stat at1[] = { one("a", 6000, 1000000000, 300), one("c", 1100, 0, 1) };
	struct zone_stat at2[] = { one("b", 500, 250000000, 50), one("a", 7000, 1200000000, 200) };
	const struct stat_report reports[] = {
		{ .now = at1, .n = 2, .before = at0, .n_before = 2, .interval_ms = 1000 },
		{ .now = at2, .n = 2, .before = at1, .n_before = 2, .interval_ms = 1000 },
	};
	struct stat_summary s = { 0 };
	struct zone_stat *now, *before;
	struct stat_report r;
	uint64_t v = 0;

	stat_summary_add(&s, &reports[0]);
	stat_summary_add(&s, &reports[1]);
	CHECK(s.n_reports == 2 && s.ms == 2000);
	r = stat_summary_report(&s, STAT_TOTAL, &now, &before);
	CHECK(r.n == 3 && r.kind == STAT_TOTAL);
	CHECK_INT(row(&r, "a")->cgroup.cpu_ns.value, 1200000000);
	CHECK_INT(row(&r, "a")->cgroup.memory.value, 200);
	CHECK_INT(row(&r, "a")->cgroup.oom_kills.value, 2);
	CHECK_INT(row(&r, "b")->cgroup.cpu_ns.value, 250000000);
	CHECK(stat_cpu(&r, 0, &v) && v == 12000); /* 1.2 s */
	free(now);
	free(before);
	r = stat_summary_report(&s, STAT_AVERAGE, &now, &before);
	CHECK(stat_cpu(&r, 0, &v) && v == 6000); /* 60 % */
	CHECK_INT(row(&r, "a")->cgroup.memory.value, 250);
	CHECK_INT(row(&r, "a")->cgroup.memory_limit.value, 1000);
	CHECK_INT(row(&r, "a")->cgroup.oom_kills.value, 2);
	free(now);
	free(before);
	r = stat_summary_report(&s, STAT_HIGH, &now, &before);
	CHECK(stat_cpu(&r, 0, &v) && v == 10000);
	CHECK_INT(row(&r, "a")->cgroup.memory.value, 300);
	CHECK_INT(row(&r, "b")->cgroup.cpu_ns.value, 500000000); /* half a second old */
	CHECK_STR(row(&r, "c")->brand, "native");
	free(now);
	free(before);
	stat_summary_done(&s);
}

static void test_restart(void)
{
	/* what was used before it was booted again stays in the sum */
	struct zone_stat at0[] = { one("a", 5000, 0, 1) }, at1[] = { one("a", 6000, 700, 1) };
	struct zone_stat at2[] = { one("a", 300, 40, 1) };
	const struct stat_report reports[] = {
		{ .now = at1, .n = 1, .before = at0, .n_before = 1, .interval_ms = 1000 },
		{ .now = at2, .n = 1, .before = at1, .n_before = 1, .interval_ms = 1000 },
	};
	struct stat_summary s = { 0 };
	struct zone_stat *now, *before;

	stat_summary_add(&s, &reports[0]);
	stat_summary_add(&s, &reports[1]);
	(void)stat_summary_report(&s, STAT_TOTAL, &now, &before);
	CHECK_INT(now[0].cgroup.cpu_ns.value, 740);
	free(now);
	free(before);
	stat_summary_done(&s);
}

int main(void)
{
	test_run();
	test_restart();
	return test_done();
}
