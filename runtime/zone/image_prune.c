/* image_prune - layers that nothing names any more, and what interruptions have left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/image_store.h"
#include "runtime/zone/images.h"
#include "runtime/zone/record.h"

/* The layers of all zones; a record that cannot be read is an error, since its layers must stay. */
static int zone_layers(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(d, &names, e);

	for (size_t i = 0; i < names.n && r >= 0; i++) {
		auto_done(zone_record) struct zone_record record = { .exit_status = -1 };

		r = zone_record_load(d, names.items[i], &record, e);
		strv_copy(ret, &record.layers);
	}
	return r < 0 ? r : 0;
}

static int remove_unused(const struct zone_dirs *d, const struct strv *used, size_t *ret_n,
			 struct err *e)
{
	auto_free char *path = mem_format("%s/.layers", d->storage);
	auto_done(strv) struct strv unused = { 0 };
	DIR *stream = opendir(path);
	int r = 0;

	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "open \"%s\"", path);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (str_has_prefix(entry->d_name, "sha256-") && !strv_has(used, entry->d_name))
			strv_add(&unused, entry->d_name);
	}
	for (size_t i = 0; i < unused.n && r == 0; i++) {
		r = file_remove_tree(dirfd(stream), unused.items[i], e);
		*ret_n += r == 0;
	}
	(void)closedir(stream);
	return r;
}

static int prune(const struct zone_dirs *d, size_t *ret_layers, struct err *e)
{
	auto_done(strv) struct strv used = { 0 };
	int r = zone_layers(d, &used, e);

	*ret_layers = 0;
	if (r == 0)
		r = image_store_layers(d, &used, e);
	return r < 0 ? r : remove_unused(d, &used, ret_layers, e);
}

int zone_image_prune(const struct zone_dirs *d, size_t *ret_layers, struct err *e)
{
	auto_close int lock = -1;
	int r = image_store_lock(d, &lock, e);

	if (r < 0)
		return r;
	image_store_sweep(d, true);
	return prune(d, ret_layers, e);
}

int zone_image_remove(const struct zone_dirs *d, const char *name, size_t *ret_layers,
		      struct err *e)
{
	auto_close int lock = -1;
	int r = image_store_lock(d, &lock, e);

	if (r == 0)
		r = image_store_remove(d, name, e);
	return r < 0 ? r : prune(d, ret_layers, e);
}
