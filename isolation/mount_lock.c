/* mount_lock - options of binds that root inside cannot take back.
 *
 * In a mount namespace of its own user namespace CAP_SYS_ADMIN may remount whatever was attached there: "ro" on a folder of the host would be advice. The kernel locks the options of
 * a mount (MNT_LOCK_READONLY and the like, mount_namespaces(7)) only where a mount namespace is copied into one of a less privileged user namespace. So a helper of the parent
 * puts the finished binds into a mount namespace of the host, enters the container's user namespace, copies the mount namespace there and hands back clones of the copies: clones keep the locks.
 * A root that is to stay read-only goes the same way, before all others (rootlock.c). */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum {
	LOCKED_ATTRS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
};

bool mount_may_change(const struct isolation *iso)
{
	const struct process_spec *p = iso->spec->process;

	return !p || !p->capabilities || strv_has(&p->capabilities->bounding, "CAP_SYS_ADMIN");
}

bool mount_lock_wanted(const struct isolation *iso, size_t i)
{
	const struct mount_op *op = &iso->plan.ops[i];

	return iso->in_user && iso->is_host_root &&
	       (op->kind == MOUNT_OP_BIND || op->kind == MOUNT_OP_IMAGE) &&
	       ((op->opts.attr_set | op->opts.rattr_set) & LOCKED_ATTRS) && mount_may_change(iso);
}

static size_t count_locked(const struct isolation *iso)
{
	size_t n = rootlock_wanted(iso);

	for (size_t i = 0; i < iso->plan.n; i++)
		n += mount_lock_wanted(iso, i) && iso->sources[i].tree >= 0;
	return n;
}

/* A root of layers is a new mount as well. */
static bool is_root_sent(const struct isolation *iso)
{
	return rootlock_wanted(iso) || iso->stack;
}

static size_t count_sent(const struct isolation *iso)
{
	return count_locked(iso) + (is_root_sent(iso) && !rootlock_wanted(iso));
}

/* --- helper ------------------------------------------------------------------------------------------------------- */

