/* house - flushing, changing one property of a file, and removing a directory that may be a mount point. */
#include "runtime/zone/house.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"

enum { CONFIG_MODE = 0600 };

int house_flush_parent(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	auto_free char *parent = slash && slash != path ? mem_strndup(path, (size_t)(slash - path))
							: mem_strdup("/");
	auto_close int fd = file_open_dir(AT_FDCWD, parent, e);

	if (fd < 0)
		return fd;
	return sys_fsync(fd) < 0 ? err_sys(e, "flush \"%s\"", parent) : 0;
}

int house_config_text(const char *text, const char *key, const char *value, char **ret,
		      struct err *e)
{
	auto_ptr(json) struct json *root = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };

	if (json_parse(text, strlen(text), ZONE_FILE_MAX, &root, &diags) < 0)
		return diag_err(&diags, e);
	if (root->type != JSON_OBJECT)
		return err_set(e, EINVAL, "the configuration is not an object");
	if (value)
		json_set(root, key, json_new_string(value));
	else
		(void)json_unset(root, key); /* absent is what is wanted */
	*ret = config_print(root);
	return 0;
}

int house_config_set(const char *from, const char *to, const char *key, const char *value,
		     struct err *e)
{
	auto_free char *text = NULL;
	auto_free char *changed = NULL;
	int r = file_read_all(AT_FDCWD, from, ZONE_FILE_MAX, &text, NULL, e);

	if (r == 0 && text)
		r = house_config_text(text, key, value, &changed, e);
	if (r < 0 || !changed)
		return err_wrap(e, "\"%s\"", from);
	if (str_eq(from, to) && str_eq(text, changed))
		return 0;
	return file_replace(AT_FDCWD, to, changed, strlen(changed), CONFIG_MODE | FILE_DURABLE, e);
}

bool house_uuid_is_free(const struct zone_dirs *d, const char *uuid, const char *name)
{
	auto_done(strv) struct strv names = { 0 };
	struct err ignored = { 0 };

	if (strlen(uuid) != 36 || strspn(uuid, "0123456789abcdef-") != 36 ||
	    zone_names(d, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		auto_done(zone_record) struct zone_record record = { .exit_status = -1 };

		if (!str_eq(names.items[i], name) &&
		    zone_record_load(d, names.items[i], &record, &ignored) > 0 &&
		    str_eq(record.uuid, uuid))
			return false;
	}
	return true;
}

struct json *house_image(const struct json *facts)
{
	const struct json *image = json_get(facts, "image");
	const struct json *service = json_get(image, "service");
	auto_ptr(json) struct json *tree = json_new_object();
	auto_ptr(zone_spec) struct zone_spec *spec = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct json *copy, *ret;

	if (!service || service->type != JSON_OBJECT)
		return NULL;
	copy = json_clone(service);
	free(copy->key);
	copy->key = NULL;
	json_set(tree, "zonename", json_new_string("check"));
	json_set(tree, "service", copy);
	if (!json_get(service, "command")) /* an image may have none */
		json_add(json_set(copy, "command", json_new_array()), json_new_string("/x"));
	auto_free char *text = config_print(tree);

	if (zone_spec_parse(text, strlen(text), &spec, &diags) < 0)
		return NULL;
	ret = json_clone(image);
	free(ret->key);
	ret->key = NULL;
	for (size_t i = ret->n; i > 0; i--) {
		auto_free char *key = mem_strdup(ret->items[i - 1]->key);

		if (!str_eq(key, "service"))
			(void)json_unset(ret,
					 key); /* ids of layers and the like mean nothing here */
	}
	return ret;
}

static int empty_dir(int fd, const char *path, struct err *e)
{
	int again = sys_openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *stream = again < 0 ? NULL : fdopendir(again); /* which closes it */
	int r = 0;

	if (!stream) {
		cleanup_close(&again);
		return err_sys(e, "open \"%s\"", path);
	}
	for (const struct dirent *entry = readdir(stream); entry && r == 0;
	     entry = readdir(stream)) {
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = storage_remove_tree(fd, entry->d_name, e);
	}
	(void)closedir(stream);
	return r < 0 ? err_wrap(e, "remove the files in \"%s\"", path) : 0;
}

int house_remove_dir(const char *path, struct err *e)
{
	auto_close int fd =
		sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open \"%s\"", path);
	int r = empty_dir(fd, path, e);

	if (r < 0)
		return r;
	if (sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != EBUSY)
		return err_sys(e, "remove \"%s\"", path);
	return 0;
}
