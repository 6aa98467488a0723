/* plan - the parent's moments: check everything, open everything of the host, compile the filter; nothing is changed yet. And the life of struct isolation. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"

static bool has_mknod(void)
{
	struct err ignored = { 0 };
	uint64_t caps = 0;

	return caps_read_permitted(&caps, &ignored) == 0 && caps & UINT64_C(1) << CAP_MKNOD;
}

struct isolation *isolation_new(const struct container_spec *spec, const struct process_spec *p,
				const struct isolation_options *o)
{
	struct isolation *iso = mem_zero(sizeof(*iso));

	*iso = (struct isolation){
		.spec = spec,
		.process = p,
		.bundle = mem_strdup(o->bundle),
		.n_keep_fds = o->n_keep_fds,
		.no_pivot = o->no_pivot,
		.no_new_keyring = o->no_new_keyring,
		.cgroup_dirfd = o->cgroup_dirfd,
		.proc = -1,
		.offsets = -1,
		.root = SOURCE_NONE,
		.null = SOURCE_NONE,
		.nodes = -1,
		.root_fd = -1,
		.target = -1,
		.target_root = -1,
		.umask = 022,
	};
	iso->keep_fds =
		o->n_keep_fds ? mem_dup(o->keep_fds, o->n_keep_fds * sizeof(*o->keep_fds)) : NULL;
	for (int t = 0; t < NS_COUNT; t++)
		iso->ns[t] = -1;
	iso->is_host_root = geteuid() == 0 && proc_in_first_user_namespace();
	return iso;
}

void isolation_free(struct isolation *iso)
{
	if (!iso)
		return;
	for (int t = 0; t < NS_COUNT; t++)
		fd_close(&iso->ns[t]);
	for (size_t i = 0; iso->sources && i < iso->plan.n; i++)
		source_done(&iso->sources[i]);
	free(iso->sources);
	mount_plan_done(&iso->plan);
	source_done(&iso->root);
	overlay_done(iso);
	source_done(&iso->null);
	fd_close(&iso->nodes);
	fd_close(&iso->proc);
	fd_close(&iso->offsets);
	fd_close(&iso->target_root);
	strv_done(&iso->hierarchies);
	seccomp_program_done(&iso->filter);
	free(iso->bundle);
	free(iso->keep_fds);
	free(iso->locked);
	free(iso);
}

static void source_descriptors(const struct source *s, struct helper_fds *ret)
{
	helper_keep(ret, s->fd);
	helper_keep(ret, s->tree);
	helper_keep(ret, s->upper);
}

void isolation_descriptors(const struct isolation *iso, struct helper_fds *ret)
{
	const int single[] = { iso->cgroup_dirfd, iso->proc,   iso->offsets,    iso->nodes,
			       iso->root_fd,      iso->target, iso->target_root };

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		helper_keep(ret, single[i]);
	for (int t = 0; t < NS_COUNT; t++)
		helper_keep(ret, iso->ns[t]);
	for (size_t i = 0; iso->sources && i < iso->plan.n; i++)
		source_descriptors(&iso->sources[i], ret);
	for (size_t i = 0; i < iso->n_stack; i++)
		source_descriptors(&iso->stack[i], ret);
	source_descriptors(&iso->root, ret);
	source_descriptors(&iso->null, ret);
}

/* Who writes to /proc? It costs a mount, so only then. */
static bool needs_procfs(const struct isolation *iso)
{
	const struct linux_spec *l = &iso->spec->linux;
	const struct process_spec *p = iso->process;

	if (iso->new_user || l->sysctl.n ||
	    (l->namespaces[NS_TIME].wanted && !l->namespaces[NS_TIME].path))
		return true;
	for (size_t i = 0; i < iso->plan.n; i++)
		if (iso->plan.ops[i].idmap == MOUNT_IDMAP_OWN)
			return true;
	return p && (p->oom_score_adj.set || !str_empty(p->apparmor_profile) ||
		     !str_empty(p->selinux_label));
}

