/* proc - a pid names a process only together with its start time; a pidfd names it while it is
 * open.
 *
 * spawn: the child reports a failure before exec as a whole error value through a close-on-exec
 * pipe. The end of that pipe without a message means that exec has happened. */
#include "runtime/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"

enum {
	STAT_MAX = 4096,
	MAP_MAX = 4096,
	STAT_FIELD_STATE = 3,
	STAT_FIELD_START = 22,
	EXIT_NOT_STARTED = 127
};

#ifdef ZONES_COVERAGE
void __gcov_dump(void);
#endif

/* --- identity --------------------------------------------------------------------------------- */

/* "PID (NAME) STATE PPID ...": the name may contain anything, also ")", so the last one counts. */
static int stat_parse(const char *text, uint64_t *ret_start, char *ret_state)
{
	const char *p = strrchr(text, ')');

	if (!p || p[1] != ' ' || p[2] == '\0' || p[3] != ' ')
		return -EPROTO;
	*ret_state = p[2];
	p += 2;
	for (int field = STAT_FIELD_STATE; p && field < STAT_FIELD_START; field++) {
		p = strchr(p, ' ');
		p = p ? p + 1 : NULL;
	}
	if (!p)
		return -EPROTO;
	auto_free char *digits = mem_strndup(p, strcspn(p, " \n"));

	return num_u64(digits, ret_start) < 0 ? -EPROTO : 0;
}

int proc_stat(pid_t pid, uint64_t *ret_start, char *ret_state, struct err *e)
{
	auto_free char *path = mem_format("/proc/%d/stat", (int)pid);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	char text[STAT_MAX]; /* one record, read at once */
	uint64_t start;
	char state;
	ssize_t n = fd < 0 ? -1 : sys_read(fd, text, sizeof(text) - 1);

	if (n < 0 && (errno == ENOENT || errno == ESRCH))
		return err_set(e, ESRCH, "process %d does not exist", (int)pid);
	if (n < 0)
		return err_sys(e, "read \"%s\"", path);
	text[n] = '\0';
	if (stat_parse(text, &start, &state) < 0)
		return err_set(e, EPROTO, "\"%s\" has an unknown format", path);
	if (ret_start)
		*ret_start = start;
	if (ret_state)
		*ret_state = state;
	return 0;
}

bool proc_is(pid_t pid, uint64_t start)
{
	struct err why = { 0 };
	uint64_t found = 0;
	char state = 0;

	if (pid <= 0)
		return false;
	int r = proc_stat(pid, &found, &state, &why);

	/* No descriptor or no memory left to look: then it is what the kernel says without them. Who takes the living for dead clears up under their feet. */
	if (r < 0)
		return r != -ESRCH && (kill(pid, 0) == 0 || errno != ESRCH);
	return found == start && state != 'Z' && state != 'X';
}

int proc_pidfd(pid_t pid, uint64_t start, struct err *e)
{
	auto_close int fd = sys_pidfd_open(pid, 0);
	uint64_t found = 0;

	if (fd < 0)
		return err_sys(e, "open process %d", (int)pid);
	if (start == 0)
		return fd_steal(&fd);
	/* Only now that the descriptor holds it: if the start time is right, the descriptor was
	 * right as well. */
	int r = proc_stat(pid, &found, NULL, e);

	if (r < 0)
		return r;
	if (found != start)
		return err_set(e, ESRCH, "process %d is another one by now", (int)pid);
	return fd_steal(&fd);
}

/* The first user namespace is the only one that maps every id to itself. */
static bool maps_all(void)
{
	auto_free char *text = NULL;
	auto_done(strv) struct strv words = { 0 }, full = { 0 };
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, "/proc/self/uid_map", MAP_MAX, &text, NULL, &ignored) < 0)
		return false;
	text[strcspn(text, "\n")] = 0;
	strv_split(&words, text, ' ');
	for (size_t i = 0; i < words.n; i++) {
		if (!str_empty(words.items[i]))
			strv_add(&full, words.items[i]);
	}
	return full.n == 3 && str_eq(full.items[0], "0") && str_eq(full.items[1], "0") &&
	       str_eq(full.items[2], "4294967295");
}

bool proc_in_first_user_namespace(void)
{
	static pid_t asked; /* a child may have entered another one */
	static bool answer;

	if (asked != getpid()) {
		answer = maps_all();
		asked = getpid();
	}
	return answer;
}

/* --- spawn ------------------------------------------------------------------------------------ */

/* A copy of fd (or of /dev/null) above the standard three, so that no dup2() below overwrites
 * one still needed. */
static int lift_fd(int fd)
{
	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	auto_close int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	return null < 0 ? -1 : fcntl(null, F_DUPFD_CLOEXEC, 3);
}

