#include "cgroups/driver.h"

#include <errno.h>
#include <sys/stat.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void check_file(const char *root, const char *path, const char *want)
{
	auto_free char *got = fake_read(root, path);

	CHECK_STR(got, want);
}

static void prepare(const char *root)
{
	fake_dir(root, "/zones/web");
	fake_file(root, "/cgroup.controllers", "cpuset cpu io memory pids\n");
	fake_file(root, "/cgroup.subtree_control", "cpu\n");
	fake_file(root, "/zones/cgroup.controllers", "cpu memory pids\n");
	fake_file(root, "/zones/cgroup.subtree_control", "");
	fake_file(root, "/zones/web/cgroup.controllers", "cpu memory pids\n");
	fake_file(root, "/zones/web/cgroup.subtree_control", "");
}

static void test_enable(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct strv wanted auto_done(strv) = { 0 };
	struct err e = { 0 };

	prepare(root);
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", NULL);

	strv_split(&wanted, "cpu memory pids", ' ');
	CHECK_INT(v2_enable(p, &wanted, true, &e), 0);
	check_file(root, "/cgroup.subtree_control", "+memory +pids");
	check_file(root, "/zones/cgroup.subtree_control", "+cpu +memory +pids");
	check_file(root, "/zones/web/cgroup.subtree_control", ""); /* that is the tenant's */
	strv_add(&wanted, "hugetlb");
	CHECK_INT(v2_enable(p, &wanted, false, &e), 0);
	CHECK_INT(v2_enable(p, &wanted, true, &e), -EOPNOTSUPP);
	CHECK(strstr(e.text, "controller \"hugetlb\" is not available in cgroup v2 at ") == e.text);
	cgroup_free(cg);
	fake_remove(root);
}

/* Enabling anything in a cgroup with processes of its own would make its children unusable. */
static void test_internal_processes(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct strv wanted auto_done(strv) = { 0 };
	struct err e = { 0 };

	prepare(root);
	fake_file(root, "/zones/cgroup.events", "populated 1\nfrozen 0\n");
	fake_file(root, "/zones/cgroup.procs", "41\n");
	fake_file(root, "/zones/web/cgroup.controllers", "\n");
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", NULL);

	strv_add(&wanted, "cpu");
	CHECK_INT(v2_enable(p, &wanted, false, &e), 0);
	check_file(root, "/zones/cgroup.subtree_control", "");
	CHECK_INT(v2_enable(p, &wanted, true, &e), -EOPNOTSUPP);
	CHECK(strstr(e.text, "holds processes of its own") != NULL);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_delegate(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct err e = { 0 };
	struct stat s;

	prepare(root);
	fake_file(root, "/zones/web/memory.max", "5");
	fake_file(root, "/zones/web/cgroup.max.depth", "max");
	fake_file(root, "/zones/web/cgroup.max.descendants", "7\n");
	struct cgroup_part *p = fake_part(cg, root, "/zones/web", NULL);
	auto_free char *control = mem_format("%s/zones/web/cgroup.subtree_control", root);
	auto_free char *limit = mem_format("%s/zones/web/memory.max", root);
	bool is_root = geteuid() == 0;
	uid_t uid = is_root ? 12345 : geteuid();

	CHECK_INT(v2_delegate(p, uid, (gid_t)-1, &e), 0); /* files that are missing are no error */
	check_file(root, "/zones/web/cgroup.max.depth",
		   "14x"); /* a plain file is not cut, as kernel files need not be */
	check_file(root, "/zones/web/cgroup.max.descendants", "7\n");
	CHECK(stat(control, &s) == 0 && s.st_uid == uid);
	CHECK(stat(p->dir, &s) == 0 && s.st_uid == uid);
	CHECK(stat(limit, &s) == 0 && s.st_uid == geteuid());
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_enable();
	test_internal_processes();
	test_delegate();
	return test_done();
}
