/* standstill - a running container is frozen for the few milliseconds in which something is changed for each of its processes.
 *
 * A child has what its parent had from its birth, but is not in the cgroup yet while it is being born, and a large process gives birth for a while; what is frozen stands at the edge of the kernel,
 * in the middle of nothing. Whoever kills us meanwhile does not leave it so: a guard, a process that does nothing but wait for our end, lets it go on. A note in the container's directory says so to the
 * next command, should the guard be killed with us. */
#include "runtime/engine/private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

static int note_write(int dir, struct err *e)
{
	auto_close int fd =
		sys_openat(dir, STILL_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(e, "note that the container is frozen") : 0;
}

static int go_on(struct cgroup *cg, int dir, struct err *e)
{
	int r = cgroup_freeze(cg, false, e);

	if (r == 0 && sys_unlinkat(dir, STILL_FILE, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove the note that the container is frozen");
	return r;
}

int engine_go_on(const char *state_root, const char *id, struct err *e)
{
	auto_free char *note = mem_format("%s/%s/" STILL_FILE, state_root, id);
	struct engine_container *c = NULL;

	if (!file_exists(AT_FDCWD, note))
		return 0;
	int r = engine_open(state_root, id, true, &c, e); /* whoever is at it now has the lock */

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (engine_cgroup(c) && file_exists(c->dir, STILL_FILE))
		r = go_on(c->cgroup, c->dir, e);
	engine_free(c);
	return r;
}

static _Noreturn void guard(const struct standstill *s, int line)
{
	struct err ignored = { 0 };
	sigset_t all;
	char word = 0;

	(void)sys_setsid(); /* what ends us at a terminal shall not end it */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	if (sys_read(line, &word, 1) != 1)
		(void)!go_on(s->cg, s->dir, &ignored);
	proc_exit(0);
}

static int guard_begin(struct standstill *s, struct err *e)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int pair[2], r = sock_pair(pair, e);

	if (r < 0)
		return r;
	s->pid = sys_clone3(&args, sizeof(args));
	if (s->pid == 0) {
		(void)close(pair[0]);
		guard(s, pair[1]);
	}
	(void)close(pair[1]);
	s->guard = pair[0];
	return s->pid < 0 ? err_sys(e, "start a process") : 0;
}

int standstill_begin(struct engine_container *c, struct standstill *s, struct err *e)
{
	bool frozen = false;
	int r = container_lock(c, &s->has_lock, e); /* whoever else has it finds no note of ours */

	if (r < 0)
		return r;
	s->cg = engine_cgroup(c);
	s->dir = c->dir;
	if (!s->cg)
		return err_set(e, EOPNOTSUPP, "the container has no cgroup");
	r = cgroup_is_frozen(s->cg, &frozen, e);
	if (r < 0 || frozen)
		return r;
	r = note_write(c->dir, e);
	if (r == 0)
		r = guard_begin(s, e);
	if (r < 0)
		return r;
	s->is_ours = true;
	return cgroup_freeze(s->cg, true, e);
}

int standstill_end(struct engine_container *c, struct standstill *s, struct err *e)
{
	struct err ignored = { 0 };
	int r = s->is_ours ? go_on(s->cg, s->dir, e) : 0;

	if (s->pid > 0 && r == 0)
		(void)!sys_write(s->guard, "", 1);
	fd_close(&s->guard); /* after a failure the guard tries too */
	if (s->pid > 0)
		(void)!proc_wait(s->pid, &ignored);
	container_unlock(c, s->has_lock);
	return r;
}
