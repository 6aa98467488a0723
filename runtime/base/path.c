/* path - every lookup is one openat2(2) that the kernel confines to the root; creating is done
 * element by element in directories that such a lookup opened, so nothing that a zone does in
 * between can move it elsewhere. */
#include "runtime/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum {
	RACE_RETRIES =
		128, /* RESOLVE_IN_ROOT answers EAGAIN when a rename ran beside the lookup of ".." */
	LINKS_MAX = 40, /* as the kernel's */
	DIR_MODE = 0755,
	FILE_MODE = 0644,
};

/* path_open without a sentence: -1 and errno. */
static int lookup(int root, const char *path, int flags, mode_t mode, uint64_t extra)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY)),
		.mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | extra,
	};
	int fd = -1;

	for (int i = 0; i < RACE_RETRIES; i++) {
		fd = sys_openat2(root, *path ? path : ".", &how);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

int path_open(int root, const char *path, int flags, mode_t mode, uint64_t extra_resolve,
	      struct err *e)
{
	int fd = lookup(root, path, flags, mode, extra_resolve);

	return fd < 0 ? err_sys(e, "open \"%s\" below the root", path) : fd;
}

int path_open_dir(int root, const char *path, struct err *e)
{
	return path_open(root, path, O_PATH | O_DIRECTORY, 0, 0, e);
}

static int check_regular(int fd, const char *path, size_t max, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a regular file", path);
	if (st.st_size > 0 && (uintmax_t)st.st_size > max)
		return err_set(e, EFBIG, "\"%s\" is larger than %zu bytes", path, max);
	return 0;
}

/* What looks like a regular file there is a door into the kernel: /proc/kmsg takes messages away from the host's log and opens for us because we are privileged. */
static int check_not_kernel(int fd, const char *path, struct err *e)
{
	static const long magics[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
				       CGROUP2_SUPER_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return err_sys(e, "examine \"%s\"", path);
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if ((long)fs.f_type == magics[i])
			return err_set(e, EINVAL, "\"%s\" is not a regular file", path);
	}
	return 0;
}

static int check_file(int fd, const char *path, size_t max, struct err *e)
{
	int r = check_regular(fd, path, max, e);

	return r < 0 ? r : check_not_kernel(fd, path, e);
}

int path_open_regular(int root, const char *path, size_t max, struct err *e)
{
	/* Look before opening: to open a device can have effects. The second check is for those
	 * who swap in between. */
	auto_close int there = path_open(root, path, O_PATH, 0, 0, e);
	int r = there < 0 ? there : check_file(there, path, max, e);

	if (r < 0)
		return r;
	auto_close int fd = path_open(root, path, O_RDONLY | O_NONBLOCK, 0, 0, e);

	r = fd < 0 ? fd : check_file(fd, path, max, e);
	return r < 0 ? r : fd_steal(&fd);
}

int path_read_regular(int root, const char *path, size_t max, char **ret, size_t *ret_len,
		      struct err *e)
{
	auto_close int fd = path_open_regular(root, path, max, e);

	if (fd < 0)
		return fd;
	int r = file_read_fd(fd, max, ret, ret_len, e);

	return r < 0 ? err_wrap(e, "\"%s\"", path) : 0;
}

/* --- creating --------------------------------------------------------------------------------- */

/* Cut the last element off the first *len bytes of path; false when nothing is left to cut. */
static bool cut_last(const char *path, size_t *len)
{
	size_t n = *len;

	while (n > 0 && path[n - 1] == '/')
		n--;
	if (n == 0)
		return false;
	while (n > 0 && path[n - 1] != '/')
		n--;
	*len = n;
	return true;
}

/* Open the longest part of path that exists. *ret_len: how many bytes of path it covers. */
static int open_existing(int root, const char *path, uint64_t extra, size_t *ret_len, struct err *e)
{
	size_t len = strlen(path);

	for (;;) {
		auto_free char *prefix = mem_strndup(path, len);
		int fd = lookup(root, prefix, O_PATH | O_DIRECTORY, 0, extra);

		if (fd >= 0) {
			*ret_len = len;
			return fd;
		}
		if (errno != ENOENT || !cut_last(path, &len))
			return err_sys(e, "open \"%s\" below the root", prefix);
	}
}

/* Enter `name` below dir, making it if it is missing. What is there must be a directory, not a
 * link to one: the links of the existing part are resolved already, so this one is dangling or
 * was put there meanwhile. */
static int enter_or_make(int dir, const char *name, mode_t mode, struct err *e)
{
	if (sys_mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return err_sys(e, "create the directory \"%s\"", name);
	int fd = sys_openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(e, ENOTDIR, "\"%s\" is there and is not a directory", name);
	return fd < 0 ? err_sys(e, "open the new directory \"%s\"", name) : fd;
}

/* True when `rest` consists of names only: ".." behind something that does not exist means
 * nothing. */
static bool is_plain(const char *rest)
{
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, rest, '/');
	return !strv_has(&parts, "..");
}

static int make_rest(int existing, const char *rest, mode_t mode, struct err *e)
{
	auto_close int dir = existing; /* taken over */
	auto_done(strv) struct strv parts = { 0 };

	strv_split(&parts, rest, '/');
	for (size_t i = 0; i < parts.n; i++) {
		if (str_empty(parts.items[i]) || str_eq(parts.items[i], "."))
			continue;
		int next = enter_or_make(dir, parts.items[i], mode, e);

		if (next < 0)
			return next;
		fd_close(&dir);
		dir = next;
	}
	return fd_steal(&dir);
}

static int mkdir_p(int root, const char *path, mode_t mode, uint64_t extra, struct err *e)
{
	size_t len = 0;
	auto_close int dir = open_existing(root, path, extra, &len, e);

	if (dir < 0)
		return dir;
	if (!is_plain(path + len))
		return err_set(e, EINVAL,
			       "create \"%s\": \"..\" follows a directory that does not exist",
			       path);
	int r = make_rest(fd_steal(&dir), path + len, mode, e);

	return r < 0 ? err_wrap(e, "create \"%s\"", path) : r;
}

int path_mkdir_p(int root, const char *path, mode_t mode, struct err *e)
{
	return mkdir_p(root, path, mode, 0, e);
}

int path_open_parent_by(int root, const char *path, mode_t mkdir_mode, uint64_t extra_resolve,
			char **ret_last, struct err *e)
{
	size_t end = strlen(path);

	while (end > 0 && path[end - 1] == '/')
		end--;
	size_t start = end;

	while (start > 0 && path[start - 1] != '/')
		start--;
	auto_free char *last = mem_strndup(path + start, end - start);
	auto_free char *parent = mem_strndup(path, start);

	if (str_empty(last) || str_eq(last, ".") || str_eq(last, ".."))
		return err_set(e, EINVAL, "\"%s\" does not end in a name", path);
	int fd = mkdir_mode ? mkdir_p(root, parent, mkdir_mode, extra_resolve, e)
			    : path_open(root, parent, O_PATH | O_DIRECTORY, 0, extra_resolve, e);

	if (fd >= 0)
		*ret_last = ptr_steal(&last);
	return fd;
}

int path_open_parent(int root, const char *path, mode_t mkdir_mode, char **ret_last, struct err *e)
{
	return path_open_parent_by(root, path, mkdir_mode, 0, ret_last, e);
}

static int check_kind(int fd, const char *path, bool dir, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", path);
	if (dir && !S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "\"%s\" is not a directory", path);
	if (!dir && S_ISDIR(st.st_mode))
		return err_set(e, EISDIR, "\"%s\" is a directory", path);
	return 0;
}

static int make_file(int root, const char *path, struct err *e)
{
	auto_free char *last = NULL;
	auto_close int parent = path_open_parent(root, path, DIR_MODE, &last, e);

	if (parent < 0)
		return parent;
	/* mknod never follows a link, not even a dangling one */
	if (sys_mknodat(parent, last, S_IFREG | FILE_MODE, 0) < 0 && errno != EEXIST)
		return err_sys(e, "create \"%s\"", path);
	auto_close int fd = sys_openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open the new file \"%s\"", path);
	int r = check_regular(fd, path, SIZE_MAX, e);

	return r < 0 ? r : fd_steal(&fd);
}

