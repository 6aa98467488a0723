/* mount_run - follow the plan: each row is a function of its kind; the target of each mount is opened below the root's descriptor, created if it is missing,
 * checked, and the finished mount attached to that very descriptor. No path is looked up twice. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { PROC_ROOT_INODE = 1 };

/* --- targets ------------------------------------------------------------------------------------------------------ */

/* An image may have made a parent of the target a link into /proc: then the target is on procfs although its path does not say so. */
static int check_target(int fd, const struct mount_op *op, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "examine the mount point \"%s\"", op->target);
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino == PROC_ROOT_INODE)
		return 0;
	if (mount_plan_is_within(op->target, "/proc") && mount_plan_allows_target(op->target))
		return 0;
	return err_set(e, EPERM, "\"%s\" leads into /proc, which is refused", op->target);
}

/* proc and sysfs must be where everybody looks for them. */
static int check_no_links(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	struct err cause = { 0 };
	int fd = path_open(iso->root_fd, op->target, O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS,
			   &cause);

	fd_close(&fd);
	if (cause.code == ELOOP)
		return err_set(
			e, ELOOP,
			"%s must be mounted on an ordinary directory, \"%s\" leads through a symbolic link",
			op->type, op->target);
	return 0;
}

static int open_target(const struct isolation *iso, const struct mount_op *op, bool is_dir,
		       bool *ret_created, struct err *e)
{
	auto_close int fd = path_open_target(iso->root_fd, op->target, is_dir, ret_created, e);
	int r = fd < 0 ? fd : check_target(fd, op, e);

	return r < 0 ? r : fd_steal(&fd);
}

int mount_open_target(const struct isolation *iso, const struct mount_op *op, bool is_dir,
		      struct err *e)
{
	return open_target(iso, op, is_dir, NULL, e);
}

int mount_top(const struct isolation *iso, const char *path, const char **ret_rest)
{
	const struct mount_op *base = NULL;
	int top = iso->root_fd;

	*ret_rest = path;
	for (size_t i = 0; i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];
		bool is_fs = op->kind == MOUNT_OP_FS && iso->sources[i].tree >= 0;

		if (!op->mount || op->kind == MOUNT_OP_REMOUNT ||
		    !mount_plan_is_within(path, op->target))
			continue;
		/* what lies on a mount of ours is found from there */
		if (!is_fs && base && !str_eq(op->target, base->target) &&
		    mount_plan_is_within(op->target, base->target))
			continue;
		base = is_fs ? op : NULL;
		top = is_fs ? iso->sources[i].tree : iso->root_fd;
		*ret_rest = is_fs ? path + strlen(op->target) : path;
	}
	return top;
}

/* --- file systems ------------------------------------------------------------------------------------------------- */

int mount_host_tree(const char *path, bool recursive, struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	int tree = fd < 0 ? -1 : mount_clone(fd, recursive);

	return tree < 0 ? err_sys(e, "clone the host's \"%s\"", path) : tree;
}

/* What a user namespace may only mount together with another namespace (network for sysfs, pid for proc, ipc for mqueue): the host's is shown instead. */
static const struct {
	const char *type, *path;
} fallbacks[] = {
	{ "sysfs", "/sys" },
	{ "proc", "/proc" },
	{ "mqueue", "/dev/mqueue" },
};

