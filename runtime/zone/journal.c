/* journal - entries are small files that are replaced atomically; the directory is there only while one of them is, so that nobody pays for it otherwise. */
#include "runtime/zone/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/record.h"

enum { JOURNAL_WAIT_MS = 60000 };

static const struct {
	const char *verb;
	int (*finish)(const struct zone_dirs *d, const struct json *entry, struct err *e);
} verbs[] = { { "rename", rename_finish }, { "move", move_finish } };

static char *folder_path(const struct zone_dirs *d)
{
	return mem_format("%s/.journal", d->storage);
}

static char *entry_path(const struct zone_dirs *d, const char *name)
{
	return mem_format("%s/.journal/%s.json", d->storage, name);
}

/* The entry itself is flushed by its writer; this flushes that there is a folder for it. */
static int flush_dir(const char *path, struct err *e)
{
	auto_close int fd = file_open_dir(AT_FDCWD, path, e);

	if (fd < 0)
		return fd;
	return sys_fsync(fd) < 0 ? err_sys(e, "flush \"%s\"", path) : 0;
}

/* Somebody else may take the empty folder away between the two: then once more. */
int journal_write(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	auto_free char *folder = folder_path(d);
	auto_free char *path = entry_path(d, json_get_string(entry, "zone", ""));
	struct err why = { 0 };
	int r = -ENOENT;

	for (int tries = 0; tries < 10 && r == -ENOENT; tries++) {
		r = file_mkdir_p(AT_FDCWD, folder, 0700, &why);
		if (r == 0)
			r = flush_dir(d->storage, &why);
		if (r == 0)
			r = zone_json_write(path, entry, true, &why);
	}
	if (r == 0)
		return 0;
	*e = why;
	return err_wrap(e, "write down what is being done");
}

int journal_end(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_free char *folder = folder_path(d);
	auto_free char *path = entry_path(d, name);

	if (sys_unlinkat(AT_FDCWD, path, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", path);
	if (sys_unlinkat(AT_FDCWD, folder, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT)
		return err_sys(e, "remove \"%s\"", folder);
	return 0;
}

/* Names of the zones that have an entry. No folder: none. */
static int list_entries(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_free char *folder = folder_path(d);
	DIR *stream = opendir(folder);

	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "open \"%s\"", folder);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		size_t n = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && str_has_suffix(entry->d_name, ".json"))
			strv_take(ret, mem_strndup(entry->d_name, n - strlen(".json")));
	}
	(void)closedir(stream);
	return 0;
}

static int load_entry(const struct zone_dirs *d, const char *name, struct json **ret, struct err *e)
{
	auto_free char *path = entry_path(d, name);
	int r = zone_json_read(path, ret, e);

	if (r < 0)
		return r;
	const char *zone = json_get_string(*ret, "zone", NULL);
	const char *to = json_get_string(*ret, "to", NULL);

	if (!str_eq(zone, name) || !zone_name_ok(zone, NULL) || (to && !zone_name_ok(to, NULL)))
		return err_set(e, EINVAL, "\"%s\" is broken: its names are not those of zones",
			       path);
	return 0;
}

bool journal_names(const struct zone_dirs *d, const char *name)
{
	auto_done(strv) struct strv names = { 0 };
	struct err ignored = { 0 };

	if (list_entries(d, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		auto_ptr(json) struct json *entry = NULL;

		if (str_eq(names.items[i], name))
			return true;
		if (load_entry(d, names.items[i], &entry, &ignored) == 0 &&
		    str_eq(json_get_string(entry, "to", NULL), name))
			return true;
	}
	return false;
}

/* The lock of one zone, as zone_open() takes it. */
static int take_lock(const struct zone_dirs *d, const char *name, bool wait, int *ret,
		     struct err *e)
{
	auto_free char *path = mem_format("%s/.locks/%s", d->run, name);

	return file_lock(AT_FDCWD, path, true, wait ? JOURNAL_WAIT_MS : 0, ret, e);
}

static int run_entry(const struct zone_dirs *d, const struct json *entry, struct err *e)
{
	const char *verb = json_get_string(entry, "verb", "");
	const char *zone = json_get_string(entry, "zone", "");

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (str_eq(verbs[i].verb, verb))
			return verbs[i].finish(d, entry, e) < 0
				       ? err_wrap(e, "a %s of zone \"%s\" was interrupted", verb,
						  zone)
				       : 0;
	}
	return err_set(e, EINVAL, "the journal of zone \"%s\" names no verb of ours", zone);
}

/* Two names are locked in their order, as everybody does. */
static int settle_one(const struct zone_dirs *d, const char *name, bool wait, struct err *e)
{
	auto_ptr(json) struct json *seen = NULL;
	auto_ptr(json) struct json *entry = NULL;
	auto_close int first = -1, second = -1;
	int r = load_entry(d, name, &seen, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	const char *to = json_get_string(seen, "to", name);
	bool swap = strcmp(to, name) < 0;

	r = take_lock(d, swap ? to : name, wait, &first, e);
	if (r == 0 && !str_eq(to, name))
		r = take_lock(d, swap ? name : to, wait, &second, e);
	if (r < 0)
		return r == -EWOULDBLOCK && !wait ? 0 : r;
	r = load_entry(d, name, &entry, e); /* again: its writer may have come to the end */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return str_eq(json_get_string(entry, "to", name), to) ? run_entry(d, entry, e) : 0;
}

/* No entry: what a crash between two system calls has left of the folder. */
static void tidy_folder(const struct zone_dirs *d)
{
	auto_free char *folder = folder_path(d);
	struct err ignored = { 0 };
	auto_close int fd =
		file_exists(AT_FDCWD, folder) ? file_open_dir(AT_FDCWD, folder, &ignored) : -1;

	if (fd < 0)
		return;
	file_sweep_temporaries(fd);
	(void)sys_unlinkat(AT_FDCWD, folder, AT_REMOVEDIR); /* not empty: somebody has begun */
}

int journal_settle(const struct zone_dirs *d, bool wait, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int result = list_entries(d, &names, e);

	for (size_t i = 0; i < names.n; i++) {
		struct err one = { 0 };
		int r = settle_one(d, names.items[i], wait, &one);

		if (r < 0 && result == 0) {
			*e = one;
			result = r;
		}
	}
	if (names.n == 0)
		tidy_folder(d);
	return result;
}
