/* apply_mounts - file systems and device nodes more or less in a running zone. What is mounted is the row of mounts that the configuration translates to.
 *
 * Content of a tmpfs cannot be brought back: one that changes waits for the next boot, and one that goes, goes last, when nothing can fail any more. */
#include "runtime/zone/apply.h"
#include "runtime/zone/file_systems.h"
#include "runtime/zone/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { STACK_MAX = 64 };

/* --- what has to wait ----------------------------------------------------------------------------------------------- */

static bool is_above(const char *dir, const char *other)
{
	const char *rest = other ? str_after(other, dir) : NULL;

	return rest && *rest == '/';
}

/* Is something of the file system list below `dir`? */
static bool hides_another(const struct json *document, const char *dir)
{
	const struct json *list = json_get(document, "fs");

	for (size_t i = 0; list && i < list->n; i++)
		if (is_above(dir, json_get_string(list->items[i], "dir", NULL)))
			return true;
	return false;
}

static bool is_memory(const struct json *fs)
{
	return zone_fs_is_memory(json_get_string(fs, "type", NULL),
				 json_get_string(fs, "upper", NULL));
}

const char *apply_fs_judge(const struct change *c, const struct json *running,
			   const struct json *wanted)
{
	/* Made at boot for every zone; programs have files of theirs open. */
	static const char *const used[] = { "/run", "/usr" };

	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		if (str_eq(c->name, used[i]) || is_above(c->name, used[i]))
			return "programs of the zone use what is there now";
	if (hides_another(running, c->name) || hides_another(wanted, c->name))
		return "another file system is mounted below it";
	if (c->from && c->to && is_memory(c->from) && !c->again)
		return "its content would be lost";
	return NULL;
}

const char *apply_device_judge(const struct change *c, const struct json *running,
			       const struct json *wanted)
{
	static const char *const usual[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty",
					     "/dev/ptmx",   "/dev/console" };

	(void)running;
	(void)wanted;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (str_eq(c->name, usual[i]))
			return "every zone has this device";
	return NULL;
}

/* --- mounts --------------------------------------------------------------------------------------------------------- */

/* All that is mounted there: root inside may have put something on top of ours. Returns how many. */
static int unmount(struct apply *a, const char *dir, struct err *e)
{
	for (int n = 0; n < STACK_MAX; n++) {
		struct err why = { 0 };
		int r = engine_mount_remove(a->container, dir, &why);

		if (r == -EINVAL || r == -ENOENT)
			return n;
		if (r < 0) {
			*e = why;
			return r;
		}
	}
	return err_set(e, EBUSY, "somebody inside mounts there again and again");
}

/* Whoever takes a folder of the host away from a zone must not be told that it is gone when root inside has only moved it: a folder above a mount can be renamed. */
static int unmount_ours(struct apply *a, const struct change *c, struct err *e)
{
	int n = unmount(a, c->name, e);

	if (n == 0 && !c->again)
		return err_set(
			e, ENOENT,
			"nothing is mounted there any more: it was unmounted or moved inside, and only a boot settles that (zone reboot %s)",
			a->zone->name);
	return n < 0 ? n : 0;
}

/* On a root that is read-only nobody in the zone can make the place for a mount, so it is made in the zone's tree. A root in layers has none that could be written to while the zone runs: there the place must exist. */
static int make_place(const struct apply *a, const struct mount_spec *m, struct err *e)
{
	struct stat st;
	bool is_dir = !str_eq(m->type, "bind") || stat(m->source, &st) < 0 || S_ISDIR(st.st_mode);
	auto_close int top = -1, root = -1;

	if (a->zone->run.root != ZONE_ROOT_READ_ONLY || storage_is_overlay(&a->zone->record))
		return 0;
	top = zone_storage_open(a->zone->record.zonepath, e);
	root = top < 0 ? top : file_open_dir(top, "root", e);
	auto_close int place =
		root < 0 ? root : path_open_target(root, m->destination, is_dir, NULL, e);

	return place < 0 ? place : 0;
}

static const struct zone_fs *fs_of(const struct zone_spec *z, const char *dir)
{
	for (size_t i = 0; i < z->n_fs; i++)
		if (str_eq(z->fs[i].dir, dir))
			return &z->fs[i];
	return NULL;
}

static int mount_it(struct apply *a, const char *dir, bool back, struct err *e)
{
	const struct fs_place place = { a->dirs, a->zone->record.zonepath,
					a->zone->record.id_base };
	const struct zone_fs *fs = fs_of(back ? a->zone_before : a->zone_after, dir);
	struct mount_spec *m = fs_row(back ? a->before : a->after, dir);

	if (!m || !fs)
		return err_set(e, ENOENT, "nothing to mount there");
	int r = fs_complete(&place, fs, m, e);

	if (r == 0)
		r = make_place(a, m, e);

	return r < 0 ? r : engine_mount_add(a->container, m, e);
}

static int fs_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct json *was = back ? c->to : c->from, *is = back ? c->from : c->to;
	int r = was || c->again ? unmount_ours(a, c, e) : 0;

	if (r < 0)
		return err_wrap(e, "%s", c->path);
	r = is ? mount_it(a, c->name, back, e) : 0;
	if (r < 0 && was) {
		struct err again = { 0 };

		if (mount_it(a, c->name, !back, &again) < 0)
			(void)err_wrap(e, "it is not mounted any more (%.100s)", again.text);
	}
	return r < 0 ? err_wrap(e, "%s", c->path) : 0;
}

/* Folders that go before those that come; what cannot be brought back at the very end. */
static int fs_order(const struct change *c)
{
	if (c->to)
		return 1;
	return c->from && is_memory(c->from) ? 3 : 0;
}

const struct change_act apply_fs = { .run = fs_run, .order = fs_order };

/* --- device nodes --------------------------------------------------------------------------------------------------- */

/* The empty file that the node was bound over. Somebody inside may have put something else there: that stays. */
static void place_remove(struct apply *a, const char *path)
{
	struct err ignored = { 0 };
	auto_close int root = engine_open_root(a->container, &ignored);
	auto_free char *last = NULL;
	auto_close int parent = root < 0 ? -1 : path_open_parent(root, path, 0, &last, &ignored);
	struct stat st;

	if (parent >= 0 && fstatat(parent, last, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size == 0)
		(void)sys_unlinkat(parent, last, 0);
}

static const struct device_spec *device_of(const struct container_spec *s, const char *path)
{
	for (size_t i = 0; i < s->linux.n_devices; i++)
		if (str_eq(s->linux.devices[i].path, path))
			return &s->linux.devices[i];
	return NULL;
}

static int add_node(struct apply *a, const char *path, const struct container_spec *with,
		    struct err *e)
{
	const struct device_spec *d = device_of(with, path);

	return d ? engine_device_add(a->container, d, e)
		 : err_set(e, ENOENT, "the host has no such device");
}

int apply_device_node(struct apply *a, const char *path, const struct container_spec *with,
		      struct err *e)
{
	int r = unmount(a, path, e); /* none is fine: it is the rule that keeps a device away */

	if (r >= 0 && with)
		r = add_node(a, path, with, e);
	else if (r >= 0)
		place_remove(a, path);
	return r < 0 ? err_wrap(e, "device[%s]", path) : 0;
}
