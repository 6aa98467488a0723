/* storage_btrfs - subvolumes: made, copied and removed in one step, whatever their size.
 *
 * A subvolume that holds others (a zone's root may make some) can be removed only as a tree. Snapshots of it show those others as empty directories. */
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/storage.h"

enum { SUBVOLUME_INODE = 256 };

/* Requests need a descriptor that is more than a path. */
static int request(int dirfd, unsigned long what, void *args)
{
	auto_close int fd = sys_openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? -1 : sys_ioctl(fd, what, args);
}

bool btrfs_is(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == BTRFS_SUPER_MAGIC;
}

bool btrfs_is_subvolume(int dirfd, const char *name)
{
	auto_close int fd =
		sys_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	return fd >= 0 && btrfs_is(fd) && fstat(fd, &st) == 0 && st.st_ino == SUBVOLUME_INODE;
}

bool btrfs_same(int a, int b)
{
	struct btrfs_ioctl_fs_info_args one = { 0 }, two = { 0 };

	return btrfs_is(a) && btrfs_is(b) && request(a, BTRFS_IOC_FS_INFO, &one) == 0 &&
	       request(b, BTRFS_IOC_FS_INFO, &two) == 0 &&
	       memcmp(one.fsid, two.fsid, sizeof(one.fsid)) == 0;
}

int btrfs_create(int dirfd, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args args = { 0 };
	int r = str_format(args.name, sizeof(args.name), "%s", name);

	if (r < 0)
		return err_ret(e, r, "name the subvolume");
	if (request(dirfd, BTRFS_IOC_SUBVOL_CREATE, &args) < 0)
		return err_sys(e, "create the subvolume \"%s\"", name);
	if (sys_fchmodat(dirfd, name, 0755) == 0)
		return 0;
	r = err_sys(e, "set the mode of \"%s\"", name);
	(void)sys_unlinkat(dirfd, name,
			   AT_REMOVEDIR); /* an empty one, as a directory since Linux 4.18 */
	return r;
}

int btrfs_snapshot(int from, int dirfd, const char *name, bool readonly, struct err *e)
{
	struct btrfs_ioctl_vol_args_v2 args = { .fd = from,
						.flags = readonly ? BTRFS_SUBVOL_RDONLY : 0 };
	int r = str_format(args.name, sizeof(args.name), "%s", name);

	if (r < 0)
		return err_ret(e, r, "name the subvolume");
	if (request(dirfd, BTRFS_IOC_SNAP_CREATE_V2, &args) < 0)
		return err_sys(e, "make a snapshot of the subvolume as \"%s\"", name);
	return 0;
}

int storage_remove_tree(int dirfd, const char *name, struct err *e)
{
	struct btrfs_ioctl_vol_args args = { 0 };

	if (!btrfs_is_subvolume(dirfd, name))
		return file_remove_tree(dirfd, name, e);
	if (str_format(args.name, sizeof(args.name), "%s", name) == 0 &&
	    request(dirfd, BTRFS_IOC_SNAP_DESTROY, &args) == 0)
		return 0;
	return file_remove_tree(dirfd, name, e); /* also of what is read-only */
}