static int child_descriptors(const struct proc_spawn *s, int report, struct err *e)
{
	const int wanted[3] = { s->stdin_fd, s->stdout_fd, s->stderr_fd };
	const int keep[2] = { report, s->keep_fd };
	int lifted[3];

	for (int i = 0; i < 3; i++) {
		lifted[i] = lift_fd(wanted[i]);
		if (lifted[i] < 0)
			return err_sys(e, "prepare descriptor %d", i);
	}
	for (int i = 0; i < 3; i++) {
		if (dup2(lifted[i], i) < 0)
			return err_sys(e, "set descriptor %d", i);
	}
	if (s->keep_fd >= 0 && fcntl(s->keep_fd, F_SETFD, 0) < 0)
		return err_sys(e, "keep descriptor %d", s->keep_fd);
	proc_close_others(3, keep, s->keep_fd >= 0 ? 2 : 1);
	return 0;
}

/* In the child: everything between fork and exec. Comes back only with an error. */
static int child_exec(const struct proc_spawn *s, int report, struct err *e)
{
	proc_reset_signals();
	if (s->new_session && sys_setsid() < 0)
		return err_sys(e, "start a session");
	int r = child_descriptors(s, report, e);

	if (r == 0 && s->prepare)
		r = s->prepare(s->prepare_arg, e);
	if (r < 0)
		return r;
	(void)sys_execveat(AT_FDCWD, s->file, s->argv, s->envp ? s->envp : environ, 0);
	return err_sys(e, "execute \"%s\"", s->file);
}

/* Wait for the child's exec or its error. */
static int spawn_result(int report, pid_t pid, struct err *e)
{
	struct err failure;
	ssize_t n = sys_read(report, &failure, sizeof(failure));

	if (n == 0)
		return 0;
	if (n <
	    0) { /* it may have begun: nobody would know of it, and it would not end by itself */
		int r = err_sys(e, "hear how the new process started");

		(void)sys_kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	(void)waitpid(pid, NULL, 0); /* it has failed and exits at once: leave no zombie */
	if (n != (ssize_t)sizeof(failure))
		return err_set(e, EPROTO, "the new process did not say how it started");
	err_sanitize(&failure);
	*e = failure;
	return -e->code;
}

int proc_spawn(const struct proc_spawn *s, struct err *e)
{
	int ends[2];

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int reader = ends[0], writer = ends[1];
	/* The child's dup2() must not hit its own reporting end, which can be 0-2 when we were
	 * started without them. */
	auto_close int report = fcntl(writer, F_DUPFD_CLOEXEC, 3);

	if (report < 0)
		return err_sys(e, "make a pipe");
	fd_close(&writer);
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, "fork");
	if (pid == 0) {
		struct err failure = { 0 };

		(void)child_exec(s, report, &failure);
		(void)sys_write(report, &failure,
				sizeof(failure)); /* smaller than PIPE_BUF: whole or not at all */
		proc_exit(EXIT_NOT_STARTED);
	}
	fd_close(&report);
	int r = spawn_result(reader, pid, e);

	if (r < 0)
		return r;
	if (s->ret_pid)
		*s->ret_pid = pid;
	return 0;
}

/* --- wait ------------------------------------------------------------------------------------- */

