/* file - whole files in, whole files out; never a half-written one.
 *
 * A temporary of file_replace() is held under flock(2) while it is being written, so that the
 * sweeper can tell a leftover of a crash from one in use. Removing trees has a file of its own:
 * file_remove.c. */
#include "runtime/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { RANDOM_LETTERS = 6, LOCK_POLL_MS = 20, LOCK_REOPENS = 100 };

static const char temporary_suffix[] = ".tmp";

/* --- reading and writing ---------------------------------------------------------------------- */

/* The whole size has been read: no further call is needed to see the end. 0: the size is not known, as of the kernel's files. */
static int file_read_sized(int fd, off_t size, size_t max, char **ret, size_t *ret_len,
			   struct err *e)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	char chunk[4096];

	while (size <= 0 || b.len != (size_t)size) {
		ssize_t n = sys_read(fd, chunk, sizeof(chunk));

		if (n < 0)
			return err_sys(e, "read the file");
		if (n == 0)
			break;
		if ((size_t)n > max - b.len)
			return err_set(e, EFBIG, "the file is larger than %zu bytes", max);
		strbuf_add_bytes(&b, chunk, (size_t)n);
	}
	if (ret_len)
		*ret_len = b.len;
	*ret = strbuf_steal(&b);
	return 0;
}

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len, struct err *e)
{
	return file_read_sized(fd, 0, max, ret, ret_len, e);
}

int file_read_all(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len,
		  struct err *e)
{
	auto_close int fd =
		sys_openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a regular file", path);
	int r = file_read_sized(fd, st.st_size, max, ret, ret_len, e);

	return r < 0 ? err_wrap(e, "\"%s\"", path) : 0;
}

int file_write_fd(int fd, const char *text, const char *what, struct err *e)
{
	size_t n = strlen(text);
	ssize_t written = sys_write(fd, text, n);
	int shown = (int)strcspn(text, "\n"); /* one line is enough to recognise it */

	if (shown > 80)
		shown = 80;
	if (written < 0)
		return err_sys(e, "write \"%.*s\" to \"%s\"", shown, text, what);
	if ((size_t)written != n)
		return err_set(e, EIO, "write \"%.*s\" to \"%s\": only a part was taken", shown,
			       text, what);
	return 0;
}

int file_write_kernel(int dirfd, const char *path, const char *text, struct err *e)
{
	auto_close int fd = sys_openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);

	if (fd < 0)
		return err_sys(e, "open \"%s\" for writing", path);
	return file_write_fd(fd, text, path, e);
}

/* --- replacing -------------------------------------------------------------------------------- */

/* Open the directory that holds `path`; *ret_name points at the last element inside `path`. When
 * there is no slash the answer is a duplicate of dirfd. */
static int open_parent(int dirfd, const char *path, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = NULL;

	*ret_name = slash ? slash + 1 : path;
	if (str_empty(*ret_name) || str_eq(*ret_name, ".") || str_eq(*ret_name, ".."))
		return err_set(e, EINVAL, "\"%s\" does not name a file", path);
	if (!slash)
		dir = mem_strdup(".");
	else
		dir = slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
	int fd = sys_openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open the directory of \"%s\"", path) : fd;
}

/* ".NAME.XXXXXX.tmp"; a long NAME is shortened so that the whole stays a valid file name. */
static char *temporary_name(const char *name, bool first)
{
	if (first) /* the same one each time: what a killed writer leaves, its successor finds */
		return mem_format(".%.200s.000000%s", name, temporary_suffix);
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char noise[RANDOM_LETTERS] = { 0 };
	char word[RANDOM_LETTERS + 1] = "";

	(void)!getrandom(noise, sizeof(noise), GRND_NONBLOCK); /* uniqueness comes from O_EXCL */
	for (size_t i = 0; i < RANDOM_LETTERS; i++)
		word[i] = letters[noise[i] % (sizeof(letters) - 1)];
	return mem_format(".%.200s.%s%s", name, word, temporary_suffix);
}

