/* mount_live - a mount more or less in a running container.
 *
 * Everything of the host is opened and made here, as for a new container. A child then enters the container's mount namespace and, to add, its user namespace - not its pid namespace, so
 * nobody in there can see or trace it - finds the target below the container's root without following a link out of it, and attaches the finished mount. It runs nothing of
 * the container's. It has the host's other namespaces: a file system whose content follows the maker's would show the host's, so those are refused. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

/* What these show depends on who mounts them. */
static const char *const makers_view[] = {
	"proc", "sysfs", "mqueue", "devpts", "cgroup", "cgroup2"
};

struct live {
	struct isolation *iso;
	int pidfd, root, proc;
	const char *target; /* to be removed when iso is NULL: else its plan is followed */
};

/* Is it known to be another namespace than ours, or known to be ours? What cannot be looked at is neither, so each caller asks for what is safe to rely on. */
static bool namespace_is(pid_t pid, const char *file, bool ours_wanted)
{
	auto_free char *theirs = mem_format("/proc/%d/ns/%s", (int)pid, file);
	auto_free char *ours = mem_format("/proc/self/ns/%s", file);
	struct stat a, b;

	return stat(theirs, &a) == 0 && stat(ours, &b) == 0 &&
	       (a.st_ino == b.st_ino) == ours_wanted;
}

/* --- the child ---------------------------------------------------------------------------------------------------- */

/* Root inside may have made a folder above the target a link into /proc or /sys, where mounts hide something from it: nobody asks for those to be taken away. */
static int open_mounted(const struct live *l, struct err *e)
{
	auto_free char *last = NULL;
	auto_close int parent = path_open_parent(l->root, l->target, 0, &last, e);
	struct statfs fs;

	if (parent < 0)
		return parent;
	if (fstatfs(parent, &fs) < 0)
		return err_sys(e, "examine \"%s\"", l->target);
	if ((fs.f_type == PROC_SUPER_MAGIC && !mount_plan_is_within(l->target, "/proc")) ||
	    (fs.f_type == SYSFS_MAGIC && !mount_plan_is_within(l->target, "/sys")))
		return err_set(e, EPERM, "\"%s\" leads into /proc or /sys, which is refused",
			       l->target);
	int fd = sys_openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s\"", l->target) : fd;
}

static int drop(const struct live *l, struct err *e)
{
	struct statx st;
	auto_close int fd = open_mounted(l, e);

	if (fd < 0)
		return fd;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &st) < 0)
		return err_sys(e, "examine \"%s\"", l->target);
	if (!(st.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return err_set(e, EINVAL, "nothing is mounted on \"%s\"", l->target);
	/* umount2 wants a path: the only one that nobody can turn is the descriptor's own, in a procfs of ours */
	auto_free char *path = mem_format("self/fd/%d", fd);

	if (sys_fchdir(l->proc) < 0 || sys_umount2(path, MNT_DETACH) < 0)
		return err_sys(e, "unmount \"%s\"", l->target);
	return 0;
}

/* To add, also the user namespace, as init does at create: what is made on the way to the target then belongs to the container's root, and so does a tmpfs. The host's root has no id
 * on an idmapped root and could make nothing there. */
static int enter(const struct live *l, struct err *e)
{
	bool is_root_inside = l->iso && l->iso->in_user;

	if (sys_setns(l->pidfd, is_root_inside ? CLONE_NEWNS | CLONE_NEWUSER : CLONE_NEWNS) < 0)
		return err_sys(e, "enter the container's mount namespace");
	return is_root_inside ? idmap_become_root(e) : 0;
}

static int work(void *arg, int sock, struct err *e)
{
	const struct live *l = arg;
	int r = creds_not_dumpable(e);

	(void)sock;
	if (r == 0)
		r = enter(l, e);
	if (r == 0)
		r = creds_not_dumpable(
			e); /* the change of ids took it back, and our end with the parent's */
	if (r < 0)
		return r;
	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)umask(0); /* what is made for the target has the modes we ask for */
	if (!l->iso)
		return drop(l, e);
	l->iso->root_fd = l->root;
	r = mount_run(l->iso, MOUNT_PHASE_BUILD, e);
	l->iso->root_fd = -1;
	return r;
}

/* --- the parent --------------------------------------------------------------------------------------------------- */

int mount_child(helper_fn fn, void *arg, const struct helper_fds *keep, int *ret_fd, struct err *e)
{
	const struct helper_job job = { .run = fn,
					.arg = arg,
					.name = "the process that goes into the container",
					.keep = keep->fds,
					.n_keep = keep->n,
					.timeout_ms = MOUNT_CHILD_MS };

	return helper_run(&job, ret_fd, e);
}