static int show_host(const struct mount_op *op, const struct err *cause, struct err *e)
{
	struct mount_change c = { .propagation = MS_SLAVE, .recursive = true };

	for (size_t i = 0; i < sizeof(fallbacks) / sizeof(fallbacks[0]); i++) {
		if (!str_eq(op->type, fallbacks[i].type))
			continue;
		log_debug("%s: the host's \"%s\" is shown", cause->text, fallbacks[i].path);
		struct err second = { 0 };
		auto_close int tree = mount_host_tree(fallbacks[i].path, true, &second);

		if (tree < 0) {
			log_debug("%s", second.text);
			break;
		}
		c.set = op->opts.attr_set & (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					     MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		if (mount_change(tree, &c) < 0)
			return err_sys(e, "change the clone of \"%s\"", fallbacks[i].path);
		return fd_steal(&tree);
	}
	*e = *cause;
	return -cause->code;
}

/* "gid=5,mode=620" without the gid, which need not exist in the user namespace. */
static char *without_gid(const char *data)
{
	auto_done(strv) struct strv parts = { 0 };
	size_t i = 0;

	strv_split(&parts, data, ',');
	while (i < parts.n) {
		if (str_has_prefix(parts.items[i], "gid="))
			strv_remove(&parts, i);
		else
			i++;
	}
	return strv_join(&parts, ",");
}

static int make_fs(const struct isolation *iso, const struct mount_op *op, const char *extra,
		   struct err *e)
{
	const char *data = strbuf_text(&op->opts.data);
	struct mount_fs fs = {
		.type = op->type,
		.source = op->source,
		.data = data,
		.extra = extra,
		.flags = op->opts.set,
		.attrs = (op->opts.attr_set | op->opts.rattr_set) & ~op->opts.rattr_clear,
	};
	struct err cause = { 0 };
	int tree = mount_fs_new(&fs, &cause);

	if (tree == -EINVAL && iso->in_user && str_eq(op->type, "devpts") && strstr(data, "gid=")) {
		auto_free char *less = without_gid(data);

		log_debug("%s: tried without gid=", cause.text);
		fs.data = less;
		tree = mount_fs_new(&fs, &cause);
	}
	if (tree == -EPERM)
		return show_host(op, &cause, e);
	if (tree < 0)
		*e = cause;
	return tree;
}

/* A tmpfs over a directory that is there keeps that directory's mode, sticky bit included. */
static char *tmpfs_mode(const struct mount_op *op, int target, bool created)
{
	struct stat st;

	if (!str_eq(op->type, "tmpfs") || created || strstr(strbuf_text(&op->opts.data), "mode=") ||
	    fstat(target, &st) < 0)
		return NULL;
	return mem_format("mode=%04o", (unsigned)st.st_mode & 07777);
}

static char *label_of(const struct isolation *iso, const struct mount_op *op)
{
	const char *label = iso->spec->linux.mount_label;

	if (!iso->has_selinux || str_empty(label) ||
	    strstr(strbuf_text(&op->opts.data), "context="))
		return NULL;
	if (!str_eq(op->type, "tmpfs") && !str_eq(op->type, "devpts"))
		return NULL;
	return mem_format("context=\"%s\"", label);
}

/* mqueue takes no option at all: the label is given to its root, where the policy lets that file system have labels. */
static int label_queue(const struct isolation *iso, const struct mount_op *op, int tree,
		       struct err *e)
{
	const char *label = iso->spec->linux.mount_label;

	if (!iso->has_selinux || str_empty(label) || !str_eq(op->type, "mqueue"))
		return 0;
	auto_close int dir = sys_openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir < 0 || (fsetxattr(dir, "security.selinux", label, strlen(label) + 1, 0) < 0 &&
			errno != EOPNOTSUPP && errno != EROFS))
		return err_sys(e, "set the label \"%s\"", label);
	return 0;
}

static char *extra_data(const struct isolation *iso, const struct mount_op *op, int target,
			bool created)
{
	auto_free char *mode = tmpfs_mode(op, target, created);
	auto_free char *label = label_of(iso, op);

	if (!mode && !label)
		return NULL;
	return mem_format("%s%s%s", mode ? mode : "", mode && label ? "," : "", label ? label : "");
}

static int run_classic(const struct mount_op *op, int target, struct err *e)
{
	const struct mount_fs fs = { .type = op->type,
				     .source = op->source,
				     .data = strbuf_text(&op->opts.data) };

	return mount_fs_classic(&fs, op->opts.set, target, e);
}

