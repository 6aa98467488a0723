#include "cgroups/driver.h"
#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void check_file(const char *root, const char *path, const char *want)
{
	auto_free char *got = fake_read(root, path);

	CHECK_STR(got, want);
}

static void test_cpuset(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct err e = { 0 };
	static const char *const empty[] = { "/zones/cpuset.cpus", "/zones/web/cpuset.cpus",
					     "/zones/web/cpuset.mems" };

	fake_dir(root, "/zones/web");
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
		fake_file(root, empty[i], "\n");
	fake_file(root, "/cpuset.cpus", "0-3\n");
	fake_file(root, "/cpuset.mems", "0-1\n");
	fake_file(root, "/zones/cpuset.mems", "1\n"); /* somebody chose already */
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", "cpuset");

	p->made = 2;
	CHECK_INT(v1_prepare(p, &e), 0);
	check_file(root, "/zones/cpuset.cpus", "0-3");
	check_file(root, "/zones/web/cpuset.cpus", "0-3");
	check_file(root, "/zones/cpuset.mems", "1\n");
	check_file(root, "/zones/web/cpuset.mems", "1");
	cgroup_free(cg);
	fake_remove(root);
}

static void test_kept(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct err e = { 0 };

	fake_dir(root, "/old");
	fake_file(root, "/cpuset.cpus", "0-3\n");
	fake_file(root, "/cpuset.mems", "0\n");
	fake_file(root, "/old/cpuset.cpus", "2\n");
	fake_file(root, "/old/cpuset.mems", "0\n");
	struct cgroup_part *p = fake_part(cg, root, "/old", "cpuset");

	CHECK_INT(v1_prepare(p, &e), 0);
	check_file(root, "/old/cpuset.cpus", "2\n");
	struct cgroup_part *other = fake_part(cg, root, "/none", "pids");

	CHECK_INT(v1_prepare(other, &e), 0); /* nothing to do, nothing looked at */
	cgroup_free(cg);
	fake_remove(root);
}

static void test_rt(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();

	fake_dir(root, "/slice/zones/web");
	fake_file(root, "/slice/cpu.rt_runtime_us", "0");
	fake_file(root, "/slice/zones/cpu.rt_runtime_us", "0");
	fake_file(root, "/slice/zones/cpu.rt_period_us", "100000");
	struct cgroup_part *p = fake_part(cg, root, "/slice/zones/web", "cpu");

	p->made = 2;
	v1_raise_rt(p, "1000");
	check_file(root, "/slice/zones/cpu.rt_period_us",
		   "100000"); /* the child has none to follow */
	fake_file(root, "/slice/zones/web/cpu.rt_period_us", "500000");
	v1_raise_rt(p, "1000");
	check_file(root, "/slice/zones/cpu.rt_period_us", "500000");
	check_file(root, "/slice/cpu.rt_runtime_us", "0"); /* not ours */
	check_file(root, "/slice/zones/cpu.rt_runtime_us", "1000");
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_cpuset();
	test_kept();
	test_rt();
	return test_done();
}