int path_open_target(int root, const char *path, bool dir, bool *ret_created, struct err *e)
{
	auto_close int fd = lookup(root, path, O_PATH, 0, 0);
	bool created = fd < 0;

	if (fd < 0 && errno != ENOENT)
		return err_sys(e, "open \"%s\" below the root", path);
	if (created)
		fd = dir ? path_mkdir_p(root, path, DIR_MODE, e) : make_file(root, path, e);
	if (fd < 0)
		return fd;
	int r = check_kind(fd, path, dir, e);

	if (r < 0)
		return r;
	if (ret_created)
		*ret_created = created;
	return fd_steal(&fd);
}

int path_replace_file(int root, const char *path, const void *data, size_t n, mode_t mode,
		      struct err *e)
{
	auto_free char *last = NULL;
	auto_close int parent = path_open_parent(root, path, 0, &last, e);
	int r = parent < 0 ? parent : file_replace(parent, last, data, n, mode, e);

	return r < 0 && parent >= 0 ? err_wrap(e, "\"%s\"", path) : r;
}

/* --- of the host ------------------------------------------------------------------------------ */

struct way {
	const char *path; /* as it was given, for the sentences */
	int at;           /* O_PATH, a directory */
	bool is_roots;    /* whose links are followed there */
	struct strbuf rest;
	int links;
};

