/* tree - made top-down, removed bottom-up, and raced by other runtimes at any time: "mkdir says ENOENT" means that
 * somebody removed the parent between two calls, so the whole path is tried again. */
#include "cgroups/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cgroups/layout.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

#define MARK         "trusted.zones.made"
#define MARK_OF_USER "user.zones.made"
/* on a container's own directory, which is another one's now */
#define LEFT         "trusted.zones.left"
#define LEFT_OF_USER "user.zones.left"

enum { TRIES = 32, PROCS_MAX_BYTES = 64 << 20, DIR_MODE = 0755 };

/* "trusted." is refused for the unprivileged. Nobody else believes "user.": a tenant can set that on a cgroup of its own. */
static const char *mark_name(const struct cgroup_part *p)
{
	return p->rootless ? MARK_OF_USER : MARK;
}

static const char *left_name(const struct cgroup_part *p)
{
	return p->rootless ? LEFT_OF_USER : LEFT;
}

static void mark(const struct cgroup_part *p, const char *dir)
{
	(void)setxattr(dir, mark_name(p), "1", 1, 0);
}

static bool is_marked(const struct cgroup_part *p, const char *dir)
{
	return getxattr(dir, mark_name(p), NULL, 0) >= 0;
}

/* What stands in a folder of ours is ours. (A mark on every container's directory would cost as much as a mkdir.) */
static bool is_in_marked(const struct cgroup_part *p)
{
	auto_free char *parent = mem_strdup(p->dir);
	char *last = strrchr(parent, '/');

	if (last)
		*last = '\0';
	return is_marked(p, parent);
}

static char *prefix_dir(const struct cgroup_part *p, size_t depth)
{
	auto_free char *prefix = layout_prefix(p->path, depth);

	return prefix ? mem_format("%s%s", p->mount, prefix) : NULL;
}

/* Walk up from the leaf's parent and remove what is ours and empty. */
static void remove_parents(const struct cgroup_part *p, size_t made)
{
	size_t depth = layout_depth(p->path);

	for (size_t i = 1; i < depth; i++) {
		auto_free char *dir = prefix_dir(p, depth - i);

		if (!dir || (i >= made && !is_marked(p, dir)) ||
		    sys_unlinkat(AT_FDCWD, dir, AT_REMOVEDIR) < 0)
			return;
	}
}

/* One mkdir. Returns 1 when made, 0 when it was there, -errno. */
static int make_one(const char *dir)
{
	if (sys_mkdirat(AT_FDCWD, dir, DIR_MODE) == 0)
		return 1;
	return errno == EEXIST ? 0 : -errno;
}

/* The missing parents; *ret_made counts those at the end of the path that were made here. */
static int make_parents(const struct cgroup_part *p, size_t *ret_made)
{
	size_t depth = layout_depth(p->path);

	*ret_made = 0;
	for (size_t i = 1; i < depth; i++) {
		auto_free char *dir = prefix_dir(p, i);
		int r = make_one(dir);

		if (r < 0)
			return r;
		if (r > 0)
			mark(p, dir);
		*ret_made = r > 0 ? *ret_made + 1 : 0;
	}
	return 0;
}

/* What an earlier container of ours left behind empty is made anew: limits, marks and the kernel's memory of kills go with it. */
static int make_leaf(struct cgroup_part *p)
{
	int r = make_one(p->dir);

	p->was_there = r == 0;
	return r == 0 && is_in_marked(p) && sys_unlinkat(AT_FDCWD, p->dir, AT_REMOVEDIR) == 0
		       ? make_one(p->dir)
		       : r;
}

int tree_make(struct cgroup_part *p, struct err *e)
{
	size_t parents = 0;
	int r = make_leaf(p);

	for (int i = 0; r == -ENOENT && i < TRIES; i++) {
		size_t made = 0;

		r = make_parents(p, &made);
		parents = made > parents ? made : parents;
		if (r == 0)
			r = make_leaf(p);
	}
	if (r < 0) {
		remove_parents(p, parents + 1);
		return err_ret(e, r, "make the cgroup \"%s\"", p->dir);
	}
	p->made = r > 0 || is_in_marked(p) ? parents + 1 : 0;
	return r > 0 ? 0 : 1;
}

/* What make_leaf() would make anew. */
static bool is_left_behind(const struct cgroup_part *p)
{
	struct cgroup_part same = { .dir = p->dir, .fd = -1, .rootless = p->rootless };
	auto_free pid_t *pids = NULL;
	struct err ignored = { 0 };
	size_t n = 0;
	bool is_empty = is_in_marked(p) && tree_pids(&same, &pids, &n, &ignored) == 0 && n == 0;

	fd_close(&same.fd);
	return is_empty;
}

size_t tree_missing(const struct cgroup_part *p)
{
	size_t depth = layout_depth(p->path);
	size_t n = 0;

	for (; n < depth; n++) {
		auto_free char *dir = prefix_dir(p, depth - n);

		if (file_exists(AT_FDCWD, dir) && !(n == 0 && is_left_behind(p)))
			break;
	}
	return n;
}

/* --- walking ------------------------------------------------------------------------------------------------------ */

struct level {
	struct strv names;
	size_t next;
};

struct walk {
	int fd; /* where we are */
	struct level *levels;
	size_t n;
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		strv_done(&w->levels[i].names);
	free(w->levels);
	fd_close(&w->fd);
}

static int list_children(int fd, struct strv *ret, struct err *e)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		int r = err_sys(e, "list a cgroup");

		fd_close(&copy);
		return r;
	}
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			strv_add(ret, entry->d_name);
	}
	(void)closedir(d); /* only read */
	return 0;
}

