/* Names of Solaris and what they mean. */
#include "config/zone_rctl.h"

#include <string.h>

#include "tests/unit/config/zone_parse.h"

#define Z       "{ \"zonename\": \"web\",\n  "
#define R(n, v) "{ \"name\": " n ", \"value\": " v " }"

/* clang-format off */
static const struct bad_zone bad[] = {
	{ .text = Z "\"rctl\": [ " R("@\"zone.max-rights\"", "\"1\"") " ] }", .path = "rctl[0].name", .code = "value", .message = "there are zone.cpu-cap" },
	{ .text = Z "\"rctl\": [ " R("\"zone.max-lwps\"", "@\"many\"") " ] }", .path = "rctl[0].value", .code = "value", .message = "that maxLwps could have" },
	{ .text = Z "\"rctl\": [ " R("\"zone.max-lwps\"", "@\"0\"") " ] }", .path = "rctl[0].value", .code = "value", .message = "" },
	{ .text = Z "\"rctl\": [ " R("\"zone.max-lwps\"", "\"5\"") ", " R("@\"zone.max-lwps\"", "\"5\"") " ] }", .path = "rctl[1].name", .code = "duplicate", .message = "rctl[0]" },
	{ .text = Z "\"maxLwps\": 5, \"rctl\": [ " R("@\"zone.max-lwps\"", "\"5\"") " ] }", .path = "rctl[0].name", .code = "conflict", .message = "the property maxLwps" },
	{ .text = Z "\"cappedCPU\": { \"ncpus\": 1 }, \"rctl\": [ " R("@\"zone.cpu-cap\"", "\"50\"") " ] }", .path = "rctl[0].name", .code = "conflict", .message = "cappedCPU.ncpus" },
	{ .text = Z "\"rctl\": [ " R("\"memory.high\"", "@\"5 6\"") " ] }", .path = "rctl[0].value", .code = "value", .message = "neither" },
	{ .text = Z "\"rctl\": [ " R("@\"memory.max\"", "\"5\"") " ] }", .path = "rctl[0].name", .code = "value", .message = "is not known" },
	{ .text = Z "\"rctl\": [ " R("@\"../memory.high\"", "\"5\"") " ] }", .path = "rctl[0].name", .code = "value", .message = "is not known" },
};
/* clang-format on */

/* The rules of the property hold for its other name. */
static void test_rules(void)
{
	static const char text[] =
		"{\"zonename\":\"a\",\"schedulingClass\":\"idle\",\"rctl\":[{\"name\":\"zone.cpu-shares\",\"value\":\"5\"}]}";
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	CHECK(zone_spec_parse(text, strlen(text), &z, &diags) < 0);
	CHECK_STR(diags.n == 1 ? diags.items[0].path : "", "cpuShares");
}

int main(void)
{
	auto_ptr(zone_spec) struct zone_spec *z =
		good_zone(Z "\"rctl\": [ " R("\"zone.cpu-cap\"", "\"150\"") ", " R(
			"\"zone.max-physical-memory\"",
			"\"64M\"") ", " R("\"zone.max-shm-ids\"",
					  "\"0\"") ", " R("\"memory.high\"", "\"max\"") " ] }");
	struct zone_host host = { .memory_bytes = 1u << 30 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_bad_zone(&bad[i]);
	test_rules();
	CHECK(z && z->n_rctl == 4);
	if (z) {
		auto_ptr(zone_spec) struct zone_spec *e = zone_effective(z, &host);

		CHECK(!z->capped_cpu && !z->capped_memory); /* the file stays as it was */
		CHECK_INT(e->capped_cpu->ncpus.value, 1500);
		CHECK_INT(e->capped_memory->physical.value, 64 << 20);
		CHECK(e->max_shm_ids.set && e->max_shm_ids.value == 0);
	}
	CHECK_STR(zone_rctl_file("memory.high")->normal, "max");
	CHECK(!zone_rctl_file("cgroup.procs") && !zone_rctl_property("memory.high"));
	return test_done();
}
