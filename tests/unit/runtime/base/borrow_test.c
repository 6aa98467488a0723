#include "runtime/base/borrow.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/proc.h"
#include "tests/unit/test.h"

static int told, fd_of_parent;

/* More stack than the parent has below it, written all over. */
static int deep(int n)
{
	volatile char area[512];

	for (size_t i = 0; i < sizeof(area); i++)
		area[i] = (char)n;
	return n > 0 ? deep(n - 1) + area[n] : area[0];
}

static void body(void *arg)
{
	int *calls = arg;

	(*calls)++;
	told = deep(60) + 1;
	(void)close(fd_of_parent);
	(void)prctl(PR_SET_DUMPABLE, 0);
	errno = EXDEV;
	proc_exit(7);
}

static int status_of(pid_t pid)
{
	int status = -1;

	(void)waitpid(pid, &status, __WALL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- lent on ------------------------------------------------------------------------------------------------------ */

static struct {
	volatile pid_t middle, inner; /* shared with the killer */
} * seen;

static void inner(void *arg)
{
	bool stays = *(bool *)arg;

	told = deep(60) + 2;
	seen->inner = getpid();
	while (stays)
		(void)pause();
	proc_exit(3);
}

static void middle(void *arg)
{
	struct clone_args args = { .flags = CLONE_PARENT };

	seen->middle = getpid();
	pid_t pid = borrow_clone3(&args, sizeof(args), inner, arg);

	*(bool *)arg = pid > 0 && pid == seen->inner; /* it had ended before we went on */
	proc_exit(5);
}

static void test_lent_on(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	bool flag = false;
	pid_t pid = borrow_clone3(&args, sizeof(args), middle, &flag);

	CHECK(flag);
	CHECK_INT(status_of(pid), 5);
	CHECK_INT(status_of(seen->inner), 3);
}

/* Whoever stands between us and the lodger is killed: the lodger is gone, too, before we go on. */
static void test_killed_between(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	bool stays = true;
	int status = 0;

	seen->inner = seen->middle = 0;
	pid_t killer = fork();

	if (killer == 0) {
		while (!seen->inner)
			(void)usleep(1000);
		(void)kill(seen->middle, SIGKILL);
		proc_exit(0);
	}
	pid_t pid = borrow_clone3(&args, sizeof(args), middle, &stays);

	CHECK(pid > 0 && pid == seen->middle);
	CHECK(kill(seen->inner, 0) < 0 && errno == ESRCH);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK_INT(status_of(killer), 0);
	CHECK_INT(prctl(PR_GET_DUMPABLE), 1);
}

int main(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int calls = 0, kept = 42;
	char *text = strdup("still here");

	if (!borrow_is_possible()) {
		CHECK(borrow_clone3(&args, sizeof(args), body, &calls) == -1 && errno == ENOSYS);
		free(text);
		return test_done();
	}
	fd_of_parent = dup(1);
	for (int i = 0; i < 3; i++) {
		struct clone_args again = args;
		pid_t pid = borrow_clone3(&again, sizeof(again), body, &calls);

		CHECK(pid > 0);
		/* it had ended before we went on, in the same memory */
		CHECK_INT(calls, i + 1);
		CHECK_INT(status_of(pid), 7);
	}
	CHECK(told != 0);
	CHECK_INT(kept, 42);
	CHECK_STR(text, "still here");
	CHECK(write(fd_of_parent, "", 0) == 0); /* its descriptors were its own */
	CHECK_INT(prctl(PR_GET_DUMPABLE), 1);
	struct clone_args wrong = { .flags = CLONE_SIGHAND | CLONE_CLEAR_SIGHAND };

	CHECK(borrow_clone3(&wrong, sizeof(wrong), body, &calls) == -1);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(calls, 3);
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(seen != MAP_FAILED);
	test_lent_on();
	test_killed_between();
	free(text);
	return test_done();
}
