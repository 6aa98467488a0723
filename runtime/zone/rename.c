/* rename - a zone goes on under another name: its file, its record, its ids, its addresses, its events and, where that is the default one, its zonepath. UUID and addresses stay.
 *
 * The entry in the journal is the point of no return but for the first step: as long as the directory has its old name nothing has happened. Everything after it goes forward, whoever
 * does it: each step looks at what is there under the old name and does nothing when nothing is. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/events.h"
#include "runtime/zone/house.h"
#include "runtime/zone/journal.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/record.h"

/* --- steps, each of which may be repeated ------------------------------------------------------------------------- */

static int rename_zonepath(const struct json *entry, struct err *e)
{
	const char *from = json_get_string(entry, "zonepath", NULL);
	const char *to = json_get_string(entry, "newZonepath", NULL);

	if (!from || !to)
		return 0;
	int old = file_look(AT_FDCWD, from, e), new = old == 0 ? file_look(AT_FDCWD, to, e) : 0;

	if (old < 0 || new < 0)
		return old < 0 ? old : new;
	if (new > 0)
		return 0;
	if (sys_renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
		return err_sys(e, "rename \"%s\" to \"%s\"", from, to);
	return house_flush_parent(to, e);
}

static bool names_layers(const struct zone_record *r)
{
	bool found = r->layers.n > 0 || r->next.n > 0;

	for (size_t i = 0; i < r->n_snapshots; i++)
		found = found || r->snapshots[i].layers.n > 0;
	return found;
}

/* Whoever removes layers lists the records and reads them one by one: a record that moves meanwhile would be missed under both names, and its layers would be taken for nobody's. */
static int move_record(const struct zone_dirs *d, const char *from, const struct zone *to,
		       struct err *e)
{
	auto_close int lock = -1;
	int r = names_layers(&to->record) ? layers_lock(d, LAYERS_WAIT_MS, &lock, e) : 0;

	if (r == 0)
		r = zone_record_write(d, to, e);
	return r < 0 ? r : zone_record_remove(d, from, e);
}

static int rename_record(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *from = json_get_string(entry, "zone", "");
	const char *zonepath = json_get_string(entry, "newZonepath", NULL);
	struct zone z = { .name = (char *)json_get_string(entry, "to", "") };
	int r = zone_record_load(d, from, &z.record, e);

	if (r <= 0)
		return r;
	if (zonepath && z.record.zonepath) {
		free(z.record.zonepath);
		z.record.zonepath = mem_strdup(zonepath);
	}
	r = move_record(d, from, &z, e);
	zone_record_done(&z.record);
	return r;
}

static int rename_config(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *to = json_get_string(entry, "to", "");
	auto_free char *old_file =
		mem_format("%s/%s.json", d->config, json_get_string(entry, "zone", ""));
	auto_free char *new_file = mem_format("%s/%s.json", d->config, to);

	int r = file_look(AT_FDCWD, old_file, e);

	if (r <= 0)
		return r;
	r = house_config_set(old_file, new_file, "zonename", to, e);

	if (r < 0)
		return r;
	if (sys_unlinkat(AT_FDCWD, old_file, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", old_file);
	return house_flush_parent(old_file, e);
}

/* Has the first step not been done, nor, in an attempt before, any other? One that moved the directory and failed after that, or that finds a new one in its place, has to go on. */
static bool is_untouched(const struct zone_dirs *d, const struct json *entry)
{
	auto_free char *record =
		mem_format("%s/.records/%s.json", d->storage, json_get_string(entry, "to", ""));

	struct err ignored = { 0 };

	return file_exists(AT_FDCWD, json_get_string(entry, "zonepath", "")) &&
	       file_look(AT_FDCWD, json_get_string(entry, "newZonepath", ""), &ignored) == 0 &&
	       file_look(AT_FDCWD, record, &ignored) == 0;
}

int rename_finish(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *from = json_get_string(entry, "zone", "");
	const char *to = json_get_string(entry, "to", "");
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	struct err ignored = { 0 };
	int r = rename_zonepath(entry, e);

	if (r < 0 && is_untouched(d, entry))
		(void)!journal_end(d, from, &ignored);
	if (r == 0)
		r = zone_ids_rename(d, from, to, e);
	if (r == 0)
		r = rename_record(d, entry, e);
	if (r == 0)
		r = rename_config(d, entry, e);
	if (r == 0)
		r = net_rename(from, to, &dirs, e);
	if (r < 0)
		return r;
	zone_events_rename(d, from, to);
	return journal_end(d, from, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

/* The zone and the free name, both locked, in the order of their names. */
static int open_both(const struct zone_dirs *d, const char *name, const char *to, struct zone **ret,
		     struct zone **ret_to, struct err *e)
{
	bool swap = strcmp(to, name) < 0;
	int r = 0;

	if (swap)
		r = zone_open(d, to, ZONE_OPEN_LOCK, ret_to, e);
	if (r == 0)
		r = zone_open_for(d, name,
				  ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, ret,
				  e);
	if (r == 0 && !swap)
		r = zone_open(d, to, ZONE_OPEN_LOCK, ret_to, e);
	return r;
}

static int check_free(const struct zone_dirs *d, const struct zone *z, const struct zone *to,
		      struct err *e)
{
	auto_free char *text = NULL;
	auto_free char *changed = NULL;
	auto_done(diag_list) struct diag_list diags = { .file = z->config_file };
	int r = zone_allow(z, ZONE_VERB_RENAME, NULL, e);

	if (r < 0)
		return r;
	if (to->state != ZONE_NONE || to->has_record || file_exists(AT_FDCWD, to->config_file))
		return err_set(e, EEXIST, "zone \"%s\" exists already (%s): take another name",
			       to->name, zone_state_word(to->state));
	r = config_check_links(d, to->name, z->name, e);
	if (r == 0)
		r = config_read(z, &text, e);
	if (r == 0)
		r = house_config_text(text, "zonename", to->name, &changed, e);
	return r == 0 ? config_check(to->name, changed, &diags, e) : r;
}

/* Does the directory go with the name? Only the default one, and only when it is there. */
static int choose_zonepath(const struct zone_dirs *d, const struct zone *z, const char *to,
			   struct json *entry, struct err *e)
{
	auto_free char *from = mem_format("%s/%s", d->storage, z->name);
	auto_free char *path = mem_format("%s/%s", d->storage, to);

	if (z->spec->zonepath || !file_exists(AT_FDCWD, from))
		return 0;
	if (z->record.zonepath && !str_eq(z->record.zonepath, from))
		return 0;
	if (file_exists(AT_FDCWD, path))
		return err_set(e, EEXIST, "\"%s\" exists already: take another name, or remove it",
			       path);
	json_set(entry, "zonepath", json_new_string(from));
	json_set(entry, "newZonepath", json_new_string(path));
	return 0;
}

static int rename_locked(const struct zone_dirs *d, struct zone *z, struct zone *to, struct err *e)
{
	auto_ptr(json) struct json *entry = json_new_object();
	auto_free char *text = mem_format("the zone was called \"%s\" before", z->name);
	int r = check_free(d, z, to, e);

	json_set(entry, "verb", json_new_string("rename"));
	json_set(entry, "zone", json_new_string(z->name));
	json_set(entry, "to", json_new_string(to->name));
	if (r == 0)
		r = choose_zonepath(d, z, to->name, entry, e);
	if (r < 0)
		return r;
	r = journal_write(d, entry, e);
	if (r == 0)
		r = rename_finish(d, entry, e);
	if (r == 0)
		zone_event(d, to->name, "renamed", text, NULL);
	return r;
}

int zone_rename(const struct zone_dirs *d, const char *name, const char *to, char **ret_note,
		struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_ptr(zone) struct zone *other = NULL;

	if (str_eq(name, to)) {
		*ret_note = mem_format("zone \"%s\" has that name already", name);
		return zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);
	}
	int r = open_both(d, name, to, &z, &other, e);

	if (r == 0)
		r = rename_locked(d, z, other, e);
	if (r == 0)
		zone_forget_lock(d, z);
	else if (other && other->state == ZONE_NONE && !journal_names(d, to))
		zone_forget_lock(d, other);
	return r < 0 ? err_wrap(e, "rename %s", name) : 0;
}
