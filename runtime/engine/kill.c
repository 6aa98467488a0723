/* kill - a signal to init through its pidfd, or to everybody in the cgroup. Takes no lock: a signal must get through while a slow create or start is at work. */
#include <errno.h>
#include <signal.h>

#include "runtime/base/sys.h"
#include "runtime/engine/private.h"

static int not_running(struct err *e)
{
	return err_set(e, EBUSY, "container not running");
}

static int kill_init(struct engine_container *c, int signo, struct err *e)
{
	int pidfd = container_pidfd(c, e);

	if (pidfd < 0)
		return pidfd;
	if (sys_pidfd_send_signal(pidfd, signo) == 0)
		return 0;
	if (errno == ESRCH)
		return not_running(e);
	return err_sys(e, "send signal %d to container init", signo);
}

/* A frozen process keeps even SIGKILL waiting on v1; whoever sends it wants it to die. */
static int thaw(struct cgroup *cg, struct err *e)
{
	bool frozen = false;
	int r = cgroup_is_frozen(cg, &frozen, e);

	return r == 0 && frozen ? cgroup_freeze(cg, false, e) : r;
}

int engine_kill(struct engine_container *c, int signo, bool all, struct err *e)
{
	struct cgroup *cg = engine_cgroup(c);
	bool everybody = all || (signo == SIGKILL && !c->record.own_pids);

	if (all &&
	    engine_status(c) ==
		    ENGINE_STOPPED) /* callers send it after the end, for stragglers: never an error */
		return cg && !container_ends_with_init(c) ? cgroup_kill(cg, signo, e) : 0;
	if (engine_status(c) == ENGINE_STOPPED)
		return not_running(e);
	if (everybody && cg)
		return cgroup_kill(cg, signo, e);
	int r = kill_init(c, signo, e);

	return r == 0 && signo == SIGKILL && cg ? thaw(cg, e) : r;
}