static bool is_temporary_name(const char *name)
{
	size_t len = strlen(name);
	size_t tail = 1 + RANDOM_LETTERS + sizeof(temporary_suffix) - 1;

	return name[0] == '.' && len > tail + 1 && str_has_suffix(name, temporary_suffix) &&
	       name[len - tail] == '.';
}

/* Remove one leftover unless its writer still holds it. */
static void sweep(int dir, const char *name)
{
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)sys_unlinkat(dir, name, 0); /* harmless if it stays */
}

/* Lock a temporary that was just made. False when somebody has taken it for a leftover before it was locked. On a file system without locks nobody does. */
static bool temporary_hold(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK;
	return fstat(fd, &st) < 0 || st.st_nlink > 0;
}

/* Create the temporary in `dir`, locked. Returns its descriptor. The first name is always the same: a leftover of a writer that was killed goes when its
 * file is written again, so there is never more than one. */
static int temporary_open(int dir, const char *name, char **ret_name, struct err *e)
{
	for (int tries = 0; tries < 100; tries++) {
		auto_free char *temporary = temporary_name(name, tries < 2);
		auto_close int fd = sys_openat(
			dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0 && errno != EEXIST)
			return err_sys(e, "create a temporary file for \"%s\"", name);
		if (fd < 0 && tries == 0)
			sweep(dir, temporary);
		if (fd < 0 || !temporary_hold(fd))
			continue;
		*ret_name = mem_strdup(temporary);
		return fd_steal(&fd);
	}
	return err_set(e, EEXIST, "create a temporary file for \"%s\": no free name", name);
}

static int write_whole(int fd, const void *data, size_t n, struct err *e)
{
	const char *p = data;

	while (n > 0) {
		ssize_t r = sys_write(fd, p, n);

		if (r < 0)
			return err_sys(e, "write");
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

static int temporary_fill(int fd, const void *data, size_t n, unsigned mode, struct err *e)
{
	if (write_whole(fd, data, n, e) < 0)
		return -e->code;
	if (sys_fchmod(fd, mode & 07777) < 0)
		return err_sys(e, "set its mode");
	if ((mode & FILE_DURABLE) && sys_fsync(fd) < 0)
		return err_sys(e, "flush");
	return 0;
}

int file_replace(int dirfd, const char *path, const void *data, size_t n, unsigned mode,
		 struct err *e)
{
	const char *name;
	auto_close int dir = open_parent(dirfd, path, &name, e);
	auto_free char *temporary = NULL;

	if (dir < 0)
		return dir;
	auto_close int fd = temporary_open(dir, name, &temporary, e);

	if (!temporary)
		return fd;
	int r = temporary_fill(fd, data, n, mode, e);

	if (r == 0 && sys_renameat2(dir, temporary, dir, name, 0) < 0)
		r = err_sys(e, "rename");
	if (r < 0) {
		(void)unlinkat(dir, temporary, 0); /* what stays behind is swept later */
		return err_wrap(e, "replace \"%s\"", path);
	}
	if ((mode & FILE_DURABLE) && sys_fsync(dir) < 0)
		return err_sys(e, "flush the directory of \"%s\"", path);
	return 0;
}

void file_sweep_temporaries(int dirfd)
{
	int fd = sys_openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		cleanup_close(&fd);
		return;
	}
	for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		if (is_temporary_name(entry->d_name) &&
		    (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN))
			sweep(dirfd, entry->d_name);
	}
	(void)closedir(d);
}

/* --- directories ------------------------------------------------------------------------------ */

