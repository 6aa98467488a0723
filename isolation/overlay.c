/* overlay - a root in layers: read-only directories below, one that takes the changes on top.
 *
 * The kernel cannot map the ids of an overlay, and one whose upper directory is idmapped cannot be written by the host's root. So the parent maps detached clones of the directories themselves, and a helper
 * of it attaches them in a mount namespace of its own, under names of no meaning, enters the container's user namespace, makes the overlay of those and hands it back, not attached anywhere. From then on it is
 * a root like any other. The overlay keeps private clones of its layers, which no path leads to.
 *
 * "userxattr": marks of removed directories are user attributes, the only ones that root of a user namespace may set. With it the kernel follows no redirection and no metacopy, whatever a layer says,
 * and hides those attributes from whoever looks into the root. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum { NAME_SIZE = 16, OPTION_MAX = 255 };
#define JOINED    "joined"
#define VIEW_WORK "view"

/* Names below the directory of a stage or below /proc/self/fd, short enough for some sixty of them to fit into the 255 bytes of one option. More go to the kernel in the page of the old mount(2), which needs a place to mount on:
 * that only a stage has. */
struct overlay_names {
	struct strbuf lower; /* "1:2:3" */
	char upper[NAME_SIZE], work[NAME_SIZE];
	const char *more; /* options, with a comma before them */
};

static void overlay_names_done(struct overlay_names *n)
{
	strbuf_done(&n->lower);
}

static void add_lower(struct overlay_names *n, int number)
{
	strbuf_format(&n->lower, "%s%d", n->lower.len ? ":" : "", number);
}

static bool overlay_fits_option(const struct overlay_names *n)
{
	return n->lower.len <= OPTION_MAX;
}

/* On the stage, which belongs to the host's root: before anybody else is entered. */
static int overlay_place(const struct overlay_names *n, struct err *e)
{
	if (overlay_fits_option(n) || sys_mkdirat(AT_FDCWD, JOINED, 0755) == 0)
		return 0;
	return err_sys(e, "make a place for the overlay");
}

static int overlay_mount_classic(const char *data, struct err *e)
{
	if (sys_mount("zones", JOINED, "overlay", 0, data) < 0)
		return err_sys(e, "mount overlay");
	int tree = sys_open_tree(AT_FDCWD, JOINED, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	return tree < 0 ? err_sys(e, "detach the overlay") : tree;
}

static int overlay_make(const struct overlay_names *n, struct err *e)
{
	auto_free char *data = NULL;

	if (n->upper[0] == '\0')
		data = mem_format("lowerdir=%s,userxattr", strbuf_text(&n->lower));
	else
		data = mem_format("lowerdir=%s,upperdir=%s,workdir=%s,userxattr%s",
				  strbuf_text(&n->lower), n->upper, n->work,
				  n->more ? n->more : "");
	const struct mount_fs fs = { .type = "overlay", .source = "zones", .data = data };
	auto_close int tree =
		overlay_fits_option(n) ? mount_fs_new(&fs, e) : overlay_mount_classic(data, e);
	struct statvfs st;

	if (tree < 0)
		return tree;
	/* An upper directory that it cannot use makes the kernel fall back to a read-only mount without a word. */
	if (n->upper[0] && (fstatvfs(tree, &st) < 0 || (st.f_flag & ST_RDONLY)))
		return err_set(e, EROFS, "the top cannot be written to");
	return fd_steal(&tree);
}

/* --- parent ------------------------------------------------------------------------------------------------------- */

static int open_part(struct source *s, const char *path, bool is_upper, struct err *e)
{
	const struct mount_change c = { .set = is_upper ? 0 : MOUNT_ATTR_RDONLY,
					.propagation = MS_PRIVATE };
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_MAGICLINKS };

	*s = (struct source){ .path = mem_strdup(path), .tree = -1, .upper = -1, .is_dir = true };
	s->fd = sys_openat2(AT_FDCWD, path, &how);
	if (s->fd < 0)
		return err_sys(e, "open the layer \"%s\"", path);
	s->tree = mount_clone(s->fd, false);
	if (s->tree < 0 || mount_change(s->tree, &c) < 0)
		return err_sys(e, "detach the layer \"%s\"", path);
	return 0;
}

int overlay_plan(struct isolation *iso, struct err *e)
{
	const struct root_spec *root = &iso->spec->root;

	if (!iso->has_mounts || !iso->new_user || iso->no_pivot)
		return err_set(
			e, EINVAL,
			"root: layers need a mount and a user namespace of the container's own");
	if (root->layers.n == 0 || root->layers.n > ISOLATION_MAX_LAYERS)
		return err_set(e, EINVAL, "root: 1 to %d layers are possible, not %zu",
			       ISOLATION_MAX_LAYERS, root->layers.n);
	iso->n_stack = root->layers.n + 1;
	iso->stack = mem_array(iso->n_stack, sizeof(*iso->stack));
	for (size_t i = 0; i < iso->n_stack; i++)
		iso->stack[i] = (struct source)SOURCE_NONE;
	int r = open_part(&iso->stack[0], root->upper, true, e);

	for (size_t i = 1; r == 0 && i < iso->n_stack; i++)
		r = open_part(&iso->stack[i], root->layers.items[i - 1], false, e);
	return r < 0 ? err_wrap(e, "root") : 0;
}

