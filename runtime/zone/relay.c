/* relay - a copying child for each standard descriptor that is a terminal.
 *
 * When the program has ended a process that it left in the background may still hold the pipe: on SIGTERM the child shows what has arrived already and goes. */
#include "runtime/zone/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"

/* What a full pipe holds, in blocks: who goes on writing after the program's end is not waited for. */
enum { BLOCK = 4096, ROUNDS_AFTER_END = 65536 / BLOCK };

/* Copy once. False at the end of either side. */
static bool copy_some(int from, int to)
{
	char buf[BLOCK];
	ssize_t n = sys_read(from, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		ssize_t w = sys_write(to, buf + at, (size_t)(n - at));

		if (w <= 0)
			return false;
		at += w;
	}
	return n > 0;
}

static _Noreturn void relay_child(int from, int to)
{
	const int keep[] = { from, to };
	struct pollfd p[2] = { { .fd = from, .events = POLLIN }, { .events = POLLIN } };
	int left = ROUNDS_AFTER_END;
	bool ending = false;
	sigset_t set;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	proc_close_others(3, keep, 2);
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_SETMASK, &set,
			  NULL); /* ^C is for the program: the parent forwards it */
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC);
	for (;;) {
		struct signalfd_siginfo si;
		int n = poll(p, 2, ending ? 0 : -1);

		if (n == 0 || (n < 0 && errno != EINTR) || (ending && left-- == 0))
			break;
		if (p[0].revents && !copy_some(from, to))
			break;
		if (p[1].revents && sys_read(p[1].fd, &si, sizeof(si)) == (ssize_t)sizeof(si) &&
		    si.ssi_signo == SIGTERM)
			ending = true;
	}
	proc_exit(0);
}

static int relay_one(struct relay *r, int fd, struct err *e)
{
	int pair[2];

	if (sys_pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int ours = pair[fd == STDIN_FILENO ? 1 : 0];

	r->fds[fd] = pair[fd == STDIN_FILENO ? 0 : 1];
	r->pids[fd] = fork();
	if (r->pids[fd] == 0)
		relay_child(fd == STDIN_FILENO ? fd : ours, fd == STDIN_FILENO ? ours : fd);
	if (r->pids[fd] < 0) {
		r->pids[fd] = 0;
		return err_sys(e, "fork");
	}
	return 0;
}

int relay_open(struct relay *r, struct err *e)
{
	struct stat st;
	int result = 0;

	*r = (struct relay){ .fds = { -1, -1, -1 } };
	for (int fd = 0; fd < 3 && result == 0; fd++) {
		/* a way into the host's tree: ".." leads everywhere from there */
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			result = err_set(
				e, EISDIR,
				"descriptor %d is a directory of the host and cannot be given to a zone",
				fd);
		else if (isatty(fd))
			result = relay_one(r, fd, e);
	}
	if (result < 0) {
		relay_close_fds(r);
		relay_end(r);
	}
	return result;
}

void relay_close_fds(struct relay *r)
{
	for (int fd = 0; fd < 3; fd++)
		fd_close(&r->fds[fd]);
}

void relay_end(struct relay *r)
{
	struct err ignored = { 0 };

	for (int fd = 0; fd < 3; fd++) {
		if (r->pids[fd] == 0)
			continue;
		(void)sys_kill(r->pids[fd], SIGTERM); /* our own child, not yet reaped */
		(void)!proc_wait(r->pids[fd], &ignored);
		r->pids[fd] = 0;
	}
}
