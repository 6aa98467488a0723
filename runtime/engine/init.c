/* init - process 1 of a container, from its first instruction to the execve of its program.
 *
 * Its jobs, in order:
 *   1. begin: die with the parent until the container is recorded, take the container's session, stdio and cgroup;
 *   2. build the inside: mounts, devices, pivot_root (isolation_build), stopping once for the parent's hooks, and run the createContainer hooks;
 *   3. find the program, so that a missing one fails `create` and not `start`; say READY and wait until the parent has saved the record;
 *   4. wait on exec.fifo for `start`, which may be another process, years later; little memory is touched: what we inherited from the parent stays shared with nobody else and uncharged;
 *   5. run the startContainer hooks, seal and execve.
 *
 * The socket end is close-on-exec: its end tells the parent that the program runs. An error is sent as FAILED; when the creator has gone, it is written to the container's stderr. */
#include "runtime/engine/init.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/sync.h"

/* --- begin -------------------------------------------------------------------------------------------------------- */

static int take_stdio(const struct launch *l, struct err *e)
{
	for (int i = 0; i < 3; i++) {
		if (l->stdio[i] < 0)
			continue;
		/* dup2 onto itself would leave close-on-exec set */
		int r = l->stdio[i] == i ? fcntl(i, F_SETFD, 0) : dup2(l->stdio[i], i);

		if (r < 0)
			return err_sys(e, "set descriptor %d", i);
	}
	return 0;
}

void init_close_private(const struct launch *l)
{
	for (size_t i = 0; i < l->n_private_fds; i++) {
		if (l->private_fds[i] >= 0)
			(void)close(l->private_fds[i]);
	}
}

int init_begin(struct launch *l, struct err *e)
{
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(e, "die with the parent");
	fd_close(&l->sync_parent);
	fd_close(&l->c->lock);
	fd_close(&l->c->dir);
	init_close_private(l);
	proc_reset_signals();
	if (l->entry) {
		int r = cgroup_entry_enter(l->entry, l->born_inside, e);

		if (r < 0)
			return err_wrap(e, "enter the cgroup");
	}
	if (sys_setsid() < 0)
		return err_sys(e, "make a session");
	return take_stdio(l, e);
}

void init_close_cgroups(struct launch *l)
{
	cgroup_entry_free(l->entry);
	cgroup_free(l->c->cgroup);
	l->entry = NULL;
	l->c->cgroup = NULL;
}

int init_fail(const struct launch *l, const struct err *failure)
{
	if (!sync_fail(l->sync_child, failure))
		(void)dprintf(2, "%s\n", failure->text);
	return 1;
}

int init_console(void *launch, int master, struct err *e)
{
	const struct launch *l = launch;
	struct sync_msg m = { .type = SYNC_CONSOLE, .fds = { master }, .n_fds = 1 };

	return sync_send(l->sync_child, &m, e);
}

/* --- build -------------------------------------------------------------------------------------------------------- */

/* The new namespace is ours, and one flag is all it needs. */
static int raise_lo(struct err *e)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	auto_close int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || sys_ioctl(sock, SIOCSIFFLAGS, &lo) < 0)
		return err_sys(e, "bring up \"lo\"");
	return 0;
}

static int mounts_ready(void *launch, struct err *e)
{
	struct launch *l = launch;
	const struct hook_list *hooks = &l->spec->hooks.create_container;
	int r = sync_say(l->sync_child, SYNC_MOUNTED, e);

	if (r == 0)
		r = sync_expect(l->sync_child, SYNC_CONTINUE, NULL, e);
	if (r < 0 || hooks->n == 0)
		return r;
	auto_free char *state = container_state_text(l->c, ENGINE_CREATING, getpid());
	const struct hooks_call call = { .kind = "createContainer",
					 .list = hooks,
					 .state = state,
					 .cwd = l->c->record.bundle,
					 .programs = l->container_hooks };

	r = hooks_run(&call, e);
	hooks_close(l->container_hooks, hooks);
	l->container_hooks = NULL;
	return r;
}

/* The parent has made them meanwhile, with their limits. */
static int enter_late(void *launch, struct err *e)
{
	const struct launch *l = launch;
	struct sync_msg m;
	int r = sync_expect(l->sync_child, SYNC_TASKS, &m, e);

	if (r < 0)
		return r;
	r = cgroup_enter_tasks(m.fds, m.n_fds, e);
	sync_close_fds(&m);
	return r;
}

static int build(struct launch *l, struct err *e)
{
	const struct isolation_callbacks callbacks = { .attached =
							       l->enters_late ? enter_late : NULL,
						       .mounted =
							       l->asks_parent ? mounts_ready : NULL,
						       .console = init_console,
						       .arg = l };
	int r = l->raises_lo ? raise_lo(e) : 0;

	return r < 0 ? r : isolation_build(l->iso, &callbacks, e);
}

/* --- ready, start ------------------------------------------------------------------------------------------------- */

/* From here on the parent may end without taking us along - but not before its record names us: until COMMITTED the end of the socket is our end too. */
static int commit(struct launch *l, struct err *e)
{
	struct sync_msg m;

	if (sys_prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
		return err_sys(e, "outlive the parent");
	int r = sync_say(l->sync_child, SYNC_READY, e);

	if (r == 0)
		r = sync_expect(l->sync_child, SYNC_COMMITTED, &m, e);
	if (r == 0)
		l->program.pid = (pid_t)m.u.number;
	return r;
}

static int wait_for_start(struct launch *l, struct err *e)
{
	char go;

	if (sys_read(l->fifo, &go, 1) != 1)
		return err_sys(e, "wait for start");
	return 0;
}

static int start_hooks(struct launch *l, struct err *e)
{
	const struct hook_list *hooks = &l->spec->hooks.start_container;

	if (hooks->n == 0)
		return 0;
	auto_free char *state = container_state_text(l->c, ENGINE_CREATED, getpid());
	const struct hooks_call call = { .kind = "startContainer", .list = hooks, .state = state };

	return hooks_run(&call, e);
}

static int live(struct launch *l, struct err *e)
{
	auto_free char *path = NULL;
	int r = init_begin(l, e);

	if (r == 0)
		r = build(l, e);
	init_close_cgroups(l);
	if (r == 0 && l->program.process)
		r = program_find(&l->program, &path, e);
	if (r == 0)
		r = commit(l, e);
	if (r == 0)
		r = wait_for_start(l, e);
	if (r == 0 && !l->program.process)
		r = err_set(e, EINVAL, "the configuration has no process to start");
	if (r == 0)
		r = start_hooks(l, e);
	return r < 0 ? r : program_execute(&l->program, path, e);
}

int init_main(void *launch)
{
	struct launch *l = launch;
	struct err failure = { 0 };

	(void)live(l, &failure); /* comes back only with a failure */
	return init_fail(l, &failure);
}
