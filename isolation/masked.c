/* masked - paths that the container may see but not read, or not write.
 *
 * A masked file is covered with the host's /dev/null, opened and verified by the parent (never one of the container's, CVE-2025-31133); a masked directory with
 * an empty read-only tmpfs. One tmpfs serves all directories: its superblock is what costs, clones of its mount are cheap. What does not exist is not masked,
 * so what lies on a procfs or sysfs of ours is looked up from that, wherever its mount point has been moved meanwhile (CVE-2023-28642). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

/* The first user attaches the tree itself; the others attach clones of it, which is possible once it is attached. */
struct cover {
	int tree; /* -1: not made */
	bool is_used;
};

static int cover_put(struct cover *c, int target, struct err *e)
{
	auto_close int copy = -1;

	if (!c->is_used) {
		c->is_used = true;
		return mount_attach(c->tree, target, e);
	}
	copy = mount_clone(c->tree, false);
	if (copy < 0)
		return err_sys(e, "clone the cover");
	return mount_attach(copy, target, e);
}

static int make_empty(struct err *e)
{
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = "mode=755,size=4k,nr_inodes=1,ro",
		.attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			 MOUNT_ATTR_NOEXEC,
	};

	return mount_fs_new(&fs, e);
}

struct covers {
	struct cover file, dir;
};

static int mask_one(struct isolation *iso, struct covers *c, int target, struct err *e)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return err_sys(e, "examine it");
	if (!S_ISDIR(st.st_mode)) {
		int r = source_need_device(&iso->null, e);

		c->file.tree = iso->null.tree;
		return r < 0 ? r : cover_put(&c->file, target, e);
	}
	if (c->dir.tree < 0)
		c->dir.tree = make_empty(e);
	return c->dir.tree < 0 ? c->dir.tree : cover_put(&c->dir, target, e);
}

static int protect_one(int target, struct err *e)
{
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY, .recursive = true };
	auto_close int tree = mount_clone(target, true);

	if (tree < 0)
		return err_sys(e, "clone it");
	if (mount_change(tree, &ro) < 0)
		return err_sys(e, "make it read-only");
	return mount_attach(tree, target, e);
}

static int hide(struct isolation *iso, const struct mount_op *op, struct covers *c, struct err *e)
{
	struct err cause = { 0 };
	const char *rest;
	int top = mount_top(iso, op->target, &rest);
	auto_close int target = path_open(top, rest, O_PATH, 0, 0, &cause);

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0) {
		*e = cause;
		return target;
	}
	return op->kind == MOUNT_OP_MASK ? mask_one(iso, c, target, e) : protect_one(target, e);
}

int masked_run(struct isolation *iso, struct err *e)
{
	struct covers c = { .file.tree = -1, .dir.tree = -1 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];

		if (op->phase != MOUNT_PHASE_HIDE)
			continue;
		r = hide(iso, op, &c, e);
		if (r < 0)
			r = err_wrap(e, "%s \"%s\"",
				     op->kind == MOUNT_OP_MASK ? "linux.maskedPaths: hide"
							       : "linux.readonlyPaths: protect",
				     op->target);
	}
	fd_close(&c.dir.tree);
	return r;
}
