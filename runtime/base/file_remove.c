/* file_remove - remove a tree that may be hostile, with one open directory at a time.
 *
 * The walk keeps a stack of frames, one per level, each with the identity (device, inode) of its
 * directory and the names of the subdirectories still to remove. Only the deepest directory is
 * open. When it is empty we go up with openat("..") and compare what we find with the frame: a
 * directory that somebody moved away in the meantime stops the removal instead of leading it
 * elsewhere. Every directory entered must lie in the mount of the starting point. */
#include "runtime/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum {
	TOLD_EVERY = 256,      /* removed files */
	SUBVOLUME_INODE = 256, /* of the top of any subvolume of btrfs */
	SCANS_MAX = 100000
}; /* somebody who adds files faster than we remove them shall not keep us for ever */

struct place {
	dev_t dev;
	uint64_t ino;
	uint64_t mount;
	bool is_dir;
};

struct frame {
	struct place place;
	char *name;          /* in its parent */
	struct strv subdirs; /* seen and not yet removed; taken from the end */
	unsigned scans;
};

struct removal {
	const char *path; /* for messages */
	struct frame *stack;
	size_t depth; /* frames in use */
	int fd;       /* directory of the deepest frame */
	uint64_t mount;
	struct file_watch *watch; /* NULL: none */
};

static void removal_done(struct removal *r)
{
	for (size_t i = 0; i < r->depth; i++) {
		free(r->stack[i].name);
		strv_done(&r->stack[i].subdirs);
	}
	free(r->stack);
	fd_close(&r->fd);
}

static int look(int dirfd, const char *name, struct place *ret)
{
	struct statx st;
	int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);

	if (statx(dirfd, name, flags, STATX_TYPE | STATX_INO | STATX_MNT_ID, &st) < 0)
		return -1;
	ret->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	ret->ino = st.stx_ino;
	/* before Linux 5.8 the device must do: it misses bind mounts of the same file system */
	ret->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : ret->dev;
	ret->is_dir = S_ISDIR(st.stx_mode);
	return 0;
}

/* Take away what forbids removal although we own the object: immutable and append-only flags
 * and, for the rootless user, missing permission on a directory. Works on a descriptor that was
 * opened without following links. */
static void loosen_fd(int fd, bool is_dir)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
		flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
		(void)sys_ioctl(fd, FS_IOC_SETFLAGS,
				&flags); /* if it fails the removal fails again and is reported */
	}
	if (is_dir)
		(void)sys_fchmod(fd, 0700);
}

static void loosen_entry(const struct removal *r, int dirfd, const char *name)
{
	struct place p;
	struct stat st;

	if (dirfd == r->fd) /* never the directory that holds the tree: it stays */
		loosen_fd(dirfd, true);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return; /* opening a device or FIFO is never needed: they cannot carry these flags */
	auto_close int fd =
		openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && look(fd, "", &p) == 0 && p.ino == st.st_ino && p.dev == st.st_dev)
		loosen_fd(fd, p.is_dir);
}

/* A directory of ours without read permission (rootless): chmod through its O_PATH descriptor,
 * which cannot be swapped. */
static void loosen_closed_dir(int dirfd, const char *name)
{
	auto_close int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[32];

	if (fd < 0)
		return;
	path_of_fd(fd, path, sizeof(path));
	(void)sys_fchmodat(AT_FDCWD, path, 0700); /* opening it again tells whether it helped */
}

/* A subvolume of btrfs that is read-only: whoever has a directory may make one in it, and only this takes it back. If it fails the removal fails and is reported. */
static void loosen_subvolume(int fd)
{
	struct statfs fs;
	uint64_t flags = 0;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != BTRFS_SUPER_MAGIC ||
	    ioctl(fd, BTRFS_IOC_SUBVOL_GETFLAGS, &flags) < 0 || !(flags & BTRFS_SUBVOL_RDONLY))
		return;
	flags &= ~(uint64_t)BTRFS_SUBVOL_RDONLY;
	(void)sys_ioctl(fd, BTRFS_IOC_SUBVOL_SETFLAGS, &flags);
}

/* 0, as what came before. */
static int count(const struct removal *r)
{
	if (r->watch && ++r->watch->n % TOLD_EVERY == 0)
		r->watch->removed(r->watch->arg, r->watch->n);
	return 0;
}

/* unlink or rmdir; on a refusal that flags or modes may cause, loosen and try once more. 0 also
 * when it is gone. */
static int unlink_entry(const struct removal *r, int dirfd, const char *name, int flags,
			struct err *e)
{
	struct place p;

	if (sys_unlinkat(dirfd, name, flags) == 0 || errno == ENOENT)
		return count(r);
	if (errno == EPERM || errno == EACCES) {
		loosen_entry(r, dirfd, name);
		if (sys_unlinkat(dirfd, name, flags) == 0 || errno == ENOENT)
			return count(r);
	}
	int saved = errno;

	if (saved == EBUSY && look(dirfd, name, &p) == 0 && p.mount != r->mount)
		return err_set(e, EXDEV, "remove \"%s\": \"%s\" is a mount point", r->path, name);
	errno = saved;
	return err_sys(e, "remove \"%s\": \"%s\"", r->path, name);
}

