/* clone_ways - how a root is copied: one row for each way, the best first. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/clone.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/still.h"
#include "runtime/zone/storage.h"

/* How the root that is copied is kept. */
static const char *driver_of(const struct clone *c)
{
	return c->snapshot ? c->snapshot->driver : storage_driver(&c->from->record);
}

/* The directory of a root that is a tree: of the zone or of the snapshot. */
static char *tree_of(const struct clone *c)
{
	if (c->snapshot)
		return mem_format("%s/snapshots/%s", c->from->record.zonepath, c->snapshot->name);
	return mem_format("%s/root", c->from->record.zonepath);
}

static bool is_live(const struct clone *c)
{
	return c->from->init_alive && !c->snapshot;
}

static void set_driver(struct clone *c, const char *driver)
{
	free(c->to->record.driver);
	c->to->record.driver = mem_strdup(driver);
}

/* --- btrfs -------------------------------------------------------------------------------------------------------- */

static int btrfs_can(const struct clone *c, struct err *e)
{
	auto_free char *tree = tree_of(c);
	auto_free char *there = storage_existing(c->zonepath);

	if (!str_eq(driver_of(c), STORAGE_BTRFS))
		return err_set(e, EOPNOTSUPP, "the root is no subvolume of btrfs");
	auto_close int from = file_open_dir(AT_FDCWD, tree, e);
	auto_close int to = sys_openat(AT_FDCWD, there, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (from < 0)
		return from;
	if (to < 0 || !btrfs_same(from, to))
		return err_set(e, EXDEV, "\"%s\" is not on the btrfs of \"%s\"", c->zonepath, tree);
	return 0;
}

static int btrfs_run(struct clone *c, struct err *e)
{
	auto_free char *tree = tree_of(c);
	auto_close int from = file_open_dir(AT_FDCWD, tree, e);
	struct still still = STILL_NONE;
	int r = from < 0 ? from : 0;

	if (r == 0 && is_live(c))
		r = still_begin(c->dirs, c->from, &still, e);
	if (r == 0)
		r = btrfs_snapshot(from, c->top, "root", false, e);
	still_end(&still);
	set_driver(c, STORAGE_BTRFS);
	return r;
}

/* --- overlay ------------------------------------------------------------------------------------------------------ */

static int overlay_can(const struct clone *c, struct err *e)
{
	auto_free char *store = mem_format("%s/.layers", c->dirs->storage);
	bool is_overlay = str_eq(driver_of(c), STORAGE_OVERLAY);

	if (c->snapshot && !is_overlay)
		return err_set(e, EOPNOTSUPP, "the snapshot is a tree, not layers");
	if (is_live(c) && !is_overlay)
		return err_set(
			e, EBUSY,
			"the root of a zone that runs cannot be made a layer: halt it first: zone halt %s",
			c->from->name);
	if (!c->snapshot && !storage_same_fs(store, c->from->record.zonepath))
		return err_set(e, EXDEV, "\"%s\" is on another file system than \"%s\"",
			       c->from->record.zonepath, store);
	return storage_can_overlay(c->zonepath, e);
}

/* Under the store's lock: whoever removes layers has seen either the record of the clone or that of the zone that is locked here and has them too. */
static int name_layers(struct clone *c, const struct strv *layers, struct err *e)
{
	auto_close int lock = -1;
	int r = layers_lock(c->dirs, LAYERS_WAIT_MS, &lock, e);

	if (r < 0)
		return r;
	strv_done(&c->to->record.layers);
	strv_copy(&c->to->record.layers, layers);
	return zone_record_write(c->dirs, c->to, e);
}

static int live_layers(struct clone *c, struct err *e)
{
	auto_done(strv) struct strv live = { 0 };
	int r = layers_copy_top(c->dirs, c->from, c->to, &live, e);

	return r < 0 ? r : name_layers(c, &live, e);
}

static int layers_of(struct clone *c, struct err *e)
{
	if (is_live(c))
		return live_layers(c, e);
	int r = c->snapshot ? 0 : layers_freeze(c->dirs, c->from, e);

	return r < 0 ? r
		     : name_layers(c, c->snapshot ? &c->snapshot->layers : &c->from->record.layers,
				   e);
}

static int overlay_run(struct clone *c, struct err *e)
{
	int r = layers_of(c, e);

	if (r < 0)
		return r;
	set_driver(c, STORAGE_OVERLAY);
	auto_free char *first = storage_layer(c->dirs, c->to->record.layers.items[0]);
	auto_close int like = file_open_dir(AT_FDCWD, first, e);

	if (like < 0)
		return like;
	if (sys_mkdirat(c->top, "root", 0755) < 0)
		return err_sys(e, "create \"%s/root\"", c->zonepath);
	return storage_make_upper(c->top, like, e);
}

/* --- copies ------------------------------------------------------------------------------------------------------- */

static int reflink_can(const struct clone *c, struct err *e)
{
	if (str_eq(driver_of(c), STORAGE_OVERLAY))
		return err_set(
			e, EOPNOTSUPP,
			"the root is in layers, whose files cannot share blocks with a tree");
	return storage_can_reflink(c->from->record.zonepath, c->zonepath, e);
}

static int copy_can(const struct clone *c, struct err *e)
{
	if (is_live(c) && str_eq(driver_of(c), STORAGE_OVERLAY))
		return err_set(
			e, EBUSY,
			"the layers of a zone that runs cannot be seen as one tree: take --method overlay");
	return 0;
}

static int open_source(const struct clone *c, struct err *e)
{
	auto_done(strv) struct strv layers = { 0 };
	auto_free char *tree = tree_of(c);

	if (!str_eq(driver_of(c), STORAGE_OVERLAY))
		return file_open_dir(AT_FDCWD, tree, e);
	if (!c->snapshot)
		return zone_root_open(c->dirs, c->from, e);
	for (size_t i = 0; i < c->snapshot->layers.n; i++)
		strv_take(&layers, storage_layer(c->dirs, c->snapshot->layers.items[i]));
	return storage_view(&layers, e);
}

static int copy_run(struct clone *c, struct err *e)
{
	const struct zone_install o = { .progress = c->options->progress,
					.arg = c->options->arg,
					.warn = c->options->warn };
	const char *driver = NULL;
	struct still still = STILL_NONE;
	int r = storage_make_root(c->top, &driver, e);

	if (r < 0)
		return r;
	set_driver(c, driver);
	auto_close int from = open_source(c, e);
	auto_close int root = from < 0 ? from : file_open_dir(c->top, "root", e);
	struct tree_job job = { .root = root, .options = &o };

	if (root < 0)
		return root;
	if (is_live(c))
		r = still_begin(c->dirs, c->from, &still, e);
	if (r == 0)
		r = tree_copy_open(&job, from, c->from->name, e);
	still_end(&still);
	if (r == 0 && syncfs(root) < 0)
		r = err_sys(e, "flush the file system");
	return r;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct clone_way ways[] = {
	{ "btrfs", true, btrfs_can, btrfs_run },
	{ "overlay", true, overlay_can, overlay_run },
	{ "reflink", true, reflink_can, copy_run },
	{ "copy", false, copy_can, copy_run },
};

static int choose_best(const struct clone *c, const struct clone_way **ret, struct err *e)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct err why = { 0 };

		if (is_live(c) && !ways[i].is_quick)
			continue;
		if (ways[i].can(c, &why) < 0)
			continue;
		*ret = &ways[i];
		return 0;
	}
	return err_set(
		e, EBUSY,
		"zone \"%s\" runs, and its root cannot be copied in a moment: halt it first (zone halt %s), or take --method copy, and it stands still while it is copied",
		c->from->name, c->from->name);
}

int clone_choose(const struct clone *c, const char *name, const struct clone_way **ret,
		 struct err *e)
{
	if (!name || str_eq(name, "auto"))
		return choose_best(c, ret, e);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (!str_eq(ways[i].name, name))
			continue;
		int r = ways[i].can(c, e);

		*ret = &ways[i];
		return r < 0 ? err_wrap(e, "method %s", name) : 0;
	}
	return err_set(e, EINVAL, "method \"%s\" is not one of auto, btrfs, overlay, reflink, copy",
		       name);
}
