/* procfs - the idea: whoever can make a path below /proc point elsewhere can turn our writes against somebody else (CVE-2019-16884, CVE-2025-52881). So the
 * parent mounts a procfs that nobody else can see, before any container exists, and all writes go below its descriptor without following links or crossing
 * mounts. It belongs to the parent's pid namespace; "self" in it is right for every descendant. */
#include "isolation/private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/sys.h"

enum { PROC_ROOT_INODE = 1 };

/* Rootless: the /proc we live with, if it is one and its root. */
static int open_visible(struct err *e)
{
	struct statfs fs;
	struct stat st;
	auto_close int fd =
		sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INODE)
		return err_set(e, EINVAL, "/proc is not the root of a proc file system");
	return fd_steal(&fd);
}

int procfs_open(struct isolation *iso, struct err *e)
{
	const struct mount_fs proc = {
		.type = "proc", .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC
	};
	struct err cause = { 0 };

	if (iso->proc >= 0)
		return 0;
	iso->proc = mount_fs_new(&proc, &cause);
	if (iso->proc >= 0)
		return 0;
	log_debug("%s: the visible /proc is used", cause.text);
	iso->proc = open_visible(e);
	return iso->proc < 0 ? iso->proc : 0;
}

int isolation_traceable_procfs(struct err *e)
{
	const struct mount_fs proc = { .type = "proc",
				       .data = "hidepid=ptraceable,subset=pid",
				       .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						MOUNT_ATTR_NOEXEC };

	return mount_fs_new(&proc, e);
}

int procfs_open_file(const struct isolation *iso, const char *path, int flags, struct err *e)
{
	/* "self" is a link of procfs itself, so links are not refused as such; magic links are, and so is every mount on the way. */
	const struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int fd = sys_openat2(iso->proc, path, &how);

	return fd < 0 ? err_sys(e, "open `/proc/%s`", path) : fd;
}

int procfs_write(const struct isolation *iso, const char *path, const char *text, struct err *e)
{
	auto_close int fd = procfs_open_file(iso, path, O_WRONLY, e);

	if (fd < 0)
		return fd;
	size_t n = strlen(text);
	ssize_t w = sys_write(fd, text, n);

	if (w < 0)
		return err_sys(e, "write `/proc/%s`", path);
	return (size_t)w == n ? 0 : err_set(e, EIO, "write `/proc/%s`: incomplete", path);
}
