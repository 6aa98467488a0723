#include "cgroups/cgroups.h"

#include <errno.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void check_text(int fd, const char *want)
{
	char text[64] = { 0 };

	CHECK(fd >= 0 && pread(fd, text, sizeof(text) - 1, 0) > 0);
	CHECK_STR(text, want);
}

int main(void)
{
	static const struct cgroup_file limit = { "memory", "memory.limit_in_bytes", "memory.max" };
	static const struct cgroup_file quota = { "cpu", "cpu.cfs_quota_us", "cpu.max" };
	static const struct cgroup_file period = { "memory", NULL, "x" };
	static const struct cgroup_file pressure = { NULL, NULL, "cpu.pressure" };
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct err e = { 0 };
	bool v1 = false;

	fake_dir(root, "/memory/z");
	fake_dir(root, "/unified/z");
	fake_file(root, "/memory/z/memory.limit_in_bytes", "17");
	fake_file(root, "/unified/z/memory.max", "18");
	fake_file(root, "/unified/z/cpu.max", "19");
	auto_free char *memory = mem_format("%s/memory", root);
	auto_free char *unified = mem_format("%s/unified", root);

	(void)fake_part(cg, memory, "/z", "memory");
	(void)fake_part(cg, unified, "/z", NULL);
	auto_close int a = cgroup_open_file(cg, &limit, &v1, &e);

	check_text(a, "17");
	CHECK(v1);
	auto_close int b = cgroup_open_file(cg, &quota, &v1, &e);

	check_text(b, "19");
	CHECK(!v1);
	CHECK_INT(cgroup_open_file(cg, &period, &v1, &e), -ENOENT);
	CHECK_INT(cgroup_open_file(cg, &pressure, &v1, &e), -ENOENT);
	cgroup_free(cg);
	fake_remove(root);
	return test_done();
}