static int run_work(struct live *l, struct err *e)
{
	auto_done(helper_fds) struct helper_fds keep = { 0 };

	if (l->iso)
		isolation_descriptors(l->iso, &keep);
	helper_keep(&keep, l->pidfd);
	helper_keep(&keep, l->root);
	helper_keep(&keep, l->proc);
	return mount_child(work, l, &keep, NULL, e);
}

/* Returns the pid. */
static int check_container(int pidfd, struct err *e)
{
	pid_t pid = namespaces_pid_of(pidfd);

	if (pid <= 0)
		return err_set(e, ESRCH, "container not running");
	if (!namespace_is(pid, "mnt", false))
		return err_set(e, EOPNOTSUPP, "the container has no mount namespace of its own");
	return (int)pid;
}

static int check_row(const struct isolation *iso, struct err *e)
{
	const struct mount_op *op = &iso->plan.ops[0];

	if (op->kind == MOUNT_OP_BIND || op->kind == MOUNT_OP_REMOUNT ||
	    op->kind == MOUNT_OP_IMAGE || op->kind == MOUNT_OP_OVERLAY ||
	    op->kind == MOUNT_OP_DEVICE)
		return 0;
	for (size_t i = 0; i < sizeof(makers_view) / sizeof(makers_view[0]); i++) {
		if (str_eq(op->type, makers_view[i]))
			return err_set(
				e, EOPNOTSUPP,
				"a %s made from outside would show the host's: it cannot be added",
				op->type);
	}
	/* its options are not locked: root inside could take nodev back from a disk image */
	if (iso->in_user && !str_eq(op->type, "tmpfs"))
		return err_set(
			e, EOPNOTSUPP,
			"only binds and tmpfs can be added to a container with a user namespace");
	return 0;
}

/* The plan is the one row. */
static int plan_add(struct isolation *iso, pid_t pid, struct err *e)
{
	iso->in_user = !namespace_is(pid, "user", true);
	iso->binds_devices = iso->in_user;
	iso->has_mounts = true;
	int r = check_row(iso, e);

	if (r == 0 && iso->plan.ops[0].idmap == MOUNT_IDMAP_OWN)
		r = procfs_open(iso, e);
	if (r < 0)
		return r;
	if (iso->in_user) {
		auto_free char *path = mem_format("/proc/%d/ns/user", (int)pid);

		iso->ns[NS_USER] = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		if (iso->ns[NS_USER] < 0)
			return err_sys(e, "open the container's user namespace");
	}
	r = sources_plan_mounts(iso, e);
	if (r == 0)
		r = sources_map(iso, 0, e);
	if (r == 0 && iso->plan.ops[0].kind == MOUNT_OP_OVERLAY)
		r = mount_overlay_join(iso, &iso->plan.ops[0], &iso->sources[0], e);
	return r;
}

static int add_planned(struct isolation *iso, int pidfd, struct err *e)
{
	int pid = check_container(pidfd, e);

	if (pid < 0)
		return pid;
	auto_close int root = isolation_open_root(pid, pidfd, e);
	int r = root < 0 ? root : plan_add(iso, pid, e);
	struct live l = { .iso = iso, .pidfd = pidfd, .root = root, .proc = -1 };

	return r < 0 ? r : run_work(&l, e);
}

int isolation_mount_add(const struct container_spec *spec, const char *bundle, int pidfd,
			struct err *e)
{
	const struct isolation_options options = { .bundle = bundle, .cgroup_dirfd = -1 };
	auto_ptr(isolation) struct isolation *iso = isolation_new(spec, NULL, &options);
	int r = mount_plan_make_one(spec, &iso->plan, e);

	return r < 0 ? r : add_planned(iso, pidfd, e);
}

int isolation_device_add(const struct container_spec *spec, int pidfd, struct err *e)
{
	const struct isolation_options options = { .cgroup_dirfd = -1 };
	auto_ptr(isolation) struct isolation *iso = isolation_new(spec, NULL, &options);

	mount_plan_make_device(spec, &iso->plan);
	int r = add_planned(iso, pidfd, e);

	return r < 0 ? err_wrap(e, "make \"%s\"", iso->plan.ops[0].target) : 0;
}

int isolation_mount_remove(const char *target, int pidfd, struct err *e)
{
	const struct mount_fs proc = {
		.type = "proc", .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
	};
	auto_free char *clean = path_clean(target);
	int pid = check_container(pidfd, e);

	if (pid < 0)
		return pid;
	if (str_eq(clean, "/") || !mount_plan_allows_target(clean))
		return err_set(e, EINVAL, "\"%s\" cannot be unmounted", clean);
	auto_close int root = isolation_open_root(pid, pidfd, e);

	if (root < 0)
		return root;
	auto_close int own = mount_fs_new(&proc, e);
	struct live l = { .pidfd = pidfd, .root = root, .proc = own, .target = clean };

	return own < 0 ? own : run_work(&l, e);
}