/* A folder over "/" of a mount namespace of our own; nobody else sees it. It becomes the working directory, which follows us into the copy. */
int mount_stage_make(struct err *e)
{
	const struct mount_change alone = { .propagation = MS_PRIVATE, .recursive = true };
	const struct mount_fs fs = { .type = "tmpfs", .data = "mode=0755,size=1m" };

	if (sys_unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace to lock mounts in");
	auto_close int top = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (top < 0 || mount_change(top, &alone) < 0)
		return err_sys(e, "separate it from the host's mounts");
	auto_close int stage = mount_fs_new(&fs, e);
	int r = stage < 0 ? stage : mount_attach(stage, top, e);

	if (r == 0 && sys_fchdir(stage) < 0)
		r = err_sys(e, "enter the stage");
	return r;
}

int mount_stage_add(const struct source *s, const char *name, struct err *e)
{
	int r = s->is_dir ? sys_mkdirat(AT_FDCWD, name, 0700)
			  : sys_mknodat(AT_FDCWD, name, S_IFREG | 0600, 0);

	if (r < 0)
		return err_sys(e, "make a mount point");
	auto_close int target = sys_openat(AT_FDCWD, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	return target < 0 ? err_sys(e, "open a mount point") : mount_attach(s->tree, target, e);
}

#define ROOT_NAME "root"

static int stage_fill(const struct isolation *iso, int *ret_writable, struct err *e)
{
	int r = mount_stage_make(e);

	if (r == 0 && rootlock_wanted(iso))
		r = mount_stage_add(&iso->root, ROOT_NAME, e);
	if (r == 0 && rootlock_wanted(iso))
		r = rootlock_stage(iso, iso->root.tree, ret_writable, e);

	for (size_t i = 0; r == 0 && i < iso->plan.n; i++) {
		auto_free char *name = mem_format("%zu", i);

		if (mount_lock_wanted(iso, i) && iso->sources[i].tree >= 0)
			r = mount_stage_add(&iso->sources[i], name, e);
	}
	return r;
}

static int send_locked(int sock, const char *name, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE;
	auto_close int tree = sys_open_tree(AT_FDCWD, name, flags);

	return tree < 0 ? err_sys(e, "clone a locked mount") : helper_give(sock, tree, e);
}

/* What is made in the root shall belong to the container's root, with the modes that are asked for. */
static int make_targets(const struct isolation *iso, int writable, struct err *e)
{
	int r = idmap_become_root(e);

	if (r == 0)
		r = creds_not_dumpable(e);
	if (r < 0)
		return r;
	(void)umask(0);
	rootlock_targets(iso, writable);
	return 0;
}

struct lock {
	struct isolation *iso;
	int userns;
};

/* Never visible in there: it stays in the host's pid namespace, and nobody may look into it. */
static int lock_mounts(void *arg, int sock, struct err *e)
{
	const struct lock *l = arg;
	const struct isolation *iso = l->iso;
	auto_close int writable = -1;
	int r = creds_not_dumpable(e);

	if (r == 0)
		r = stage_fill(iso, &writable, e);
	if (r < 0)
		return r;
	if (sys_setns(l->userns, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the container's user namespace to lock mounts");
	if (sys_unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "lock mounts");
	if (writable >= 0)
		r = make_targets(iso, writable, e);
	if (r == 0 && rootlock_wanted(iso))
		r = send_locked(sock, ROOT_NAME, e);
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++) {
		auto_free char *name = mem_format("%zu", i);

		if (mount_lock_wanted(iso, i) && iso->sources[i].tree >= 0)
			r = send_locked(sock, name, e);
	}
	return r;
}

/* --- parent ------------------------------------------------------------------------------------------------------- */

/* The locked copy takes the place of what we had. */
static int receive_into(struct isolation *iso, struct source *s, struct helper *h, struct err *e)
{
	int tree = -1, r = helper_take(h, &tree, e);

	if (r < 0)
		return r;
	fd_close(&s->tree);
	s->tree = tree;
	iso->locked[iso->n_locked++] = tree;
	return 0;
}

static int receive_all(struct isolation *iso, struct helper *h, struct err *e)
{
	int r = rootlock_wanted(iso) ? receive_into(iso, &iso->root, h, e) : 0;

	for (size_t i = 0; r == 0 && i < iso->plan.n; i++)
		if (mount_lock_wanted(iso, i) && iso->sources[i].tree >= 0)
			r = receive_into(iso, &iso->sources[i], h, e);
	return r;
}

static int lock_all(struct isolation *iso, int userns, struct err *e)
{
	auto_done(helper_fds) struct helper_fds keep = { 0 };
	struct lock l = { iso, userns };
	struct helper h;

	helper_keep(&keep, userns);
	helper_keep(&keep, iso->root.tree);
	for (size_t i = 0; i < iso->plan.n; i++)
		if (mount_lock_wanted(iso, i))
			helper_keep(&keep, iso->sources[i].tree);
	const struct helper_job job = { .run = lock_mounts,
					.arg = &l,
					.name = "the process that locks mounts",
					.keep = keep.fds,
					.n_keep = keep.n };
	int r = helper_start(&h, &job, e);

	if (r < 0)
		return r;
	r = receive_all(iso, &h, e);
	helper_end(&h, r);
	return r;
}

int mount_lock_run(struct isolation *iso, int userns, struct err *e)
{
	size_t n = count_sent(iso);

	if (n == 0)
		return 0;
	if (n > ISOLATION_MAX_SHARED)
		return err_set(e, E2BIG, "more than %d binds with options that must be locked",
			       ISOLATION_MAX_SHARED);
	iso->locked = mem_array(n, sizeof(*iso->locked));
	if (is_root_sent(iso) && !rootlock_wanted(iso))
		iso->locked[iso->n_locked++] = iso->root.tree;
	return count_locked(iso) > 0 ? lock_all(iso, userns, e) : 0;
}

int mount_lock_import(struct isolation *iso, const int *fds, size_t n, struct err *e)
{
	size_t at = 0;

	if (n != count_sent(iso)) {
		for (size_t i = 0; i < n; i++)
			(void)close(fds[i]);
		return err_set(e, EPROTO, "%zu unexpected descriptors", n);
	}
	if (n > 0 && is_root_sent(iso)) {
		fd_close(&iso->root.tree);
		iso->root.tree = fds[at++];
	}
	for (size_t i = 0; at < n && i < iso->plan.n; i++) {
		if (!mount_lock_wanted(iso, i) || iso->sources[i].tree < 0)
			continue;
		fd_close(&iso->sources[i].tree);
		iso->sources[i].tree = fds[at++];
	}
	return 0;
}
