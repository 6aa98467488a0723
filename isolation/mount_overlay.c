/* mount_overlay - a folder of the host that never changes, and on top of it a place for what the container writes.
 *
 * The kernel cannot map the ids of an overlay, but those of its layers. So the parent opens and maps the layers, as for binds, and they are put together with the rights of the container's root, who has none
 * over the host: what the overlay does it does with those. The layers need names for that: the upper folder, or a tmpfs, is mounted on a target for a moment, the lower one on a folder in it, and the kernel,
 * which keeps mounts of its own of them, is told their names from there. Nobody who runs in the container may see that moment: a descriptor of a layer opened then stays good for ever. At create init does
 * it, on the mount's own target, before anything of the container runs. In a container that runs it happens in a mount namespace of a helper, and only the finished overlay goes in. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

#define LAYERS "lowerdir=lower,upperdir=upper,workdir=work,userxattr"

/* --- parent -------------------------------------------------------------------------------------------------------- */

static int open_upper(const char *path, struct source *s, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	const struct mount_change alone = { .propagation = MS_PRIVATE };
	auto_close int fd = str_empty(path) ? -1 : sys_openat2(AT_FDCWD, path, &how);

	if (str_empty(path))
		return 0;
	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	s->upper = mount_clone(fd, false);
	if (s->upper < 0 || mount_change(s->upper, &alone) < 0)
		return err_sys(e, "clone the mount of \"%s\"", path);
	return 0;
}

int mount_overlay_plan(const struct mount_op *op, struct source *s, struct err *e)
{
	const struct mount_change closed = { .set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };
	int r = source_open(s, op->source, e);

	if (r == 0 && !s->is_dir)
		r = err_set(e, ENOTDIR, "\"%s\" is not a directory", op->source);
	if (r == 0)
		r = source_check(s, op->mount->extra, e);
	if (r == 0)
		r = source_clone(s, false, e);
	if (r == 0 && (s->tree < 0 || mount_change(s->tree, &closed) < 0))
		r = err_sys(e, "change the clone of \"%s\"", op->source);
	if (r == 0)
		r = open_upper(op->mount->extra->upper, s, e);
	return r < 0 ? err_wrap(e, "mounts[%zu]", op->row) : 0;
}

/* --- init ---------------------------------------------------------------------------------------------------------- */

/* The tmpfs of an overlay in memory, with the options that are of memory. */
static int make_memory(const struct mount_op *op, struct err *e)
{
	const struct mount_fs fs = { .type = "tmpfs",
				     .source = "tmpfs",
				     .data = strbuf_text(&op->opts.data),
				     .extra = "mode=0700" };

	return mount_fs_new(&fs, e);
}

/* In the working directory: "upper" looks like the top of what is below. */
static int make_folders(int lower, struct err *e)
{
	static const char *const names[] = { "lower", "work", "upper" };
	struct stat st;

	if (fstat(lower, &st) < 0)
		return err_sys(e, "examine the folder below the overlay");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (sys_mkdirat(AT_FDCWD, names[i], 0700) < 0)
			return err_sys(e, "make \"%s\"", names[i]);
	if (fchownat(AT_FDCWD, "upper", st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    sys_fchmodat(AT_FDCWD, "upper", st.st_mode & 07777) < 0)
		return err_sys(e, "make the top of the overlay");
	return 0;
}

static int open_layer(const char *name, struct err *e)
{
	int fd = sys_openat(AT_FDCWD, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s\" of the overlay", name) : fd;
}

/* In the base, which is mounted on the target. The kernel would follow a link under one of the names. Returns the overlay, detached. */
static int join_layers(const struct mount_op *op, struct source *s, struct err *e)
{
	const struct mount_fs fs = { .type = "overlay",
				     .source = "overlay",
				     .data = LAYERS,
				     .attrs = op->opts.attr_set | MOUNT_ATTR_NODEV };
	int r = s->upper < 0 ? make_folders(s->tree, e) : 0;

	if (r < 0)
		return r;
	auto_close int lower = open_layer("lower", e);
	auto_close int work = lower < 0 ? lower : open_layer("work", e);
	auto_close int upper = work < 0 ? work : open_layer("upper", e);

	if (upper < 0)
		return upper;
	r = mount_attach(s->tree, lower, e);
	return r < 0 ? r : mount_fs_new(&fs, e);
}

/* On the target: the base, then what has become of it. */
static int build(const struct mount_op *op, struct source *s, int base, int target, struct err *e)
{
	int r = mount_attach(base, target, e);

	if (r < 0)
		return r;
	if (sys_fchdir(base) < 0)
		return err_sys(e, "enter the layers");
	auto_close int tree = join_layers(op, s, e);

	if (sys_umount2(".", MNT_DETACH) < 0 && tree >= 0)
		return err_sys(e, "put the layers away");
	return tree < 0 ? tree : mount_attach(tree, target, e);
}

int mount_overlay_run(struct isolation *iso, const struct mount_op *op, struct source *s,
		      struct err *e)
{
	auto_close int here = sys_openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	auto_close int target = here < 0 ? err_sys(e, "open the working directory")
					 : mount_open_target(iso, op, true, e);

	if (target < 0)
		return target;
	if (s->is_joined)
		return mount_attach(s->tree, target, e);
	auto_close int memory = s->upper < 0 ? make_memory(op, e) : -1;

	if (s->upper < 0 && memory < 0)
		return memory;
	int r = build(op, s, s->upper < 0 ? memory : s->upper, target, e);

	if (sys_fchdir(here) < 0 && r == 0)
		r = err_sys(e, "return from the layers");
	fd_close(&s->tree);
	fd_close(&s->upper);
	return r;
}

/* --- the parent of a container that runs -------------------------------------------------------------------------- */

struct layers {
	const struct isolation *iso;
	const struct mount_op *op;
	struct source *s;
};

/* The helper: all of it goes with its mount namespace, but for the overlay. */
static int join_apart(void *arg, struct err *e)
{
	const struct layers *l = arg;
	int r = mount_stage_make(e);

	if (r == 0 && sys_mkdirat(AT_FDCWD, "base", 0700) < 0)
		r = err_sys(e, "make a place for the layers");
	if (r == 0 && l->iso->in_user)
		r = mount_stage_enter(l->iso->ns[NS_USER], e);
	if (r < 0)
		return r;
	(void)umask(0);
	auto_close int memory = l->s->upper < 0 ? make_memory(l->op, e) : -1;
	auto_close int place = open_layer("base", e);
	int base = l->s->upper < 0 ? memory : l->s->upper;

	if (place < 0 || base < 0)
		return place < 0 ? place : base;
	r = mount_attach(base, place, e);
	if (r == 0 && sys_fchdir(base) < 0)
		r = err_sys(e, "enter the layers");
	return r < 0 ? r : join_layers(l->op, l->s, e);
}

int mount_overlay_join(struct isolation *iso, const struct mount_op *op, struct source *s,
		       struct err *e)
{
	struct layers l = { iso, op, s };
	int kept[] = { iso->ns[NS_USER], s->tree, s->upper };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };
	int tree = mount_make_apart(join_apart, &l, &keep, e);

	if (tree < 0)
		return err_wrap(e, "mounts[%zu]", op->row);
	fd_close(&s->tree);
	fd_close(&s->upper);
	s->tree = tree;
	s->is_joined = true;
	return 0;
}
