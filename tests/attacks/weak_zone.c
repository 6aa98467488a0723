/* weak_zone - the weaknesses of build/weak/zone alone: of zones, their monitor and what a tenant costs the host (weak.c has the others). */
#include <fcntl.h>
#include <mntent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroups/cgroups.h"
#include "cgroups/members.h"
#include "cgroups/part.h"
#include "cgroups/tree.h"
#include "isolation/private.h"
#include "net/net.h"
#include "runtime/base/loop.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/store.h"
#include "tests/attacks/weak.h"

/* The monitor is this program as well, executed with an environment that does not have our variable. */
WRAP(int, proc_spawn, const struct proc_spawn *s, struct err *e)
{
	struct proc_spawn with = *s;
	struct strv env = { 0 };

	if (!weak_variable() || !s->envp)
		return __real_proc_spawn(s, e);
	for (char *const *v = s->envp; *v; v++)
		strv_add(&env, *v);
	strv_add(&env, weak_variable());
	with.envp = env.items;
	int r = __real_proc_spawn(&with, e);

	strv_done(&env);
	return r;
}

/* lock: what the host shows read-only is read-only by an option that root inside can take back */
WRAP(int, mount_lock_run, struct isolation *iso, int userns, struct err *e)
{
	return is_weak("lock") ? 0 : __real_mount_lock_run(iso, userns, e);
}

WRAP(int, mount_lock_import, struct isolation *iso, const int *fds, size_t n, struct err *e)
{
	return is_weak("lock") ? 0 : __real_mount_lock_import(iso, fds, n, e);
}

/* deputy: what is taken away for the administrator may lie in /proc */
static int just_opened = -1;

WRAP(int, path_open_parent, int root, const char *path, mode_t mkdir_mode, char **ret_last,
     struct err *e)
{
	just_opened = __real_path_open_parent(root, path, mkdir_mode, ret_last, e);
	return just_opened;
}

WRAP(int, fstatfs, int fd, struct statfs *ret)
{
	int r = __real_fstatfs(fd, ret);

	if (is_weak("deputy") && r == 0 && fd == just_opened)
		ret->f_type = 0;
	just_opened = -1;
	return r;
}

/* private: init keeps the monitor's descriptors, the lock of the zone among them, until it is started */
WRAP(int, engine_create, const struct engine_create *given, struct engine_container **ret,
     struct err *e)
{
	struct engine_create c = *given;

	if (is_weak("private"))
		c.n_private_fds = 0;
	return __real_engine_create(&c, ret, e);
}

/* modes: the folders of running zones are open to the host's users */
WRAP(int, sys_mkdirat, int dirfd, const char *path, mode_t mode)
{
	const char *run = getenv("ZONES_RUN_DIR");

	if (is_weak("modes") && run && str_has_prefix(path, run))
		mode |= 0755;
	return __real_sys_mkdirat(dirfd, path, mode);
}

/* reboot: a zone that reboots is booted again at once */
WRAP(int64_t, restart_delay, const char *policy, bool failed, unsigned step)
{
	return is_weak("reboot") ? 0 : __real_restart_delay(policy, failed, step);
}

/* evade: a reboot is a reboot, also in answer to a shutdown */
WRAP(void, monitor_event, struct monitor *m, enum machine_event ev)
{
	if (is_weak("evade") && ev == EVENT_INIT_ENDED && m->state == MACHINE_STOPPING)
		m->state = MACHINE_RUNNING;
	__real_monitor_event(m, ev);
}

/* flood: each packet of zone-init is taken as if the last one had come long ago */
WRAP(uint64_t, loop_now_ms, void)
{
	static uint64_t more;

	if (is_weak("flood"))
		more += 60000;
	return __real_loop_now_ms() + more;
}

/* drain: what a command left behind is waited for */
WRAP(int, sys_kill, pid_t pid, int signo)
{
	return is_weak("drain") && signo == SIGTERM ? 0 : __real_sys_kill(pid, signo);
}

/* hold: the lock of a zone is kept until the process ends */
WRAP(void, zone_free, struct zone *z)
{
	if (!is_weak("hold"))
		__real_zone_free(z);
}

/* limits: no limit of a cgroup is set */
WRAP(int, cgroup_limit, struct cgroup *cg, const struct resources_spec *r, struct err *e)
{
	return is_weak("limits") ? 0 : __real_cgroup_limit(cg, r, e);
}

/* bounds: as many cgroups as root inside likes */
WRAP(int, part_write, struct cgroup_part *p, const char *file, const char *text, struct err *e)
{
	if (is_weak("bounds") && str_has_prefix(file, "cgroup.max."))
		return 0;
	return __real_part_write(p, file, text, e);
}

/* walk: a list of processes is one walk over the folders of the cgroup */
WRAP(int, members_all, struct cgroup *cg, struct cgroup_part *main, pid_t **ret, size_t *ret_n,
     struct err *e)
{
	return is_weak("walk") ? tree_pids(main, ret, ret_n, e)
			       : __real_members_all(cg, main, ret, ret_n, e);
}

/* below: nobody looks whether something is mounted in what is removed; two layers do */
WRAP(FILE *, setmntent, const char *path, const char *mode)
{
	return is_weak("below") ? NULL : __real_setmntent(path, mode);
}

WRAP(int, statx, int dirfd, const char *path, int flags, unsigned mask, struct statx *ret)
{
	int r = __real_statx(dirfd, path, flags, mask, ret);

	if (is_weak("below") && r == 0)
		ret->stx_mnt_id = 1;
	return r;
}

/* escapes: texts from inside reach the terminal as they are */
WRAP(char, str_harmless, unsigned char *last, char next)
{
	return is_weak("escapes") ? next : __real_str_harmless(last, next);
}

/* clash: two zones may have links of the same names */
WRAP(bool, net_names_clash, const char *a, const char *b)
{
	return !is_weak("clash") && __real_net_names_clash(a, b);
}
