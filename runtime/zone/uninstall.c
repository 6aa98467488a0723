/* uninstall - the way back to configured, from installed as well as from whatever an interruption has left. The record says "uninstalling" until everything is gone, so it
 * can be repeated until it succeeds. Only what is ours is removed: root, log and the changes of overlays (fs); a zonepath that holds anything else stays. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/migrate_note.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/receive.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"

enum { MOUNT_LINE_MAX = 4 * PATH_MAX };

static void replace_text(char **to, const char *text)
{
	free(*to);
	*to = mem_strdup(text);
}

static int mark_uninstalling(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	if (!z->has_record) { /* it could not be read: begin a new one, the ids are found by the zone's name */
		zone_record_done(&z->record);
		z->record.exit_status = -1;
	}
	z->record.state = ZONE_INCOMPLETE;
	replace_text(&z->record.aux, "uninstalling");
	replace_text(&z->record.reason, NULL);
	replace_text(&z->record.reason_time, NULL);
	return zone_record_write(d, z, e);
}

/* Where the files are: as recorded, else as configured, else the default. */
static char *zonepath_of(const struct zone_dirs *d, const struct zone *z)
{
	if (z->record.zonepath)
		return mem_strdup(z->record.zonepath);
	if (z->spec && z->spec->zonepath)
		return mem_strdup(z->spec->zonepath);
	return mem_format("%s/%s", d->storage, z->name);
}

/* The zonepath whatever its mode is now, but never through a symlink: what that leads to is not ours. 0: there is nothing. */
static int open_zonepath(const char *zonepath, int *ret, char **ret_note, struct err *e)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };

	*ret = sys_openat2(AT_FDCWD, zonepath, &how);
	if (*ret >= 0)
		return 1;
	if (errno == ELOOP || errno == ENOTDIR) {
		*ret_note = mem_format(
			"\"%s\" is not a directory of ours (a symlink is in it) and was left alone",
			zonepath);
		return 0;
	}
	return errno == ENOENT ? 0 : err_sys(e, "open zonepath \"%s\"", zonepath);
}

/* Nothing goes while something is mounted in there: half a root would be left, and what is mounted is not the zone's. A mount that hides all of it (a file system for this zone alone) is the zonepath itself. */
static int check_mounts(const char *zonepath, struct err *e)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char text[MOUNT_LINE_MAX];
	struct mntent m;
	int r = 0;

	while (mounts && r == 0 && getmntent_r(mounts, &m, text, sizeof(text))) {
		const char *rest = str_after(m.mnt_dir, zonepath);

		if (rest && *rest == '/')
			r = err_set(
				e, EBUSY,
				"\"%s\" is mounted in the zone's files and nothing was removed: unmount it first (umount)",
				m.mnt_dir);
	}
	if (mounts)
		(void)endmntent(mounts);
	return r;
}

static int remove_files(const struct zone_record *record, const char *zonepath,
			struct file_watch *watch, char **ret_note, struct err *e)
{
	auto_close int top = -1;
	int r = open_zonepath(zonepath, &top, ret_note, e);

	if (r <= 0)
		return r;
	quota_forget(record, top);
	r = storage_remove(top, watch, e);
	if (r < 0)
		return err_wrap(e, "remove the files in \"%s\"", zonepath);
	if (sys_unlinkat(AT_FDCWD, zonepath, AT_REMOVEDIR) < 0 && errno != ENOENT)
		*ret_note = mem_format("\"%s\" stays: it holds files that are not the zone's",
				       zonepath);
	return 0;
}

static int mark_configured(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	struct zone_record *r = &z->record;

	r->state = ZONE_CONFIGURED;
	r->id_base = r->owner_uid = 0;
	r->exit_status = -1;
	replace_text(&r->aux, NULL);
	replace_text(&r->zonepath, NULL);
	replace_text(&r->brand, NULL);
	replace_text(&r->from, NULL);
	replace_text(&r->installed, NULL);
	storage_forget(r);
	if (file_exists(AT_FDCWD, z->config_file)) {
		zone_event(d, z->name, "uninstalled", "the zone's files are removed", NULL);
		return zone_record_write(d, z, e);
	}
	int n = zone_record_remove(d, z->name, e); /* nothing is left that it could belong to */

	if (n == 0) {
		zone_events_forget(d, z->name);
		zone_forget_lock(d, z);
	}
	return n;
}

/* Layers that only this zone has needed. Those that cannot go now are removed by the next one that prunes: the zone is uninstalled all the same. */
static void prune(const struct zone_dirs *d, char **note)
{
	struct err e = { 0 };

	if (layers_prune(d, 0, NULL, &e) == 0 || *note)
		return;
	*note = mem_format("layers of its root stay for now: %s", e.text);
}

int zone_uninstall(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	return zone_uninstall_watched(d, name, NULL, NULL, ret_note, e);
}

int zone_uninstall_watched(const struct zone_dirs *d, const char *name,
			   void (*removed)(void *arg, unsigned long long n), void *arg,
			   char **ret_note, struct err *e)
{
	struct file_watch watch = { .removed = removed, .arg = arg };
	auto_ptr(zone) struct zone *z = NULL;
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	auto_free char *note = NULL, *zonepath = NULL;
	int r = zone_name_ok(name, NULL) ? zone_recover(d, name, e) : 0;

	if (r == 0) /* whatever form its root is in: it goes */
		r = zone_open(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);
	if (r < 0 || !z)
		return r;
	r = zone_allow(z, ZONE_VERB_UNINSTALL, &note, e);
	if (r > 0 && ret_note)
		*ret_note = ptr_steal(&note);
	if (r != 0)
		return r > 0 ? 0 : r;
	bool arriving = str_eq(z->record.aux, MIGRATE_ARRIVING);

	zonepath = zonepath_of(d, z);
	r = check_mounts(zonepath, e);
	if (r == 0)
		r = mark_uninstalling(d, z, e);
	if (r == 0)
		r = remove_files(&z->record, zonepath, removed ? &watch : NULL, &note, e);
	if (r == 0)
		r = net_release(name, &dirs, e);
	if (r == 0)
		r = zone_ids_release(d, name, e);
	if (r == 0)
		r = mark_configured(d, z, e);
	if (r < 0)
		return err_wrap(e, "uninstall %s", name);
	if (arriving)
		receive_forget(d, name);
	prune(d, &note);
	if (ret_note)
		*ret_note = ptr_steal(&note);
	return 0;
}
