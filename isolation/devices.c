/* devices - nodes and links in the container's /dev.
 *
 * Where mknod(2) works the node is made, in the directory opened below the root, never through a link, and never in another mount that a link of the image leads to. In a user namespace the kernel refuses it, so the host's
 * node, which the parent opened and verified, is bound over an empty file. A file that is there already is used if it is that very device, else it is an error
 * (config-linux.md "Devices"). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { DIR_MODE = 0755, FILE_MODE = 0644, LINK_MAX_TEXT = 256 };

bool devices_match(int fd, const struct device_node *node)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || (st.st_mode & S_IFMT) != node->type)
		return false;
	return S_ISFIFO(node->type) || st.st_rdev == makedev(node->major, node->minor);
}

int devices_open_parent(int root, const char *path, char **ret_last, struct err *e)
{
	struct err cause = { 0 };
	int fd = path_open_parent_by(root, path, DIR_MODE, RESOLVE_NO_XDEV, ret_last, &cause);

	/* what is mounted on the way may well be there, as long as no link leads there */
	if (fd == -EXDEV)
		fd = path_open_parent_by(root, path, DIR_MODE, RESOLVE_NO_SYMLINKS, ret_last,
					 &cause);
	if (fd == -ELOOP)
		return err_set(e, EPERM, "\"%s\" leads through a symbolic link into another mount",
			       path);
	if (fd < 0)
		*e = cause;
	return fd;
}

/* 1: the device is there; 0: nothing is there. */
static int look(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	struct err cause = { 0 };
	const char *rest;
	int top = mount_top(iso, op->target, &rest);
	auto_close int fd = path_open(top, rest, O_PATH | O_NOFOLLOW, 0, 0, &cause);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		*e = cause;
		return fd;
	}
	if (!devices_match(fd, &op->node))
		return err_set(e, EEXIST, "a file is there that is not the device %u:%u",
			       op->node.major, op->node.minor);
	return 1;
}

static int open_parent(const struct isolation *iso, const struct mount_op *op, char **ret_last,
		       struct err *e)
{
	const char *rest;
	int top = mount_top(iso, op->target, &rest);

	return devices_open_parent(top, rest, ret_last, e);
}

/* The place to bind a node on: an empty file, if there is none. */
static int open_place(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	struct stat st;
	auto_free char *last = NULL;
	auto_close int parent = open_parent(iso, op, &last, e);

	if (parent < 0)
		return parent;
	if (sys_mknodat(parent, last, S_IFREG | FILE_MODE, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create \"%s\"", op->target);
	auto_close int fd = sys_openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open \"%s\"", op->target);
	if (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode))
		return err_set(e, EEXIST, "\"%s\" is a directory or a symbolic link", op->target);
	return fd_steal(&fd);
}

static int bind_node(struct isolation *iso, const struct mount_op *op, struct source *s,
		     struct err *e)
{
	int r = s->path ? 0 : source_open_device(s, op->target, &op->node, e);

	if (r == 0)
		r = source_need_device(s, e);
	if (r < 0)
		return r;
	auto_close int target = open_place(iso, op, e);

	if (target < 0)
		return target;
	r = mount_attach(s->tree, target, e);
	fd_close(&s->tree);
	return r;
}

static int make_node(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	auto_free char *last = NULL;
	auto_close int parent = open_parent(iso, op, &last, e);

	if (parent < 0)
		return parent;
	if (sys_mknodat(parent, last, op->node.type | op->node.mode,
			makedev(op->node.major, op->node.minor)) < 0)
		return err_sys(e, "make the node");
	if ((op->node.uid || op->node.gid) &&
	    sys_fchownat(parent, last, op->node.uid, op->node.gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of the node");
	return 0;
}

int devices_run(struct isolation *iso, const struct mount_op *op, struct source *s, struct err *e)
{
	struct err cause = { 0 };

	if (iso->binds_devices && !S_ISFIFO(op->node.type))
		return bind_node(iso, op, s, e);
	int r = look(iso, op, e);

	if (r != 0)
		return r < 0 ? r : 0;
	r = make_node(iso, op, &cause);
	if (r == -EPERM && !S_ISFIFO(op->node.type)) {
		log_debug("%s: the host's node is bound", cause.text);
		return bind_node(iso, op, s, e);
	}
	if (r < 0)
		*e = cause;
	return r;
}

static bool says(int dir, const char *name, const char *text)
{
	char found[LINK_MAX_TEXT];
	ssize_t n = readlinkat(dir, name, found, sizeof(found) - 1);

	if (n < 0)
		return false;
	found[n] = 0;
	return str_eq(found, text);
}

/* Not every kernel has a core file of itself; a link to nothing helps nobody. */
static bool is_missing(const struct isolation *iso, const char *path)
{
	struct err ignored = { 0 };
	int fd = path_open(iso->root_fd, path, O_PATH | O_NOFOLLOW, 0, 0, &ignored);

	if (fd >= 0)
		(void)close(fd);
	return fd == -ENOENT;
}

/* The links are a service: an image that brings files of its own there keeps them, but for ptmx, which would lead to the host's terminals. */
int devices_link(struct isolation *iso, const struct mount_op *op, struct err *e)
{
	auto_free char *last = NULL;

	if (str_eq(op->target, "/dev/core") && is_missing(iso, op->source))
		return 0;
	auto_close int parent = open_parent(iso, op, &last, e);

	if (parent < 0)
		return parent;
	if (sys_symlinkat(op->source, parent, last) == 0)
		return 0;
	if (errno == EROFS)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "make the link");
	if (!str_eq(op->target, "/dev/ptmx") || says(parent, last, op->source))
		return 0;
	if (sys_unlinkat(parent, last, 0) < 0)
		return err_sys(e, "replace what is there");
	return sys_symlinkat(op->source, parent, last) < 0 ? err_sys(e, "make the link") : 0;
}
