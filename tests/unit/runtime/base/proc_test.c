/* proc: identity, spawn with clean descriptors and signals, exit codes, collected output, time
 * limits. */
#include "runtime/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

/* A child that waits to be killed. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_NAME, "a) R 1 (b");
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			(void)pause();
	}
	return pid;
}

static void test_identity(void)
{
	struct err e = { 0 };
	uint64_t start = 0, mine = 0;
	char state = 0;
	pid_t pid = sleeper();
	siginfo_t si;

	(void)usleep(20000);
	CHECK_INT(proc_stat(pid, &start, &state, &e), 0);
	CHECK(start > 0);
	CHECK(state == 'S' || state == 'R');
	CHECK_INT(proc_stat(getpid(), &mine, NULL, &e), 0);
	CHECK(mine <= start);
	CHECK(proc_is(pid, start));
	CHECK(!proc_is(pid, start + 1));
	CHECK(!proc_is(0, start) && !proc_is(-1, start));
	auto_close int fd = proc_pidfd(pid, start, &e);

	CHECK(fd >= 0);
	CHECK_INT(proc_pidfd(pid, start + 1, &e), -ESRCH);
	(void)kill(pid, SIGKILL);
	CHECK_INT(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOWAIT), 0);
	CHECK(!proc_is(pid, start)); /* a zombie */
	CHECK_INT(proc_wait(pid, &e), 128 + SIGKILL);
	CHECK_INT(proc_stat(pid, NULL, NULL, &e), -ESRCH);
	CHECK_INT(proc_pidfd(pid, 0, &e), -ESRCH);
	CHECK_INT(proc_wait(pid, &e), -ECHILD);
}

static int run(const char *script, char **ret_output)
{
	struct err e = { 0 };
	char *const argv[] = { mem_strdup("sh"), mem_strdup("-c"), mem_strdup(script), NULL };
	int r = proc_run("/bin/sh", argv, 200, 5000, ret_output, &e);

	for (size_t i = 0; i < 3; i++)
		free(argv[i]);
	if (r < 0)
		printf("# %s\n", e.text);
	return r;
}

static void test_run(void)
{
	auto_free char *text = NULL, *cut = NULL, *both = NULL;

	CHECK_INT(run("echo hello; exit 3", &text), 3);
	CHECK_STR(text, "hello\n");
	CHECK_INT(run("i=0; while [ $i -lt 5000 ]; do echo 0123456789; i=$((i+1)); done", &cut), 0);
	CHECK_INT(strlen(cut), 200);
	CHECK_INT(run("echo a; echo b >&2; kill -TERM $$", &both), 128 + SIGTERM);
	CHECK_STR(both, "a\nb\n");
	CHECK_INT(run("cat >/dev/null; exit 0", NULL), 0);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void test_limits(void)
{
	struct err e = { 0 };
	char sh[] = "sh", c[] = "-c", forever[] = "exec sleep 60", orphan[] = "sleep 2 & echo done";
	char *const sleeping[] = { sh, c, forever, NULL };
	char *const leaving[] = { sh, c, orphan, NULL };
	auto_free char *text = NULL;
	uint64_t start = now_ms();

	CHECK_INT(proc_run("/bin/sh", sleeping, 100, 100, NULL, &e), -ETIMEDOUT);
	CHECK(now_ms() - start < 3000);
	start = now_ms();
	CHECK_INT(proc_run("/bin/sh", leaving, 100, 5000, &text, &e), 0);
	CHECK(now_ms() - start < 1500); /* did not wait for the grandchild that holds the pipe */
	CHECK_STR(text, "done\n");
	CHECK_INT(proc_run("/none/such", sleeping, 100, 0, NULL, &e), -ENOENT);
	CHECK_STR(e.text, "execute \"/none/such\": No such file or directory");
	CHECK_INT(proc_run("/etc/passwd", sleeping, 100, 0, NULL, &e), -EACCES);
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);
	CHECK_INT(errno, ECHILD);
}

/* The child sees its three descriptors, the kept one and nothing else; no signal is blocked or
 * ignored. */
