/* snapshot - make, list and delete. A tree is there before the record names it, and the record forgets it before it goes, so at any moment every snapshot that is named is whole. */
#include "runtime/zone/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/record.h"
#include "runtime/zone/still.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/zone.h"

#define TEMPORARY ".new"

/* --- the record --------------------------------------------------------------------------------------------------- */

static void forget_row(struct zone_record *r, size_t i)
{
	snapshot_done(&r->snapshots[i]);
	memmove(&r->snapshots[i], &r->snapshots[i + 1],
		(r->n_snapshots - i - 1) * sizeof(r->snapshots[0]));
	r->n_snapshots--;
}

/* --- rubbish ------------------------------------------------------------------------------------------------------ */

static int list_trees(int dir, struct strv *ret, struct err *e)
{
	int fd = sys_openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream) {
		cleanup_close(&fd);
		return err_sys(e, "read the folder of snapshots");
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	(void)closedir(stream);
	return 0;
}

static int sweep_trees(const struct zone_record *r, int top, struct err *e)
{
	auto_done(strv) struct strv trees = { 0 };
	auto_close int dir = -1;

	if (!file_exists(top, "snapshots"))
		return 0;
	dir = file_open_dir(top, "snapshots", e);
	int n = dir < 0 ? dir : list_trees(dir, &trees, e);

	for (size_t i = 0; n == 0 && i < trees.n; i++) {
		const struct zone_snapshot *s = snapshot_find(r, trees.items[i]);

		if (!s || str_eq(s->driver, STORAGE_OVERLAY))
			n = storage_remove_tree(dir, trees.items[i], e);
	}
	return n;
}

int snapshot_sweep(const struct zone_record *r, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);
	int n = top < 0 ? top : storage_remove_tree(top, SNAPSHOT_BACK, e);

	return n < 0 ? n : sweep_trees(r, top, e);
}

int snapshot_remove_trees(int top, struct err *e)
{
	const struct zone_record nothing = { 0 };
	int r = storage_remove_tree(top, SNAPSHOT_BACK, e);

	if (r == 0)
		r = sweep_trees(&nothing, top, e);
	return r < 0 ? r : file_remove_tree(top, "snapshots", e);
}

/* --- create ------------------------------------------------------------------------------------------------------- */

struct creation {
	const struct zone_dirs *dirs;
	struct zone *zone;
	struct zone_snapshot made;
	struct still still;
};

static void creation_done(struct creation *c)
{
	still_end(&c->still);
	snapshot_done(&c->made);
}

static int add_to_record(struct creation *c, struct err *e)
{
	struct zone_record *r = &c->zone->record;
	struct zone_snapshot *s = LIST_GROW(r->snapshots, r->n_snapshots);

	*s = c->made;
	c->made = (struct zone_snapshot){ 0 };
	return zone_record_update(c->dirs, c->zone, e);
}

static int of_layers(struct creation *c, struct err *e)
{
	c->made.driver = mem_strdup(STORAGE_OVERLAY);
	if (!c->zone->init_alive) {
		int r = layers_freeze(c->dirs, c->zone, e);

		strv_copy(&c->made.layers, &c->zone->record.layers);
		return r < 0 ? r : add_to_record(c, e);
	}
	int r = layers_copy_top(c->dirs, c->zone, c->zone, &c->made.layers, e);

	return r < 0 ? r : add_to_record(c, e);
}

static int open_trees(const struct zone_record *r, int *ret_top, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);
	int n = top < 0 ? top : file_mkdir_p(top, "snapshots", 0700, e);
	auto_close int dir = n < 0 ? n : file_open_dir(top, "snapshots", e);

	if (dir < 0)
		return dir;
	*ret_top = fd_steal(&top);
	return fd_steal(&dir);
}

static int subvolume(struct creation *c, int root, int dir, struct err *e)
{
	int r = still_begin(c->dirs, c->zone, &c->still, e);

	if (r == 0)
		r = btrfs_snapshot(root, dir, c->made.name, true, e);
	still_end(&c->still);
	return r;
}

static int copy(struct creation *c, int root, int dir, struct err *e)
{
	int r = sys_mkdirat(dir, TEMPORARY, 0700) < 0 ? err_sys(e, "make a folder for the snapshot")
						      : 0;
	auto_close int to = r < 0 ? r : file_open_dir(dir, TEMPORARY, e);
	struct tree_job job = { .root = to };

	r = to < 0 ? to : still_begin(c->dirs, c->zone, &c->still, e);
	if (r == 0)
		r = tree_copy_open(&job, root, "the root", e);
	still_end(&c->still);
	if (r == 0 && syncfs(to) < 0)
		r = err_sys(e, "flush the file system");
	if (r == 0 && sys_renameat2(dir, TEMPORARY, dir, c->made.name, RENAME_NOREPLACE) < 0)
		r = err_sys(e, "name the snapshot");
	return r;
}

static int of_a_tree(struct creation *c, bool is_subvolume, struct err *e)
{
	auto_close int top = -1;
	auto_close int dir = open_trees(&c->zone->record, &top, e);
	auto_close int root = dir < 0 ? dir : file_open_dir(top, "root", e);

	if (root < 0)
		return root;
	c->made.driver = mem_strdup(is_subvolume ? STORAGE_BTRFS : STORAGE_DIR);
	int r = is_subvolume ? subvolume(c, root, dir, e) : copy(c, root, dir, e);

	return r < 0 ? r : add_to_record(c, e);
}

