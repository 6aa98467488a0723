#include "cgroups/kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status = 0;

	(void)waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

static void test_kernel_kill(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	char *root = fake_root();
	struct err e = { 0 };

	fake_dir(root, "/web");
	fake_file(root, "/web/cgroup.kill", "");
	fake_file(root, "/web/cgroup.freeze", "1");
	(void)fake_part(cg, root, "/web", NULL);
	CHECK_INT(kill_all(cg, SIGKILL, &e), 0);
	auto_free char *killed = fake_read(root, "/web/cgroup.kill"),
		       *frozen = fake_read(root, "/web/cgroup.freeze");

	CHECK_STR(killed, "1");
	CHECK_STR(frozen, "0"); /* what is frozen by v1's freezer would not die */
	cgroup_free(cg);
	fake_remove(root);
}

static void test_signal(void)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V1);
	char *root = fake_root();
	struct err e = { 0 };
	pid_t a = sleeper(), b = sleeper();
	auto_free char *list = mem_format("%d\n%d\n", (int)a, (int)b);

	fake_dir(root, "/web");
	fake_file(root, "/web/cgroup.procs", list);
	(void)fake_part(cg, root, "/web", "cpu");
	CHECK_INT(kill_all(cg, SIGTERM, &e), 0);
	CHECK_INT(end_of(a), SIGTERM);
	CHECK_INT(end_of(b), SIGTERM);
	CHECK_INT(kill_all(cg, SIGTERM, &e), 0); /* both are gone: nobody minds */
	fake_file(root, "/web/cgroup.procs", "");
	CHECK_INT(kill_all(cg, SIGKILL, &e), 0);
	cgroup_free(cg);
	fake_remove(root);
}

int main(void)
{
	test_kernel_kill();
	test_signal();
	return test_done();
}
