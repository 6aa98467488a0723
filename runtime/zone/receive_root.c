/* receive_root - a zone that is arriving: its configuration, its record, and a root to copy to. Every step can be done again after it was interrupted.
 *
 * The note is there before anything else and says whether the zone's name was free, so that `abort` takes away what the migration has made and nothing more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/house.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/migrate_remote.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/receive.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

/* --- the zone ----------------------------------------------------------------------------------------------------- */

int receive_open(const struct receive *r, struct zone **ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int n;

	if (!r->note)
		return err_set(e, ENOENT, "no zone is arriving here by this migration");
	n = zone_open(r->dirs, r->name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
		      &z, e);
	if (n < 0)
		return n;
	if (z->state != ZONE_INCOMPLETE || !str_eq(z->record.aux, MIGRATE_ARRIVING) ||
	    !z->record.zonepath)
		return err_set(e, EBUSY, "zone \"%s\" is not arriving any more: it is %s", r->name,
			       zone_state_word(z->state));
	*ret = ptr_steal(&z);
	return 0;
}

int receive_root(const struct zone *z, struct err *e)
{
	auto_close int top = zone_storage_open(z->record.zonepath, e);

	return top < 0 ? top : file_open_dir(top, "root", e);
}

/* --- begin -------------------------------------------------------------------------------------------------------- */

static int write_note(struct receive *r, enum receive_name name, struct err *e)
{
	auto_free char *key = mem_format("in-%s", r->token);

	if (r->note)
		return 0;
	r->note = json_new_object();
	json_set(r->note, "zone", json_new_string(r->name));
	json_set(r->note, "created", json_new_bool(name == RECEIVE_NEW));
	json_set(r->note, "phase", json_new_string("receiving"));
	return note_save(r->dirs, key, r->note, e);
}

