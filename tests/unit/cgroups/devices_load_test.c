/* bpf(2) needs privileges: with them a program is loaded and thrown away, without them the refusal must be told. */
#include "cgroups/devices.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

int main(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct err e = { 0 };
	int r = devices_check_v2(&e);

	fake_dir(root, "/web");
	CHECK(r == 0 || e.code == -r);
	CHECK(r == 0 || strstr(e.text, "load the device program into the kernel") != NULL);
	/* A directory that is no cgroup carries no program. */
	CHECK(devices_count_v2(fake_part(cg, root, "/web", NULL), &e) < 0);
	CHECK(devices_set_v2(part_unified(cg), &(struct device_rules){ 0 }, &e) < 0);
	CHECK(strstr(e.text, "resources.devices") == e.text);
	cgroup_free(cg);
	fake_remove(root);
	return test_done();
}
