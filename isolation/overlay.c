/* overlay - a root in layers: read-only directories below, one that takes the changes on top.
 *
 * The kernel cannot map the ids of an overlay, and one whose upper directory is idmapped cannot be written by the host's root. So the parent maps detached clones of the directories themselves, and init, in
 * the container's user namespace, attaches them in its private mount namespace, on a stage under names of no meaning, makes the overlay of those and takes the stage away again. The overlay
 * keeps private clones of its own, which no path leads to.
 *
 * "userxattr": marks of removed directories are user attributes, the only ones that root of a user namespace may set. With it the kernel follows no redirection and no metacopy, whatever a layer says,
 * and hides those attributes from whoever looks into the root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { NAME_SIZE = 16 };

/* Names below the directory of a stage or below /proc/self/fd, short enough for all of them to fit into the 255 bytes of one option. */
struct overlay_names {
	struct strbuf lower; /* "1:2:3" */
	char upper[NAME_SIZE], work[NAME_SIZE];
};

static void overlay_names_done(struct overlay_names *n)
{
	strbuf_done(&n->lower);
}

static void add_lower(struct overlay_names *n, int number)
{
	strbuf_format(&n->lower, "%s%d", n->lower.len ? ":" : "", number);
}

static int overlay_make(const struct overlay_names *n, struct err *e)
{
	auto_free char *data = NULL;

	if (n->upper[0] == '\0')
		data = mem_format("lowerdir=%s,userxattr", strbuf_text(&n->lower));
	else
		data = mem_format("lowerdir=%s,upperdir=%s,workdir=%s,userxattr",
				  strbuf_text(&n->lower), n->upper, n->work);
	const struct mount_fs fs = { .type = "overlay", .source = "zones", .data = data };

	return mount_fs_new(&fs, e);
}

/* The names are looked up from the working directory. A stage goes as soon as the overlay is there: nothing of it may lie over the host's "/", where it would be taken for the old root. */
static int overlay_make_in(int dir, bool is_stage, const struct overlay_names *n, struct err *e)
{
	auto_close int here = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (here < 0 || sys_fchdir(dir) < 0)
		return err_sys(e, "enter the folder of the layers");
	auto_close int tree = overlay_make(n, e);
	int r = tree < 0 ? tree : 0;

	if (is_stage && sys_umount2(".", MNT_DETACH) < 0 && r == 0)
		r = err_sys(e, "take the layers away");
	if (sys_fchdir(here) < 0 && r == 0)
		r = err_sys(e, "return from the folder of the layers");
	return r < 0 ? r : fd_steal(&tree);
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

int overlay_map(struct isolation *iso, int userns, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < iso->n_stack; i++)
		r = source_map(&iso->stack[i], userns, false, e);
	return r;
}

void overlay_done(struct isolation *iso)
{
	for (size_t i = 0; i < iso->n_stack; i++)
		source_done(&iso->stack[i]);
	free(ptr_steal(&iso->stack));
	iso->n_stack = 0;
}

/* --- init --------------------------------------------------------------------------------------------------------- */

static int stage_attach(int stage, struct source *s, size_t i, struct err *e)
{
	auto_free char *name = mem_format("%zu", i);

	if (sys_mkdirat(stage, name, 0700) < 0)
		return err_sys(e, "make a place for a layer");
	auto_close int target =
		sys_openat(stage, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (target < 0)
		return err_sys(e, "open the place for a layer");
	int r = mount_attach(s->tree, target, e);

	fd_close(&s->tree);
	fd_close(&s->fd);
	return r;
}

int overlay_build(struct isolation *iso, int place, struct err *e)
{
	auto_done(overlay_names) struct overlay_names n = { .upper = "0/fs", .work = "0/work" };
	const struct mount_fs fs = { .type = "tmpfs", .data = "mode=0700,size=1m" };
	auto_close int stage = mount_fs_new(&fs, e);
	int r = stage < 0 ? stage : mount_attach(stage, place, e);

	for (size_t i = 0; r == 0 && i < iso->n_stack; i++) {
		if (i > 0)
			add_lower(&n, (int)i);
		r = stage_attach(stage, &iso->stack[i], i, e);
	}
	if (r == 0)
		iso->root.tree = r = overlay_make_in(stage, true, &n, e);
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

static int view_upper(struct overlay_view *v, const char *path, struct err *e)
{
	auto_close int dir = view_open(AT_FDCWD, path, e);

	if (dir < 0)
		return dir;
	v->upper = view_open(dir, "fs", e);
	if (v->upper < 0)
		return v->upper;
	v->work = view_open(dir, "work", e);
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

int isolation_overlay(const struct strv *layers, const char *upper, struct err *e)
{
	auto_done(overlay_view) struct overlay_view v = { .upper = -1, .work = -1 };

	if (layers->n == 0 || layers->n > ISOLATION_MAX_LAYERS)
		return err_set(e, EINVAL, "1 to %d layers are possible, not %zu",
			       ISOLATION_MAX_LAYERS, layers->n);
	int r = view_fill(&v, layers, upper, e);

	if (r < 0)
		return r;
	if (!upper && v.n_fds == 1)
		return view_of_one(v.fds[0], e);
	auto_close int dir =
		sys_openat(AT_FDCWD, "/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir < 0)
		return err_sys(e, "open \"/proc/self/fd\"");
	r = overlay_make_in(dir, false, &v.names, e);
	return r < 0 ? err_wrap(e, "put the layers of the root together") : r;
}
