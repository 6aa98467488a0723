/* image_store - see image_store.h. */
#include "runtime/zone/image_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/digest.h"
#include "runtime/zone/image.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/record.h"

#define WANTED "_wanted.json"

enum { LOCK_WAIT_MS = 600 * 1000 };

static char *store_path(const struct zone_dirs *d, const char *below)
{
	return mem_format("%s/.images%s%s", d->storage, below[0] ? "/" : "", below);
}

/* --- names as files ----------------------------------------------------------------------------------------------- */

char *image_name_to_file(const char *name)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	for (const char *p = name; *p; p++) {
		if (*p == '/' || *p == ':' || *p == '%')
			strbuf_format(&b, "%%%02X", (unsigned char)*p);
		else
			strbuf_add_char(&b, *p);
	}
	strbuf_add(&b, ".json");
	return strbuf_steal(&b);
}

static int hex_of(const char *p)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *high = p[0] ? strchr(digits, p[0]) : NULL;
	const char *low = high && p[1] ? strchr(digits, p[1]) : NULL;

	return low ? (int)(high - digits) * 16 + (int)(low - digits) : -1;
}

char *image_name_from_file(const char *file)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	if (!str_has_suffix(file, ".json"))
		return NULL;
	for (const char *p = file; p < file + strlen(file) - strlen(".json"); p++) {
		int c = *p == '%' ? hex_of(p + 1) : (unsigned char)*p;

		if (c <= 0)
			return NULL;
		strbuf_add_char(&b, (char)c);
		p += *p == '%' ? 2 : 0;
	}
	return image_name_ok(strbuf_text(&b)) ? strbuf_steal(&b) : NULL;
}

/* --- folders and the lock ----------------------------------------------------------------------------------------- */

static int make_folders(const struct zone_dirs *d, struct err *e)
{
	auto_free char *images = store_path(d, "");
	auto_close int layers = layers_open(d, e);

	return layers < 0 ? layers : file_mkdir_p(AT_FDCWD, images, 0700, e);
}

int image_store_lock(const struct zone_dirs *d, int *ret_fd, struct err *e)
{
	auto_free char *path = store_path(d, ".lock");
	int r = make_folders(d, e);

	if (r < 0)
		return r;
	r = file_lock(AT_FDCWD, path, true, LOCK_WAIT_MS, ret_fd, e);
	return r < 0 ? err_wrap(e, "another command works on images") : 0;
}

/* Remove what is in the folder and begins like that. */
static void sweep(const char *folder, const char *prefix)
{
	auto_done(strv) struct strv names = { 0 };
	DIR *stream = opendir(folder);

	if (!stream)
		return;
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		if (str_has_prefix(entry->d_name, prefix))
			strv_add(&names, entry->d_name);
	}
	for (size_t i = 0; i < names.n; i++) {
		struct err ignored = { 0 };

		(void)!file_remove_tree(dirfd(stream), names.items[i],
					&ignored); /* the next one tries again */
	}
	(void)closedir(stream);
}

