#include <errno.h>
#include <stdlib.h>

#include "cgroups/unit.h"
#include "tests/unit/test.h"

static char *text_of(const struct resources_spec *r, const struct limit_ground *g, bool v2)
{
	struct unit_props p = { 0 };
	struct err e = { 0 };

	CHECK_INT(unit_props_limits(r, g, v2, &p, &e), 0);
	char *text = unit_props_text(&p);

	unit_props_done(&p);
	return text;
}

static void test_limits(void)
{
	struct memory_spec memory = { .limit = { true, 1048576 },
				      .reservation = { true, 4096 },
				      .swap = { true, 2097152 } };
	struct block_io_spec io = { .weight = { true, 500 } };
	struct cpu_spec cpu = { .shares = { true, 1024 },
				.quota = { true, 55555 },
				.period = { true, 100000 },
				.cpus = (char *)"0-1,9",
				.mems = (char *)"0" };
	struct resources_spec r = {
		.memory = &memory, .cpu = &cpu, .block_io = &io, .pids_limit = { true, 0 }
	};
	struct limit_ground g = { 0 };
	char *v2 = text_of(&r, &g, true), *v1 = text_of(&r, &g, false);

	CHECK_STR(v2, "MemoryMax t 1048576\nMemoryLow t 4096\nMemorySwapMax t 1048576\n"
		      "CPUWeight t 100\nCPUQuotaPeriodUSec t 100000\nCPUQuotaPerSecUSec t 560000\n"
		      "AllowedCPUs ay [3,2]\nAllowedMemoryNodes ay [1]\n"
		      "TasksMax t 1\nIOWeight t 4950\n");
	CHECK_STR(v1, "MemoryLimit t 1048576\nCPUShares t 1024\nCPUQuotaPeriodUSec t 100000\n"
		      "CPUQuotaPerSecUSec t 560000\nTasksMax t 1\nBlockIOWeight t 500\n");
	free(v1);
	free(v2);
}

static void test_unlimited(void)
{
	struct memory_spec memory = { .limit = { true, -1 }, .swap = { true, -1 } };
	struct cpu_spec cpu = { .quota = { true, -1 }, .idle = { true, 1 } };
	struct resources_spec r = { .memory = &memory, .cpu = &cpu, .pids_limit = { true, -1 } };
	struct limit_ground g = { 0 };
	char *text = text_of(&r, &g, true);

	CHECK_STR(text, "MemoryMax t 18446744073709551615\nMemorySwapMax t 18446744073709551615\n"
			"CPUWeight t 0\nCPUQuotaPerSecUSec t 18446744073709551615\n"
			"TasksMax t 18446744073709551615\n");
	free(text);
}

/* Nothing asked for is nothing said; `unified` has its own names. */
static void test_unified(void)
{
	struct resources_spec r = { 0 };
	struct limit_ground g = { 0 };
	char *nothing = text_of(&r, &g, true);

	strmap_set(&r.unified, "memory.high", "4096");
	strmap_set(&r.unified, "pids.max", "max");
	strmap_set(&r.unified, "io.max", "8:0 rbps=1");
	char *text = text_of(&r, &g, true), *v1 = text_of(&r, &g, false);

	CHECK_STR(nothing, "");
	CHECK_STR(text, "MemoryHigh t 4096\nTasksMax t 18446744073709551615\n");
	CHECK_STR(v1, "");
	strmap_done(&r.unified);
	free(nothing);
	free(text);
	free(v1);
}

static void test_errors(void)
{
	struct memory_spec memory = { .swap = { true, 4096 } };
	struct cpu_spec cpu = { .cpus = (char *)"0-" };
	struct resources_spec swap = { .memory = &memory }, cpus = { .cpu = &cpu };
	struct limit_ground g = { 0 };
	struct unit_props p = { 0 };
	struct err e = { 0 };

	CHECK_INT(unit_props_limits(&swap, &g, true, &p, &e), -EINVAL);
	CHECK_INT(unit_props_limits(&cpus, &g, true, &p, &e), -EINVAL);
	CHECK(strstr(e.text, "0-") != NULL);
	unit_props_done(&p);
}

static void test_devices(void)
{
	struct device_rule items[] = {
		{ true, 'c', -1, -1, ACCESS_MKNOD },
		{ true, 'c', 1, 3, ACCESS_ALL },
		{ true, 'b', 8, -1, ACCESS_READ },
		{ true, 'c', -1, 7, ACCESS_ALL },
	};
	struct device_rule all = { true, 'a', -1, -1, ACCESS_ALL };
	struct device_rules list = { items, 4 }, open = { &all, 1 };
	struct unit_props p = { 0 };
	struct err e = { 0 };

	CHECK_INT(unit_props_devices(&list, &p, &e), 0);
	CHECK_INT((int)p.n, 3);
	char *text = unit_props_text(&p);

	CHECK(strstr(text,
		     "DeviceAllow a(ss) []\nDevicePolicy s \"strict\"\nDeviceAllow a(ss) [[") ==
	      text);
	CHECK(strstr(text, "[\"char-*\",\"m\"]") != NULL);
	CHECK(strstr(text, "[\"/dev/char/1:3\",\"rwm\"]") != NULL);
	CHECK(strstr(text, "[\"block-8\",\"r\"]") != NULL);
	CHECK(strstr(text, "-7") == NULL && strstr(text, ":7") == NULL);
	free(text);
	unit_props_done(&p);
	CHECK_INT(unit_props_devices(&open, &p, &e), 0);
	text = unit_props_text(&p);
	CHECK_STR(text, "DeviceAllow a(ss) []\nDevicePolicy s \"auto\"\n");
	free(text);
	unit_props_done(&p);
}

int main(void)
{
	test_limits();
	test_unlimited();
	test_unified();
	test_errors();
	test_devices();
	return test_done();
}
