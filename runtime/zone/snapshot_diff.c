/* snapshot_diff - what differs between two roots: a walk through both at once, names in order.
 *
 * A file is the same when type, mode, owner, size, time of change, link target and capabilities are; the time is set by whoever writes. Folders are compared by mode and owner only: what is in them is told by
 * its own lines. Every name is looked up in a folder that is open, without following symlinks. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/zone.h"

enum { DEPTH_MAX = 256, VALUE_MAX = 256 };

struct diff {
	int (*each)(void *arg, char what, const char *path);
	void *arg;
	struct strbuf path;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted; none of a folder that is not there. */
static int read_names(int dir, struct strv *ret, struct err *e)
{
	int fd = dir < 0 ? -1 : sys_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (dir < 0)
		return 0;
	if (!stream) {
		cleanup_close(&fd);
		return err_sys(e, "read a folder");
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	(void)closedir(stream);
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(ret->items[0]), compare_names);
	return 0;
}

static bool same_link(int a, int b, const char *name)
{
	char one[PATH_MAX], two[PATH_MAX];
	ssize_t n = readlinkat(a, name, one, sizeof(one));

	return n >= 0 && n == readlinkat(b, name, two, sizeof(two)) &&
	       memcmp(one, two, (size_t)n) == 0;
}

static ssize_t capabilities(int dir, const char *name, char *value)
{
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	return fd < 0 ? -1 : fgetxattr(fd, "security.capability", value, VALUE_MAX);
}

static bool same_capabilities(int a, int b, const char *name)
{
	char one[VALUE_MAX], two[VALUE_MAX];
	ssize_t n = capabilities(a, name, one), m = capabilities(b, name, two);

	return n == m && (n <= 0 || memcmp(one, two, (size_t)n) == 0);
}

static bool is_same(int a, const struct stat *x, int b, const struct stat *y, const char *name)
{
	if (x->st_mode != y->st_mode || x->st_uid != y->st_uid || x->st_gid != y->st_gid)
		return false;
	if (S_ISDIR(x->st_mode))
		return true;
	if (x->st_size != y->st_size || x->st_rdev != y->st_rdev ||
	    x->st_mtim.tv_sec != y->st_mtim.tv_sec || x->st_mtim.tv_nsec != y->st_mtim.tv_nsec)
		return false;
	if (S_ISLNK(x->st_mode))
		return same_link(a, b, name);
	return !S_ISREG(x->st_mode) || same_capabilities(a, b, name);
}

static int walk(struct diff *d, int a, int b, int depth, struct err *e);

/* -1: it is no folder, or not there. */
static int open_sub(int dir, const char *name, const struct stat *st)
{
	if (dir < 0 || !S_ISDIR(st->st_mode))
		return -1;
	return sys_openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static int look_at(struct diff *d, int a, int b, const char *name, int depth, struct err *e)
{
	struct stat x = { 0 }, y = { 0 };
	bool was = a >= 0 && fstatat(a, name, &x, AT_SYMLINK_NOFOLLOW) == 0;
	bool is = b >= 0 && fstatat(b, name, &y, AT_SYMLINK_NOFOLLOW) == 0;
	int r = 0;

	if (was && is)
		r = is_same(a, &x, b, &y, name) ? 0 : d->each(d->arg, 'M', strbuf_text(&d->path));
	else if (was || is)
		r = d->each(d->arg, was ? 'D' : 'A', strbuf_text(&d->path));
	if (r < 0)
		return err_ret(e, r, "tell of a difference");
	auto_close int sub_a = was ? open_sub(a, name, &x) : -1;
	auto_close int sub_b = is ? open_sub(b, name, &y) : -1;

	return sub_a < 0 && sub_b < 0 ? 0 : walk(d, sub_a, sub_b, depth + 1, e);
}

/* `a` or `b` is -1 when that side has no such folder. */
static int walk(struct diff *d, int a, int b, int depth, struct err *e)
{
	auto_done(strv) struct strv old = { 0 }, now = { 0 };
	size_t i = 0, k = 0, mark = d->path.len;
	int r = read_names(a, &old, e);

	if (r == 0)
		r = read_names(b, &now, e);
	if (r == 0 && depth > DEPTH_MAX)
		r = err_set(e, ELOOP, "\"%s\" is nested deeper than %d", strbuf_text(&d->path),
			    DEPTH_MAX);
	while (r == 0 && (i < old.n || k < now.n)) {
		int order = i >= old.n ? 1 : k >= now.n ? -1 : strcmp(old.items[i], now.items[k]);
		const char *name = order <= 0 ? old.items[i] : now.items[k];

		i += order <= 0;
		k += order >= 0;
		strbuf_format(&d->path, "/%s", name);
		r = look_at(d, a, b, name, depth, e);
		d->path.len = mark;
		d->path.text[mark] = '\0';
	}
	return r;
}

int zone_snapshot_diff(const struct zone_dirs *d, const char *name, const struct zone_compare *c,
		       struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct diff diff = { .each = c->each, .arg = c->arg };
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);
	auto_close int a = r < 0 ? r : snapshot_view(d, z, c->from, e);
	auto_close int b = a < 0 ? a : snapshot_view(d, z, c->to, e);

	r = b < 0 ? b : walk(&diff, a, b, 0, e);
	strbuf_done(&diff.path);
	return r;
}