/* Go down into a subdirectory of the current one (or into the start). */
static int descend(struct removal *r, int dirfd, char *name, struct err *e)
{
	int how = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	auto_free char *owned = name;
	auto_close int fd = sys_openat(dirfd, name, how, 0);
	struct place p;

	if (fd < 0 && errno == EACCES) {
		loosen_closed_dir(dirfd, name);
		fd = sys_openat(dirfd, name, how, 0);
	}
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || look(fd, "", &p) < 0)
		return err_sys(e, "remove \"%s\": open \"%s\"", r->path, name);
	if (p.mount != r->mount)
		return err_set(e, EXDEV, "remove \"%s\": \"%s\" is a mount point", r->path, name);
	if (p.ino == SUBVOLUME_INODE)
		loosen_subvolume(fd);
	if ((r->depth & (r->depth - 1)) == 0)
		r->stack = mem_grow(r->stack, r->depth ? r->depth * 2 : 1, sizeof(*r->stack));
	r->stack[r->depth++] = (struct frame){ .place = p, .name = ptr_steal(&owned) };
	fd_close(&r->fd);
	r->fd = fd_steal(&fd);
	return 0;
}

static bool entry_is_dir(int dirfd, const struct dirent *entry)
{
	struct place p;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return look(dirfd, entry->d_name, &p) == 0 && p.is_dir;
}

/* Remove the files of the current directory and note its subdirectories. Returns how many
 * entries there were. */
static int scan(struct removal *r, struct err *e)
{
	struct frame *top = &r->stack[r->depth - 1];
	int fd = openat(r->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int found = 0, result = 0;

	if (++top->scans > SCANS_MAX)
		result = err_set(e, ENOTEMPTY, "remove \"%s\": \"%s\" does not become empty",
				 r->path, top->name);

	if (!d) {
		result = err_sys(e, "remove \"%s\": read \"%s\"", r->path, top->name);
		cleanup_close(&fd);
		return result;
	}
	for (const struct dirent *entry = readdir(d); entry && result == 0; entry = readdir(d)) {
		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		found = 1;
		if (entry_is_dir(r->fd, entry))
			strv_add(&top->subdirs, entry->d_name);
		else
			result = unlink_entry(r, r->fd, entry->d_name, 0, e);
	}
	(void)closedir(d);
	return result < 0 ? result : found;
}

/* The current directory is empty: go up and remove it. `start` is the directory that holds the
 * whole tree. */
static int ascend(struct removal *r, int start, struct err *e)
{
	struct frame *top = &r->stack[r->depth - 1];
	struct place p;
	auto_free char *name = top->name;
	auto_close int up = -1;

	if (r->depth > 1) {
		up = sys_openat(r->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		if (up < 0 || look(up, "", &p) < 0) {
			top->name = ptr_steal(&name);
			return err_sys(e, "remove \"%s\": go back from \"%s\"", r->path, top->name);
		}
		if (p.dev != top[-1].place.dev || p.ino != top[-1].place.ino) {
			top->name = ptr_steal(&name);
			return err_set(e, ESTALE, "remove \"%s\": \"%s\" was moved meanwhile",
				       r->path, top->name);
		}
	}
	fd_close(&r->fd);
	r->fd = fd_steal(&up);
	strv_done(&top->subdirs);
	r->depth--;
	return unlink_entry(r, r->depth ? r->fd : start, name, AT_REMOVEDIR, e);
}

static int walk(struct removal *r, int start, struct err *e)
{
	int result = 0;

	while (r->depth > 0 && result >= 0) {
		struct strv *subdirs = &r->stack[r->depth - 1].subdirs;

		if (subdirs->n > 0) {
			char *name = subdirs->items[--subdirs->n];

			subdirs->items[subdirs->n] = NULL;
			result = descend(r, r->fd, name, e);
			continue;
		}
		/* Read again until nothing is found: some file systems skip entries while others
		 * are removed. */
		result = scan(r, e);
		if (result == 0)
			result = ascend(r, start, e);
	}
	return result < 0 ? result : 0;
}

int file_remove_tree(int dirfd, const char *path, struct err *e)
{
	return file_remove_tree_watched(dirfd, path, NULL, e);
}

int file_remove_tree_watched(int dirfd, const char *path, struct file_watch *w, struct err *e)
{
	auto_free char *copy = mem_strdup(path);
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	char *slash = strrchr(copy, '/');
	const char *name = slash ? slash + 1 : copy;

	if (str_empty(name) || str_eq(name, ".") || str_eq(name, ".."))
		return err_set(e, EINVAL, "remove \"%s\": this does not name a file", path);
	auto_free char *last = mem_strdup(name);

	if (slash)
		slash[slash == copy ? 1 : 0] = '\0';
	auto_close int start =
		sys_openat(dirfd, slash ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	struct place parent, p;

	if (start < 0)
		return errno == ENOENT ? 0 : err_sys(e, "remove \"%s\": open its directory", path);
	if (look(start, "", &parent) < 0)
		return err_sys(e, "remove \"%s\": examine its directory", path);
	auto_done(removal) struct removal r = {
		.path = path, .fd = -1, .mount = parent.mount, .watch = w
	};

	if (look(start, last, &p) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "remove \"%s\"", path);
	if (!p.is_dir)
		return unlink_entry(&r, start, last, 0, e);
	int result = descend(&r, start, ptr_steal(&last), e);

	return result < 0 ? result : walk(&r, start, e);
}
