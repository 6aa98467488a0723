/* layers_prune - remove the layers that no file names. The store is listed before the files are read: what is made meanwhile is either not in the list, or was named before it was made. A file that
 * cannot be read may name anything, so nothing is removed then. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

#define GONE ".gone-"

static int list(const char *path, struct strv *ret, struct err *e)
{
	DIR *stream = opendir(path);

	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "read \"%s\"", path);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			strv_add(ret, entry->d_name);
	}
	(void)closedir(stream);
	return 0;
}

static int names_of_zones(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_done(strv) struct strv zones = { 0 };
	int r = zone_names(d, &zones, e);

	for (size_t i = 0; r >= 0 && i < zones.n; i++) {
		auto_done(zone_record) struct zone_record record = { 0 };

		r = zone_record_load(d, zones.items[i], &record, e);
		strv_copy(ret, &record.layers);
		strv_copy(ret, &record.next);
		if (record.copying)
			strv_add(ret, record.copying);
		for (size_t s = 0; s < record.n_snapshots; s++)
			strv_copy(ret, &record.snapshots[s].layers);
	}
	return r < 0 ? r : 0;
}

static int names_of_images(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_free char *folder = mem_format("%s/.images", d->storage);
	auto_done(strv) struct strv files = { 0 };
	int r = list(folder, &files, e);

	for (size_t i = 0; r == 0 && i < files.n; i++) {
		auto_free char *path = mem_format("%s/%s", folder, files.items[i]);
		auto_ptr(json) struct json *j = NULL;

		if (files.items[i][0] == '.' || !str_has_suffix(files.items[i], ".json"))
			continue;
		r = zone_json_read(path, &j, e);
		const struct json *layers = r < 0 ? NULL : json_get(j, "layers");

		for (size_t k = 0; layers && layers->type == JSON_ARRAY && k < layers->n; k++)
			strv_add(ret, layers->items[k]->type == JSON_STRING ? layers->items[k]->text
									    : "");
	}
	return r;
}

static bool is_needed(const struct strv *needed, const char *name)
{
	const char *id = str_after(name, LAYERS_NEW);

	return strv_has(needed, id ? id : name);
}

/* A layer that is half removed must not be taken for a whole one. */
static int remove_layer(int store, const char *name, struct err *e)
{
	auto_free char *gone = mem_format(GONE "%s", name);

	if (name[0] == '.')
		return file_remove_tree(store, name, e);
	if (sys_renameat2(store, name, store, gone, RENAME_NOREPLACE) < 0)
		return err_sys(e, "remove the layer %s", name);
	return file_remove_tree(store, gone, e);
}

int layers_sweep(const struct zone_dirs *d, size_t *ret_n, struct err *e)
{
	auto_free char *folder = mem_format("%s/.layers", d->storage);
	auto_done(strv) struct strv there = { 0 }, needed = { 0 };
	size_t removed = 0;
	int r = list(folder, &there, e);

	if (r < 0 || there.n == 0)
		return r;
	auto_close int store = layers_open(d, e);

	r = store < 0 ? store : names_of_zones(d, &needed, e);
	if (r == 0)
		r = names_of_images(d, &needed, e);
	for (size_t i = 0; r == 0 && i < there.n; i++) {
		if (is_needed(&needed, there.items[i]))
			continue;
		r = remove_layer(store, there.items[i], e);
		removed += r == 0 && there.items[i][0] != '.';
	}
	if (ret_n)
		*ret_n = removed;
	return r < 0 ? err_wrap(e, "remove layers that are not needed") : 0;
}

int layers_prune(const struct zone_dirs *d, int wait_ms, size_t *ret_n, struct err *e)
{
	auto_free char *folder = mem_format("%s/.layers", d->storage);
	auto_close int lock = -1;
	struct err busy = { 0 };

	if (ret_n)
		*ret_n = 0;
	if (!file_exists(AT_FDCWD, folder))
		return 0;
	int r = layers_lock(d, wait_ms, &lock, &busy);

	if (r == -EWOULDBLOCK && wait_ms == 0)
		return 0;
	if (r < 0) {
		*e = busy;
		return r;
	}
	return layers_sweep(d, ret_n, e);
}

void layers_prune_now(const struct zone_dirs *d)
{
	struct err why = { 0 };

	if (layers_prune(d, 0, NULL, &why) < 0)
		log_warning("%s", why.text);
}
