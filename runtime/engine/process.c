/* process - clone3 gives pid and pidfd in one step, so there is no moment at which the pid could name another process.
 *
 * A child made with CLONE_PARENT has exit signal 0 until it executes a program: only waits with __WALL see it. */
#include "runtime/engine/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/base/borrow.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

/* PF_FORKNOEXEC of include/linux/sched.h, in field 9 of /proc/PID/stat: the seventh behind the name. */
enum { KILL_WAIT_MS = 10000, STAT_MAX = 4096, STAT_FLAGS = 6, FLAG_FORKED_NO_EXEC = 0x40 };

static void live(void *birth)
{
	const struct process_birth *b = birth;

	proc_exit(b->body(b->arg));
}

int process_clone(const struct process_birth *b, struct child *ret, struct err *e)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = b->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = (uint64_t)b->exit_signal,
	};

	if (b->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)b->cgroup_fd;
	}
	pid_t pid = b->borrows && borrow_is_possible()
			    ? borrow_clone3(&args, sizeof(args), live, (void *)b)
			    : sys_clone3(&args, sizeof(args));

	if (pid < 0)
		return err_sys(e, "make a process");
	if (pid == 0)
		live((void *)b);
	*ret = (struct child){ .pid = pid, .pidfd = pidfd };
	return 0;
}

bool process_wait_end(int pidfd, int timeout_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	do {
		n = poll(&p, 1, timeout_ms);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

int child_reap(struct child *c, int timeout_ms, int *ret_status)
{
	int status = 0;
	pid_t r;

	if (timeout_ms >= 0 && !process_wait_end(c->pidfd, timeout_ms))
		return 0;
	do {
		r = waitpid(c->pid, &status, __WALL);
	} while (r < 0 && errno == EINTR);
	fd_close(&c->pidfd);
	c->pid = 0;
	if (ret_status)
		*ret_status = status;
	return 1;
}

void child_kill(struct child *c)
{
	if (c->pid <= 0)
		return;
	(void)sys_pidfd_send_signal(c->pidfd, SIGKILL); /* it may have ended by itself */
	if (child_reap(c, KILL_WAIT_MS, NULL) == 0)
		fd_close(&c->pidfd);
	c->pid = 0;
}

void process_status_text(int status, char *buf, size_t size)
{
	int r = WIFSIGNALED(status)
			? str_format(buf, size, "was killed by signal %d", WTERMSIG(status))
			: str_format(buf, size, "exited with %d", WEXITSTATUS(status));

	if (r < 0 && size > 0)
		buf[0] = '\0';
}

bool process_has_executed(pid_t pid)
{
	auto_free char *path = mem_format("/proc/%d/stat", (int)pid);
	auto_done(strv) struct strv fields = { 0 };
	auto_free char *text = NULL;
	struct err ignored;
	uint64_t flags;

	if (file_read_all(AT_FDCWD, path, STAT_MAX, &text, NULL, &ignored) < 0)
		return false;
	const char *behind_name = strrchr(text, ')');

	if (!behind_name || behind_name[1] != ' ')
		return false;
	strv_split(&fields, behind_name + 2, ' ');
	if (fields.n <= STAT_FLAGS || num_u64(fields.items[STAT_FLAGS], &flags) < 0)
		return false;
	return !(flags & FLAG_FORKED_NO_EXEC);
}
