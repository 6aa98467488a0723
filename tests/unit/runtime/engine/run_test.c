#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engine/engine.h"
#include "tests/unit/test.h"

static pid_t shell(const char *script)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void test_codes(void)
{
	struct err e = { 0 };

	CHECK_INT(engine_foreground(shell("exit 0"), -1, NULL, &e), 0);
	CHECK_INT(engine_foreground(shell("exit 42"), -1, NULL, &e), 42);
	CHECK_INT(engine_foreground(shell("kill -TERM $$"), -1, NULL, &e), 128 + SIGTERM);
	CHECK(engine_foreground(999999999, -1, NULL, &e) < 0);
}

/* A signal for us goes to the process. */
static void test_forward(void)
{
	struct err e = { 0 };
	pid_t self = getpid(), child = shell("trap 'exit 9' USR1; sleep 5 & wait"), helper = fork();

	if (helper == 0) {
		(void)usleep(300000);
		_exit(kill(self, SIGUSR1) < 0);
	}
	CHECK_INT(engine_foreground(child, -1, NULL, &e), 9);
	CHECK(waitpid(helper, NULL, 0) == helper);
}

/* Without a terminal of our own: what the pty says comes out at stdout, complete, also when the process has ended before it was read. */
static void test_pty(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), out[2], saved_in = dup(0),
	    saved_out = dup(1);
	char text[64] = "";
	struct err e = { 0 };

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		CHECK(errno != 0); /* a host without devpts */
		return;
	}
	CHECK(pipe(out) == 0);
	const char *slave = ptsname(master);
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(slave, O_RDWR);

		(void)dup2(fd, 0);
		(void)dup2(fd, 1);
		(void)close(fd);
		(void)close(master);
		(void)execl("/bin/sh", "sh", "-c", "read x; echo got $x; exit 3", (char *)NULL);
		_exit(127);
	}
	int in[2];

	CHECK(pipe(in) == 0 && write(in[1], "hello\n", 6) == 6);
	(void)close(in[1]);
	(void)fflush(stdout);
	(void)dup2(in[0], 0);
	(void)dup2(out[1], 1);
	int code = engine_foreground(pid, master, NULL, &e);

	(void)dup2(saved_in, 0);
	(void)dup2(saved_out, 1);
	(void)close(out[1]);
	CHECK_INT(code, 3);
	CHECK(read(out[0], text, sizeof(text) - 1) > 0);
	CHECK(strstr(text, "got hello") != NULL);
}

int main(void)
{
	test_codes();
	test_forward();
	test_pty();
	return test_done();
}
