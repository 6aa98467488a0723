#include "cgroups/freeze.h"

#include <errno.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void test_v2(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct err e = { 0 };
	bool frozen = false;

	fake_dir(root, "/web");
	fake_file(root, "/web/cgroup.freeze", "0");
	fake_file(root, "/web/cgroup.events", "populated 1\nfrozen 1\n");
	(void)fake_part(cg, root, "/web", NULL);
	CHECK_INT(freeze_set(cg, true, 1000, &e), 0);
	CHECK_INT(freeze_get(cg, &frozen, &e), 0);
	CHECK(frozen);
	/* A cgroup that does not freeze is set free again. */
	fake_file(root, "/web/cgroup.events", "populated 1\nfrozen 0\n");
	CHECK_INT(freeze_set(cg, true, 20, &e), -ETIMEDOUT);
	auto_free char *after = fake_read(root, "/web/cgroup.freeze");

	CHECK_STR(after, "0");
	CHECK_INT(freeze_set(cg, false, 20, &e), 0);
	fake_file(root, "/web/cgroup.events", "populated 1\nfrozen 1\n");
	CHECK_INT(freeze_set(cg, false, 20, &e), -ETIMEDOUT);
	CHECK(strstr(e.text, "a cgroup above it is frozen") != NULL);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_v1(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct err e = { 0 };
	bool frozen = false;

	fake_dir(root, "/web");
	fake_file(root, "/web/freezer.state", "THAWED");
	(void)fake_part(cg, root, "/web", "freezer");
	CHECK_INT(freeze_set(cg, true, 100, &e), 0);
	CHECK_INT(freeze_get(cg, &frozen, &e), 0);
	CHECK(frozen);
	CHECK_INT(freeze_set(cg, false, 100, &e), 0);
	CHECK_INT(freeze_get(cg, &frozen, &e), 0);
	CHECK(!frozen);
	CHECK_INT(freeze_set(cg, true, 100, &e), 0);
	freeze_release(cg);
	auto_free char *state = fake_read(root, "/web/freezer.state");

	CHECK_STR(state, "THAWED");
	cgroup_free(cg);
	fake_remove(root);
}

static void test_none(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct err e = { 0 };
	bool frozen = true;

	fake_dir(root, "/web");
	(void)fake_part(cg, root, "/web", "cpu");
	CHECK_INT(freeze_set(cg, true, 100, &e), -EOPNOTSUPP);
	CHECK_INT(freeze_set(cg, false, 100, &e), 0);
	CHECK_INT(freeze_get(cg, &frozen, &e), 0);
	CHECK(!frozen);
	CHECK_INT(freeze_wait_empty(cg, 0, &e), 0);
	fake_file(root, "/web/cgroup.procs", "77\n78\n");
	CHECK_INT(freeze_wait_empty(cg, 10, &e), -ETIMEDOUT);
	CHECK_STR(e.text, "2 process(es) of the container are still there, process 77 for one");
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_v2();
	test_v1();
	test_none();
	return test_done();
}
