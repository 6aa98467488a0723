/* mount_cover - files of a file system of ours over files of a running container.
 *
 * The whole must not be seen in the container, not even for a moment: its files are cloned from the detached mount, and only the clones are taken into the container. Before Linux 6.15 only what is mounted
 * in one's own mount namespace can be cloned. There the child first makes a copy of the container's mount namespace for itself - it is owned by the host, so nothing that happens
 * there spreads back - and puts the mount on top of its root, where no path leads. When it leaves the copy, that ends. That costs two waits for RCU, some 5 to 40 ms. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { MAX_ROWS = 16 };

struct cover {
	int tree, pidfd, root;
	const struct isolation_cover *rows;
	size_t n;
};

int isolation_fuse(int device, const char *name, struct err *e)
{
	auto_free char *data = mem_format(
		"ro,fd=%d,rootmode=40555,user_id=0,group_id=0,default_permissions,allow_other,subtype=%s",
		device, name);
	const struct mount_fs fs = { .type = "fuse",
				     .source = name,
				     .data = data,
				     .attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
					      MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

	return mount_fs_new(&fs, e);
}

/* Nothing is asked of the server. */
int isolation_fuse_number(int tree, unsigned *ret, struct err *e)
{
	struct statx st;

	if (statx(tree, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &st) < 0)
		return err_sys(e, "examine a FUSE file system");
	*ret = st.stx_dev_minor; /* of major number 0 */
	return 0;
}

/* The kernel's own control file system, seen by nobody else. */
int isolation_fuse_abort(unsigned number, struct err *e)
{
	const struct mount_fs fs = { .type = "fusectl" };
	auto_close int tree = mount_fs_new(&fs, e);
	auto_free char *path = mem_format("%u/abort", number);

	return tree < 0 ? tree : file_write_kernel(tree, path, "1", e);
}

static int clone_files(const struct cover *c, int *ret, struct err *e)
{
	for (size_t i = 0; i < c->n; i++) {
		ret[i] = sys_open_tree(c->tree, c->rows[i].from,
				       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
		if (ret[i] < 0)
			return err_sys(e, "clone \"%s\"", c->rows[i].from);
	}
	return 0;
}

/* -EINVAL: this kernel clones only what is mounted. */
static int clone_mounted(const struct cover *c, int *ret, struct err *e)
{
	if (sys_setns(c->pidfd, CLONE_NEWNS) < 0 || sys_unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "copy the container's mount namespace");
	if (sys_move_mount(c->tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount the files to be shown");
	return clone_files(c, ret, e);
}

static int attach_file(const struct cover *c, const char *target, int clone, struct err *e)
{
	struct err cause = { 0 };
	auto_close int fd = path_open(c->root, target, O_PATH | O_NOFOLLOW, 0, 0, &cause);

	if (fd == -ENOENT) {
		log_debug("%s: it is not shown", cause.text);
		return 0;
	}
	if (fd < 0) {
		*e = cause;
		return fd;
	}
	return mount_attach(clone, fd, e);
}

/* The process ends afterwards, and its descriptors with it. */
static int cover(void *arg, int sock, struct err *e)
{
	const struct cover *c = arg;
	int clones[MAX_ROWS] = { 0 };
	struct err cause = { 0 };
	int r = creds_not_dumpable(e);

	(void)sock;
	if (r == 0)
		r = clone_files(c, clones, &cause);
	if (r == -EINVAL)
		r = clone_mounted(c, clones, e);
	else if (cause.code)
		*e = cause;
	if (r == 0 && sys_setns(c->pidfd, CLONE_NEWNS) < 0)
		r = err_sys(e, "enter the container's mount namespace");
	for (size_t i = 0; i < c->n && r == 0; i++) {
		r = attach_file(c, c->rows[i].target, clones[i], e);
		if (r < 0)
			(void)err_wrap(e, "show \"%s\"", c->rows[i].target);
	}
	return r;
}

int isolation_cover(int tree, const struct isolation_cover *rows, size_t n, int pidfd,
		    struct err *e)
{
	pid_t pid = namespaces_pid_of(pidfd);

	if (pid <= 0)
		return err_set(e, ESRCH, "container not running");
	if (n > MAX_ROWS)
		return err_set(e, EINVAL, "too many files to show");
	auto_close int root = isolation_open_root(pid, pidfd, e);

	if (root < 0)
		return root;
	struct cover c = { .tree = tree, .pidfd = pidfd, .root = root, .rows = rows, .n = n };
	int kept[] = { tree, pidfd, root };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };

	return mount_child(cover, &c, &keep, NULL, e);
}
