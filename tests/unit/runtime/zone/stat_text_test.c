#include "runtime/zone/stat_text.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/test.h"

static struct zone_stat one(const char *name, uint64_t age_ms, uint64_t cpu_ns, uint64_t received)
{
	struct zone_stat s = { .name = (char *)name, .brand = (char *)"native", .age_ms = age_ms };

	s.cgroup.cpu_ns = (struct opt_u64){ true, cpu_ns };
	s.cgroup.memory = (struct opt_u64){ true, 3 << 20 };
	s.cgroup.memory_limit = (struct opt_u64){ true, 12 << 20 };
	s.cgroup.cpu_limit = (struct opt_u64){ true, 1500 };
	s.received = (struct opt_u64){ true, received };
	return s;
}

static void test_rates(void)
{
	struct zone_stat before[] = { one("a", 5000, 1000000000, 100), one("b", 9000, 5, 5) };
	struct zone_stat now[] = { one("a", 7000, 2500000000, 4100), one("b", 1000, 500000000, 50),
				   one("c", 4000, 1000000000, 8000) };
	struct stat_report r = {
		.now = now, .n = 3, .before = before, .n_before = 2, .interval_ms = 2000
	};
	uint64_t v = 0;

	CHECK(stat_cpu(&r, 0, &v) && v == 7500); /* 1.5 s in 2 s */
	CHECK(stat_per_second(&r, 0, STAT_RECEIVED, &v) && v == 2000);
	CHECK(stat_cpu(&r, 1, &v) && v == 5000); /* started anew: since then */
	CHECK(stat_cpu(&r, 2, &v) && v == 2500); /* not there before */
	CHECK(!stat_per_second(&r, 0, STAT_READ, &v));
	before[0].received.value = 5000; /* a sum of which one has ended */
	CHECK(stat_per_second(&r, 0, STAT_RECEIVED, &v) && v == 0);
	now[0].age_ms = 0;
	r.n_before = 0;
	CHECK(!stat_cpu(&r, 0, &v));
}

static void test_total(void)
{
	struct zone_stat list[] = { one("a", 5000, 7, 100), one("b", 9000, 5, 5) };
	struct zone_stat t = stat_total(list, 2);

	CHECK_STR(t.name, "[total]");
	CHECK(t.cgroup.cpu_ns.value == 12 && t.received.value == 105 && t.age_ms == 9000);
	CHECK(t.cgroup.memory.value == 6 << 20 && !t.cgroup.memory_limit.set &&
	      !t.cgroup.cpu_limit.set);
	free(t.name);
	free(t.brand);
}

static void test_forms(void)
{
	struct zone_stat now[] = { one("a", 4000, 1234567890, 2048) };
	struct stat_report r = { .now = now, .n = 1 };
	char *line = stat_line(&r, 0), *page = stat_prometheus(&r);
	size_t colons = 0, fields = 0;

	for (const char *s = line; *s; s++)
		colons += *s == ':';
	for (const char *s = stat_line_fields; *s; s++)
		fields += *s == ':';
	CHECK_INT((int)colons, (int)fields);
	CHECK(strncmp(line, "a:native:4000:3086:1234567890::1500::3145728:12582912:", 54) == 0);
	CHECK(strstr(page,
		     "\nzones_cpu_seconds_total{zone=\"a\",brand=\"native\"} 1.234567890\n") !=
	      NULL);
	CHECK(strstr(page, "zones_cpu_limit{zone=\"a\",brand=\"native\"} 1.500\n") != NULL);
	CHECK(strstr(page, "zones_swap_bytes") == NULL);
	struct json *j = stat_json(&r, 0);

	CHECK_INT((int)json_get_i64(j, "receivedBytesPerSecond", -1), 512);
	CHECK(!json_get(j, "swapBytes"));
	json_free(j);
	free(page);
	free(line);
}

/* Only what was asked for; the places of the others stay. */
static void test_resources(void)
{
	struct zone_stat now[] = { one("a", 4000, 1234567890, 2048) };
	struct stat_report r = { .now = now, .n = 1, .resources = STAT_MEMORY, .kind = STAT_HIGH };
	char *line = stat_line(&r, 0), *page = stat_prometheus(&r);
	struct json *j = stat_json(&r, 0);
	size_t colons = 0, fields = 0;

	for (const char *s = line; *s; s++)
		colons += *s == ':';
	for (const char *s = stat_line_fields; *s; s++)
		fields += *s == ':';
	CHECK_INT((int)colons, (int)fields);
	CHECK(strncmp(line, "a:native:4000::::::3145728:12582912:", 36) == 0);
	CHECK(str_has_suffix(line, ":high"));
	CHECK(!strstr(page, "cpu") && strstr(page, "zones_memory_bytes"));
	CHECK(!json_get(j, "cpuNanoseconds") && !json_get(j, "cpuHundredthsOfPercent") &&
	      !json_get(j, "receivedBytesPerSecond"));
	CHECK_STR(json_get_string(j, "report", ""), "high");
	json_free(j);
	free(page);
	free(line);
}

static void test_share(void)
{
	struct zone_stat before[] = { one("a", 5000, 0, 0) };
	struct zone_stat now[] = { one("a", 7000, 1000000000, 0) };
	struct stat_report r = {
		.now = now, .n = 1, .before = before, .n_before = 1, .interval_ms = 2000
	};
	uint64_t v = 0;

	CHECK(!stat_of_share(&r, 0, &v));
	now[0].share_milli = (struct opt_u64){ true, 250 };
	CHECK(stat_of_share(&r, 0, &v) && v == 20000); /* half a CPU of a quarter */
	r.kind = STAT_TOTAL;
	CHECK(!stat_of_share(&r, 0, &v));
}

int main(void)
{
	test_rates();
	test_total();
	test_forms();
	test_resources();
	test_share();
	return test_done();
}
