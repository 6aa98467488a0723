/* archive_entry - one entry of an archive becomes one file. What is decided here is written down at the head of archive.c.
 *
 * Order for each file: make it under a name that is free, owner (changing it takes setuid bits and capabilities away), mode, attributes, times. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"
#include "runtime/zone/archive_acl.h"
#include "runtime/zone/libarchive.h"

enum {
	ATTRIBUTE_MAX = 65536,
	DIRS_MAX =
		64
		<< 20 /* bytes of remembered directories: an archive can name the same one again and again */
};

/* The place of the entry that is being made. */
struct place {
	const char *name; /* clean, below the root */
	const char *last;
	int parent;
};

static struct timespec mtime_of(struct archive_entry *entry)
{
	struct timespec t = { .tv_nsec = UTIME_NOW };

	if (libarchive()->archive_entry_mtime_is_set(entry)) {
		t.tv_sec = libarchive()->archive_entry_mtime(entry);
		t.tv_nsec = libarchive()->archive_entry_mtime_nsec(entry);
	}
	return t;
}

static int set_attributes(struct extract *x, struct archive_entry *entry, int fd, struct err *e)
{
	const char *name;
	const void *value;
	size_t size;

	(void)libarchive()->archive_entry_xattr_reset(entry); /* the number is of no interest */
	while (libarchive()->archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		if (!name || !tree_wants_attribute(name))
			continue;
		if (size > ATTRIBUTE_MAX)
			return err_set(e, E2BIG, "an attribute of %zu bytes", size);
		if (tree_set_attribute(x->job, fd, name, value, size, e) < 0)
			return -e->code;
	}
	return archive_acl_set(x->job, entry, fd, e);
}

/* Owner, mode, attributes and time of an open file or directory. */
static int set_properties(struct extract *x, struct archive_entry *entry, int fd, struct err *e)
{
	struct timespec times[2] = { mtime_of(entry), mtime_of(entry) };

	if (sys_fchownat(fd, "", (uid_t)libarchive()->archive_entry_uid(entry),
			 (gid_t)libarchive()->archive_entry_gid(entry), AT_EMPTY_PATH) < 0)
		return err_sys(e, "set the owner");
	if (sys_fchmod(fd, libarchive()->archive_entry_perm(entry) & 07777) < 0)
		return err_sys(e, "set the mode");
	if (set_attributes(x, entry, fd, e) < 0)
		return -e->code;
	(void)futimens(fd, times); /* out of the file system's range: not worth failing for */
	return 0;
}

