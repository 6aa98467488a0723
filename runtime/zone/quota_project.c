/* quota_project - project quotas of ext4 and XFS.
 *
 * Links, pipes, sockets and devices cannot be opened, and only what is open can be given to a project; but a rename inside a project is refused (EXDEV) for what does not belong to it. So such an entry is
 * made anew in its directory, which has been given to the project before, and takes the place of the old one. */
#include "runtime/zone/quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

#define AGAIN ".zone-quota"
enum { DEPTH_MAX = 256, UNIT = 1024, USED_TRIES = 20, USED_MS = 100 };
static const uint32_t flags_of_ours = FS_XFLAG_PROJINHERIT | FS_XFLAG_NODUMP;

/* --- limits ------------------------------------------------------------------------------------------------------- */

static int quotactl_of(int fd, int what, uint32_t id, void *arg)
{
	unsigned command =
		(unsigned)what << SUBCMDSHIFT | PRJQUOTA; /* QCMD() shifts an int too far */

	return (int)syscall(SYS_quotactl_fd, fd, command, id, arg);
}

bool project_is_supported(void)
{
	struct dqblk q;

	return quotactl_of(-1, Q_GETQUOTA, 0, &q) == 0 || errno != ENOSYS;
}

bool project_is_counted(int fd)
{
	struct fs_quota_statv s = { .qs_version = FS_QSTATV_VERSION1 };

	return quotactl_of(fd, Q_XGETQSTATV, 0, &s) == 0 && (s.qs_flags & FS_QUOTA_PDQ_ENFD);
}

int project_limit(int fd, uint32_t id, const struct zone_spec *s, struct err *e)
{
	struct dqblk q = { .dqb_valid = QIF_LIMITS };

	if (s && s->quota.set)
		q.dqb_bhardlimit = (s->quota.value + UNIT - 1) / UNIT;
	if (s && s->quota_inodes.set)
		q.dqb_ihardlimit = s->quota_inodes.value;
	if (quotactl_of(fd, Q_SETQUOTA, id, &q) < 0)
		return err_sys(e, "set the limits of project %u", id);
	return 0;
}

