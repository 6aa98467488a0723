/* exec_child - a process that joins a running container: the setup child enters (the pid namespace counts only for those born after), this one is born inside.
 *
 * Until its execve it is the runtime's code among the container's processes: not dumpable (isolation_enter), killed with the parent, and every descriptor close-on-exec. */
#include "runtime/engine/init.h"

#include "runtime/base/cleanup.h"
#include "runtime/engine/sync.h"

int exec_child_enter(struct launch *l, struct err *e)
{
	return isolation_enter(l->iso, e);
}

/* The seccomp agent wants our pid on the host, and only the parent knows it. */
static int learn_pid(struct launch *l, struct err *e)
{
	struct sync_msg m;

	if (l->program.listener.sock < 0)
		return 0;
	int r = sync_say(l->sync_child, SYNC_READY, e);

	if (r == 0)
		r = sync_expect(l->sync_child, SYNC_COMMITTED, &m, e);
	if (r == 0)
		l->program.pid = (pid_t)m.u.number;
	return r;
}

static int live(struct launch *l, struct err *e)
{
	const struct isolation_callbacks callbacks = { .console = init_console, .arg = l };
	auto_free char *path = NULL;
	int r = init_begin(l, e);

	init_close_cgroups(l);
	if (r == 0)
		r = isolation_build_exec(l->iso, l->program.process, &callbacks, e);
	if (r == 0)
		r = program_find(&l->program, &path, e);
	if (r == 0)
		r = learn_pid(l, e);
	return r < 0 ? r : program_execute(&l->program, path, e);
}

int exec_child_main(void *launch)
{
	struct launch *l = launch;
	struct err failure = { 0 };

	(void)live(l, &failure); /* comes back only with a failure */
	return init_fail(l, &failure);
}