static int run_fs(struct isolation *iso, const struct mount_op *op, struct source *s, struct err *e)
{
	bool created = false;
	bool is_strict = str_eq(op->type, "proc") || str_eq(op->type, "sysfs");
	int r = is_strict ? check_no_links(iso, op, e) : 0;

	if (r < 0)
		return r;
	auto_close int target = open_target(iso, op, true, &created, e);

	if (target < 0)
		return target;
	auto_free char *extra = extra_data(iso, op, target, created);
	/* an idmapped one has been made by the parent */
	auto_close int tree = s->tree >= 0 ? fd_steal(&s->tree) : make_fs(iso, op, extra, e);

	if (tree == -E2BIG)
		return run_classic(op, target, e);
	if (tree < 0)
		return tree;
	if (op->opts.tmpcopyup && !created) {
		r = copyup(target, tree, e);
		if (r < 0)
			return err_wrap(e, "tmpcopyup");
	}
	if (op->opts.propagation) {
		const struct mount_change c = { .propagation = op->opts.propagation };

		if (mount_change(tree, &c) < 0)
			return err_sys(e, "set the propagation");
	}
	r = label_queue(iso, op, tree, e);
	if (r == 0)
		r = mount_attach(tree, target, e);
	if (r == 0)
		s->tree = fd_steal(&tree); /* for mount_top() */
	return r;
}

/* --- binds and changes -------------------------------------------------------------------------------------------- */

static int run_bind(struct isolation *iso, const struct mount_op *op, struct source *s,
		    struct err *e)
{
	bool is_late = s->tree < 0;
	int r = source_need(s, op->opts.recursive, e);

	if (r == 0 && is_late)
		r = mount_bind_options(s->tree, &op->opts, e);
	if (r < 0)
		return r;
	auto_close int target = open_target(iso, op, s->is_dir, NULL, e);

	if (target < 0)
		return target;
	r = mount_attach(s->tree, target, e);
	fd_close(&s->tree);
	return r;
}

static int run_remount(struct isolation *iso, const struct mount_op *op, struct source *s,
		       struct err *e)
{
	const struct mount_change top = { .set = op->opts.attr_set, .clear = op->opts.attr_clear };
	auto_close int fd = path_open(iso->root_fd, op->target, O_PATH, 0, 0, e);

	(void)s;
	if (fd < 0)
		return fd;
	return mount_change(fd, &top) < 0 ? err_sys(e, "change the mount") : 0;
}

static int run_link(struct isolation *iso, const struct mount_op *op, struct source *s,
		    struct err *e)
{
	(void)s;
	return devices_link(iso, op, e);
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

typedef int (*mount_fn)(struct isolation *iso, const struct mount_op *op, struct source *s,
			struct err *e);

/* MASK and READONLY rows are masked.c's: they share mounts among each other. */
static const mount_fn runners[] = {
	[MOUNT_OP_FS] = run_fs,
	[MOUNT_OP_BIND] = run_bind,
	[MOUNT_OP_IMAGE] = run_bind,
	[MOUNT_OP_OVERLAY] = mount_overlay_run,
	[MOUNT_OP_CGROUP] = mount_cgroup_run,
	[MOUNT_OP_REMOUNT] = run_remount,
	[MOUNT_OP_DEVICE] = devices_run,
	[MOUNT_OP_LINK] = run_link,
	[MOUNT_OP_MASK] = NULL,
	[MOUNT_OP_READONLY] = NULL,
};

static int name_row(const struct mount_op *op, struct err *e)
{
	if (op->mount)
		return err_wrap(e, "mount %s on \"%s\"",
				str_empty(op->type) ? "a part of the host" : op->type, op->target);
	return err_wrap(e, "make \"%s\"", op->target);
}

int mount_run(struct isolation *iso, enum mount_phase phase, struct err *e)
{
	for (size_t i = 0; i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];

		if (op->phase != phase || !runners[op->kind])
			continue;
		int r = runners[op->kind](iso, op, &iso->sources[i], e);

		if (r < 0)
			return name_row(op, e);
	}
	return 0;
}
