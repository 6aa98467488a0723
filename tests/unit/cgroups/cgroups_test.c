/* The facade where it needs no kernel; with real hierarchies it is driven by the integration tests. */
#include "cgroups/cgroups.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void test_disabled(void)
{
	struct cgroup_options o = { .manager = CGROUP_MANAGER_DISABLED, .path = "/ignored" };
	struct cgroup *cg = NULL;
	struct device_rule_spec rule = { .allow = false };
	struct resources_spec devices = { .devices = &rule, .n_devices = 1 },
			      pids = { .pids_limit = { true, 5 } };
	struct err e = { 0 };
	pid_t *list = NULL;
	size_t n = 9;
	bool frozen = true;

	CHECK_INT(cgroup_create("x", &o, &cg, &e), 0);
	CHECK_INT(cgroup_limit(cg, &devices, &e), 0);
	CHECK_INT(cgroup_limit(cg, &pids, &e), -EOPNOTSUPP);
	CHECK_STR(e.text, "pids.limit: the container has no cgroup that could limit it");
	CHECK_INT(cgroup_attach(cg, 1, &e), 0);
	CHECK_INT(cgroup_kill(cg, 9, &e), 0);
	CHECK_INT(cgroup_pids(cg, &list, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(cgroup_is_frozen(cg, &frozen, &e), 0);
	CHECK(!frozen);
	CHECK_INT(cgroup_freeze(cg, true, &e), -EOPNOTSUPP);
	CHECK_STR(cgroup_unified_path(cg), "");
	CHECK_INT(cgroup_remove(cg, &e), 0);
	free(list);
	cgroup_free(cg);
}

static void test_refusals(void)
{
	struct cgroup_options systemd = { .manager = CGROUP_MANAGER_SYSTEMD },
			      up = { .path = "/a/../b", .rootless = true };
	struct cgroup *cg = NULL;
	struct err e = { 0 };

	CHECK_INT(cgroup_create("x", &systemd, &cg, &e), -EOPNOTSUPP);
	CHECK(strstr(e.text, "systemd") != NULL);
	if (cgroup_host_mode() != CGROUP_MODE_NONE)
		CHECK_INT(cgroup_plan("x", &up, &cg, &e), -EINVAL);
	CHECK(!cg);
}

/* Planning only looks. */
static void test_plan(void)
{
	struct cgroup_options o = { .path = "/zones-unit-test-that-is-never-made/x",
				    .rootless = true };
	struct cgroup *cg = NULL;
	struct err e = { 0 };

	CHECK_INT(cgroup_plan("x", &o, &cg, &e), 0);
	if (!cg)
		return;
	struct json *j = cgroup_save(cg);
	const struct json *parts = json_get(j, "parts");

	for (size_t i = 0; parts && i < parts->n; i++)
		CHECK_INT(json_get_i64(parts->items[i], "made", -1), 2);
	json_free(j);
	for (size_t i = 0; i < cg->n_parts; i++)
		CHECK(!file_exists(AT_FDCWD, cg->parts[i].dir));
	cgroup_free(cg);
}

/* A whole life on fake hierarchies, v1 and unified. */
static void test_life(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct err e = { 0 };

	fake_dir(root, "/cpu");
	fake_dir(root, "/uni/web/left");
	auto_free char *cpu = mem_format("%s/cpu", root), *uni = mem_format("%s/uni", root);

	(void)fake_part(cg, cpu, "/zones/web", "cpu");
	(void)fake_part(cg, uni, "/web", NULL);
	cg->planned = true;
	CHECK_INT(cgroup_make(cg, &e), 0);
	CHECK(fake_exists(root, "/cpu/zones/web"));
	CHECK_INT(cgroup_dirfd(cg), -1); /* hybrid */
	CHECK_INT(cgroup_remove(cg, &e), 0);
	CHECK(!fake_exists(root, "/cpu/zones"));
	CHECK(fake_exists(root, "/uni/web/left")); /* was there before */
	cgroup_free(cg);
	fake_remove(root);
}

/* Somebody lives there: nothing of theirs is touched, nothing of ours stays. */
static void test_occupied(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct err e = { 0 };

	fake_dir(root, "/cpu");
	fake_dir(root, "/uni/web/left");
	fake_file(root, "/uni/web/left/cgroup.procs", "1\n2\n");
	auto_free char *cpu = mem_format("%s/cpu", root), *uni = mem_format("%s/uni", root);

	(void)fake_part(cg, cpu, "/zones/web", "cpu");
	(void)fake_part(cg, uni, "/web", NULL);
	CHECK_INT(cgroup_make(cg, &e), -EBUSY);
	CHECK(strstr(e.text, "container's cgroup is not empty: 2 process(es) found") == e.text);
	CHECK(!fake_exists(root, "/cpu/zones"));
	fake_file(root, "/uni/web/left/cgroup.procs", "");
	fake_file(root, "/uni/web/cgroup.freeze", "1\n");
	CHECK_INT(cgroup_make(cg, &e), -EBUSY);
	CHECK(strstr(e.text, "container's cgroup unexpectedly frozen") == e.text);
	CHECK(!fake_exists(root, "/cpu/zones"));
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_disabled();
	test_refusals();
	test_plan();
	test_life();
	test_occupied();
	return test_done();
}
