/* host_checks - what this host can do, asked before anything is made.
 *
 * Whether a file system takes an idmapped mount is found by trying on a detached clone that is never attached: the answer depends on type, options and kernel, and no list would
 * stay true. The user namespace that such a mount needs is made by a child that lives only for the question. */
#include "runtime/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

int engine_can_limit(const struct resources_spec *r, struct err *e)
{
	return cgroup_can_limit(r, e);
}

int engine_can_profile(const char *profile, struct err *e)
{
	return isolation_can_profile(profile, e);
}

int engine_can_label(const char *label, struct err *e)
{
	return isolation_can_label(label, e);
}

int engine_can_mount(const char *type, struct err *e)
{
	auto_close int fs = sys_fsopen(type, FSOPEN_CLOEXEC);

	if (fs >= 0)
		return 0;
	if (errno == ENODEV)
		return err_set(e, ENODEV,
			       "this kernel has no file system \"%s\", and no module %s for it",
			       type, type);
	return err_sys(e, "ask for the file system \"%s\"", type);
}

int engine_check_image(const char *path, bool readonly, const struct mount_extra *x, struct err *e)
{
	return isolation_check_image(path, readonly, x, e);
}

/* The child's half: a user namespace of its own, a byte to say so, then wait for the end of the parent's half, which also comes when the parent is killed. */
static _Noreturn void userns_child(int pair[2])
{
	char ok = sys_unshare(CLONE_NEWUSER) == 0 ? 'y' : 'n';

	fd_close(&pair[0]);
	proc_close_others(3, &pair[1], 1);
	if (sys_write(pair[1], &ok, 1) == 1)
		(void)!sys_read(pair[1], &ok, 1);
	proc_exit(0);
}

/* A descriptor of a user namespace in which id 0 is host id 1. */
static int userns_open(pid_t child, int ready, struct err *e)
{
	char path[64], answer = 'n';
	auto_close int ns = -1;
	int r;

	if (sys_read(ready, &answer, 1) != 1 || answer != 'y')
		return err_set(e, EOPNOTSUPP, "this kernel does not allow a user namespace");
	for (int i = 0; i < 2; i++) {
		r = str_format(path, sizeof(path), "/proc/%d/%s", (int)child,
			       i == 0 ? "uid_map" : "gid_map");
		if (r < 0)
			return err_ret(e, r, "name the map");
		r = file_write_kernel(AT_FDCWD, path, "0 1 1", e);
		if (r < 0)
			return r;
	}
	r = str_format(path, sizeof(path), "/proc/%d/ns/user", (int)child);
	if (r < 0)
		return err_ret(e, r, "name the user namespace");
	ns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (ns < 0)
		return err_sys(e, "open %s", path);
	return fd_steal(&ns);
}

static const char *fs_name(long type)
{
	static const struct {
		long magic;
		const char *name;
	} names[] = {
		{ OVERLAYFS_SUPER_MAGIC, "overlay" },
		{ TMPFS_MAGIC, "tmpfs" },
		{ EXT4_SUPER_MAGIC, "ext4" },
		{ XFS_SUPER_MAGIC, "xfs" },
		{ BTRFS_SUPER_MAGIC, "btrfs" },
		{ NFS_SUPER_MAGIC, "nfs" },
		{ 0x65735546, "fuse" },
		{ 0x2fc12fc1, "zfs" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].magic == type)
			return names[i].name;
	}
	return "this";
}

static int idmap_try(const char *path, int userns, struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };
	auto_close int tree = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	struct statfs fs;

	if (tree < 0)
		return err_sys(e, "open the tree \"%s\"", path);
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) == 0)
		return 0;
	if (fstatfs(tree, &fs) < 0)
		return err_sys(e, "statfs \"%s\"", path);
	return err_set(
		e, EOPNOTSUPP,
		"\"%s\" is on %s (type 0x%lx), a file system that cannot be mounted with shifted owners",
		path, fs_name((long)fs.f_type), (unsigned long)fs.f_type);
}

int engine_can_idmap(const char *path, struct err *e)
{
	int pair[2], r = sock_pair(pair, e);
	pid_t child;

	if (r < 0)
		return r;
	child = fork();
	if (child == 0)
		userns_child(pair);
	fd_close(&pair[1]);
	if (child < 0) {
		r = err_sys(e, "fork");
	} else {
		auto_close int ns = userns_open(child, pair[0], e);

		r = ns < 0 ? ns : idmap_try(path, ns, e);
	}
	fd_close(&pair[0]);
	if (child > 0)
		(void)!proc_wait(child, &(struct err){ 0 });
	return r;
}