bool project_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit)
{
	uint32_t id = project_of(fd);
	struct dqblk q = { 0 };

	if (id == 0 || quotactl_of(fd, Q_GETQUOTA, id, &q) < 0)
		return false;
	*ret_used = (struct opt_u64){ true, q.dqb_curspace };
	if (q.dqb_bhardlimit > 0)
		*ret_limit = (struct opt_u64){ true, q.dqb_bhardlimit * UNIT };
	return true;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

uint32_t project_of(int fd)
{
	struct fsxattr x = { 0 };

	return sys_ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0 ? 0 : x.fsx_projid;
}

bool project_is_inherited(int fd)
{
	struct fsxattr x = { 0 };

	return sys_ioctl(fd, FS_IOC_FSGETXATTR, &x) == 0 && (x.fsx_xflags & FS_XFLAG_PROJINHERIT);
}

/* XFS counts what is removed a little later. */
bool project_is_used(int fd, uint32_t id)
{
	struct dqblk q = { 0 };

	for (int i = 0; i < USED_TRIES; i++) {
		if (quotactl_of(fd, Q_GETQUOTA, id, &q) < 0 || q.dqb_curinodes == 0)
			return false;
		(void)syncfs(fd);
		(void)poll(NULL, 0, USED_MS);
	}
	return true;
}

static int mark(int fd, uint32_t id, uint32_t flags, struct err *e)
{
	struct fsxattr x = { 0 };

	if (sys_ioctl(fd, FS_IOC_FSGETXATTR, &x) < 0)
		return err_sys(e, "read the project");
	if (x.fsx_projid == id && (x.fsx_xflags & flags_of_ours) == flags)
		return 0;
	x.fsx_projid = id;
	x.fsx_xflags = (x.fsx_xflags & ~flags_of_ours) | flags;
	return sys_ioctl(fd, FS_IOC_FSSETXATTR, &x) < 0 ? err_sys(e, "set the project") : 0;
}

static int keep_owner(int dirfd, const char *to, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (sys_fchownat(dirfd, to, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "keep the owner");
	if (!S_ISLNK(st->st_mode) && sys_fchmodat(dirfd, to, st->st_mode & 07777) < 0)
		return err_sys(e, "keep the mode");
	if (utimensat(dirfd, to, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "keep the time");
	return 0;
}

static int make_like(int dirfd, const char *name, const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n;

	if (!S_ISLNK(st->st_mode))
		return sys_mknodat(dirfd, AGAIN, st->st_mode & (S_IFMT | 0700), st->st_rdev) < 0
			       ? err_sys(e, "make it again")
			       : 0;
	n = readlinkat(dirfd, name, target, sizeof(target) - 1);
	if (n < 0)
		return err_sys(e, "read the link");
	target[n] = '\0';
	return sys_symlinkat(target, dirfd, AGAIN) < 0 ? err_sys(e, "make it again") : 0;
}

static int make_again(int dirfd, const char *name, const struct stat *st, struct err *e)
{
	int r;

	if (sys_unlinkat(dirfd, AGAIN, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", AGAIN);
	r = make_like(dirfd, name, st, e);
	if (r == 0)
		r = keep_owner(dirfd, AGAIN, st, e);
	if (r == 0 && sys_renameat2(dirfd, AGAIN, dirfd, name, 0) < 0)
		r = err_sys(e, "replace it");
	if (r < 0)
		(void)sys_unlinkat(dirfd, AGAIN, 0);
	return r;
}

struct walk {
	uint32_t id, flags; /* flags: of directories */
	dev_t dev;
};
static int walk_dir(const struct walk *w, int fd, int depth, struct err *e);

static int walk_entry(const struct walk *w, int dirfd, const char *name, int depth, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "examine it");
	if (st.st_dev != w->dev)
		return err_set(e, EXDEV, "it is on another file system");
	if (str_eq(name, AGAIN) && !S_ISDIR(st.st_mode)) /* what a kill has left */
		return sys_unlinkat(dirfd, name, 0) < 0 ? err_sys(e, "remove it") : 0;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return make_again(dirfd, name, &st, e);
	auto_close int fd = sys_openat(
		dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open it");
	if (!S_ISDIR(st.st_mode))
		return mark(fd, w->id, 0, e);
	if (depth >= DEPTH_MAX)
		return err_set(e, ELOOP, "directories are nested deeper than %d", DEPTH_MAX);
	int r = mark(fd, w->id, w->flags, e);

	return r < 0 ? r : walk_dir(w, fd, depth + 1, e);
}

/* The names first: what is made again would be met again. */
static int list(int fd, struct strv *ret, struct err *e)
{
	int own = sys_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = own < 0 ? NULL : fdopendir(own);

	if (!stream) {
		cleanup_close(&own);
		return err_sys(e, "read a directory");
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	(void)closedir(stream);
	return 0;
}

static int walk_dir(const struct walk *w, int fd, int depth, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = list(fd, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = walk_entry(w, fd, names.items[i], depth, e);
		if (r < 0)
			return err_wrap(e, "\"%s\"", names.items[i]);
	}
	return r;
}

/* Is it done already? */
static bool is_given(int fd, uint32_t id)
{
	struct fsxattr x = { 0 };

	return sys_ioctl(fd, FS_IOC_FSGETXATTR, &x) == 0 && x.fsx_projid == id &&
	       (id == 0 || (x.fsx_xflags & flags_of_ours) == FS_XFLAG_PROJINHERIT);
}

int project_give(int dirfd, const char *name, uint32_t id, struct err *e)
{
	auto_close int fd = file_open_dir(dirfd, name, e);
	struct walk w = { .id = id, .flags = id ? FS_XFLAG_PROJINHERIT : 0 };
	struct stat st;

	if (fd < 0)
		return fd;
	if (is_given(fd, id))
		return 0;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", name);
	w.dev = st.st_dev;
	int r = mark(fd, id ? id : project_of(fd), w.flags | FS_XFLAG_NODUMP, e);

	if (r == 0)
		r = walk_dir(&w, fd, 0, e);
	if (r == 0)
		r = mark(fd, id, w.flags, e);
	return r < 0 ? err_wrap(e, "count the files in \"%s\"", name) : 0;
}
