/* tree_walk - one directory's names are read, sorted and looked at one after the other, so that memory holds the names of the directories above only. */
#include "runtime/zone/tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/tree_links.h"

enum { PIECE = 256 * 1024, ATTRIBUTE_MAX = 65536 };

struct walk {
	tree_visit_fn visit;
	void *arg;
	uint64_t mount;
	struct tree_links links;
	struct tree_skipped skipped;
	struct strbuf path;
	unsigned long long holes; /* see tree_file */
};

static void walk_done(struct walk *w)
{
	tree_links_done(&w->links);
	strbuf_done(&w->path);
}

/* --- attributes --------------------------------------------------------------------------------------------------- */

struct attributes {
	struct tree_attribute *items;
	size_t n;
};

static void attributes_done(struct attributes *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->items[i].name);
		free(a->items[i].value);
	}
	free(a->items);
}

static int attribute_order(const void *a, const void *b)
{
	return strcmp(((const struct tree_attribute *)a)->name,
		      ((const struct tree_attribute *)b)->name);
}

static int attribute_read(struct attributes *a, int fd, const char *name, struct err *e)
{
	auto_free void *value = mem_array(1, ATTRIBUTE_MAX);
	ssize_t size = fgetxattr(fd, name, value, ATTRIBUTE_MAX);

	if (size < 0)
		return errno == ENODATA ? 0 : err_sys(e, "read the attribute \"%s\"", name);
	a->items = mem_grow(a->items, a->n + 1, sizeof(*a->items));
	a->items[a->n++] = (struct tree_attribute){ .name = mem_strdup(name),
						    .value = mem_dup(value, (size_t)size),
						    .size = (size_t)size };
	return 0;
}

static int attributes_read(struct attributes *a, int fd, struct err *e)
{
	ssize_t n = flistxattr(fd, NULL, 0);
	int r = 0;

	if (n == 0 || (n < 0 && errno == EOPNOTSUPP))
		return 0; /* most files have none */
	auto_free char *names = mem_array(1, ATTRIBUTE_MAX);

	n = flistxattr(fd, names, ATTRIBUTE_MAX);
	if (n < 0)
		return err_sys(e, "list the attributes");
	for (ssize_t at = 0; at < n && r == 0; at += (ssize_t)strlen(names + at) + 1) {
		if (tree_wants_attribute(names + at))
			r = attribute_read(a, fd, names + at, e);
	}
	if (a->n > 1)
		qsort(a->items, a->n, sizeof(a->items[0]), attribute_order);
	return r;
}

/* --- one entry ---------------------------------------------------------------------------------------------------- */

static int walk_dir(struct walk *w, int dir, int depth, struct err *e);

/* With attributes, which only an open file has here: a zone's symlinks and FIFOs cannot carry those that are wanted. */
static int visit_open(struct walk *w, int fd, const struct statx *st, struct err *e)
{
	auto_done(attributes) struct attributes a = { 0 };
	int r = attributes_read(&a, fd, e);

	if (r < 0)
		return r;
	return w->visit(w->arg,
			&(struct tree_file){ .path = strbuf_text(&w->path),
					     .st = st,
					     .fd = fd,
					     .attributes = a.items,
					     .n_attributes = a.n,
					     .holes = &w->holes },
			e);
}

static int visit_symlink(struct walk *w, int dir, const char *name, const struct statx *st,
			 struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "read the symlink");
	target[n] = '\0';
	return w->visit(
		w->arg,
		&(struct tree_file){
			.path = strbuf_text(&w->path), .st = st, .fd = -1, .target = target },
		e);
}

static int visit_file(struct walk *w, int dir, const char *name, const struct statx *st,
		      struct err *e)
{
	const char *first =
		st->stx_nlink > 1
			? tree_links_first(&w->links,
					   (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor,
					   st->stx_ino, strbuf_text(&w->path))
			: NULL;
	struct stat opened;

	if (first)
		return w->visit(
			w->arg,
			&(struct tree_file){
				.path = strbuf_text(&w->path), .st = st, .fd = -1, .first = first },
			e);
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd < 0 || fstat(fd, &opened) < 0)
		return err_sys(e, "open");
	if (!S_ISREG(opened.st_mode) || opened.st_ino != st->stx_ino)
		return err_set(e, EAGAIN, "it was exchanged while it was being read");
	return visit_open(w, fd, st, e);
}

static int visit_dir(struct walk *w, int dir, const char *name, int depth, struct err *e)
{
	auto_close int fd =
		sys_openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open");
	if (depth >= TREE_DEPTH_MAX)
		return err_set(e, ELOOP, "directories are nested deeper than %d", TREE_DEPTH_MAX);
	return walk_dir(w, fd, depth + 1, e);
}

