#include "runtime/engine/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

static int exit_with(void *arg)
{
	return *(const int *)arg;
}

static int hang(void *arg)
{
	(void)arg;
	(void)pause();
	return 0;
}

static int execute(void *arg)
{
	char *const argv[] = { (char *)"sh", (char *)"-c", (char *)"exit 4", NULL };

	(void)arg;
	(void)execv("/bin/sh", argv);
	return 1;
}

static struct child make(int (*body)(void *arg), void *arg, int exit_signal)
{
	const struct process_birth b = {
		.cgroup_fd = -1, .exit_signal = exit_signal, .body = body, .arg = arg
	};
	struct child c = CHILD_NONE;
	struct err e = { 0 };

	CHECK(process_clone(&b, &c, &e) == 0);
	CHECK(c.pid > 0 && fcntl(c.pidfd, F_GETFD) == FD_CLOEXEC);
	return c;
}

static void test_exit(int exit_signal)
{
	int code = 7, status = 0;
	struct child c = make(exit_with, &code, exit_signal);

	CHECK_INT(child_reap(&c, -1, &status), 1);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	CHECK(c.pid == 0 && c.pidfd == -1);
}

static void test_kill(void)
{
	struct child c = make(hang, NULL, 0), none = CHILD_NONE;
	pid_t pid = c.pid;

	CHECK_INT(child_reap(&c, 0, NULL), 0);
	CHECK(!process_wait_end(c.pidfd, 10));
	child_kill(&c);
	CHECK(kill(pid, 0) < 0);
	child_kill(&c);
	child_kill(&none);
}

static void test_has_executed(void)
{
	int code = 0;
	struct child before = make(exit_with, &code, SIGCHLD), after = make(execute, NULL, SIGCHLD);

	CHECK(process_wait_end(before.pidfd, -1));
	CHECK(process_wait_end(after.pidfd, -1));
	CHECK(!process_has_executed(before.pid)); /* both are zombies: the kernel still knows */
	CHECK(process_has_executed(after.pid));
	child_kill(&before);
	child_kill(&after);
	CHECK(!process_has_executed(before.pid));
}

int main(void)
{
	char text[64];

	test_exit(SIGCHLD);
	test_exit(0);
	test_kill();
	test_has_executed();
	process_status_text(3 << 8, text, sizeof(text));
	CHECK_STR(text, "exited with 3");
	process_status_text(SIGKILL, text, sizeof(text));
	CHECK_STR(text, "was killed by signal 9");
	return test_done();
}
