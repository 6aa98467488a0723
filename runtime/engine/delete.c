/* delete - the end of a container, whatever is left of it.
 *
 * Every step asks what is there and goes on when it is nothing, so that delete can be repeated after a kill, and so that it removes half a create as well as a whole one. Every wait has a
 * limit: a process in uninterruptible sleep makes delete fail with its pid, never hang. Order: processes, cgroup, directory (record last), then the poststop hooks, as runc does. */
#include "runtime/engine/delete.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/view.h"

enum { DIE_TIMEOUT_MS = 10000 };

/* What has its name now is another create's, which took it while it was empty. */
static bool is_replaced(const struct engine_container *c)
{
	struct stat st;

	return fstat(c->dir, &st) == 0 && st.st_nlink == 0;
}

int delete_directory(struct engine_container *c)
{
	static const char *const files[] = { FIFO_FILE, CONFIG_FILE, LOCK_FILE, STILL_FILE,
					     "state.json" };
	auto_free char *path = mem_format("%s/%s", c->root, c->id);
	struct err cause = { 0 };

	if (is_replaced(c))
		return 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)sys_unlinkat(c->dir, files[i],
				   0); /* missing is fine; the rest is seen by rmdir */
	if (sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR) == 0 || errno == ENOENT || is_replaced(c))
		return 0;
	/* the directory of notify.c, a temporary file of an interrupted write, or something foreign */
	int r = file_remove_tree(AT_FDCWD, path, &cause);

	if (r < 0)
		log_debug("%s", cause.text);
	return r;
}

/* --- processes ---------------------------------------------------------------------------------------------------- */

/* When it is our own child nobody else can reap it. */
static void reap_own(struct engine_container *c)
{
	if (c->init.pid > 0)
		(void)child_reap(&c->init, 0, NULL);
}

static int end_init(struct engine_container *c, struct err *e)
{
	struct err why = { 0 };
	int pidfd = container_pidfd(c, &why);

	if (pidfd == -EBUSY) { /* it has ended */
		reap_own(c);
		return 0;
	}
	if (pidfd < 0) {
		*e = why;
		return pidfd;
	}
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return err_sys(e, "kill container init %d", (int)c->record.pid);
	return 0;
}

static int wait_init(struct engine_container *c, struct err *e)
{
	pid_t pid = engine_pid(c);

	if (pid > 0 && c->pidfd >= 0 && !process_wait_end(c->pidfd, DIE_TIMEOUT_MS))
		return err_set(e, EBUSY,
			       "process %d does not end after SIGKILL (uninterruptible sleep?)",
			       (int)pid);
	reap_own(c);
	return 0;
}

/* Everybody in the cgroup: processes of a container without a pid namespace, and the half-made ones of a killed create, are known only there. Else who is left is told, not killed, unless
 * the directory is another container's by now. A frozen init dies after the thaw. */
static int end_cgroup(struct engine_container *c, struct cgroup *cg, struct err *e)
{
	struct err ignored = { 0 };
	int r = 0;

	if (!container_ends_with_init(c))
		r = cgroup_kill(cg, SIGKILL, e);
	else if (engine_pid(c) > 0)
		(void)!cgroup_freeze(cg, false, &ignored); /* the wait for init tells */
	else
		cgroup_leave_taken(cg);
	if (r == 0)
		r = wait_init(c, e);
	if (r == 0)
		r = cgroup_wait_empty(cg, DIE_TIMEOUT_MS, e);
	return r == 0 ? cgroup_remove(cg, e) : r;
}

static int end_processes(struct engine_container *c, struct err *e)
{
	struct cgroup *cg = engine_cgroup(c);
	int r = end_init(c, e);

	if (r < 0)
		return r;
	if (!cg)
		return wait_init(c, e);
	/* the end of init is mostly the end of all */
	if (engine_pid(c) == 0 && cgroup_remove_if_empty(cg))
		return 0;
	return end_cgroup(c, cg, e);
}

/* --- delete ------------------------------------------------------------------------------------------------------- */

static int check_status(struct engine_container *c, bool force, struct err *e)
{
	enum engine_status status = engine_status(c);

	/* `created` has not run anything of the container: runc and crun let it be deleted, and callers rely on it */
	if (force || status == ENGINE_STOPPED || status == ENGINE_CREATED)
		return 0;
	return err_set(e, EBUSY, "cannot delete container %s that is not stopped: %s", c->id,
		       engine_status_word(status));
}

static int remove_all(struct engine_container *c, struct err *e)
{
	int r = end_processes(c, e);

	view_end(&c->record);
	if (r == 0 && c->record.resctrl)
		r = resctrl_remove(c->record.resctrl, e);
	if (r < 0)
		return r;
	r = delete_directory(c);
	return r < 0 ? err_ret(e, r, "remove \"%s/%s\"", c->root, c->id) : 0;
}

static void poststop(struct engine_container *c)
{
	if (!c->spec || c->spec->hooks.poststop.n == 0)
		return;
	auto_free char *state = container_state_text(c, ENGINE_STOPPED, 0);
	const struct hooks_call call = { .kind = "poststop",
					 .list = &c->spec->hooks.poststop,
					 .state = state,
					 .cwd = c->record.bundle };

	(void)hooks_run_all(&call); /* a failure is a warning and never stops the delete */
}

int engine_delete(struct engine_container *c, bool force, struct err *e)
{
	struct err ignored;
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	r = check_status(c, force, e);
	/* read now what is needed when the directory is gone */
	if (r == 0 && c->record.has_poststop && container_load_spec(c, &ignored) < 0)
		log_debug("poststop hooks: %s", ignored.text);
	if (r == 0)
		r = remove_all(c, e);
	if (r == 0)
		poststop(c);
	container_unlock(c, taken);
	return r;
}
