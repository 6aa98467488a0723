/* What can be said without knowing the host: contradictions in the resources themselves. */
#include <errno.h>
#include <stdlib.h>

#include "cgroups/cgroups.h"
#include "tests/unit/test.h"

int main(void)
{
	char cpus[] = "0-99999", size[] = "3MB", evil[] = "../2MB", bad_type[] = "q";
	struct cpu_spec cpu = { .cpus = cpus };
	struct hugepage_spec huge = { size, 4096 };
	struct device_rule_spec rule = { .type = bad_type };
	struct resources_spec empty = { 0 }, with_cpu = { .cpu = &cpu },
			      with_pages = { .hugepages = &huge, .n_hugepages = 1 },
			      with_unified = { 0 };
	struct resources_spec with_devices = { .devices = &rule, .n_devices = 1 };
	struct err e = { 0 };

	CHECK_INT(cgroup_can_limit(&empty, &e), 0);
	CHECK(cgroup_can_limit(&with_cpu, &e) < 0);
	CHECK(strstr(e.text, "cpu.cpus") != NULL);
	CHECK(cgroup_can_limit(&with_pages, &e) < 0); /* no machine has pages of 3 MiB */
	huge.page_size = evil;
	CHECK_INT(cgroup_can_limit(&with_pages, &e), -EINVAL);
	strmap_set(&with_unified.unified, "nonsense.max", "1");
	CHECK_INT(cgroup_can_limit(&with_unified, &e), -EOPNOTSUPP);
	CHECK(strstr(e.text, "nonsense") != NULL);
	strmap_done(&with_unified.unified);
	CHECK_INT(cgroup_can_limit(&with_devices, &e), -EINVAL);
	return test_done();
}