/* Down into a directory, which takes `fd` over. What a zone may write to need not be shut where nobody's set-user-ID programs count. */
static int way_enter(struct way *w, int fd, struct err *e)
{
	struct stat above, st;
	struct statvfs fs;
	bool was_shut =
		w->at >= 0 && (fstat(w->at, &above) < 0 || !(above.st_mode & (S_IXGRP | S_IXOTH)));

	fd_close(&w->at);
	w->at = fd;
	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return err_sys(e, "examine \"%s\"", w->path);
	w->is_roots = w->is_roots && !was_shut && !(fs.f_flag & (ST_NOSUID | ST_NOEXEC)) &&
		      st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH));
	return 0;
}

static int way_begin(struct way *w, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	fd_close(&w->at);
	w->is_roots = true;
	return fd < 0 ? err_sys(e, "open \"/\"") : way_enter(w, fd, e);
}

/* The link `name` was met: what it says comes before the rest. */
static int way_follow(struct way *w, const char *name, const char *target, struct err *e)
{
	auto_free char *rest = strbuf_steal(&w->rest);

	if (!w->is_roots)
		return err_set(
			e, EPERM,
			"\"%s\" leads over the link \"%s\", which others than the host's root may have made: name what it leads to",
			w->path, name);
	if (++w->links > LINKS_MAX)
		return err_set(e, ELOOP, "\"%s\" leads over more than %d links", w->path,
			       LINKS_MAX);
	strbuf_format(&w->rest, "%s/%s", target, rest);
	return *target == '/' ? way_begin(w, e) : 0;
}

/* One element. *ret: what it is, when it is the last one. */
static int way_step(struct way *w, int *ret, struct err *e)
{
	char target[PATH_MAX] = "";
	const char *text = strbuf_text(&w->rest);
	const char *begin = text + strspn(text, "/");
	size_t n = strcspn(begin, "/");
	auto_free char *name = mem_strndup(begin, n);
	auto_free char *rest = mem_strdup(begin + n);
	bool is_last = rest[strspn(rest, "/")] == '\0';
	struct stat st;

	strbuf_clear(&w->rest);
	strbuf_add(&w->rest, rest);
	ssize_t length = str_empty(name) ? -1 : readlinkat(w->at, name, target, sizeof(target) - 1);

	if (length >= 0)
		return way_follow(w, name, target, e);
	auto_close int fd =
		sys_openat(w->at, str_empty(name) ? "." : name,
			   O_PATH | O_NOFOLLOW | O_CLOEXEC | (is_last ? 0 : O_DIRECTORY), 0);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open \"%s\"", w->path);
	if (S_ISLNK(st.st_mode))
		return err_set(e, EAGAIN, "\"%s\" changes while it is opened", w->path);
	if (is_last)
		*ret = fd_steal(&fd);
	return is_last ? 0 : way_enter(w, fd_steal(&fd), e);
}

int path_open_host(const char *path, struct err *e)
{
	struct way w = { .path = path, .at = -1 };
	int fd = -1, r = way_begin(&w, e);

	strbuf_add(&w.rest, path);
	while (r == 0 && fd < 0)
		r = way_step(&w, &fd, e);
	fd_close(&w.at);
	strbuf_done(&w.rest);
	return r < 0 ? r : fd;
}

/* --- text ------------------------------------------------------------------------------------- */

void path_of_fd(int fd, char *buf, size_t size)
{
	(void)snprintf(buf, size, "/proc/self/fd/%d", fd);
}

char *path_clean(const char *path)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_done(strv) struct strv kept = { 0 };
	auto_free char *joined = NULL;

	strv_split(&parts, path, '/');
	for (size_t i = 0; i < parts.n; i++) {
		const char *part = parts.items[i];

		if (str_empty(part) || str_eq(part, "."))
			continue;
		if (!str_eq(part, ".."))
			strv_add(&kept, part);
		else if (kept.n > 0)
			strv_remove(&kept, kept.n - 1);
	}
	joined = strv_join(&kept, "/");
	return mem_format("/%s", joined);
}

bool path_is_clean(const char *path)
{
	if (path[0] != '/')
		return false;
	auto_free char *clean = path_clean(path);

	return str_eq(clean, path);
}