/* A plain tree whose file system cannot share blocks becomes layers: that costs nothing, but needs a zone that does not run. */
static int of_a_plain_root(struct creation *c, struct err *e)
{
	const char *zonepath = c->zone->record.zonepath;
	auto_free char *store = mem_format("%s/.layers", c->dirs->storage);
	struct err why = { 0 };

	if (storage_can_reflink(zonepath, zonepath, &why) == 0)
		return of_a_tree(c, false, e);
	if (c->zone->init_alive)
		return err_set(
			e, EBUSY,
			"zone \"%s\" runs, and %s: halt it first (zone halt %s); once its root is in layers a snapshot can be made at any time",
			c->zone->name, why.text, c->zone->name);
	if (!storage_same_fs(store, zonepath))
		return err_set(e, EXDEV, "%s, and \"%s\" is on another file system", why.text,
			       store);
	int r = storage_can_overlay(zonepath, e);

	return r < 0 ? r : of_layers(c, e);
}

static int create(struct creation *c, struct err *e)
{
	const char *driver = storage_driver(&c->zone->record);
	int r = snapshot_sweep(&c->zone->record, e);

	if (r < 0)
		return r;
	if (str_eq(driver, STORAGE_OVERLAY))
		return of_layers(c, e);
	return str_eq(driver, STORAGE_BTRFS) ? of_a_tree(c, true, e) : of_a_plain_root(c, e);
}

/* "auto-2026-11-29T16:45:01Z", and with a number behind it when there is one already. */
static char *name_automatic(const struct zone_record *r, const char *now)
{
	char *name = mem_format(SNAPSHOT_AUTO "%s", now);

	for (unsigned n = 2; snapshot_find(r, name); n++) {
		free(name);
		name = mem_format(SNAPSHOT_AUTO "%s-%u", now, n);
	}
	return name;
}

static int choose_name(struct creation *c, const char *wanted, struct err *e)
{
	char now[32];

	zone_time_now(now, sizeof(now));
	c->made.created = mem_strdup(now);
	if (!wanted) {
		c->made.name = name_automatic(&c->zone->record, now);
		return 0;
	}
	if (!snapshot_name_ok(wanted))
		return err_set(
			e, EINVAL,
			"\"%s\" cannot be the name of a snapshot: it is 1 to 63 letters, digits, \".\", \"_\", \":\" and \"-\", and begins with a letter or digit",
			wanted);
	if (snapshot_find(&c->zone->record, wanted))
		return err_set(e, EEXIST, "zone \"%s\" has a snapshot \"%s\" already",
			       c->zone->name, wanted);
	c->made.name = mem_strdup(wanted);
	return 0;
}

/* The oldest of those with automatic names go. */
static void keep_last(struct zone_record *r, size_t keep)
{
	size_t n = 0;

	for (size_t i = r->n_snapshots; i > 0; i--) {
		if (!str_has_prefix(r->snapshots[i - 1].name, SNAPSHOT_AUTO))
			continue;
		if (++n > keep)
			forget_row(r, i - 1);
	}
}

static int retain(struct creation *c, size_t keep, struct err *e)
{
	struct zone_record *r = &c->zone->record;
	size_t before = r->n_snapshots;

	keep_last(r, keep);
	if (r->n_snapshots == before)
		return 0;
	int n = zone_record_update(c->dirs, c->zone, e);

	if (n == 0)
		n = snapshot_sweep(r, e);
	layers_prune_now(c->dirs);
	return n;
}

static int open_for(const struct zone_dirs *d, const char *name, enum zone_verb v,
		    struct zone **ret, struct err *e)
{
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, ret, e);

	return r < 0 ? r : zone_allow(*ret, v, NULL, e);
}

int zone_snapshot_create(const struct zone_dirs *d, const char *name, const char *wanted,
			 size_t keep, char **ret_name, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_done(creation) struct creation c = { .dirs = d, .still = STILL_NONE };
	int r = open_for(d, name, ZONE_VERB_SNAPSHOT, &z, e);

	if (r < 0)
		return r;
	c.zone = z;
	r = choose_name(&c, wanted, e);
	auto_free char *made = mem_strdup(c.made.name);

	if (r == 0)
		r = create(&c, e);
	if (r == 0 && keep > 0)
		r = retain(&c, keep, e);
	if (r < 0)
		return err_wrap(e, "snapshot of %s", name);
	*ret_name = ptr_steal(&made);
	return 0;
}

/* --- delete, list ------------------------------------------------------------------------------------------------- */

int zone_snapshot_delete(const struct zone_dirs *d, const char *name, const char *snapshot,
			 struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = open_for(d, name, ZONE_VERB_SNAPSHOT, &z, e);
	struct zone_snapshot *s = r < 0 ? NULL : snapshot_find(&z->record, snapshot);

	if (r < 0)
		return r;
	if (!s)
		return err_set(e, ENOENT,
			       "zone \"%s\" has no snapshot \"%s\": zone snapshot list %s", name,
			       snapshot, name);
	forget_row(&z->record, (size_t)(s - z->record.snapshots));
	r = zone_record_update(d, z, e);
	if (r == 0)
		r = snapshot_sweep(&z->record, e);
	layers_prune_now(d);
	return r;
}

int zone_snapshot_list(const struct zone_dirs *d, const char *name, struct zone_snapshot **ret,
		       size_t *ret_n, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	*ret = ptr_steal(&z->record.snapshots);
	*ret_n = z->record.n_snapshots;
	z->record.n_snapshots = 0;
	return 0;
}

void zone_snapshots_free(struct zone_snapshot *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snapshot_done(&list[i]);
	free(list);
}
