/* move - a zone's zonepath at another place.
 *
 * On the same file system it is a rename. Otherwise the whole directory is copied beside its new place under a name of the journal's, flushed, and only then the zone is switched over:
 *
 *   phase     what the journal promises                            after a crash
 *   "rename"  from exists or to exists, never both                 forward when it can be renamed, else nothing has happened
 *   "copy"    from is the zone; the stage is worth nothing         the stage is removed, the zone is where it was
 *   "switch"  the stage or to is the whole zone                    forward: name, record, file, then the old files go
 *
 * The record names one directory at any time, and that one is whole. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/house.h"
#include "runtime/zone/journal.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

static const char *text_of(const struct json *entry, const char *key)
{
	return json_get_string(entry, key, "");
}

/* --- what is done when the files are at their new place ----------------------------------------------------------- */

static int switch_record(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	struct zone z = { .name = (char *)text_of(entry, "zone") };
	int r = zone_record_load(d, z.name, &z.record, e);

	if (r <= 0)
		return r < 0 ? r : err_set(e, ENOENT, "the zone has no record");
	free(z.record.zonepath);
	z.record.zonepath = mem_strdup(text_of(entry, "newZonepath"));
	r = zone_record_write(d, &z, e);
	zone_record_done(&z.record);
	return r;
}

/* The zone's file says where it is, unless that is the default place. */
static int switch_config(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *to = text_of(entry, "newZonepath");
	auto_free char *file = mem_format("%s/%s.json", d->config, text_of(entry, "zone"));
	auto_free char *normal = mem_format("%s/%s", d->storage, text_of(entry, "zone"));

	return house_config_set(file, file, "zonepath", str_eq(to, normal) ? NULL : to, e);
}

static int switch_over(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	int r = switch_record(d, entry, e);

	return r < 0 ? r : switch_config(d, entry, e);
}

/* --- the phases --------------------------------------------------------------------------------------------------- */

/* 1: the files are at their new place; 0: they stay where they are, because that is another file system. */
static int phase_rename(const struct json *entry, struct err *e)
{
	const char *from = text_of(entry, "zonepath");
	const char *to = text_of(entry, "newZonepath");

	int old = file_look(AT_FDCWD, from, e), new = old == 0 ? file_look(AT_FDCWD, to, e) : 0;

	if (old < 0 || new < 0)
		return old < 0 ? old : new;
	if (new > 0)
		return 1;
	if (sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
		int r = house_flush_parent(to, e);

		return r < 0 ? r : 1;
	}
	/* a mount point cannot be renamed either, but what is on it can be copied */
	return errno == EXDEV || errno == EBUSY ? 0 : err_sys(e, "move \"%s\" to \"%s\"", from, to);
}

static int finish_rename(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	struct err ignored = { 0 };
	int r = phase_rename(entry, e);

	if (r > 0) {
		r = switch_over(d, entry, e);
		return r < 0 ? r : journal_end(d, text_of(entry, "zone"), e);
	}
	if (r == 0)
		return journal_end(d, text_of(entry, "zone"), e);
	if (file_exists(AT_FDCWD, text_of(entry, "zonepath"))) /* nothing has happened */
		(void)!journal_end(d, text_of(entry, "zone"), &ignored);
	return r;
}

static int finish_copy(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	int r = house_remove_dir(text_of(entry, "stage"), e);

	return r < 0 ? r : journal_end(d, text_of(entry, "zone"), e);
}

