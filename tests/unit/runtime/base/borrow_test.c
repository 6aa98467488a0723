#include "runtime/base/borrow.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
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

	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
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
	free(text);
	return test_done();
}