/* mkdir; a directory that is already there is fine. Only the last element may not be a symlink. */
static int make_dir(int dirfd, const char *path, mode_t mode, bool last, struct err *e)
{
	struct stat st;

	if (sys_mkdirat(dirfd, path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "create the directory \"%s\"", path);
	if (fstatat(dirfd, path, &st, last ? AT_SYMLINK_NOFOLLOW : 0) < 0)
		return err_sys(e, "examine \"%s\"", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "create the directory \"%s\": something else is there",
			       path);
	return 0;
}

static int make_parents(int dirfd, char *path, mode_t mode, struct err *e)
{
	for (char *p = path + 1; (p = strchr(p, '/')); p++) {
		if (p[-1] == '/')
			continue;
		*p = '\0';
		int r = make_dir(dirfd, path, mode, false, e);

		*p = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

int file_mkdir_p(int dirfd, const char *path, mode_t mode, struct err *e)
{
	auto_free char *copy = mem_strdup(path);
	size_t len = strlen(copy);

	while (len > 1 &&
	       copy[len - 1] == '/') /* the kernel would follow a symlink before a final slash */
		copy[--len] = '\0';
	if (len == 0)
		return err_set(e, EINVAL, "create a directory: the path is empty");
	struct err first = { 0 };
	int r = make_dir(dirfd, copy, mode, true, &first);

	if (r == 0)
		return 0;
	if (r != -ENOENT) {
		*e = first;
		return r;
	}
	r = make_parents(dirfd, copy, mode, e);
	return r < 0 ? r : make_dir(dirfd, copy, mode, true, e);
}

int file_open_dir(int dirfd, const char *path, struct err *e)
{
	int fd = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open the directory \"%s\"", path) : fd;
}

bool file_exists(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_look(int dirfd, const char *path, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, "look for \"%s\"", path);
}

/* --- locks ------------------------------------------------------------------------------------ */

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000L };

	(void)nanosleep(&t, NULL); /* waking early is harmless: we look again */
}

/* Take the lock within wait_ms. Returns 1 for taken, 0 for busy. */
static int lock_take(int fd, int op, int wait_ms)
{
	if (wait_ms < 0)
		return sys_flock(fd, op) == 0 ? 1 : -errno;
	for (int waited = 0;; waited += LOCK_POLL_MS) {
		if (sys_flock(fd, op | LOCK_NB) == 0)
			return 1;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (waited >= wait_ms)
			return 0;
		sleep_ms(LOCK_POLL_MS);
	}
}

static int lock_busy(int fd, const char *path, struct err *e)
{
	char text[16] = "";
	uint32_t pid;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? strcspn(text, " \n") : 0] = '\0';
	if (num_u32(text, &pid) == 0 && pid > 0)
		return err_set(e, EWOULDBLOCK, "\"%s\" is locked by process %u", path, pid);
	return err_set(e, EWOULDBLOCK, "\"%s\" is locked by another process", path);
}

int file_lock_fd(int fd, const char *path, bool exclusive, int wait_ms, struct err *e)
{
	int r = lock_take(fd, exclusive ? LOCK_EX : LOCK_SH, wait_ms);

	if (r < 0)
		return err_ret(e, r, "lock \"%s\"", path);
	return r == 0 ? lock_busy(fd, path, e) : 0;
}

int file_lock(int dirfd, const char *path, bool exclusive, int wait_ms, int *ret_fd, struct err *e)
{
	for (int tries = 0; tries < LOCK_REOPENS; tries++) {
		auto_close int fd = sys_openat(
			dirfd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
		struct stat st;

		if (fd < 0)
			return err_sys(e, "open the lock \"%s\"", path);
		int r = file_lock_fd(fd, path, exclusive, wait_ms, e);

		if (r < 0)
			return r;
		if (fstat(fd, &st) < 0)
			return err_sys(e, "examine the lock \"%s\"", path);
		if (st.st_nlink == 0)
			continue; /* its last holder removed it: ours would lock nobody out */
		char text[16];

		if (exclusive && str_format(text, sizeof(text), "%-11d\n", (int)getpid()) == 0)
			(void)!pwrite(fd, text, strlen(text),
				      0); /* only for the message of those who wait */
		*ret_fd = fd_steal(&fd);
		return 0;
	}
	return err_set(e, EWOULDBLOCK, "lock \"%s\": the file vanishes again and again", path);
}

int file_free_bytes(int fd, unsigned long long *ret, struct err *e)
{
	struct statvfs st;

	if (fstatvfs(fd, &st) < 0)
		return err_sys(e, "ask for the free space");
	*ret = (unsigned long long)st.f_bavail * st.f_frsize;
	return 0;
}