static int walk_enter(struct walk *w, const struct tree_visitor *v, struct err *e)
{
	struct level level = { 0 };
	int r = v->enter ? v->enter(w->fd, v->arg, e) : 0;

	if (r == 0)
		r = list_children(w->fd, &level.names, e);
	if (r < 0)
		return r;
	w->levels = mem_grow(w->levels, w->n + 1, sizeof(*w->levels));
	w->levels[w->n++] = level;
	return 0;
}

static int walk_go(struct walk *w, const char *name)
{
	int fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	fd_close(&w->fd);
	w->fd = fd;
	return 0;
}

static int walk_leave(struct walk *w, const struct tree_visitor *v, struct err *e)
{
	strv_done(&w->levels[--w->n].names);
	if (w->n == 0)
		return 0;
	int r = walk_go(w, "..");

	if (r < 0)
		return err_ret(e, r, "go back to a cgroup's parent");
	const struct level *above = &w->levels[w->n - 1];

	return v->leave ? v->leave(w->fd, above->names.items[above->next - 1], v->arg, e) : 0;
}

int tree_walk(int top, const struct tree_visitor *v, struct err *e)
{
	struct walk w auto_done(
		walk) = { .fd = openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };

	if (w.fd < 0)
		return err_sys(e, "open a cgroup");
	int r = walk_enter(&w, v, e);

	while (r == 0 && w.n > 0) {
		struct level *here = &w.levels[w.n - 1];

		if (here->next >= here->names.n)
			r = walk_leave(&w, v, e);
		else if (walk_go(&w, here->names.items[here->next++]) == 0)
			r = walk_enter(&w, v, e);
	}
	return r;
}

/* --- processes ---------------------------------------------------------------------------------------------------- */

struct pid_list {
	pid_t *items;
	size_t n, cap;
};

static void pid_list_add(struct pid_list *l, pid_t pid)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 64;
		l->items = mem_grow(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->n++] = pid;
}

/* The kernel's own list: digits and newlines. Zero stands for a process that our pid namespace cannot name. */
static int collect_pids(int fd, void *arg, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(fd, "cgroup.procs", PROCS_MAX_BYTES, &text, &n, e);

	/* Threaded cgroups have no list of their own (their processes are in the domain's), dying ones have none any more. */
	if (r == -EOPNOTSUPP || r == -ENODEV || r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	pid_t pid = 0;

	for (const char *c = text; *c; c++) {
		if (*c >= '0' && *c <= '9') {
			pid = pid * 10 + (*c - '0');
			continue;
		}
		if (pid > 0)
			pid_list_add(arg, pid);
		pid = 0;
	}
	return 0;
}

int tree_compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int tree_pids(struct cgroup_part *p, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct pid_list list = { .items = mem_array(1, sizeof(pid_t)), .cap = 1 };
	struct err scratch = { 0 };
	int r = -ENOENT;
	int fd = part_open(p, &scratch);

	for (int i = 0; fd >= 0 && r == -ENOENT && i < TRIES; i++) {
		list.n = 0;
		r = tree_walk(fd, &(struct tree_visitor){ .enter = collect_pids, .arg = &list },
			      &scratch);
	}
	if (r < 0 && r != -ENOENT && r != -ENODEV) {
		free(list.items);
		*e = scratch;
		return err_wrap(e, "list the processes of \"%s\"", p->dir);
	}
	qsort(list.items, list.n, sizeof(*list.items), tree_compare_pids);
	size_t n = 0;

	for (size_t i = 0; i < list.n; i++) {
		if (n == 0 || list.items[n - 1] != list.items[i])
			list.items[n++] = list.items[i];
	}
	*ret = list.items;
	*ret_n = n;
	return 0;
}

/* --- removal ------------------------------------------------------------------------------------------------------ */

/* What stays because it is busy is found again by the next walk. */
static int remove_child(int parent, const char *name, void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	(void)sys_unlinkat(parent, name, AT_REMOVEDIR);
	return 0;
}

static int still_busy(struct cgroup_part *p, struct err *e)
{
	auto_free pid_t *pids = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	if (tree_pids(p, &pids, &n, &ignored) == 0 && n > 0)
		return err_set(e, EBUSY, "remove the cgroup \"%s\": process %d is still in it",
			       p->dir, (int)pids[0]);
	return err_set(e, EBUSY, "remove the cgroup \"%s\": the kernel still holds it", p->dir);
}

void tree_hand_over(const struct cgroup_part *p)
{
	if (p->made > 0)
		(void)setxattr(p->dir, left_name(p), "1", 1, 0);
}

int tree_remove(struct cgroup_part *p, struct backoff *until, struct err *e)
{
	/* not the mark of a folder of ours, which others may be about to live in */
	if (p->made == 0 && getxattr(p->dir, left_name(p), NULL, 0) < 0)
		return 0;
	while (sys_unlinkat(AT_FDCWD, p->dir, AT_REMOVEDIR) < 0) {
		struct err ignored = { 0 };

		if (errno == ENOENT)
			break;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return err_sys(e, "remove the cgroup \"%s\"", p->dir);
		int fd = part_open(p, &ignored);

		if (fd >= 0 &&
		    tree_walk(fd, &(struct tree_visitor){ .leave = remove_child }, &ignored) == 0 &&
		    sys_unlinkat(AT_FDCWD, p->dir, AT_REMOVEDIR) == 0)
			break;
		if (!backoff_wait(until))
			return still_busy(p, e);
	}
	fd_close(&p->fd);
	remove_parents(p, p->made);
	return 0;
}
