/* start - one byte into exec.fifo, then watch the FIFO: init holds it open until its execve, so the poll error "nobody reads" IS the execve (or init's end; the kernel remembers which).
 * Works from any process. The creator itself listens to init's socket instead and so hears init's own error. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/private.h"
#include "runtime/engine/talk.h"

static int check_status(struct engine_container *c, struct err *e)
{
	switch (engine_status(c)) {
	case ENGINE_CREATING:
		return err_set(e, EBUSY, "cannot start a container that is still being created");
	case ENGINE_RUNNING:
	case ENGINE_PAUSED:
		return err_set(e, EBUSY, "cannot start an already running container");
	case ENGINE_STOPPED:
		return err_set(e, EBUSY, "cannot start a container that has stopped");
	case ENGINE_CREATED:
		break;
	}
	if (!c->record.has_process)
		return err_set(e, EINVAL,
			       "cannot start a container whose configuration has no process");
	return 0;
}

/* The creator: FAILED, or the end of the socket. */
static int wait_by_socket(struct engine_container *c, struct err *e)
{
	struct talk t = { .end_means_executed = PHASE_READY,
			  .who = "container init",
			  .sock = c->sync,
			  .phase = PHASE_READY,
			  .setup = CHILD_NONE,
			  .main = c->init,
			  .cgroup = engine_cgroup(c) };
	int r = talk_until(&t, PHASE_EXECUTED, e);

	c->init = t.main; /* reaped when it died */
	fd_close(&c->sync);
	return r;
}

/* Anybody else. A process that is gone without a trace was reaped by its parent after it ran: init's own failure would still be the parent's to see. */
static int wait_by_fifo(struct engine_container *c, int fifo, struct err *e)
{
	struct pollfd fds[2] = { { .fd = fifo, .events = 0 },
				 { .fd = engine_pidfd(c), .events = POLLIN } };
	struct err ignored;

	while (poll(fds, 2, -1) < 0) {
		if (errno != EINTR)
			return err_sys(e, "wait for container init");
	}
	if (process_has_executed(c->record.pid) ||
	    proc_stat(c->record.pid, NULL, NULL, &ignored) < 0)
		return 0;
	return err_set(
		e, ECHILD,
		"container init ended before it could run the program (its stderr says why)");
}

static int go(struct engine_container *c, struct err *e)
{
	auto_close int fifo =
		sys_openat(c->dir, FIFO_FILE, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fifo < 0 && errno == ENXIO)
		return err_set(e, EBUSY, "cannot start a container that has stopped");
	if (fifo < 0)
		return err_sys(e, "open " FIFO_FILE);
	if (sys_write(fifo, "1", 1) != 1)
		return err_sys(e, "write to " FIFO_FILE);
	int r = c->sync >= 0 ? wait_by_socket(c, e) : wait_by_fifo(c, fifo, e);

	(void)sys_unlinkat(c->dir, FIFO_FILE, 0); /* delete removes it otherwise */
	return r;
}

/* runtime.md, lifecycle 9: a poststart hook that fails stops the container, and its life goes on with delete. */
int container_poststart(struct engine_container *c, struct err *e)
{
	int r = c->record.has_poststart ? container_load_spec(c, e) : 0;

	if (r < 0 || !c->record.has_poststart)
		return r;
	auto_free char *state = container_state_text(c, ENGINE_RUNNING, c->record.pid);
	const struct hooks_call call = { .kind = "poststart",
					 .list = &c->spec->hooks.poststart,
					 .state = state,
					 .cwd = c->record.bundle };

	r = hooks_run(&call, e);
	if (r < 0) {
		struct err ignored;

		(void)!engine_delete(c, true, &ignored); /* the hook's error is what counts */
	}
	return r;
}

int engine_start(struct engine_container *c, struct err *e)
{
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	taken |= c->lock_is_kept;
	c->lock_is_kept = false;
	r = check_status(c, e);
	if (r == 0)
		r = go(c, e);
	if (r == 0)
		r = container_poststart(c, e);
	container_unlock(c, taken);
	return r;
}
