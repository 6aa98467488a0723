#include <stdlib.h>

#include "runtime/base/str.h"
#include "runtime/zone/stat_text.h"
#include "tests/unit/test.h"

static struct zone_stat one(const char *name, uint64_t memory, uint64_t limit)
{
	struct zone_stat s = { .name = (char *)name, .brand = (char *)"native", .age_ms = 4000 };

	s.cgroup.cpu_ns = (struct opt_u64){ true, 1234567890 };
	s.cgroup.cpu_limit = (struct opt_u64){ true, 1500 };
	s.cgroup.memory = (struct opt_u64){ true, memory };
	s.cgroup.memory_limit = (struct opt_u64){ true, limit };
	s.received = (struct opt_u64){ true, 2048 };
	return s;
}

static char *row_of(const char *resource, const struct stat_report *r, size_t i)
{
	const struct stat_table *t = stat_table_find(resource);
	const char *heads[STAT_COLUMNS_MAX];
	struct strv cells = { 0 };
	size_t n = stat_table_heads(t, r->kind, heads);
	char *row;

	stat_table_cells(t, r, i, &cells);
	CHECK_INT((int)cells.n, (int)n);
	row = strv_join(&cells, " ");
	strv_done(&cells);
	return row;
}

static void check_row(const char *resource, const struct stat_report *r, const char *want)
{
	char *row = row_of(resource, r, 0);

	CHECK_STR(row, want);
	free(row);
}

static void test_rows(void)
{
	struct zone_stat now[] = { one("a", 3 << 20, 12 << 20),
				   one("[system]", 5 << 20, 100 << 20) };
	struct stat_report r = { .now = now, .n = 2 };

	check_row(NULL, &r, "a 30.8 150.0 3.0M 12M 25 - - - - - 512 - - -");
	check_row("memory", &r, "a 3.0M 3.0 12M 25.0 - - -");
	check_row("network", &r, "a 512 -");
	check_row("disk", &r, "a - - -");
	now[0].cgroup.locked = (struct opt_u64){ true, 1 << 20 };
	now[0].locked_limit = (struct opt_u64){ true, 8 << 20 };
	check_row("locked", &r, "a 1.0M 8.0M 12.5");
	now[0].processes = (struct opt_u64){ true, 3 };
	now[0].processes_limit = (struct opt_u64){ true, 40 };
	check_row("processes", &r, "a 3 40 7.5");
	now[0].cgroup.memory_pressure = (struct opt_u64){ true, 1234 };
	check_row("psi", &r, "a - 12.3 -");
	r.n = 1; /* without the machine's row there is nothing to compare with */
	check_row("memory", &r, "a 3.0M - 12M 25.0 - - -");
}

static void test_cpu(void)
{
	struct zone_stat now[] = { one("a", 1, 1) };
	struct zone_stat before[] = { one("a", 1, 1) };
	struct stat_report r = {
		.now = now, .n = 1, .before = before, .n_before = 1, .interval_ms = 1000
	};
	char *row;

	before[0].cgroup.cpu_ns.value = 0;
	before[0].cgroup.cpu_throttled_ns.set = now[0].cgroup.cpu_throttled_ns.set = true;
	now[0].cgroup.cpu_throttled_ns.value = 500000000;
	now[0].cgroup.cpu_weight = (struct opt_u64){ true, 1024 };
	now[0].share = (struct opt_u64){ true, 2500 };
	now[0].share_milli = (struct opt_u64){ true, 500 };
	row = row_of("cpu", &r, 0);
	CHECK(str_has_prefix(row, "a 123.4 "));
	CHECK(str_has_suffix(row, " 150.0 82.3 1024 25.0 246.9 50.0"));
	free(row);
	r.kind = STAT_TOTAL; /* seconds, and no percents of them */
	check_row("cpu", &r, "a 1.2 - 150.0 - 1024 25.0 - 0.5");
}

static void test_names(void)
{
	const char *heads[STAT_COLUMNS_MAX];
	struct strv words = { 0 };

	CHECK(!stat_table_find("nosuch") && !stat_table_find(""));
	strv_split(&words, stat_table_names, ',');
	for (size_t i = 0; i < words.n; i++) {
		const struct stat_table *t = stat_table_find(words.items[i] + (i > 0));

		CHECK(t && stat_table_resource(t) != 0);
		CHECK_STR(stat_table_name(t), words.items[i] + (i > 0));
	}
	strv_done(&words);
	(void)stat_table_heads(stat_table_find(NULL), STAT_TOTAL, heads);
	CHECK_STR(heads[1], "CPU s");
	(void)stat_table_heads(stat_table_find(NULL), STAT_HIGH, heads);
	CHECK_STR(heads[1], "CPU%");
}

int main(void)
{
	test_rows();
	test_cpu();
	test_names();
	return test_done();
}
