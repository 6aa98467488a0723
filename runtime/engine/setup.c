/* setup - the child in between, for containers whose init cannot be made by the parent itself.
 *
 * Its jobs: join namespaces given by path, make the user (and time) namespace and wait until the parent has written the maps, then clone init. init must be born in there, because a pid
 * namespace holds only those born after, and because the user namespace of its maker owns its namespaces.
 *
 * CLONE_PARENT makes init a child of the parent, which reaps both of us and never loses an exit code; the kernel demands exit signal 0 for that (execve sets it to SIGCHLD again).
 * clone3 tells init's pid in our numbering, which is the parent's: joining a pid namespace moves only our children. The pidfd goes along, so the parent can always wait for it.
 *
 * If the parent dies, so do we: by PDEATHSIG, or (where a change of ids has cleared it) at the next word on the socket. */
#include "runtime/engine/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/sys.h"
#include "runtime/engine/sync.h"

struct shared_fds {
	int fds[ISOLATION_MAX_SHARED];
	size_t n;
};

/* All FDS messages up to MAPPED. */
static int collect(int sock, struct shared_fds *all, struct err *e)
{
	for (;;) {
		struct sync_msg m;
		int r = sync_recv(sock, &m, e);

		if (r <= 0)
			return r < 0 ? r : err_set(e, EPIPE, "the parent has ended");
		if (m.type == SYNC_MAPPED)
			return 0;
		if (m.type != SYNC_FDS || all->n + m.n_fds > ISOLATION_MAX_SHARED) {
			sync_close_fds(&m);
			return err_set(e, EPROTO, "unexpected %s", sync_word(m.type));
		}
		for (size_t i = 0; i < m.n_fds; i++)
			all->fds[all->n++] = m.fds[i];
	}
}

static int mapped(void *arg, struct err *e)
{
	struct launch *l = arg;
	struct shared_fds all = { .n = 0 };
	int r = sync_say(l->sync_child, SYNC_MAP, e);

	if (r == 0)
		r = collect(l->sync_child, &all, e);
	if (r == 0 && all.n > 0)
		return isolation_import(l->iso, all.fds, all.n, e);
	for (size_t i = 0; i < all.n; i++)
		fd_close(&all.fds[i]);
	return r;
}

int setup_join(struct launch *l, struct err *e)
{
	return isolation_join(l->iso, mapped, l, e);
}

/* What setup clones: nothing of init may be heard before setup has told the parent who init is, so it waits for the gate to close. */
static int born(void *launch)
{
	struct launch *l = launch;
	char nothing;

	fd_close(&l->gate[1]);
	(void)!sys_read(l->gate[0], &nothing,
			1); /* the end of the pipe: announced, or setup has failed and said so */
	fd_close(&l->gate[0]);
	return l->body(l);
}

static int make_init(struct launch *l, struct err *e)
{
	const struct process_birth birth = { .flags = l->clone_flags | CLONE_PARENT,
					     .cgroup_fd = -1,
					     .exit_signal = 0,
					     .body = born,
					     .arg = l };
	struct child init = CHILD_NONE;

	if (sys_pipe2(l->gate, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	int r = process_clone(&birth, &init, e);

	fd_close(&l->gate[0]);
	if (r == 0) {
		struct sync_msg m = {
			.type = SYNC_INIT, .u.number = init.pid, .fds = { init.pidfd }, .n_fds = 1
		};

		r = sync_send(l->sync_child, &m, e);
	}
	fd_close(&l->gate[1]);
	return r;
}

int setup_main(void *launch)
{
	struct launch *l = launch;
	struct err failure = { 0 };

	fd_close(&l->sync_parent);
	fd_close(&l->c->lock); /* a copy of ours would keep the lock of a parent that was killed */
	init_close_private(l);
	l->n_private_fds = 0; /* init is our clone: the numbers may be others' by then */
	int r = sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0
			? err_sys(&failure, "die with the parent")
			: 0;

	if (r == 0)
		r = l->enter(l, &failure);
	/* again: entering a user namespace has cleared it */
	if (r == 0 && sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		r = err_sys(&failure, "die with the parent");
	if (r == 0)
		r = make_init(l, &failure);
	if (r < 0)
		(void)sync_fail(l->sync_child, &failure);
	return r < 0 ? 1 : 0;
}

int setup_main_borrowed(void *launch)
{
	struct launch own = *(const struct launch *)launch;
	struct engine_container container = *own.c;

	own.c = &container;
	return setup_main(&own);
}