void image_store_sweep(const struct zone_dirs *d, bool all)
{
	auto_free char *images = store_path(d, "");
	auto_close int fd = sys_openat(AT_FDCWD, images, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	sweep(images, ".tmp-");
	if (all) {
		sweep(images, ".pull-");
		image_unwant(d);
	}
	if (fd >= 0)
		file_sweep_temporaries(fd);
}

static int make_temporary(char *template, char **ret, struct err *e)
{
	auto_free char *path = template;

	if (!mkdtemp(path))
		return err_sys(e, "create the temporary folder \"%s\"", path);
	*ret = ptr_steal(&path);
	return 0;
}

int image_temporary(const struct zone_dirs *d, const char *what, char **ret, struct err *e)
{
	auto_free char *name = mem_format(".tmp-%s-XXXXXX", what);

	return make_temporary(store_path(d, name), ret, e);
}

int image_pull_folder(const struct zone_dirs *d, const char *reference, char **ret, struct err *e)
{
	char sum[DIGEST_TEXT_MAX];
	int r = digest_of(reference, strlen(reference), sum, e);

	if (r < 0)
		return r;
	auto_free char *name = mem_format(".pull-%.24s", strchr(sum, ':') + 1);

	*ret = store_path(d, name);
	return 0;
}

/* --- layers ------------------------------------------------------------------------------------------------------- */

char *image_layer_folder(const struct zone_dirs *d, const char *id)
{
	return mem_format("%s/.layers/%s", d->storage, id);
}

int image_layer_temporary(const struct zone_dirs *d, char **ret, struct err *e)
{
	return image_temporary(d, "layer", ret, e);
}

int image_layers_flush(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/.layers", d->storage);
	auto_close int fd = file_open_dir(AT_FDCWD, path, e);

	if (fd < 0)
		return fd;
	return sys_fsync(fd) < 0 ? err_sys(e, "flush \"%s\"", path) : 0;
}

/* --- images ------------------------------------------------------------------------------------------------------- */

static char *image_file(const struct zone_dirs *d, const char *name)
{
	auto_free char *file = image_name_to_file(name);

	return store_path(d, file);
}

int image_store_write(const struct zone_dirs *d, const char *name, const struct json *j,
		      struct err *e)
{
	auto_free char *path = image_file(d, name);

	return zone_json_write(path, j, true, e);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int image_store_names(const struct zone_dirs *d, struct strv *ret, struct err *e)
{
	auto_free char *path = store_path(d, "");
	DIR *stream = opendir(path);

	if (!stream)
		return errno == ENOENT ? 0 : err_sys(e, "open \"%s\"", path);
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
		char *name = entry->d_name[0] == '.' ? NULL : image_name_from_file(entry->d_name);

		if (name)
			strv_take(ret, name);
	}
	(void)closedir(stream);
	if (ret->n > 1)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return 0;
}

static int no_such_image(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	struct err ignored = { 0 };
	const char *nearest = NULL;

	if (image_store_names(d, &names, &ignored) == 0 && names.n > 0)
		nearest = str_nearest(name, (const char *const *)names.items);
	return nearest ? err_set(e, ENOENT, "there is no image \"%s\" - did you mean \"%s\"?", name,
				 nearest)
		       : err_set(e, ENOENT, "there is no image \"%s\" (zone image list)", name);
}

int image_store_read(const struct zone_dirs *d, const char *name, struct json **ret, struct err *e)
{
	auto_free char *path = image_name_ok(name) ? image_file(d, name) : NULL;
	struct err why = { 0 };
	int r = path ? zone_json_read(path, ret, &why) : -ENOENT;

	if (r == -ENOENT)
		return no_such_image(d, name, e);
	if (r < 0)
		*e = why;
	return r;
}

int image_store_remove(const struct zone_dirs *d, const char *name, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_free char *path = image_name_ok(name) ? image_file(d, name) : NULL;

	if (!path || !file_exists(AT_FDCWD, path))
		return no_such_image(d, name, e);
	return sys_unlinkat(AT_FDCWD, path, 0) < 0 ? err_sys(e, "remove \"%s\"", path) : 0;
}

/* --- layers that are on their way --------------------------------------------------------------------------------- */

int image_want(const struct zone_dirs *d, const struct json *layers, struct err *e)
{
	auto_free char *path = store_path(d, WANTED);
	auto_ptr(json) struct json *j = json_new_object();
	struct json *list = json_set(j, "layers", json_new_array());

	auto_close int lock = -1;

	for (size_t i = 0; layers && i < layers->n; i++)
		json_add(list, json_new_string(layers->items[i]->text));
	/* Layers that are there may be about to be removed: whoever does that is waited for, and the next one reads what is written here. */
	int r = layers_lock(d, LAYERS_WAIT_MS, &lock, e);

	return r < 0 ? r : zone_json_write(path, j, true, e);
}

void image_unwant(const struct zone_dirs *d)
{
	auto_free char *path = store_path(d, WANTED);

	(void)sys_unlinkat(AT_FDCWD, path, 0); /* else its layers stay until the next prune */
}