int proc_status_code(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

int proc_wait(pid_t pid, struct err *e)
{
	int status;
	pid_t r;

	do {
		r = waitpid(pid, &status, 0);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "wait for process %d", (int)pid);
	return proc_status_code(status);
}

/* --- run -------------------------------------------------------------------------------------- */

struct run {
	const char *file;
	int output; /* our end of the pipe, non-blocking */
	int pidfd;
	size_t max_output;
	uint64_t deadline; /* ms, 0: none */
	struct strbuf text;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Take what is in the pipe now. False at its end. */
static bool run_drain(struct run *r)
{
	char chunk[4096];

	for (;;) {
		ssize_t n = sys_read(r->output, chunk, sizeof(chunk));

		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		size_t room = r->max_output - r->text.len;

		strbuf_add_bytes(&r->text, chunk, (size_t)n < room ? (size_t)n : room);
	}
}

/* Collect until the process ends: a grandchild that still holds the pipe does not keep us. */
static int run_collect(struct run *r, struct err *e)
{
	struct pollfd fds[2] = { { .fd = r->pidfd, .events = POLLIN },
				 { .fd = r->output, .events = POLLIN } };

	for (;;) {
		uint64_t now = now_ms();
		int wait = -1;

		if (r->deadline)
			wait = now < r->deadline ? (int)(r->deadline - now) : 0;
		int n = poll(fds, 2, wait);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait for \"%s\"", r->file);
		if (n == 0)
			return err_set(e, ETIMEDOUT, "\"%s\" did not end in time", r->file);
		if (n < 0)
			continue;
		if (fds[1].revents && !run_drain(r))
			fds[1].fd = -1;
		if (fds[0].revents) {
			(void)run_drain(r);
			return 0;
		}
	}
}

static void run_done(struct run *r)
{
	fd_close(&r->output);
	fd_close(&r->pidfd);
	strbuf_done(&r->text);
}

int proc_run(const char *file, char *const argv[], size_t max_output, int timeout_ms,
	     char **ret_output, struct err *e)
{
	auto_done(run) struct run run = {
		.file = file, .output = -1, .pidfd = -1, .max_output = max_output
	};
	int ends[2];
	pid_t pid = 0;

	if (sys_pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "make a pipe");
	run.output = ends[0];
	auto_close int writer = ends[1];

	if (fcntl(writer, F_SETFL, 0) < 0) /* the program shall not be surprised by EAGAIN */
		return err_sys(e, "make a pipe");
	const struct proc_spawn s = { .file = file,
				      .argv = argv,
				      .stdin_fd = -1,
				      .stdout_fd = writer,
				      .stderr_fd = writer,
				      .keep_fd = -1,
				      .ret_pid = &pid };
	int r = proc_spawn(&s, e);

	if (r < 0)
		return r;
	fd_close(&writer);
	run.pidfd = sys_pidfd_open(pid, 0);
	if (timeout_ms > 0)
		run.deadline = now_ms() + (uint64_t)timeout_ms;
	r = run.pidfd < 0 ? err_sys(e, "open process %d", (int)pid) : run_collect(&run, e);
	if (r < 0)
		(void)kill(pid, SIGKILL); /* our own child, not yet waited for */
	struct err ignored = { 0 };
	int code = proc_wait(pid, r < 0 ? &ignored : e);

	if (r < 0)
		return r;
	if (code >= 0 && ret_output)
		*ret_output = strbuf_steal(&run.text);
	return code;
}

/* --- ourselves -------------------------------------------------------------------------------- */

/* True when `path` is the very file that runs. */
static bool is_self(const char *path)
{
	struct stat self, other;

	return path && path[0] == '/' && stat("/proc/self/exe", &self) == 0 &&
	       stat(path, &other) == 0 && self.st_dev == other.st_dev &&
	       self.st_ino == other.st_ino;
}

static char *self_link(struct err *e)
{
	for (size_t size = 256;; size *= 2) {
		auto_free char *buf = mem_grow(NULL, size, 1);
		ssize_t n = readlink("/proc/self/exe", buf, size);

		if (n < 0) {
			(void)err_sys(e, "find the path of this program");
			return NULL;
		}
		if ((size_t)n == size)
			continue; /* perhaps cut */
		buf[n] = '\0';
		return ptr_steal(&buf);
	}
}

int proc_self_exe(char **ret, struct err *e)
{
	auto_free char *path = self_link(e);
	const char *told = getenv(PROC_EXE_VARIABLE);

	if (!path)
		return -e->code;
	/* Running from a detached mount of itself the link shows no usable path; then what was told before counts, if it is this very file. */
	if (!is_self(path) && is_self(told)) {
		*ret = mem_strdup(told);
		return 0;
	}
	*ret = ptr_steal(&path);
	return 0;
}

_Noreturn void proc_exit(int code)
{
#ifdef ZONES_COVERAGE
	__gcov_dump();
#endif
	_exit(code);
}

/* The smallest number in keep that is at least `from`, or -1. */
static int next_kept(int from, const int *keep, size_t n)
{
	int best = -1;

	for (size_t i = 0; i < n; i++) {
		if (keep[i] >= from && (best < 0 || keep[i] < best))
			best = keep[i];
	}
	return best;
}

void proc_close_others(int lowest, const int *keep, size_t n)
{
	for (;;) {
		int kept = next_kept(lowest, keep, n);

		if (kept < 0)
			break;
		if (kept > lowest)
			(void)sys_close_range((unsigned)lowest, (unsigned)kept - 1,
					      0); /* nothing to close is fine */
		lowest = kept + 1;
	}
	(void)sys_close_range((unsigned)lowest, ~0U, 0);
}

/* The kernel's own call: glibc's sigaction refuses signals 32 and 33, which its posix_spawn leaves ignored in every child of make(1), and a container would inherit that. */
static void signal_default(int signo)
{
	const struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} normal = { .handler = NULL }; /* SIG_DFL */

	(void)syscall(SYS_rt_sigaction, signo, &normal, NULL,
		      sizeof(normal.mask)); /* refused for SIGKILL and SIGSTOP */
}

void proc_reset_signals(void)
{
	sigset_t none;

	for (int signo = 1; signo <= SIGRTMAX; signo++)
		signal_default(signo);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}