static void test_spawn(void)
{
	struct err e = { 0 };
	char sh[] = "sh", c[] = "-c";
	char script[] =
		"ls /proc/self/fd | tr '\\n' ' '; grep -E 'SigBlk|SigIgn' /proc/self/status; echo $X; echo to-err >&2";
	char x[] = "X=from-env", path[] = "PATH=/usr/bin:/bin";
	char *const argv[] = { sh, c, script, NULL };
	char *const envp[] = { x, path, NULL };
	int out[2];
	pid_t pid = 0;
	sigset_t usr;

	CHECK_INT(pipe2(out, O_CLOEXEC), 0);
	int leak = open("/dev/null", O_RDONLY); /* on purpose not close-on-exec */
	int kept = fcntl(leak, F_DUPFD_CLOEXEC, 20);

	(void)sigemptyset(&usr);
	(void)sigaddset(&usr, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &usr, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	const struct proc_spawn s = { .file = "/bin/sh",
				      .argv = argv,
				      .envp = envp,
				      .stdin_fd = -1,
				      .stdout_fd = out[1],
				      .stderr_fd = out[1],
				      .keep_fd = kept,
				      .new_session = true,
				      .ret_pid = &pid };

	CHECK_INT(proc_spawn(&s, &e), 0);
	(void)close(out[1]);
	CHECK_INT(getsid(pid), pid);
	char text[1000] = "";
	size_t n = 0;

	for (ssize_t r = 1; r > 0 && n < sizeof(text) - 1; n += (size_t)r) {
		r = read(out[0], text + n, sizeof(text) - 1 - n);
		if (r < 0)
			break;
	}
	CHECK_INT(proc_wait(pid, &e), 0);
	CHECK(strncmp(text, "0 1 2 20 3 ", 11) == 0); /* 3 is ls reading the directory */
	CHECK(strstr(text, "SigBlk:\t0000000000000000") != NULL);
	CHECK(strstr(text, "SigIgn:\t0000000000000000") != NULL);
	CHECK(strstr(text, "from-env\nto-err\n") != NULL);
	(void)sigprocmask(SIG_UNBLOCK, &usr, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)close(out[0]);
	(void)close(leak);
	(void)close(kept);
}

/* Started without 0, 1 and 2, and with the three handed over crosswise. */
static int spawn_without_standard(int result)
{
	struct err e = { 0 };
	char sh[] = "sh", c[] = "-c", script[] = "echo out; echo err >&2";
	char *const argv[] = { sh, c, script, NULL };
	int out[2], err[2];
	char text[20] = "";
	pid_t pid = 0;

	for (int i = 0; i < 3; i++)
		(void)close(i);
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) /* 0,1 and 2,3 */
		return 1;
	const struct proc_spawn s = { .file = "/bin/sh",
				      .argv = argv,
				      .envp = environ,
				      .stdin_fd = -1,
				      .stdout_fd = err[1],
				      .stderr_fd = out[1],
				      .keep_fd = -1,
				      .ret_pid = &pid };

	if (proc_spawn(&s, &e) < 0 || proc_wait(pid, &e) != 0)
		return 2;
	if (read(out[0], text, sizeof(text)) != 4 || memcmp(text, "err\n", 4) != 0)
		return 3;
	if (read(err[0], text, sizeof(text)) != 4 || memcmp(text, "out\n", 4) != 0)
		return 4;
	const struct proc_spawn bad = { .file = "/none",
					.argv = argv,
					.stdin_fd = -1,
					.stdout_fd = -1,
					.stderr_fd = -1,
					.keep_fd = -1,
					.ret_pid = &pid };

	return proc_spawn(&bad, &e) == -ENOENT ? result : 5;
}

static void test_without_standard(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(spawn_without_standard(0));
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(proc_status_code(status), 0);
}

static void test_close_others(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		const int keep[] = { 30, 10, 20, 10 };
		bool ok = true;

		for (int i = 5; i < 40; i++)
			ok = ok && dup2(STDOUT_FILENO, i) == i;
		proc_close_others(5, keep, 4);
		for (int i = 5; i < 40; i++)
			ok = ok && (fcntl(i, F_GETFD) >= 0) == (i == 10 || i == 20 || i == 30);
		proc_exit(ok ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(proc_status_code(status), 0);
}

static void test_self(void)
{
	struct err e = { 0 };
	auto_free char *path = NULL;

	CHECK_INT(proc_self_exe(&path, &e), 0);
	CHECK(path && path[0] == '/' && strstr(path, "proc_test"));
	CHECK_INT(proc_status_code(7 << 8), 7);
	CHECK_INT(proc_status_code(9), 137);
}

/* A user namespace of one's own, with and without a map, is not the host's. */
static void test_user_namespace(void)
{
	char text[64] = "";
	FILE *f = fopen("/proc/self/uid_map", "r");
	unsigned inside = 1, outside = 1, count = 0;
	int status;

	CHECK(f && fgets(text, sizeof(text), f) && fclose(f) == 0);
	CHECK(sscanf(text, "%u %u %u", &inside, &outside, &count) == 3);
	CHECK(proc_in_first_user_namespace() == (inside == 0 && outside == 0 && count == UINT_MAX));
	pid_t pid = fork();

	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			proc_exit(0); /* this host does not allow it */
		proc_exit(proc_in_first_user_namespace() ? 1 : 0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(proc_status_code(status), 0);
}

int main(void)
{
	test_identity();
	test_run();
	test_limits();
	test_spawn();
	test_without_standard();
	test_close_others();
	test_self();
	test_user_namespace();
	return test_done();
}