static int finish_switch(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *stage = text_of(entry, "stage");
	const char *to = text_of(entry, "newZonepath");
	int r = file_look(AT_FDCWD, stage, e);

	if (r < 0)
		return r;
	if (r > 0) {
		if (sys_renameat2(AT_FDCWD, stage, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
			return err_sys(e, "rename \"%s\" to \"%s\"", stage, to);
		r = house_flush_parent(to, e);
	}
	if (r == 0)
		r = switch_over(d, entry, e);
	if (r == 0)
		r = house_remove_dir(text_of(entry, "zonepath"), e);
	return r < 0 ? r : journal_end(d, text_of(entry, "zone"), e);
}

int move_finish(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	static const struct {
		const char *phase;
		int (*finish)(const struct zone_dirs *d, const struct json *entry, struct err *e);
	} phases[] = { { "rename", finish_rename },
		       { "copy", finish_copy },
		       { "switch", finish_switch } };

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (str_eq(phases[i].phase, text_of(entry, "phase")))
			return phases[i].finish(d, entry, e);
	}
	return err_set(e, EINVAL, "the journal names a phase that is not one of ours");
}

/* --- copying ------------------------------------------------------------------------------------------------------ */

static int copy_into(int stage, const char *from, const struct zone_install *o, struct err *e)
{
	struct tree_job job = { .root = stage, .options = o, .exact = true };
	auto_close int source = file_open_dir(AT_FDCWD, from, e);

	if (source < 0)
		return source;
	job.total = tree_size(source);
	int r = tree_fits(&job, job.total, e);

	if (r == 0)
		r = tree_copy(&job, from, e);
	if (r == 0 && job.skipped_mounts > 0)
		return err_set(e, EBUSY, "something is mounted below \"%s\": unmount it first",
			       from);
	if (r == 0 && syncfs(stage) < 0) /* the old files go only when these are on the disk */
		r = err_sys(e, "flush the file system");
	return r;
}

/* Copy, switch, remove. What fails before the switch is undone here. */
static int move_across(const struct zone_dirs *d, struct json *entry, const struct zone_install *o,
		       struct err *e)
{
	const char *stage = text_of(entry, "stage");
	auto_close int fd = -1;
	struct err ignored = { 0 };

	json_set(entry, "phase", json_new_string("copy"));
	int r = journal_write(d, entry, e);

	if (r < 0)
		return r;
	if (sys_mkdirat(AT_FDCWD, stage, 0700) < 0)
		r = err_sys(e, "create \"%s\"", stage);
	if (r == 0)
		r = fd = file_open_dir(AT_FDCWD, stage, e);
	if (r >= 0)
		r = copy_into(fd, text_of(entry, "zonepath"), o, e);
	if (r == 0)
		r = house_flush_parent(stage, e);
	if (r < 0) {
		(void)!finish_copy(d, entry, &ignored); /* else the next command does it */
		return r;
	}
	json_set(entry, "phase", json_new_string("switch"));
	r = journal_write(d, entry, e);
	return r < 0 ? r : finish_switch(d, entry, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static bool is_inside(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && (*rest == '/' || *rest == '\0');
}

static int check_path(const struct zone_dirs *d, const struct zone *z, const char *path,
		      struct err *e)
{
	const char *last = strrchr(path, '/');

	if (!path_is_clean(path) || !last || last[1] == '\0')
		return err_set(
			e, EINVAL,
			"\"%s\" is not an absolute path without \".\", \"..\" and a \"/\" at its end",
			path);
	if (is_inside(path, z->record.zonepath) || is_inside(z->record.zonepath, path))
		return err_set(e, EINVAL, "\"%s\" and the zonepath \"%s\" lie in one another", path,
			       z->record.zonepath);
	if (is_inside(path, d->config) || is_inside(path, d->run) ||
	    (is_inside(path, d->storage) && path[strlen(d->storage) + 1] == '.'))
		return err_set(e, EINVAL, "\"%s\" is a directory of the program's own", path);
	if (file_exists(AT_FDCWD, path))
		return err_set(e, EEXIST, "\"%s\" exists already: name a path that does not", path);
	return 0;
}

/* The directory above the new zonepath must be one that only root can change: proven on the place itself, with the stage, which the journal names from before it is made. */
static int prove_place(const struct zone_dirs *d, struct json *entry, struct err *e)
{
	const char *stage = text_of(entry, "stage");
	const char *slash = strrchr(stage, '/');
	auto_free char *parent = mem_strndup(stage, (size_t)(slash - stage));
	struct err ignored = { 0 };
	int r = *parent ? file_mkdir_p(AT_FDCWD, parent, 0755, e) : 0;

	if (r < 0)
		return r;
	if (file_exists(AT_FDCWD, stage))
		return err_set(e, EEXIST, "\"%s\" is in the way: remove it", stage);
	json_set(entry, "phase", json_new_string("copy"));
	r = journal_write(d, entry, e);
	if (r < 0)
		return r;
	if (sys_mkdirat(AT_FDCWD, stage, 0700) < 0) {
		r = err_sys(e, "create \"%s\"", stage);
	} else {
		auto_close int fd = zone_storage_open(stage, e);

		r = fd;
	}
	if (r >= 0)
		return house_remove_dir(stage, e);
	(void)!finish_copy(d, entry, &ignored); /* else the next command does it */
	return r;
}

/* What only that file system can hold. */
static bool has_subvolumes(const struct zone_record *r)
{
	bool has = str_eq(storage_driver(r), STORAGE_BTRFS);

	for (size_t i = 0; i < r->n_snapshots; i++)
		has |= str_eq(r->snapshots[i].driver, STORAGE_BTRFS);
	return has;
}

/* The other file system sets it again, and so does this one if the zone stays: at the next boot. */
static void lift_quota(const struct zone_record *r)
{
	struct err ignored = { 0 };
	auto_close int top = zone_storage_open(r->zonepath, &ignored);

	if (top >= 0)
		quota_forget(r, top);
}

static int move_locked(const struct zone_dirs *d, struct zone *z, const char *path,
		       const struct zone_install *o, struct err *e)
{
	auto_ptr(json) struct json *entry = json_new_object();
	const char *slash = strrchr(path, '/');
	auto_free char *stage =
		slash ? mem_format("%.*s/.moving-%s", (int)(slash - path), path, z->name) : NULL;
	int r = check_path(d, z, path, e);

	if (r < 0)
		return r;
	json_set(entry, "verb", json_new_string("move"));
	json_set(entry, "zone", json_new_string(z->name));
	json_set(entry, "zonepath", json_new_string(z->record.zonepath));
	json_set(entry, "newZonepath", json_new_string(path));
	json_set(entry, "stage", json_new_string(stage));
	r = prove_place(d, entry, e);
	json_set(entry, "phase", json_new_string("rename"));
	if (r == 0)
		r = journal_write(d, entry, e);
	if (r < 0)
		return r;
	r = phase_rename(entry, e);
	if (r == 0 && has_subvolumes(&z->record)) {
		r = journal_end(d, z->name, e);
		return r < 0 ? r
			     : err_set(e, EXDEV,
				       "its root or a snapshot is a btrfs subvolume and \"%s\" is another file system: take it there with zone export --archive and zone import",
				       path);
	}
	if (r == 0) {
		lift_quota(&z->record);
		return move_across(d, entry, o, e);
	}
	return finish_rename(d, entry,
			     e); /* what failed is tried once more there, and ends the entry */
}

int zone_move(const struct zone_dirs *d, const char *name, const char *path,
	      const struct zone_install *o, char **ret_note, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_MOVE, NULL, e);
	if (r < 0)
		return r;
	if (!z->spec)
		return err_set(e, EINVAL, "%s", z->spec_error);
	if (str_eq(z->record.zonepath, path)) {
		*ret_note = mem_format("zone \"%s\" is there already", name);
		return 0;
	}
	r = move_locked(d, z, path, o, e);
	if (r < 0)
		return err_wrap(e, "move %s", name);
	auto_free char *text = mem_format("its files are in \"%s\" now", path);

	zone_event(d, name, "moved", text, NULL);
	return 0;
}
