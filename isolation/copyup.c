/* copyup - the option tmpcopyup: a tmpfs starts with a copy of what it covers.
 *
 * The tree that is copied belongs to the image, so it is walked by descriptors without following links, to a bounded depth, and nothing in it is opened that is
 * not a directory or a regular file. The copy is made while the tmpfs is detached: nobody sees it half-filled. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { DEPTH_MAX = 128, LINK_TEXT_MAX = 4096, CHUNK = 1 << 20 };

static int copy_dir(int from, int to, int depth, struct err *e);

static void cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int copy_owner(int to, const char *name, const struct stat *st, struct err *e)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (sys_fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of \"%s\"", name);
	if (!S_ISLNK(st->st_mode) && sys_fchmodat(to, name, st->st_mode & 07777) < 0)
		return err_sys(e, "set the mode of \"%s\"", name);
	(void)utimensat(to, name, times, AT_SYMLINK_NOFOLLOW); /* times are a nicety */
	return 0;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	auto_close int in =
		sys_openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
	struct stat st;
	ssize_t n = 0;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(e, "open \"%s\"", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EAGAIN, "\"%s\" was replaced while it was copied", name);
	auto_close int out =
		sys_openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (out < 0)
		return err_sys(e, "create \"%s\"", name);
	do {
		n = sendfile(out, in, NULL, CHUNK);
	} while (n > 0);
	return n < 0 ? err_sys(e, "copy \"%s\"", name) : 0;
}

static int copy_link(int from, int to, const char *name, struct err *e)
{
	char text[LINK_TEXT_MAX];
	ssize_t n = readlinkat(from, name, text, sizeof(text) - 1);

	if (n < 0)
		return err_sys(e, "read the link \"%s\"", name);
	text[n] = 0;
	return sys_symlinkat(text, to, name) < 0 ? err_sys(e, "make the link \"%s\"", name) : 0;
}

static int copy_sub(int from, int to, const char *name, int depth, struct err *e)
{
	if (sys_mkdirat(to, name, 0700) < 0)
		return err_sys(e, "create \"%s\"", name);
	auto_close int in =
		sys_openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	auto_close int out =
		sys_openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (in < 0 || out < 0)
		return err_sys(e, "open \"%s\"", name);
	return copy_dir(in, out, depth + 1, e);
}

static int copy_one(int from, int to, const char *name, int depth, struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "examine \"%s\"", name);
	if (S_ISDIR(st.st_mode))
		r = copy_sub(from, to, name, depth, e);
	else if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name, e);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, e);
	else
		return 0; /* sockets, FIFOs and devices mean nothing in a copy */
	return r < 0 ? r : copy_owner(to, name, &st, e);
}

static int copy_dir(int from, int to, int depth, struct err *e)
{
	int again = fcntl(from, F_DUPFD_CLOEXEC, 3);
	__attribute__((cleanup(cleanup_dir))) DIR *d = again < 0 ? NULL : fdopendir(again);
	int r = 0;

	if (!d)
		return err_sys(e, "read a directory");
	if (depth > DEPTH_MAX)
		return err_set(e, ELOOP, "directories are nested too deeply");
	for (struct dirent *entry = readdir(d); r == 0 && entry; entry = readdir(d))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = copy_one(from, to, entry->d_name, depth, e);
	return r;
}

int copyup(int from, int to, struct err *e)
{
	/* both are O_PATH-like descriptors of directories */
	auto_close int in = sys_openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	auto_close int out = sys_openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (in < 0 || out < 0)
		return err_sys(e, "open the directories");
	return copy_dir(in, out, 0, e);
}
