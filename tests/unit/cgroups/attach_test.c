#include <errno.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

/* No part of a fake contains this process, so "where init is" falls back to the container's own directory. */
static void test_attach(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct err e = { 0 };

	fake_dir(root, "/cpu/web/sub");
	fake_dir(root, "/uni/web");
	fake_file(root, "/cpu/web/cgroup.procs", "");
	fake_file(root, "/cpu/web/sub/cgroup.procs", "");
	fake_file(root, "/uni/web/cgroup.procs", "");
	auto_free char *cpu = mem_format("%s/cpu", root), *uni = mem_format("%s/uni", root);

	(void)fake_part(cg, cpu, "/web", "cpu");
	(void)fake_part(cg, uni, "/web", NULL);
	cg->fresh = true;
	CHECK_INT(cgroup_attach(cg, 1234, &e), 0);
	CHECK(!cg->fresh);
	auto_free char *a = fake_read(root, "/cpu/web/cgroup.procs"),
		       *b = fake_read(root, "/uni/web/cgroup.procs");

	CHECK_STR(a, "1234");
	CHECK_STR(b, "1234");
	CHECK_INT(cgroup_attach_exec(cg, 5678, getpid(), "sub", &e), 0);
	auto_free char *c = fake_read(root, "/cpu/web/sub/cgroup.procs");

	CHECK_STR(c, "5678");
	CHECK_INT(cgroup_attach_exec(cg, 1, getpid(), "none", &e), -ENOENT);
	CHECK_STR(e.text, "cgroup \"none\" does not exist below the container's");
	CHECK_INT(cgroup_attach_exec(cg, 1, getpid(), "../other", &e), -EINVAL);
	CHECK_INT(cgroup_attach_exec(cg, 1, getpid(), "//sub", &e), -EINVAL);
	cgroup_free(cg);
	fake_remove(root);
}

static void test_entry(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct cgroup_entry *entry = NULL, *none = NULL;
	struct err e = { 0 };

	fake_dir(root, "/cpu/web");
	fake_dir(root, "/uni/web");
	fake_file(root, "/cpu/web/tasks", "");
	fake_file(root, "/uni/web/cgroup.procs", "");
	auto_free char *cpu = mem_format("%s/cpu", root), *uni = mem_format("%s/uni", root);

	(void)fake_part(cg, cpu, "/web", "cpu");
	(void)fake_part(cg, uni, "/web", NULL);
	CHECK_INT(cgroup_entry_open(cg, getpid(), NULL, &entry, &e), 0);
	CHECK(cgroup_entry_dirfd(entry) >= 0);
	CHECK_INT(cgroup_entry_enter(entry, true, &e), 0);
	auto_free char *tasks = fake_read(root, "/cpu/web/tasks"),
		       *untouched = fake_read(root, "/uni/web/cgroup.procs");

	CHECK_STR(tasks, "0");
	CHECK_STR(untouched, "");
	CHECK_INT(cgroup_entry_enter(entry, false, &e), 0);
	auto_free char *written = fake_read(root, "/uni/web/cgroup.procs");

	CHECK_STR(written, "0");
	cgroup_entry_free(entry);
	/* root inside may have killed a sub-cgroup of its own, and nobody remembers: a process walks into it */
	fake_dir(root, "/cpu/web/sub");
	fake_dir(root, "/uni/web/sub");
	fake_file(root, "/cpu/web/sub/tasks", "");
	fake_file(root, "/uni/web/sub/cgroup.procs", "");
	CHECK_INT(cgroup_entry_open(cg, getpid(), "sub", &entry, &e), 0);
	CHECK_INT(cgroup_entry_dirfd(entry), -1);
	CHECK_INT(cgroup_entry_enter(entry, false, &e), 0);
	auto_free char *walked = fake_read(root, "/uni/web/sub/cgroup.procs");

	CHECK_STR(walked, "0");
	cgroup_entry_free(entry);
	cgroup_entry_free(NULL);
	(void)fake_part(cg, cpu, "/gone", "pids");
	CHECK_INT(cgroup_entry_open(cg, 0, NULL, &none, &e), -ENOENT);
	cgroup_free(cg);
	fake_remove(root);
}

/* The two halves: what a process is born into, and what it enters later. */
static void test_halves(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_HYBRID);
	char *root = fake_root();
	struct cgroup_entry *entry = NULL;
	int fds[CGROUP_MAX_TASKS];
	struct err e = { 0 };
	size_t n = 0;

	fake_dir(root, "/uni/web");
	fake_file(root, "/uni/web/cgroup.procs", "");
	auto_free char *cpu = mem_format("%s/cpu", root), *pids = mem_format("%s/pids", root),
		       *uni = mem_format("%s/uni", root);

	CHECK_INT(cgroup_entry_open_unified(cg, &entry, &e), -EOPNOTSUPP);
	(void)fake_part(cg, cpu, "/web", "cpu");
	(void)fake_part(cg, pids, "/web", "pids");
	(void)fake_part(cg, uni, "/web", NULL);
	CHECK_INT(cgroup_entry_open_unified(cg, &entry, &e),
		  0); /* although the others are not there */
	CHECK(cgroup_entry_dirfd(entry) >= 0);
	CHECK_INT(cgroup_entry_enter(entry, true, &e), 0);
	cgroup_entry_free(entry);
	fake_dir(root, "/cpu/web");
	fake_file(root, "/cpu/web/tasks", "");
	CHECK_INT(cgroup_open_tasks(cg, fds, &n, &e), -ENOENT);
	CHECK_INT(n, 0);
	fake_dir(root, "/pids/web");
	fake_file(root, "/pids/web/tasks", "");
	CHECK_INT(cgroup_open_tasks(cg, fds, &n, &e), 0);
	CHECK_INT(n, 2);
	CHECK_INT(cgroup_enter_tasks(fds, n, &e), 0);
	auto_free char *one = fake_read(root, "/cpu/web/tasks"),
		       *two = fake_read(root, "/pids/web/tasks");

	CHECK_STR(one, "0");
	CHECK_STR(two, "0");
	for (size_t i = 0; i < n; i++)
		fd_close(&fds[i]);
	CHECK_INT(cgroup_enter_tasks(fds, n, &e), -EBADF);
	CHECK(cgroup_has_halves(cg));
	cg->rootless = true;
	CHECK(!cgroup_has_halves(cg));
	cg->rootless = false;
	cg->mode = CGROUP_MODE_V1;
	CHECK(!cgroup_has_halves(cg));
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_attach();
	test_entry();
	test_halves();
	return test_done();
}
