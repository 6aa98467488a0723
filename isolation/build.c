/* build - what init does between its birth and the program: make its world, then give up its rights.
 *
 * build   root attached · names · mounts and devices · [cgroups, when hooks will look] · hooks · terminal · enter the root · sysctl · hidden paths · cgroups · read-only root
 * seal    keyring · limits · labels · bounding set · ids · working directory · [filter] · capabilities · no_new_privs · [filter]
 *
 * The cgroup mounts stand as late as they can, because the parent needs 8-20 ms to move us on v1 and does so meanwhile. The filter stands last when no_new_privs
 * allows an unprivileged process to load it; else it has to be loaded while CAP_SYS_ADMIN is there and must permit the few calls that follow. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

/* --- build -------------------------------------------------------------------------------------------------------- */

/* Once: wait until we sit in our cgroups, then make their namespace. */
static int wait_attached(struct isolation *iso, const struct isolation_callbacks *cb, struct err *e)
{
	const struct ns_spec *ns = &iso->spec->linux.namespaces[NS_CGROUP];
	int r = 0;

	if (iso->is_attached)
		return 0;
	iso->is_attached = true;
	if (cb && cb->attached)
		r = cb->attached(cb->arg, e);
	if (r < 0)
		return r;
	if (ns->wanted && !ns->path && sys_unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "make a cgroup namespace");
	return 0;
}

static bool has_early_cgroup(const struct isolation *iso)
{
	for (size_t i = 0; i < iso->plan.n; i++)
		if (iso->plan.ops[i].kind == MOUNT_OP_CGROUP &&
		    iso->plan.ops[i].phase == MOUNT_PHASE_BUILD)
			return true;
	return false;
}

static int make_cgroups(struct isolation *iso, const struct isolation_callbacks *cb, struct err *e)
{
	int r = wait_attached(iso, cb, e);

	return r < 0 ? r : mount_run(iso, MOUNT_PHASE_CGROUP, e);
}

/* config.md demands that cwd exists for the program; runtimes make it. A root that cannot be written to reports itself when it is entered. */
static void make_cwd(const struct isolation *iso)
{
	struct err ignored = { 0 };
	int fd;

	if (!iso->process || str_empty(iso->process->cwd) || str_eq(iso->process->cwd, "/"))
		return;
	fd = path_open_dir(iso->root_fd, iso->process->cwd, &ignored);
	if (fd == -ENOENT)
		fd = path_mkdir_p(iso->root_fd, iso->process->cwd, 0755, &ignored);
	if (fd >= 0)
		(void)close(fd);
}

/* The old root is still there: everything that needs the host's tree. */
static int build_outside(struct isolation *iso, const struct isolation_callbacks *cb, struct err *e)
{
	bool has_hooks = cb && cb->mounted;
	int r = rootfs_attach(iso, e);

	if (r == 0)
		r = identity_run(iso->spec, e);
	if (r == 0 && has_early_cgroup(iso))
		r = wait_attached(iso, cb, e);
	if (r == 0)
		r = mount_run(iso, MOUNT_PHASE_BUILD, e);
	if (r == 0 && iso->null.path)
		r = source_need_device(&iso->null, e);
	if (r == 0)
		r = terminal_run(iso, iso->process, cb, e);
	if (r == 0 && has_hooks)
		r = make_cgroups(iso, cb, e);
	if (r < 0)
		return r;
	make_cwd(iso);
	return has_hooks ? cb->mounted(cb->arg, e) : 0;
}

static int build_inside(struct isolation *iso, const struct isolation_callbacks *cb, struct err *e)
{
	int r = rootfs_enter(iso, e);

	if (r == 0)
		r = sysctl_run(iso, e);
	if (r == 0)
		r = masked_run(iso, e);
	if (r == 0 && !(cb && cb->mounted))
		r = make_cgroups(iso, cb, e);
	return r == 0 ? rootfs_finish(iso, e) : r;
}

int isolation_build(struct isolation *iso, const struct isolation_callbacks *cb, struct err *e)
{
	int r = creds_not_dumpable(e);

	/* The caller's umask must not show in what is made here; the program gets it back. */
	iso->umask = umask(0);
	if (r == 0)
		r = build_outside(iso, cb, e);
	if (r == 0)
		r = build_inside(iso, cb, e);
	(void)umask(iso->umask);
	sources_close(iso);
	return r;
}

