/* copy - a directory tree, descriptor by descriptor. Every name is looked up in a directory that is already open and without following symlinks, on both sides, so
 * whoever changes the source meanwhile can change what is copied but not where it goes.
 *
 * Holes are found with SEEK_DATA; where the file system can share blocks (btrfs, XFS) nothing is copied at all. Hard links are found again by device and inode. */
#include "runtime/zone/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/tree_links.h"

enum { CHUNK = 256 * 1024, ATTRIBUTE_MAX = 65536 };

struct copy {
	struct tree_job *job;
	uint64_t mount;            /* of the source's top directory */
	uint64_t own_dev, own_ino; /* of the new root: it may not lie in the source */
	struct tree_links links;
	struct strbuf path; /* of the entry, below the root */
	char *chunk;
};

/* The first name of this file; NULL when this is the first, which is remembered. */
static const char *links_first(struct copy *c, const struct statx *st)
{
	return tree_links_first(&c->links, (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor,
				st->stx_ino, strbuf_text(&c->path));
}

static void copy_done(struct copy *c)
{
	tree_links_done(&c->links);
	free(c->chunk);
	strbuf_done(&c->path);
}

/* --- one file's data and attributes ------------------------------------------------------------------------------- */

static int copy_range(struct copy *c, int from, int to, off_t start, off_t end, struct err *e)
{
	if (lseek(from, start, SEEK_SET) < 0 || lseek(to, start, SEEK_SET) < 0)
		return err_sys(e, "seek");
	while (start < end) {
		size_t want = end - start < CHUNK ? (size_t)(end - start) : CHUNK;
		ssize_t n = sys_read(from, c->chunk, want);

		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			break; /* it was made shorter meanwhile */
		if (tree_reserve(c->job, (unsigned long long)n, e) < 0)
			return -e->code;
		for (ssize_t at = 0; at < n;) {
			ssize_t written = sys_write(to, c->chunk + at, (size_t)(n - at));

			if (written < 0)
				return err_sys(e, "write");
			at += written;
		}
		start += n;
		c->job->done += (unsigned long long)n;
		tree_progress(c->job, "copying");
	}
	return 0;
}

static int copy_data(struct copy *c, int from, int to, off_t size, struct err *e)
{
	off_t start = 0;
	int r = 0;

	if (size == 0)
		return 0;
	if (sys_ioctl(to, FICLONE, (void *)(intptr_t)from) == 0) {
		c->job->done += (unsigned long long)size;
		return 0;
	}
	if (sys_ftruncate(to, size) < 0)
		return err_sys(e, "set the size");
	while (r == 0 && start < size) {
		off_t data = lseek(from, start, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);

		if (data < 0 && errno == ENXIO)
			break;              /* a hole up to the end */
		if (data < 0 || hole < 0) { /* a file system that knows no holes */
			data = start;
			hole = size;
		}
		if (hole > size)
			hole = size;
		r = copy_range(c, from, to, data, hole, e);
		start = hole;
	}
	return r;
}

static int copy_attributes(struct copy *c, int from, int to, struct err *e)
{
	ssize_t n = flistxattr(from, NULL, 0);

	if (n == 0 || (n < 0 && errno == EOPNOTSUPP))
		return 0; /* most files have none */
	auto_free char *names = mem_array(1, ATTRIBUTE_MAX);

	n = flistxattr(from, names, ATTRIBUTE_MAX);
	if (n < 0)
		return err_sys(e, "list the attributes");
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1) {
		bool is_mark = str_has_prefix(names + at, "user.overlay.");

		if (!c->job->exact &&
		    (is_mark ? !c->job->is_top : !tree_wants_attribute(names + at)))
			continue;
		auto_free char *value = mem_array(1, ATTRIBUTE_MAX);
		ssize_t size = fgetxattr(from, names + at, value, ATTRIBUTE_MAX);

		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return err_sys(e, "read the attribute \"%s\"", names + at);
		if (tree_set_attribute(c->job, to, names + at, value, (size_t)size, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Owner first: changing it takes setuid bits and capabilities away. Times last. */
static int copy_properties(struct copy *c, int from, int to, const struct statx *st, struct err *e)
{
	struct timespec times[2] = {
		{ .tv_sec = st->stx_atime.tv_sec, .tv_nsec = st->stx_atime.tv_nsec },
		{ .tv_sec = st->stx_mtime.tv_sec, .tv_nsec = st->stx_mtime.tv_nsec },
	};

	if (sys_fchownat(to, "", st->stx_uid, st->stx_gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, "set the owner");
	if (sys_fchmod(to, st->stx_mode & 07777) < 0)
		return err_sys(e, "set the mode");
	if (copy_attributes(c, from, to, e) < 0)
		return -e->code;
	return futimens(to, times) < 0 ? err_sys(e, "set the times") : 0;
}

/* --- one entry ---------------------------------------------------------------------------------------------------- */

static int copy_dir(struct copy *c, int from, int to, int depth, struct err *e);

static int copy_file(struct copy *c, int from, int to, const char *name, const struct statx *st,
		     struct err *e)
{
	const char *first = st->stx_nlink > 1 ? links_first(c, st) : NULL;
	struct stat opened;

	if (first)
		return sys_linkat(c->job->root, first, to, name, 0) < 0
			       ? err_sys(e, "link to \"%s\"", first)
			       : 0;
	auto_close int in = sys_openat(
		from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (in < 0 || fstat(in, &opened) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(opened.st_mode) || opened.st_ino != st->stx_ino)
		return err_set(e, EAGAIN, "it was exchanged while it was being copied");
	auto_close int out =
		sys_openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (out < 0)
		return err_sys(e, "create");
	int r = copy_data(c, in, out, opened.st_size, e);

	return r < 0 ? r : copy_properties(c, in, out, st, e);
}

/* Owner and times of something that is not opened. */
static int copy_owner_and_times(int to, const char *name, const struct statx *st, struct err *e)
{
	struct timespec times[2] = {
		{ .tv_sec = st->stx_atime.tv_sec, .tv_nsec = st->stx_atime.tv_nsec },
		{ .tv_sec = st->stx_mtime.tv_sec, .tv_nsec = st->stx_mtime.tv_nsec },
	};

	if (sys_fchownat(to, name, st->stx_uid, st->stx_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner");
	if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the times");
	return 0;
}

static int copy_symlink(int from, int to, const char *name, const struct statx *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the symlink");
	target[n] = '\0';
	if (sys_symlinkat(target, to, name) < 0)
		return err_sys(e, "create the symlink");
	return copy_owner_and_times(to, name, st, e);
}

static int copy_fifo(int to, const char *name, const struct statx *st, struct err *e)
{
	if (sys_mkfifoat(to, name, 0600) < 0)
		return err_sys(e, "create the FIFO");
	if (copy_owner_and_times(to, name, st, e) < 0)
		return -e->code;
	return sys_fchmodat(to, name, st->stx_mode & 07777) < 0 ? err_sys(e, "set the mode") : 0;
}

static int copy_subdir(struct copy *c, int from, int to, const char *name, int depth, struct err *e)
{
	auto_close int in =
		sys_openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (in < 0)
		return err_sys(e, "open");
	if (depth >= TREE_DEPTH_MAX)
		return err_set(e, ELOOP, "directories are nested deeper than %d", TREE_DEPTH_MAX);
	if (sys_mkdirat(to, name, 0700) < 0)
		return err_sys(e, "create");
	auto_close int out =
		sys_openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return out < 0 ? err_sys(e, "open the copy") : copy_dir(c, in, out, depth + 1, e);
}

/* Devices and sockets: for a copy that is to be exact. */
static int copy_node(int to, const char *name, const struct statx *st, struct err *e)
{
	dev_t device = makedev(st->stx_rdev_major, st->stx_rdev_minor);

	if (sys_mknodat(to, name, (mode_t)(st->stx_mode & S_IFMT), device) < 0)
		return err_sys(e, "create the device or socket");
	if (copy_owner_and_times(to, name, st, e) < 0)
		return -e->code;
	return sys_fchmodat(to, name, st->stx_mode & 07777) < 0 ? err_sys(e, "set the mode") : 0;
}

static bool is_node(const struct statx *st)
{
	return S_ISCHR(st->stx_mode) || S_ISBLK(st->stx_mode) || S_ISSOCK(st->stx_mode);
}

/* A directory on which something is mounted becomes an empty one. */
static int copy_mount_point(struct copy *c, int to, const char *name, const struct statx *st,
			    struct err *e)
{
	c->job->skipped_mounts++;
	if (!S_ISDIR(st->stx_mode))
		return 0;
	return sys_mkdirat(to, name, 0755) < 0 ? err_sys(e, "create") : 0;
}

/* The mark of a name that was removed from the layers below. */
static int copy_removal(int to, const char *name, struct err *e)
{
	return sys_mknodat(to, name, S_IFCHR, 0) < 0 ? err_sys(e, "create the mark of a removal")
						     : 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, int depth, struct err *e)
{
	struct statx st;

	if (statx(from, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "examine");
	if (((uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor) == c->own_dev &&
	    st.stx_ino == c->own_ino)
		return err_set(e, EINVAL,
			       "is the zone's own root: a tree cannot be copied into itself");
	if (st.stx_mnt_id != c->mount)
		return copy_mount_point(c, to, name, &st, e);
	if (c->job->exact && is_node(&st))
		return copy_node(to, name, &st, e);
	if (c->job->is_top && S_ISCHR(st.stx_mode) && st.stx_rdev_major == 0 &&
	    st.stx_rdev_minor == 0)
		return copy_removal(to, name, e);
	if (S_ISCHR(st.stx_mode) || S_ISBLK(st.stx_mode)) {
		c->job->skipped_devices++;
		return 0;
	}
	if (S_ISSOCK(st.stx_mode)) {
		c->job->skipped_sockets++;
		return 0;
	}
	if (!c->job->exact && tree_check_owner(st.stx_uid, st.stx_gid, e) < 0)
		return -e->code;
	if (S_ISDIR(st.stx_mode))
		return copy_subdir(c, from, to, name, depth, e);
	if (S_ISLNK(st.stx_mode))
		return copy_symlink(from, to, name, &st, e);
	if (S_ISFIFO(st.stx_mode))
		return copy_fifo(to, name, &st, e);
	return copy_file(c, from, to, name, &st, e);
}

/* The contents of `from` into `to`, then the properties of `from` itself. An error says the path once, at the entry where it happened. */
static int copy_entries(struct copy *c, DIR *stream, int to, int depth, struct err *e)
{
	size_t mark = c->path.len;
	int r = 0;

	for (const struct dirent *entry = readdir(stream); entry && r == 0;
	     entry = readdir(stream)) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		strbuf_format(&c->path, "%s%s", mark ? "/" : "", entry->d_name);
		r = copy_entry(c, dirfd(stream), to, entry->d_name, depth, e);
		if (r < 0 && !strstr(e->text, "copy \"/"))
			(void)err_wrap(e, "copy \"/%s\"", strbuf_text(&c->path));
		c->path.len = mark;
		c->path.text[mark] = '\0';
	}
	return r;
}

static int copy_dir(struct copy *c, int from, int to, int depth, struct err *e)
{
	int again = sys_openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			       0); /* closed by closedir */
	DIR *stream = again < 0 ? NULL : fdopendir(again);
	struct statx st;

	if (!stream) {
		cleanup_close(&again);
		return err_sys(e, "open the directory");
	}
	int r = copy_entries(c, stream, to, depth, e);

	(void)closedir(stream);
	if (r < 0)
		return r;
	if (statx(from, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return err_sys(e, "examine the directory");
	return copy_properties(c, from, to, &st, e);
}

int tree_copy_open(struct tree_job *job, int from, const char *shown, struct err *e)
{
	auto_done(copy) struct copy c = { .job = job };
	auto_close int source = file_open_dir(from, ".", e); /* it may be but a path */
	struct statx st, own;

	if (source < 0)
		return source;
	if (statx(source, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0 ||
	    statx(job->root, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &own) < 0)
		return err_sys(e, "examine \"%s\"", shown);
	if (tree_check_owner(st.stx_uid, st.stx_gid, e) < 0)
		return err_wrap(e, "\"%s\"", shown);
	c.mount = st.stx_mnt_id;
	c.own_dev = (uint64_t)own.stx_dev_major << 32 | own.stx_dev_minor;
	c.own_ino = own.stx_ino;
	c.chunk = mem_array(1, CHUNK);
	int r = copy_dir(&c, source, job->root, 0, e);

	return r < 0 ? err_wrap(e, "\"%s\"", shown) : 0;
}

int tree_copy(struct tree_job *job, const char *from, struct err *e)
{
	auto_close int source = file_open_dir(AT_FDCWD, from, e);
	int r = source < 0 ? source : tree_copy_open(job, source, from, e);

	return r < 0 || job->exact ? r : tree_finish(job, e);
}

/* --- a single file ------------------------------------------------------------------------------------------------ */

int tree_copy_properties(struct tree_job *job, int from, int to, struct err *e)
{
	auto_done(copy) struct copy c = { .job = job };
	struct statx st;

	if (statx(from, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return err_sys(e, "examine");
	return copy_properties(&c, from, to, &st, e);
}

int tree_copy_file(struct tree_job *job, int from, int to, struct err *e)
{
	auto_done(copy) struct copy c = { .job = job };
	struct stat st;

	if (fstat(from, &st) < 0)
		return err_sys(e, "examine");
	c.chunk = mem_array(1, CHUNK);
	int r = copy_data(&c, from, to, st.st_size, e);

	return r < 0 ? r : tree_copy_properties(job, from, to, e);
}