/* What init and the exec child have in common. */
static int plan_process(struct isolation *iso, const char *cache, struct err *e)
{
	const struct seccomp_spec *s = iso->spec->linux.seccomp;
	int r = lsm_plan(iso, e);

	if (r == 0 && iso->process)
		r = limits_check(iso->process, e);
	if (r == 0 && needs_procfs(iso))
		r = procfs_open(iso, e);
	if (r == 0 && s)
		r = seccomp_compile(s, cache, &iso->filter, e);
	return r;
}

static int check_spec(const struct isolation *iso, struct err *e)
{
	const struct container_spec *spec = iso->spec;

	if (str_empty(spec->root.path))
		return err_set(e, EINVAL, "root.path: missing");
	if (spec->root.idmap && !iso->in_user)
		return err_set(e, EINVAL, "root: an idmapped root needs a user namespace");
	if (spec->root.idmap && !iso->has_mounts)
		return err_set(e, EINVAL, "root: an idmapped root needs a mount namespace");
	return sysctl_check(spec, e);
}

static int plan_container(struct isolation *iso, struct err *e)
{
	int r = namespaces_plan(iso, e);

	if (r == 0)
		r = check_spec(iso, e);
	if (r < 0)
		return r;
	iso->binds_devices = iso->in_user || !iso->is_host_root || !has_mknod();
	if (iso->has_mounts)
		r = mount_plan_make(iso->spec, &iso->plan, e);
	return r == 0 ? sources_plan(iso, e) : r;
}

int isolation_plan(const struct container_spec *spec, const struct isolation_options *o,
		   struct isolation **ret, struct err *e)
{
	struct isolation *iso = isolation_new(spec, spec->process, o);
	int r = plan_container(iso, e);

	if (r == 0)
		r = plan_process(iso, o->seccomp_cache, e);
	if (r < 0) {
		isolation_free(iso);
		return r;
	}
	*ret = iso;
	return 0;
}

static int plan_target(struct isolation *iso, struct err *e)
{
	struct err cause = { 0 };
	pid_t pid = namespaces_pid_of(iso->target);

	if (pid <= 0)
		return err_set(e, ESRCH, "the container's process has ended");
	int r = namespaces_plan_exec(iso, pid, e);

	if (r < 0)
		return r;
	iso->target_root = isolation_open_root(pid, iso->target, &cause);
	if (iso->target_root >= 0)
		return 0;
	/* Without rights to look (rootless), the mount namespace's own root is where setns(2) leads. */
	iso->target_root = -1;
	if ((cause.code == EACCES || cause.code == EPERM) && iso->has_mounts)
		return 0;
	*e = cause;
	return -cause.code;
}

int isolation_plan_exec(const struct container_spec *spec, const struct process_spec *p,
			int target_pidfd, const struct isolation_options *o, struct isolation **ret,
			struct err *e)
{
	struct isolation *iso = isolation_new(spec, p, o);

	iso->target = target_pidfd;
	int r = plan_target(iso, e);

	if (r == 0 && o->trusted)
		r = trusted_plan(iso, namespaces_pid_of(target_pidfd), o->trusted, e);
	if (r == 0)
		r = plan_process(iso, o->seccomp_cache, e);
	if (r < 0) {
		isolation_free(iso);
		return r;
	}
	*ret = iso;
	return 0;
}

int isolation_share(struct isolation *iso, pid_t child, struct err *e)
{
	return sources_map(iso, child, e);
}

/* Most detached mounts were made by isolation_plan and are held by both sides since the clone; mapping their ids changes the very mounts that init holds. What
 * mount_lock_run has made is new: that is sent when the setup child was there before. */
size_t isolation_export(const struct isolation *iso, const int **ret_fds)
{
	*ret_fds = iso->locked;
	return iso->new_user ? iso->n_locked : 0;
}

int isolation_import(struct isolation *iso, const int *fds, size_t n, struct err *e)
{
	return mount_lock_import(iso, fds, n, e);
}

char *isolation_plan_text(const struct container_spec *spec)
{
	auto_done(mount_plan) struct mount_plan p = { 0 };
	struct err e = { 0 };

	if (mount_plan_make(spec, &p, &e) < 0)
		return mem_format("error: %s\n", e.text);
	return mount_plan_text(spec, &p);
}
