/* archive_whiteout - what makes a layer of an image more than an archive. ".wh.NAME" takes NAME of the layers below away, ".wh..wh..opq" everything that they have in this directory; both become what the
 * kernel's overlay understands: a character device 0:0, the attribute user.overlay.opaque. An archive itself cannot bring either: devices are left out, and so are user.overlay.* (tree.c).
 *
 * Whiteouts speak of the layers below only, wherever they stand in the archive: beside a whiteout of its own name a file stays, and a directory becomes opaque. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/archive.h"

#define PREFIX      ".wh."
#define META_PREFIX ".wh..wh."
#define OPAQUE      ".wh..wh..opq"

bool archive_is_whiteout(int parent, const char *last)
{
	struct stat st;

	return fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == 0;
}

int archive_make_opaque(int fd, struct err *e)
{
	return fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0
		       ? err_sys(e,
				 "mark the directory as one that hides what is below it (user.overlay.opaque)")
		       : 0;
}

static int open_dir(int parent, const char *last, struct err *e)
{
	int fd = sys_openat(parent, last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open the directory") : fd;
}

static int take_away(int parent, const char *last, struct err *e)
{
	struct stat st;

	if (fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return err_sys(e, "examine \"%s\"", last);
		return sys_mknodat(parent, last, S_IFCHR, 0) < 0
			       ? err_sys(e, "create the whiteout of \"%.60s\"", last)
			       : 0;
	}
	if (!S_ISDIR(st.st_mode))
		return 0; /* what the layer has in its place hides it */
	auto_close int fd = open_dir(parent, last, e);

	return fd < 0 ? fd : archive_make_opaque(fd, e);
}

int archive_whiteout(struct extract *x, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	const char *word = str_after(slash ? slash + 1 : name, PREFIX), *last;
	bool opaque = str_eq(slash ? slash + 1 : name, OPAQUE);

	if (!word)
		return 0;
	if (!opaque && str_has_prefix(slash ? slash + 1 : name, META_PREFIX))
		return 1; /* AUFS' own bookkeeping */
	if (str_empty(word) || str_eq(word, ".") || str_eq(word, ".."))
		return err_set(e, EINVAL, "it is a whiteout of nothing that can be taken away");
	if (x->lower < 0)
		return 1; /* there is nothing below */
	int parent = archive_parent(x, name, true, &last, e);

	if (parent < 0)
		return parent;
	if (!opaque)
		return take_away(parent, word, e) < 0 ? -e->code : 1;
	auto_close int fd = open_dir(parent, ".", e);

	if (fd < 0 || archive_make_opaque(fd, e) < 0)
		return -e->code;
	return 1;
}

/* As the directory of that name is below; when there is none it stays as it was made. */
static int properties_from_below(struct extract *x, const char *dir, struct err *e)
{
	struct err ignored = { 0 };
	struct stat st;
	auto_close int below = path_open(x->lower, dir, O_RDONLY | O_DIRECTORY, 0,
					 RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, &ignored);

	if (below < 0 || fstat(below, &st) < 0)
		return 0;
	auto_close int fd = path_open(x->job->root, dir, O_RDONLY | O_DIRECTORY, 0,
				      RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, e);

	if (fd < 0)
		return fd;
	if (archive_remember_dir(x, dir, st.st_mtim, e) < 0)
		return -e->code;
	return tree_copy_properties(x->job, below, fd, e);
}

int archive_layer_dir(struct extract *x, const char *dir, struct err *e)
{
	bool hides = archive_is_whiteout(x->job->root, dir);

	if (hides && sys_unlinkat(x->job->root, dir, 0) < 0)
		return err_sys(e, "replace the whiteout of \"%.60s\"", dir);
	if (sys_mkdirat(x->job->root, dir, 0755) < 0)
		return errno == EEXIST ? 0 : err_sys(e, "create the directory \"%s\"", dir);
	if (!hides)
		return x->lower < 0 ? 0 : properties_from_below(x, dir, e);
	auto_close int fd = open_dir(x->job->root, dir, e);

	return fd < 0 ? fd : archive_make_opaque(fd, e);
}

int archive_copy_up(struct extract *x, const char *name, struct err *e)
{
	const char *last;
	struct stat st;

	if (x->lower < 0)
		return err_set(e, ENOENT, "it is not there");
	auto_close int from = path_open(x->lower, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0,
					RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, e);

	if (from < 0)
		return from;
	if (fstat(from, &st) < 0)
		return err_sys(e, "examine");
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "it is not a regular file");
	if (tree_fits(x->job, (unsigned long long)st.st_blocks * 512, e) < 0)
		return -e->code;
	int parent = archive_parent(x, name, true, &last, e);

	if (parent < 0)
		return parent;
	auto_close int to = sys_openat(parent, last,
				       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (to < 0)
		return err_sys(e, "create");
	return tree_copy_file(x->job, from, to, e);
}
