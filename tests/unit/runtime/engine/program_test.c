#include "runtime/engine/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void test_preserved(void)
{
	struct program p = PROGRAM_NONE;
	struct err e = { 0 };

	CHECK(dup2(0, 3) == 3);
	(void)close(4);
	CHECK(program_kept_fds(1, &p, &e) == 0);
	CHECK_INT(p.n_keep, 1);
	CHECK_INT(program_kept_fds(2, &p, &e), -EBADF);
	CHECK_STR(e.text, "descriptor 4 is to be preserved, but it is not open");
	/* one of our own is not the caller's */
	CHECK(fcntl(3, F_SETFD, FD_CLOEXEC) == 0);
	CHECK_INT(program_kept_fds(1, &p, &e), -EBADF);
	CHECK_INT(program_kept_fds(-1, &p, &e), -EINVAL);
	CHECK_INT(program_kept_fds(1 << 20, &p, &e), -EINVAL);
	(void)close(3);
}

static void test_listen(void)
{
	struct program p = PROGRAM_NONE;
	struct err e = { 0 };
	char pid[16];

	CHECK(dup2(0, 3) == 3 && dup2(0, 4) == 4);
	CHECK(snprintf(pid, sizeof(pid), "%d", (int)getpid()) > 0);
	CHECK(setenv("LISTEN_PID", pid, 1) == 0 && setenv("LISTEN_FDS", "1", 1) == 0);
	CHECK(program_kept_fds(1, &p, &e) == 0);
	CHECK_INT(p.n_listen, 1);
	CHECK_INT(p.n_keep, 2);
	CHECK(setenv("LISTEN_PID", "1", 1) == 0); /* meant for somebody else */
	CHECK(program_kept_fds(1, &p, &e) == 0);
	CHECK_INT(p.n_listen, 0);
	CHECK_INT(p.n_keep, 1);
}

int main(void)
{
	test_preserved();
	test_listen();
	return test_done();
}