/* The file as it is there now: it may have changed since the migration began. */
static int write_config(const struct receive *r, enum zone_state state, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *old = NULL;
	const struct zone_new new = { .text = r->text };

	if (state == ZONE_NONE)
		return zone_create(r->dirs, r->name, &new, &diags, e);
	int n = zone_open(r->dirs, r->name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (n == 0)
		n = config_read(z, &old, e);
	if (n == 0 && str_eq(old, r->text))
		return 0;
	if (n == 0)
		n = config_check(r->name, r->text, &diags, e);
	return n == 0 ? config_write(z, old, r->text, e) : n;
}

static int write_record(const struct receive *r, struct zone *z, struct err *e)
{
	struct zone_record *record = &z->record;
	const char *uuid = json_get_string(r->facts, "uuid", NULL);
	const char *brand = z->spec->brand ? z->spec->brand : "native";
	char now[32];
	int n = zone_ids_allocate(r->dirs, z->name, &record->id_base, &record->owner_uid, e);

	if (n < 0)
		return n;
	zone_time_now(now, sizeof(now));
	record->state = ZONE_INCOMPLETE;
	record->exit_status = -1;
	replace_text(&record->aux, MIGRATE_ARRIVING);
	replace_text(&record->reason, "it is arriving from another host");
	replace_text(&record->reason_time, now);
	replace_text(&record->zonepath, r->zonepath);
	replace_text(&record->brand, brand);
	if (uuid && house_uuid_is_free(r->dirs, uuid, z->name))
		replace_text(&record->uuid, uuid);
	return zone_record_write(r->dirs, z, e);
}

static int make_place(const struct receive *r, struct zone *z, struct err *e)
{
	const char *slash = strrchr(r->zonepath, '/');
	auto_free char *parent = mem_strndup(r->zonepath, (size_t)(slash - r->zonepath));
	const char *driver = NULL;
	int n = *parent ? file_mkdir_p(AT_FDCWD, parent, 0755, e) : 0;

	if (n < 0)
		return n;
	if (sys_mkdirat(AT_FDCWD, r->zonepath, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "create \"%s\"", r->zonepath);
	auto_close int top = zone_storage_open(r->zonepath, e);

	if (top < 0)
		return top;
	if (!file_exists(top, "root"))
		n = storage_make_root(top, &driver, e);
	else if (btrfs_is_subvolume(top, "root"))
		driver = STORAGE_BTRFS;
	if (n == 0)
		n = file_mkdir_p(top, "log", 0700, e);
	if (n < 0)
		return n;
	(void)sys_unlinkat(top, DETACHED_FILE,
			   0); /* these files are on their way to be the zone's again */
	replace_text(&z->record.driver, driver);
	return zone_record_write(r->dirs, z, e);
}

static int make_zone(struct receive *r, enum zone_state state, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int n = write_config(r, state, e);

	if (n == 0)
		n = zone_open(r->dirs, r->name,
			      ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);
	if (n == 0 && z->state != ZONE_CONFIGURED && z->state != ZONE_INCOMPLETE)
		n = err_set(e, EBUSY, "zone \"%s\" is %s meanwhile", r->name,
			    zone_state_word(z->state));
	if (n == 0)
		n = write_record(r, z, e);
	if (n == 0)
		n = make_place(r, z, e);
	return n == 0 ? quota_settle(&z->record, z->spec, e) : n;
}

static int refuse(const struct zone_attach *report, struct err *e)
{
	for (size_t i = 0; i < report->n; i++) {
		if (str_eq(report->rows[i].result, "problem"))
			return err_set(e, ECANCELED, "%s: %s", report->rows[i].check,
				       report->rows[i].text);
	}
	return 0;
}

int receive_begin(struct receive *r, struct err *e)
{
	auto_done(zone_attach) struct zone_attach report = { 0 };
	enum receive_name name;
	enum zone_state state;
	struct err ignored = { 0 };
	bool fresh = !r->note;
	int n = fresh ? receive_check(r, &report, e) : 0;

	if (n == 0)
		n = refuse(&report, e);
	if (n == 0)
		n = receive_name(r, &name, &state, e);
	if (n == 0 && name == RECEIVE_TAKEN)
		n = err_set(e, EEXIST, "zone \"%s\" is there already", r->name);
	if (n == 0)
		n = write_note(r, name, e);
	if (n < 0)
		return n;
	n = make_zone(r, state, e);
	if (n < 0 && fresh)
		(void)!receive_abort(r, false, &ignored); /* else `zone uninstall` does it */
	return n;
}

/* --- abort -------------------------------------------------------------------------------------------------------- */

static bool may_remove(const struct zone *z, bool undo)
{
	bool arriving = z->state == ZONE_INCOMPLETE && str_eq(z->record.aux, MIGRATE_ARRIVING);

	return arriving || z->state == ZONE_CONFIGURED || (undo && z->state < ZONE_READY);
}

int receive_abort(struct receive *r, bool undo, struct err *e)
{
	auto_free char *key = mem_format("in-%s", r->token);
	auto_free char *note = NULL;
	auto_ptr(zone) struct zone *z = NULL;
	int n;

	if (!r->note)
		return 0;
	n = zone_open(r->dirs, r->name, 0, &z, e);
	if (n < 0)
		return n;
	enum zone_state state = z->state;

	if (state != ZONE_NONE && !may_remove(z, undo))
		return err_set(e, EEXIST, "zone \"%s\" is here (%s) and stays", r->name,
			       zone_state_word(state));
	if (state > ZONE_CONFIGURED)
		n = zone_uninstall(r->dirs, r->name, &note, e);
	if (n == 0 && state != ZONE_NONE && json_get_bool(r->note, "created", false))
		n = zone_delete(r->dirs, r->name, e);
	if (n == 0)
		note_forget(r->dirs, key);
	return n;
}

void receive_forget(const struct zone_dirs *d, const char *name)
{
	auto_free char *folder = mem_format("%s/.migrate", d->storage);
	DIR *stream = opendir(folder);

	if (!stream)
		return;
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		auto_ptr(json) struct json *note = NULL;
		struct err ignored = { 0 };

		if (!str_has_prefix(entry->d_name, "in-") ||
		    !str_has_suffix(entry->d_name, ".json"))
			continue;
		auto_free char *key =
			mem_strndup(entry->d_name, strlen(entry->d_name) - strlen(".json"));

		if (note_load(d, key, &note, &ignored) > 0 &&
		    str_eq(json_get_string(note, "zone", NULL), name))
			note_forget(d, key);
	}
	(void)closedir(stream);
}
