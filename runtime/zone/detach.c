/* detach - a zone lets go of its files. The file that describes them is written first; the moment at which the zone is no longer installed is the one at which its record is replaced. Ids and leases are
 * given back after that: what a crash leaves of them is found again by the zone's name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/events.h"
#include "runtime/zone/house.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

int detached_load(const char *zonepath, struct json **ret, struct err *e)
{
	auto_free char *path = mem_format("%s/" DETACHED_FILE, zonepath);
	auto_ptr(json) struct json *j = NULL;
	int r = zone_json_read(path, &j, e);

	if (r < 0)
		return r;
	if (!str_eq(json_get_string(j, "format", NULL), DETACHED_FORMAT) ||
	    json_get_i64(j, "version", 0) != DETACHED_VERSION)
		return err_set(e, EINVAL, "\"%s\" is not of a kind that this program knows", path);
	*ret = ptr_steal(&j);
	return 0;
}

bool detached_is_there(const struct zone_dirs *d, const struct zone *z)
{
	const char *own = z->spec ? z->spec->zonepath : NULL;
	auto_free char *path = own ? mem_format("%s/" DETACHED_FILE, own)
				   : mem_format("%s/%s/" DETACHED_FILE, d->storage, z->name);

	return file_exists(AT_FDCWD, path);
}

struct json *detached_facts(const struct zone *z)
{
	const struct zone_record *r = &z->record;
	struct json *j = json_new_object();
	struct utsname host = { 0 };

	(void)uname(&host);
	json_set(j, "format", json_new_string(DETACHED_FORMAT));
	json_set(j, "version", json_new_i64(DETACHED_VERSION));
	json_set(j, "zonename", json_new_string(z->name));
	zone_json_set_text(j, "uuid", r->uuid);
	zone_json_set_text(j, "brand", r->brand);
	json_set(j, "architecture", json_new_string(host.machine));
	json_set(j, "kernel", json_new_string(host.release));
	zone_json_set_text(j, "from", r->from);
	zone_json_set_text(j, "created", r->created);
	zone_json_set_text(j, "installed", r->installed);
	if (r->image)
		json_set(j, "image", json_clone(r->image));
	json_set(j, "configuration", zone_spec_save(z->spec));
	(void)json_unset(json_get(j, "configuration"), "zonepath");
	return j;
}

/* `host`: where the zone went; NULL: nowhere. */
static int write_manifest(const struct zone *z, const char *host, struct err *e)
{
	auto_free char *path = mem_format("%s/" DETACHED_FILE, z->record.zonepath);
	auto_ptr(json) struct json *j = detached_facts(z);
	char now[32];

	zone_time_now(now, sizeof(now));
	zone_json_set_text(j, DETACHED_TO, host);
	zone_json_set_text(j, DETACHED_AT, host ? now : NULL);
	return zone_json_write(path, j, true, e);
}

/* The zone's file goes on naming the place where its files are. */
static int keep_place(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	auto_free char *normal = mem_format("%s/%s", d->storage, z->name);
	const char *configured = z->spec->zonepath ? z->spec->zonepath : normal;

	if (str_eq(configured, z->record.zonepath))
		return 0;
	return house_config_set(z->config_file, z->config_file, "zonepath", z->record.zonepath, e);
}

static void forget_text(char **text)
{
	free(*text);
	*text = NULL;
}

static int forget_files(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	struct zone_record *r = &z->record;

	r->state = ZONE_CONFIGURED;
	r->id_base = r->owner_uid = 0;
	r->exit_status = -1;
	forget_text(&r->aux);
	forget_text(&r->zonepath);
	forget_text(&r->brand);
	forget_text(&r->from);
	forget_text(&r->installed);
	storage_forget(r);
	return zone_record_write(d, z, e);
}

static int let_go(const struct zone_dirs *d, struct zone *z, const char *host, struct err *e)
{
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	int r = write_manifest(z, host, e);

	if (r == 0)
		r = keep_place(d, z, e);
	if (r == 0)
		r = quota_leave(&z->record, e);
	if (r == 0)
		r = forget_files(d, z, e);
	if (r == 0)
		r = net_release(z->name, &dirs, e);
	return r == 0 ? zone_ids_release(d, z->name, e) : r;
}

int detach_migrated(const struct zone_dirs *d, struct zone *z, const char *host, struct err *e)
{
	auto_free char *zonepath = mem_strdup(z->record.zonepath);
	char now[32];

	zone_time_now(now, sizeof(now));
	forget_text(&z->record.reason);
	forget_text(&z->record.reason_time);
	z->record.reason = mem_format("it was migrated to \"%s\"; its old files are in \"%s\"",
				      host, zonepath);
	z->record.reason_time = mem_strdup(now);
	return let_go(d, z, host, e);
}

static int detach_locked(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	auto_free char *text = mem_format("its files stay in \"%s\"", z->record.zonepath);

	if (z->record.layers.n > 0)
		return err_set(
			e, EOPNOTSUPP,
			"its root consists of layers that other zones share and that stay here: take it away whole with zone export --archive FILE %s",
			z->name);
	if (z->record.n_snapshots > 0)
		return err_set(
			e, EOPNOTSUPP,
			"it has %zu snapshots that would be lost: delete them first (zone snapshot delete %s NAME), or take its root away with zone export --archive FILE %s",
			z->record.n_snapshots, z->name, z->name);
	int r = let_go(d, z, NULL, e);

	if (r == 0)
		zone_event(d, z->name, "detached", text, NULL);
	return r;
}

int zone_detach(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			      &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_DETACH, ret_note, e);
	if (r != 0)
		return r > 0 ? 0 : r;
	r = detach_locked(d, z, e);
	return r < 0 ? err_wrap(e, "detach %s", name) : 0;
}