void overlay_done(struct isolation *iso)
{
	for (size_t i = 0; i < iso->n_stack; i++)
		source_done(&iso->stack[i]);
	free(ptr_steal(&iso->stack));
	iso->n_stack = 0;
}

/* --- the parent's helper, and what comes of it ---------------------------------------------------------------------- */

struct stacked {
	struct isolation *iso;
	int userns;
};

int mount_stage_enter(int userns, struct err *e)
{
	if (sys_setns(userns, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the container's user namespace");
	if (sys_unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "make a mount namespace of the container's");
	/* whoever makes an overlay writes to its upper directory for everybody: the host's root owns nothing there */
	int r = idmap_become_root(e);

	return r < 0 ? r : creds_not_dumpable(e);
}

static int make_root(void *arg, struct err *e)
{
	const struct stacked *stacked = arg;
	struct isolation *iso = stacked->iso;
	auto_done(overlay_names) struct overlay_names n = { .upper = "0/fs", .work = "0/work" };
	int r = mount_stage_make(e);

	for (size_t i = 0; r == 0 && i < iso->n_stack; i++) {
		auto_free char *name = mem_format("%zu", i);

		if (i > 0)
			add_lower(&n, (int)i);
		r = mount_stage_add(&iso->stack[i], name, e);
	}
	if (r == 0)
		r = overlay_place(&n, e);
	if (r == 0)
		r = mount_stage_enter(stacked->userns, e);
	return r < 0 ? r : overlay_make(&n, e);
}

struct apart {
	mount_make_fn fn;
	void *arg;
};

static int make_apart(void *arg, int sock, struct err *e)
{
	const struct apart *a = arg;
	auto_close int tree = creds_not_dumpable(e) < 0 ? -1 : a->fn(a->arg, e);

	return tree < 0 ? -e->code : helper_give(sock, tree, e);
}

int mount_make_apart(mount_make_fn fn, void *arg, const struct helper_fds *keep, struct err *e)
{
	struct apart a = { fn, arg };
	const struct helper_job job = { .run = make_apart,
					.arg = &a,
					.name = "the process that makes an overlay",
					.keep = keep->fds,
					.n_keep = keep->n };
	int tree = -1, r = helper_run(&job, &tree, e);

	return r < 0 ? r : tree;
}

int overlay_build(struct isolation *iso, int userns, struct err *e)
{
	auto_done(helper_fds) struct helper_fds keep = { 0 };
	struct stacked stacked = { iso, userns };
	int r = 0;

	for (size_t i = 0; r == 0 && i < iso->n_stack; i++)
		r = source_map(&iso->stack[i], userns, false, e);
	helper_keep(&keep, userns);
	for (size_t i = 0; i < iso->n_stack; i++)
		helper_keep(&keep, iso->stack[i].tree);
	if (r == 0)
		iso->root.tree = r = mount_make_apart(make_root, &stacked, &keep, e);
	return r < 0 ? err_wrap(e, "put the layers of the root together") : 0;
}

/* --- the host ----------------------------------------------------------------------------------------------------- */

struct overlay_view {
	struct overlay_names names;
	int upper, work;
	int fds[ISOLATION_MAX_LAYERS];
	size_t n_fds;
};

static void overlay_view_done(struct overlay_view *v)
{
	overlay_names_done(&v->names);
	fd_close(&v->upper);
	fd_close(&v->work);
	for (size_t i = 0; i < v->n_fds; i++)
		fd_close(&v->fds[i]);
}

static int view_open(int dirfd, const char *path, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_MAGICLINKS };
	int fd = sys_openat2(dirfd, path, &how);

	return fd < 0 ? err_sys(e, "open the layer \"%s\"", path) : fd;
}

/* A work folder of our own, so that "volatile" is none of the container's business: else the end of each view would flush the whole file system below. */
static int view_work(int upper, struct err *e)
{
	int r = file_remove_tree(upper, VIEW_WORK, e);

	if (r < 0)
		return r;
	if (sys_mkdirat(upper, VIEW_WORK, 0700) < 0)
		return err_sys(e, "make a folder for the view of the root");
	return view_open(upper, VIEW_WORK, e);
}

static int view_upper(struct overlay_view *v, const char *path, struct err *e)
{
	auto_close int dir = view_open(AT_FDCWD, path, e);

	if (dir < 0)
		return dir;
	v->upper = view_open(dir, "fs", e);
	if (v->upper < 0)
		return v->upper;
	v->work = view_work(dir, e);
	(void)snprintf(v->names.upper, NAME_SIZE, "%d", v->upper);
	(void)snprintf(v->names.work, NAME_SIZE, "%d", v->work);
	return v->work < 0 ? v->work : 0;
}

static int view_fill(struct overlay_view *v, const struct strv *layers, const char *upper,
		     struct err *e)
{
	int r = upper ? view_upper(v, upper, e) : 0;

	for (size_t i = 0; r == 0 && i < layers->n; i++) {
		int fd = view_open(AT_FDCWD, layers->items[i], e);

		if (fd < 0)
			return fd;
		v->fds[v->n_fds++] = fd;
		add_lower(&v->names, fd);
	}
	return r;
}

/* One directory alone is no overlay for the kernel. */
static int view_of_one(int fd, struct err *e)
{
	const struct mount_change c = { .set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	auto_close int tree = mount_clone(fd, false);

	if (tree < 0 || mount_change(tree, &c) < 0)
		return err_sys(e, "detach the layer");
	return fd_steal(&tree);
}

/* The names are looked up from the working directory. */
static int view_make(const struct overlay_names *n, struct err *e)
{
	auto_close int here = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	auto_close int dir =
		sys_openat(AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (here < 0 || dir < 0 || sys_fchdir(dir) < 0)
		return err_sys(e, "enter \"/proc/self/fd\"");
	auto_close int tree = overlay_make(n, e);

	if (sys_fchdir(here) < 0 && tree >= 0)
		return err_sys(e, "return from \"/proc/self/fd\"");
	return tree < 0 ? tree : fd_steal(&tree);
}

/* More names than an option holds: on a stage of a helper's. */
struct view_parts {
	const struct overlay_view *view;
	int upper; /* the directory of fs and the work folder; -1: none */
};

/* While we are still where the layers are mounted: a mount of another namespace cannot be cloned. */
static int view_detach(int fd, struct source *ret, struct err *e)
{
	*ret = (struct source){ .fd = -1, .tree = mount_clone(fd, false), .upper = -1 };
	ret->is_dir = true;
	return ret->tree < 0 ? err_sys(e, "detach a layer") : 0;
}

static int view_stage_add(const struct source *s, size_t number, struct err *e)
{
	auto_free char *name = mem_format("%zu", number);

	return mount_stage_add(s, name, e);
}

/* In a helper, whose end closes what it has opened. */
static int view_on_stage(void *arg, struct err *e)
{
	const struct view_parts *parts = arg;
	const struct overlay_view *v = parts->view;
	auto_done(overlay_names) struct overlay_names n = { .more = v->names.more };
	struct source detached[ISOLATION_MAX_LAYERS + 1];
	bool has_upper = parts->upper >= 0;
	int r = has_upper ? view_detach(parts->upper, &detached[0], e) : 0;

	for (size_t i = 0; r == 0 && i < v->n_fds; i++)
		r = view_detach(v->fds[i], &detached[i + 1], e);
	if (r == 0)
		r = mount_stage_make(e);
	if (r == 0 && has_upper) {
		(void)snprintf(n.upper, NAME_SIZE, "0/fs");
		(void)snprintf(n.work, NAME_SIZE, "0/" VIEW_WORK);
		r = view_stage_add(&detached[0], 0, e);
	}
	for (size_t i = 0; r == 0 && i < v->n_fds; i++) {
		add_lower(&n, (int)i + 1);
		r = view_stage_add(&detached[i + 1], i + 1, e);
	}
	if (r == 0)
		r = overlay_place(&n, e);
	return r < 0 ? r : overlay_make(&n, e);
}

static int view_of_many(const struct overlay_view *v, const char *upper, struct err *e)
{
	auto_close int dir = upper ? view_open(AT_FDCWD, upper, e) : -1;
	auto_done(helper_fds) struct helper_fds keep = { 0 };
	struct view_parts parts = { v, dir };

	helper_keep(&keep, dir);
	for (size_t i = 0; i < v->n_fds; i++)
		helper_keep(&keep, v->fds[i]);
	return upper && dir < 0 ? dir : mount_make_apart(view_on_stage, &parts, &keep, e);
}

int isolation_overlay(const struct strv *layers, const char *upper, struct err *e)
{
	auto_done(overlay_view) struct overlay_view v = { .names = { .more = ",volatile" },
							  .upper = -1,
							  .work = -1 };

	if (layers->n == 0 || layers->n > ISOLATION_MAX_LAYERS)
		return err_set(e, EINVAL, "1 to %d layers are possible, not %zu",
			       ISOLATION_MAX_LAYERS, layers->n);
	int r = view_fill(&v, layers, upper, e);

	if (r < 0)
		return r;
	if (!upper && v.n_fds == 1)
		return view_of_one(v.fds[0], e);
	r = overlay_fits_option(&v.names) ? view_make(&v.names, e) : view_of_many(&v, upper, e);
	return r < 0 ? err_wrap(e, "put the layers of the root together") : r;
}