/* Make the name free. Only something that holds nothing else may be replaced. */
static int clear_name(const struct place *p, struct err *e)
{
	struct stat st;

	if (fstatat(p->parent, p->last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "examine");
	if (!S_ISDIR(st.st_mode))
		return sys_unlinkat(p->parent, p->last, 0) < 0
			       ? err_sys(e, "replace what came before")
			       : 0;
	if (sys_unlinkat(p->parent, p->last, AT_REMOVEDIR) < 0)
		return err_sys(e, "replace the directory of the same name");
	return 0;
}

/* --- data --------------------------------------------------------------------------------------------------------- */

static int write_at(int fd, const char *data, size_t n, off_t at, struct err *e)
{
	if (lseek(fd, at, SEEK_SET) < 0)
		return err_sys(e, "go to byte %lld", (long long)at);
	while (n > 0) {
		ssize_t written = sys_write(fd, data, n);

		if (written < 0)
			return err_sys(e, "write");
		data += written;
		n -= (size_t)written;
	}
	return 0;
}

/* Blocks come with their offsets, so holes stay holes. A declared size binds: nothing may lie behind it. */
static int write_data(struct extract *x, struct archive_entry *entry, int fd, struct err *e)
{
	bool has_size = libarchive()->archive_entry_size_is_set(entry);
	int64_t size = has_size ? libarchive()->archive_entry_size(entry) : 0;
	const void *block;
	size_t n;
	la_int64_t at;
	int r;

	while ((r = libarchive()->archive_read_data_block(x->reader, &block, &n, &at)) !=
	       ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return archive_error(x->reader, "its data cannot be read", e);
		if (at < 0 || (has_size && (at > size || (int64_t)n > size - at)))
			return err_set(e, EINVAL, "it has data outside its size");
		if (tree_reserve(x->job, n, e) < 0 || write_at(fd, block, n, (off_t)at, e) < 0)
			return -e->code;
		archive_progress(x);
	}
	if (has_size && sys_ftruncate(fd, (off_t)size) < 0)
		return err_sys(e, "set the size to %lld", (long long)size);
	return 0;
}

static int check_size(const struct extract *x, struct archive_entry *entry, struct err *e)
{
	if (!libarchive()->archive_entry_size_is_set(entry))
		return 0;
	int64_t size = libarchive()->archive_entry_size(entry);

	if (size < 0)
		return err_set(e, EINVAL, "it has a negative size");
	if (libarchive()->archive_entry_sparse_count(entry) > 0)
		return 0; /* mostly holes; what is not is counted as it is written */
	return size < (1 << 20) ? 0 : tree_fits(x->job, (unsigned long long)size, e);
}

/* --- kinds -------------------------------------------------------------------------------------------------------- */

static int make_regular(struct extract *x, struct archive_entry *entry, const struct place *p,
			struct err *e)
{
	int r = check_size(x, entry, e);

	if (r == 0)
		r = clear_name(p, e);
	if (r < 0)
		return r;
	auto_close int fd = sys_openat(p->parent, p->last,
				       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_sys(e, "create");
	r = write_data(x, entry, fd, e);
	return r < 0 ? r : set_properties(x, entry, fd, e);
}

int archive_remember_dir(struct extract *x, const char *name, struct timespec mtime, struct err *e)
{
	x->dirs_size += sizeof(*x->dirs) + strlen(name) + 1;
	if (x->dirs_size > DIRS_MAX)
		return err_set(e, E2BIG,
			       "the names of the directories alone are more than %d bytes",
			       DIRS_MAX);
	x->dirs = mem_grow(x->dirs, x->n_dirs + 1, sizeof(*x->dirs));
	x->dirs[x->n_dirs++] = (struct extract_dir){ .path = mem_strdup(name), .mtime = mtime };
	return 0;
}

static int make_dir(struct extract *x, struct archive_entry *entry, const struct place *p,
		    struct err *e)
{
	struct stat st;
	bool there = fstatat(p->parent, p->last, &st, AT_SYMLINK_NOFOLLOW) == 0;
	bool opaque = x->layer && archive_is_whiteout(p->parent, p->last);

	if (there && !S_ISDIR(st.st_mode) && clear_name(p, e) < 0)
		return -e->code;
	if ((!there || !S_ISDIR(st.st_mode)) && sys_mkdirat(p->parent, p->last, 0700) < 0)
		return err_sys(e, "create the directory");
	auto_close int fd =
		sys_openat(p->parent, p->last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open the directory");
	if (opaque && archive_make_opaque(fd, e) < 0)
		return -e->code;
	if (archive_remember_dir(x, p->name, mtime_of(entry), e) < 0)
		return -e->code;
	return set_properties(x, entry, fd, e);
}

/* Owner and time of something that is not opened. */
static int set_owner_and_time(struct archive_entry *entry, const struct place *p, struct err *e)
{
	struct timespec times[2] = { mtime_of(entry), mtime_of(entry) };

	if (sys_fchownat(p->parent, p->last, (uid_t)libarchive()->archive_entry_uid(entry),
			 (gid_t)libarchive()->archive_entry_gid(entry), AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner");
	(void)utimensat(p->parent, p->last, times, AT_SYMLINK_NOFOLLOW); /* not worth failing for */
	return 0;
}

static int make_symlink(struct archive_entry *entry, const struct place *p, struct err *e)
{
	const char *target = libarchive()->archive_entry_symlink(entry);

	if (str_empty(target) || strlen(target) >= PATH_MAX)
		return err_set(e, EINVAL, "the symlink has no target that the kernel takes");
	if (clear_name(p, e) < 0)
		return -e->code;
	if (sys_symlinkat(target, p->parent, p->last) < 0)
		return err_sys(e, "create the symlink");
	return set_owner_and_time(entry, p, e);
}

static int make_fifo(struct archive_entry *entry, const struct place *p, struct err *e)
{
	if (clear_name(p, e) < 0)
		return -e->code;
	if (sys_mkfifoat(p->parent, p->last, 0600) < 0)
		return err_sys(e, "create the FIFO");
	if (set_owner_and_time(entry, p, e) < 0)
		return -e->code;
	if (sys_fchmodat(p->parent, p->last, libarchive()->archive_entry_perm(entry) & 07777) < 0)
		return err_sys(e, "set the mode");
	return 0;
}

/* Some cpio and tar writers put the data behind the last name of a file. */
static int fill_link(struct extract *x, struct archive_entry *entry, const struct place *p,
		     struct err *e)
{
	if (!libarchive()->archive_entry_size_is_set(entry) ||
	    libarchive()->archive_entry_size(entry) <= 0)
		return 0;
	int r = check_size(x, entry, e);
	auto_close int fd =
		r < 0 ? -1
		      : sys_openat(p->parent, p->last,
				   O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_sys(e, "open the link");
	r = write_data(x, entry, fd, e);
	return r < 0 ? r : set_properties(x, entry, fd, e);
}

/* The target is a name in the archive, looked up like any other: below the root, through no symlink, and it must be a plain file that is there already. */
static int make_hardlink(struct extract *x, struct archive_entry *entry, const char *name,
			 struct err *e)
{
	auto_free char *target = archive_place(x, libarchive()->archive_entry_hardlink(entry), e);
	struct place p = { .name = name };
	const char *last;
	struct stat st;

	if (!target)
		return err_wrap(e, "the target of the hard link");
	if (str_empty(target) || str_eq(target, name))
		return err_set(e, EINVAL, "a hard link to itself or to the root");
	int from = archive_parent(x, target, false, &last, e);

	if (x->layer &&
	    (from == -ENOENT || (from >= 0 && fstatat(from, last, &st, AT_SYMLINK_NOFOLLOW) < 0))) {
		if (archive_copy_up(x, target, e) < 0)
			return err_wrap(e, "the target \"%.60s\" of the hard link", target);
		from = archive_parent(x, target, false, &last, e);
	}
	if (from < 0)
		return err_wrap(e, "the target \"%.60s\" of the hard link", target);
	if (fstatat(from, last, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "the target \"%.60s\" of the hard link", target);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL,
			       "the target \"%.60s\" of the hard link is not a regular file",
			       target);
	auto_close int held =
		fcntl(from, F_DUPFD_CLOEXEC, 3); /* the next lookup takes the cached one */

	if (held < 0)
		return err_sys(e, "duplicate a descriptor");
	p.parent = archive_parent(x, name, true, &p.last, e);
	if (p.parent < 0)
		return p.parent;
	if (clear_name(&p, e) < 0)
		return -e->code;
	if (sys_linkat(held, last, p.parent, p.last, 0) < 0)
		return err_sys(e, "link to \"%.60s\"", target);
	return fill_link(x, entry, &p, e);
}

/* "./" or "/": the properties of the root itself. */
static int set_root(struct extract *x, struct archive_entry *entry, struct err *e)
{
	if (libarchive()->archive_entry_hardlink(entry) ||
	    libarchive()->archive_entry_filetype(entry) != AE_IFDIR)
		return err_set(e, EINVAL, "the root is not a directory in this archive");
	if (archive_remember_dir(x, "", mtime_of(entry), e) < 0)
		return -e->code;
	return set_properties(x, entry, x->job->root, e);
}

/* --- one entry ---------------------------------------------------------------------------------------------------- */

static int make_entry(struct extract *x, struct archive_entry *entry, const char *name,
		      struct err *e)
{
	struct place p = { .name = name };

	switch (libarchive()->archive_entry_filetype(entry)) {
	case AE_IFCHR:
	case AE_IFBLK:
		x->job->skipped_devices++;
		return 0;
	case AE_IFSOCK:
		x->job->skipped_sockets++;
		return 0;
	default:
		break;
	}
	p.parent = archive_parent(x, name, true, &p.last, e);
	if (p.parent < 0)
		return p.parent;
	switch (libarchive()->archive_entry_filetype(entry)) {
	case AE_IFREG:
		return make_regular(x, entry, &p, e);
	case AE_IFDIR:
		return make_dir(x, entry, &p, e);
	case AE_IFLNK:
		return make_symlink(entry, &p, e);
	case AE_IFIFO:
		return make_fifo(entry, &p, e);
	default:
		return err_set(e, EINVAL, "it is of an unknown type");
	}
}

int archive_extract_entry(struct extract *x, struct archive_entry *entry, struct err *e)
{
	const char *given = libarchive()->archive_entry_pathname(entry);

	if (str_empty(given))
		return archive_error(x->reader, "it has no name that can be read", e);
	if (libarchive()->archive_entry_is_encrypted(entry))
		return err_set(e, EINVAL, "it is encrypted");
	auto_free char *name = archive_place(x, given, e);

	if (!name)
		return -e->code;
	if (tree_check_owner(libarchive()->archive_entry_uid(entry),
			     libarchive()->archive_entry_gid(entry), e) < 0)
		return -e->code;
	if (str_empty(name))
		return set_root(x, entry, e);
	if (x->layer) {
		int r = archive_whiteout(x, name, e);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (libarchive()->archive_entry_hardlink(entry))
		return make_hardlink(x, entry, name, e);
	return make_entry(x, entry, name, e);
}
