/* helper - see helper.h. */
#include "runtime/base/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum { REAP_MS = 1000, STANDARD = 3, MS_PER_S = 1000 };

void helper_keep(struct helper_fds *l, int fd)
{
	if (fd < 0)
		return;
	l->fds = mem_grow(l->fds, l->n + 1, sizeof(*l->fds));
	l->fds[l->n++] = fd;
}

void helper_fds_done(struct helper_fds *l)
{
	free(l->fds);
	*l = (struct helper_fds){ 0 };
}

/* --- the child ---------------------------------------------------------------------------------------------------- */

static bool is_kept(const struct helper_fds *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->fds[i] == fd)
			return true;
	return false;
}

static void close_others(const struct helper_job *job, int sock)
{
	auto_done(helper_fds) struct helper_fds keep = { 0 };
	int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
	int logs[LOG_DESCRIPTORS];
	size_t n = log_descriptors(logs);

	for (size_t i = 0; i < n; i++)
		helper_keep(&keep, logs[i]);
	for (size_t i = 0; i < job->n_keep; i++)
		helper_keep(&keep, job->keep[i]);
	helper_keep(&keep, sock);
	for (int fd = 0; fd < STANDARD; fd++) {
		if (is_kept(&keep, fd))
			continue;
		if (null < 0 || dup2(null, fd) < 0)
			(void)close(fd);
	}
	proc_close_others(STANDARD, keep.fds, keep.n); /* and `null` */
}

static _Noreturn void child(const struct helper_job *job, int sock)
{
	struct err e = { 0 }, ignored = { 0 };
	struct sock_msg m = { .data = &e, .size = sizeof(e) };

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	close_others(job, sock);
	if (job->run(job->arg, sock, &e) >= 0)
		e = (struct err){ 0 };
	/* without the message the parent sees the end of the conversation */
	proc_exit(sock_send(sock, &m, &ignored) < 0);
}

int helper_give(int sock, int fd, struct err *e)
{
	struct err none = { 0 };
	const struct sock_msg m = {
		.data = &none, .size = sizeof(none), .fds = { fd }, .n_fds = 1
	};

	return sock_send(sock, &m, e);
}

/* --- the parent --------------------------------------------------------------------------------------------------- */

int helper_start(struct helper *h, const struct helper_job *job, struct err *e)
{
	int pidfd = -1, pair[2];
	struct clone_args args = { .flags = CLONE_PIDFD,
				   .pidfd = (uint64_t)(uintptr_t)&pidfd,
				   .exit_signal = SIGCHLD };
	int r = sock_pair(pair, e);

	if (r < 0)
		return r;
	auto_close int ours = pair[0], theirs = pair[1];

	if (job->timeout_ms)
		r = sock_timeout(ours, job->timeout_ms, e);
	if (r < 0)
		return r;
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return err_sys(e, "start %s", job->name);
	if (pid == 0)
		child(job, theirs);
	*h = (struct helper){ .name = job->name,
			      .pid = pid,
			      .pidfd = pidfd,
			      .sock = fd_steal(&ours),
			      .timeout_ms = job->timeout_ms };
	return 0;
}

int helper_take(struct helper *h, int *ret_fd, struct err *e)
{
	struct err theirs = { 0 };
	struct sock_msg m = { .data = &theirs, .size = sizeof(theirs), .n_fds = ret_fd ? 1 : 0 };
	int r = sock_recv(h->sock, &m, e);

	if (r == -EAGAIN)
		return err_set(e, ETIMEDOUT, "%s does not answer after %d s", h->name,
			       h->timeout_ms / MS_PER_S);
	if (r < 0)
		return r;
	if (m.n_fds == 1) {
		*ret_fd = m.fds[0];
		return 0;
	}
	if (r == 0 || m.size != sizeof(theirs))
		return err_set(e, EPROTO, "%s died", h->name);
	if (!theirs.code)
		return ret_fd ? err_set(e, EPROTO, "%s has ended too early", h->name) : 0;
	err_sanitize(&theirs);
	*e = theirs;
	return -e->code;
}

/* A child that is in a file system whose server does not answer does not end. */
static bool ends_in_time(const struct helper *h)
{
	struct pollfd p = { .fd = h->pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, h->timeout_ms ? REAP_MS : -1);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

void helper_end(struct helper *h, int r)
{
	fd_close(&h->sock); /* one that still sends ends now */
	if (r < 0)
		(void)sys_pidfd_send_signal(h->pidfd, SIGKILL);
	(void)waitpid(h->pid, NULL, ends_in_time(h) ? 0 : WNOHANG);
	fd_close(&h->pidfd);
}

int helper_run(const struct helper_job *job, int *ret_fd, struct err *e)
{
	struct helper h;
	int r = helper_start(&h, job, e);

	if (r < 0)
		return r;
	r = helper_take(&h, ret_fd, e);
	helper_end(&h, r);
	return r;
}