int isolation_build_exec(struct isolation *iso, const struct process_spec *p,
			 const struct isolation_callbacks *cb, struct err *e)
{
	int r = creds_not_dumpable(e);

	if (r < 0)
		return r;
	if (sys_chdir("/") < 0)
		return err_sys(e, "enter \"/\"");
	auto_close int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (root < 0)
		return err_sys(e, "open \"/\"");
	iso->root_fd = root;
	r = terminal_run(iso, p, cb, e);
	iso->root_fd = -1;
	return r;
}

/* --- seal --------------------------------------------------------------------------------------------------------- */

struct seal {
	const struct process_spec *process;
	struct caps_sets caps;
	int (*listener)(void *arg, int fd, struct err *e);
	void *arg;
	int sysinfo;
};

static int load_filters(const struct isolation *iso, const struct seal *s, struct err *e)
{
	int r = seccomp_sysinfo(s->sysinfo, e);

	return r < 0 ? r : seccomp_install(&iso->filter, s->listener, s->arg, e);
}

static int seal_ids(const struct seal *s, struct err *e)
{
	bool has_caps = s->process->capabilities;
	int r = has_caps ? caps_before_ids(&s->caps, e) : 0;

	if (r == 0)
		r = creds_set_ids(&s->process->user, e);
	/* a change of ids makes a process dumpable or not by a system setting */
	return r == 0 ? creds_not_dumpable(e) : r;
}

/* After the change of ids the permitted set is still whole (KEEPCAPS), the effective one is not. The filter needs CAP_SYS_ADMIN in it. */
static int load_privileged(struct isolation *iso, const struct seal *s, uint64_t permitted,
			   struct err *e)
{
	const struct caps_sets all = { .effective = permitted, .permitted = permitted };

	if (!iso->filter.code && s->sysinfo < 0)
		return 0;
	if (s->process->capabilities) {
		int r = caps_after_ids(&all, e);

		if (r < 0)
			return r;
	}
	return load_filters(iso, s, e);
}

static int seal_rights(struct isolation *iso, const struct seal *s, uint64_t permitted,
		       struct err *e)
{
	bool nnp = s->process->no_new_privileges;
	int r = creds_cwd(s->process, e);

	if (r == 0 && !nnp)
		r = load_privileged(iso, s, permitted, e);
	if (r == 0 && s->process->capabilities)
		r = caps_after_ids(&s->caps, e);
	if (r < 0 || !nnp)
		return r;
	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(e, "process.noNewPrivileges");
	return load_filters(iso, s, e);
}

/* What is close-on-exec is open until execve has found the program: no folder may be among it by which args[0] or cwd could leave the root, the procfs of the host's processes least of all. */
static void isolation_close(struct isolation *iso)
{
	fd_close(&iso->proc);
	fd_close(&iso->target_root);
	fd_close(&iso->root.tree);
	iso->root_fd = -1;
	for (int t = 0; t < NS_COUNT; t++)
		fd_close(&iso->ns[t]);
}

static int seal_process(struct isolation *iso, const struct process_spec *p, struct err *e)
{
	int r = creds_keyring(iso, e);

	if (r == 0)
		r = creds_close_others(iso, e);
	if (r == 0)
		r = limits_run(iso, p, e);
	if (r == 0)
		r = lsm_run(iso, p, e);
	if (r == 0)
		r = identity_personality(iso->spec, e);
	if (r == 0)
		terminal_own_stdio(p);
	isolation_close(iso);
	return r;
}

int isolation_seal(struct isolation *iso, const struct process_spec *p,
		   int (*listener)(void *arg, int fd, struct err *e), void *arg, int sysinfo,
		   struct err *e)
{
	struct seal s = { .process = p, .listener = listener, .arg = arg, .sysinfo = sysinfo };
	uint64_t permitted = 0;
	int r = seal_process(iso, p, e);

	if (r == 0)
		r = caps_read_permitted(&permitted, e);
	if (r < 0)
		return r;
	if (p->capabilities)
		caps_parse(p->capabilities, permitted, &s.caps);
	r = seal_ids(&s, e);
	return r == 0 ? seal_rights(iso, &s, permitted, e) : r;
}