static int visit_entry(struct walk *w, int dir, const char *name, int depth, struct err *e)
{
	struct statx st;

	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "examine");
	if (st.stx_mnt_id != w->mount) {
		w->skipped.mounts++;
		return 0;
	}
	if (tree_check_owner(st.stx_uid, st.stx_gid, e) < 0)
		return -e->code;
	if (S_ISDIR(st.stx_mode))
		return visit_dir(w, dir, name, depth, e);
	if (S_ISREG(st.stx_mode))
		return visit_file(w, dir, name, &st, e);
	if (S_ISLNK(st.stx_mode))
		return visit_symlink(w, dir, name, &st, e);
	if (S_ISFIFO(st.stx_mode))
		return w->visit(
			w->arg,
			&(struct tree_file){ .path = strbuf_text(&w->path), .st = &st, .fd = -1 },
			e);
	if (S_ISSOCK(st.stx_mode))
		w->skipped.sockets++;
	else
		w->skipped.devices++;
	return 0;
}

/* --- one directory ------------------------------------------------------------------------------------------------ */

static int name_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(int dir, struct strv *ret, struct err *e)
{
	int again = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = again < 0 ? NULL : fdopendir(again); /* which closes it */

	if (!stream) {
		cleanup_close(&again);
		return err_sys(e, "open the directory");
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	}
	(void)closedir(stream);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(ret->items[0]), name_order);
	return 0;
}

/* An error says the path once, at the entry where it happened. */
static int walk_dir(struct walk *w, int dir, int depth, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	size_t mark = w->path.len;
	struct statx st;

	if (statx(dir, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st) < 0)
		return err_sys(e, "examine the directory");
	int r = visit_open(w, dir, &st, e);

	if (r == 0)
		r = read_names(dir, &names, e);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		strbuf_format(&w->path, "%s%s", mark ? "/" : "", names.items[i]);
		r = visit_entry(w, dir, names.items[i], depth, e);
		if (r < 0 && !str_has_prefix(e->text, "read \"/"))
			(void)err_wrap(e, "read \"/%s\"", strbuf_text(&w->path));
		w->path.len = mark;
		w->path.text[mark] = '\0';
	}
	return r;
}

int tree_visit(int root, tree_visit_fn visit, void *arg, struct tree_skipped *ret, struct err *e)
{
	auto_done(walk) struct walk w = { .visit = visit, .arg = arg, .holes = TREE_HOLES_MAX };
	struct statx st;

	if (statx(root, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return err_sys(e, "examine the root");
	w.mount = st.stx_mnt_id;
	int r = walk_dir(&w, root, 0, e);

	*ret = w.skipped;
	return r;
}

/* --- data --------------------------------------------------------------------------------------------------------- */

int tree_take_holes(unsigned long long *left, off_t n, struct err *e)
{
	if (!left)
		return 0;
	if (*left < (unsigned long long)n)
		return err_set(e, EFBIG, "the files have holes of more than %llu bytes together",
			       TREE_HOLES_MAX);
	*left -= (unsigned long long)n;
	return 0;
}

static int read_hole(off_t from, off_t to, tree_data_fn sink, void *arg, struct err *e)
{
	int r = 0;

	for (; from < to && r == 0; from += PIECE)
		r = sink(arg, NULL, to - from < PIECE ? (size_t)(to - from) : PIECE, e);
	return r;
}

static int read_range(int fd, off_t from, off_t to, tree_data_fn sink, void *arg, struct err *e)
{
	auto_free char *piece = mem_array(1, PIECE);

	if (lseek(fd, from, SEEK_SET) < 0)
		return err_sys(e, "seek");
	while (from < to) {
		ssize_t n = sys_read(fd, piece, to - from < PIECE ? (size_t)(to - from) : PIECE);

		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return err_set(e, EAGAIN, "it has become shorter while it was being read");
		int r = sink(arg, piece, (size_t)n, e);

		if (r < 0)
			return r;
		from += n;
	}
	return 0;
}

int tree_read(const struct tree_file *f, tree_data_fn sink, void *arg, struct err *e)
{
	off_t size = (off_t)f->st->stx_size, at = 0;
	int r = 0;

	while (r == 0 && at < size) {
		off_t data = lseek(f->fd, at, SEEK_DATA);
		off_t hole = data < 0 ? -1 : lseek(f->fd, data, SEEK_HOLE);

		if (data < 0 && errno == ENXIO)
			data = hole = size; /* a hole up to the end */
		if (data < 0 || hole < 0) { /* a file system that knows no holes */
			data = at;
			hole = size;
		}
		data = data > size ? size : data;
		hole = hole > size ? size : hole;
		r = tree_take_holes(f->holes, data - at, e);
		if (r == 0)
			r = read_hole(at, data, sink, arg, e);
		if (r == 0)
			r = read_range(f->fd, data, hole, sink, arg, e);
		at = hole;
	}
	return r;
}
