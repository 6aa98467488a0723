/* Files first, then the pure part. Whatever a file may say wrong is found here, so that the rest can rely on a list's form. */
#include "net/cni_conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { CONF_MAX = 1 << 20, PLUGINS_MAX = 32 };

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *environment_or(const char *variable, const char *otherwise)
{
	const char *text = getenv(variable);

	return str_empty(text) ? otherwise : text;
}

const char *cni_conf_dir(void)
{
	return environment_or("NETCONFPATH", "/etc/cni/net.d");
}

const char *cni_program_path(void)
{
	return environment_or("CNI_PATH", "/usr/lib/cni:/opt/cni/bin");
}

/* What is read or run with root's authority must be root's alone to change. */
static int conf_trust(const struct stat *st, struct err *e)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return err_set(e, EPERM, "does not belong to root");
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return err_set(e, EPERM, "can be written by others than its owner");
	return 0;
}

struct json *cni_copy(const struct json *j)
{
	struct json *copy = json_clone(j);

	free(ptr_steal(&copy->key));
	return copy;
}

/* --- words -------------------------------------------------------------------------------------------------------- */

bool cni_name_ok(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < CNI_NAME && strspn(name, ALNUM "_.-") == n && strspn(name, ALNUM) > 0;
}

bool cni_version_ok(const char *version)
{
	static const char *const known[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", NULL };

	for (size_t i = 0; known[i]; i++)
		if (str_eq(known[i], version))
			return true;
	return false;
}

static uint64_t version_part(const struct strv *parts, size_t i)
{
	uint64_t n = 0;

	return i < parts->n && num_u64(parts->items[i], &n) == 0 ? n : 0;
}

bool cni_version_least(const char *a, const char *b)
{
	auto_done(strv) struct strv as = { 0 };
	auto_done(strv) struct strv bs = { 0 };

	strv_split(&as, a, '.');
	strv_split(&bs, b, '.');
	for (size_t i = 0; i < 3; i++)
		if (version_part(&as, i) != version_part(&bs, i))
			return version_part(&as, i) > version_part(&bs, i);
	return true;
}

/* A type becomes the name of a file in a directory of CNI_PATH, and nothing else. */
static int type_check(const struct json *plugin, const char *key, struct err *e)
{
	const char *type = json_get_string(plugin, "type", "");

	if (str_empty(type))
		return err_set(e, EINVAL, "%s.type is missing", key);
	if (strchr(type, '/') || str_eq(type, ".") || str_eq(type, "..") ||
	    !str_is_line_safe(type, NULL) || strlen(type) > 128)
		return err_set(e, EINVAL, "%s.type: \"%s\" is not the name of a program", key,
			       type);
	return 0;
}

/* --- lists -------------------------------------------------------------------------------------------------------- */

static int plugin_check(const struct json *plugin, size_t i, struct err *e)
{
	auto_free char *key = mem_format("plugins[%zu]", i);
	auto_free char *ipam_key = mem_format("plugins[%zu].ipam", i);
	const struct json *ipam, *can = json_get(plugin, "capabilities");

	if (plugin->type != JSON_OBJECT)
		return err_set(e, EINVAL, "%s is not an object", key);
	if (can && can->type != JSON_OBJECT)
		return err_set(e, EINVAL, "%s.capabilities is not an object", key);
	if (type_check(plugin, key, e) < 0)
		return -EINVAL;
	ipam = json_get(plugin, "ipam");
	if (!ipam || (ipam->type == JSON_OBJECT && ipam->n == 0))
		return 0;
	if (ipam->type != JSON_OBJECT)
		return err_set(e, EINVAL, "%s is not an object", ipam_key);
	return type_check(ipam, ipam_key, e);
}

static int list_check(const struct json *list, struct err *e)
{
	const char *name = json_get_string(list, "name", "");
	const char *version = json_get_string(list, "cniVersion", "");
	const struct json *plugins = json_get(list, "plugins");

	if (!cni_name_ok(name))
		return err_set(e, EINVAL, "\"%s\" is not a network's name", name);
	if (!cni_version_ok(version))
		return err_set(e, EINVAL, "cniVersion: \"%s\" is not among 0.3.0 to 1.1.0",
			       version);
	if (!plugins || plugins->type != JSON_ARRAY || plugins->n == 0)
		return err_set(e, EINVAL, "plugins is not a list of plugins");
	if (plugins->n > PLUGINS_MAX)
		return err_set(e, EINVAL, "plugins has more than %d items", PLUGINS_MAX);
	for (size_t i = 0; i < plugins->n; i++)
		if (plugin_check(plugins->items[i], i, e) < 0)
			return -EINVAL;
	return 0;
}

int cni_conf_read(const struct json *content, bool is_list, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *list = json_new_object();
	const struct json *plugins = json_get(content, "plugins");

	if (!content || content->type != JSON_OBJECT)
		return err_set(e, EINVAL, "is not an object");
	json_set(list, "cniVersion", json_new_string(json_get_string(content, "cniVersion", "")));
	json_set(list, "name", json_new_string(json_get_string(content, "name", "")));
	if (!is_list) {
		struct json *one = json_set(list, "plugins", json_new_array());

		json_add(one, cni_copy(content));
	} else if (plugins) {
		json_set(list, "plugins", cni_copy(plugins));
	}
	if (list_check(list, e) < 0)
		return -EINVAL;
	*ret = ptr_steal(&list);
	return 0;
}

size_t cni_conf_count(const struct json *list)
{
	const struct json *plugins = json_get(list, "plugins");

	return plugins && plugins->type == JSON_ARRAY ? plugins->n : 0;
}

const char *cni_conf_type(const struct json *list, size_t plugin, bool ipam)
{
	const struct json *one = json_get(list, "plugins")->items[plugin];

	return json_get_string(ipam ? json_get(one, "ipam") : one, "type", NULL);
}

bool cni_conf_can(const struct json *list, const char *capability)
{
	for (size_t i = 0; i < cni_conf_count(list); i++) {
		const struct json *one = json_get(list, "plugins")->items[i];

		if (json_get_bool(json_get(one, "capabilities"), capability, false))
			return true;
	}
	return false;
}

struct json *cni_conf_request(const struct json *list, size_t plugin, const struct json *runtime,
			      const struct json *previous)
{
	struct json *j = cni_copy(json_get(list, "plugins")->items[plugin]);
	const struct json *can = json_get(j, "capabilities");
	struct json *values = json_new_object();

	json_set(j, "name", json_new_string(json_get_string(list, "name", "")));
	json_set(j, "cniVersion", json_new_string(json_get_string(list, "cniVersion", "")));
	for (size_t i = 0; runtime && i < runtime->n; i++) {
		const struct json *value = runtime->items[i];

		if (json_get_bool(can, value->key, false))
			json_set(values, value->key, cni_copy(value));
	}
	json_unset(j, "runtimeConfig"); /* ours to say, in a file it has no place */
	json_unset(j, "prevResult");
	if (values->n)
		json_set(j, "runtimeConfig", values);
	else
		json_free(values);
	if (previous)
		json_set(j, "prevResult", cni_copy(previous));
	return j;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static bool file_is_list(const char *name)
{
	return str_has_suffix(name, ".conflist");
}

/* Lists first, then by name. */
static int file_order(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;
	bool x_list = file_is_list(*x);

	return x_list != file_is_list(*y) ? (x_list ? -1 : 1) : strcmp(*x, *y);
}

static int files_list(const char *dir, struct strv *ret, struct err *e)
{
	DIR *d = opendir(dir);

	if (!d)
		return err_sys(e, "open \"%s\"", dir);
	for (const struct dirent *f; (f = readdir(d));)
		if (f->d_name[0] != '.' &&
		    (file_is_list(f->d_name) || str_has_suffix(f->d_name, ".conf") ||
		     str_has_suffix(f->d_name, ".json")))
			strv_add(ret, f->d_name);
	(void)closedir(d);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), file_order);
	return 0;
}

static int file_load(const char *path, struct json **ret, struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	auto_free char *text = NULL;
	struct stat st;
	size_t n = 0;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open it");
	r = conf_trust(&st, e);
	if (r == 0 && !S_ISREG(st.st_mode))
		r = err_set(e, EINVAL, "is not a regular file");
	if (r == 0)
		r = file_read_fd(fd, CONF_MAX, &text, &n, e);
	return r < 0 ? r : json_parse_simple(text, n, ret, e);
}

static int conf_missing(const char *name, const struct strv *there, const struct strbuf *bad,
			struct err *e)
{
	auto_free char *names = strv_join(there, ", ");

	return err_set(e, ENOENT, "\"%s\" has no network \"%s\" (%s%s)%s", cni_conf_dir(), name,
		       there->n ? "there are: " : "there is none", names, strbuf_text(bad));
}

int cni_conf_find(const char *name, struct json **ret, struct err *e)
{
	auto_done(strv) struct strv files = { 0 };
	auto_done(strv) struct strv there = { 0 };
	auto_done(strbuf) struct strbuf bad = { 0 };
	int r = files_list(cni_conf_dir(), &files, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < files.n; i++) {
		auto_free char *path = mem_format("%s/%s", cni_conf_dir(), files.items[i]);
		auto_ptr(json) struct json *content = NULL;
		struct err why = { 0 };
		const char *found;

		if (file_load(path, &content, &why) < 0) {
			strbuf_format(&bad, "; %s: %s", files.items[i], why.text);
			continue;
		}
		found = json_get_string(content, "name", "");
		if (!str_eq(found, name)) {
			if (cni_name_ok(found) && !strv_has(&there, found))
				strv_add(&there, found);
			continue;
		}
		r = cni_conf_read(content, file_is_list(files.items[i]), ret, e);
		return r < 0 ? err_wrap(e, "\"%s\"", path) : 0;
	}
	return conf_missing(name, &there, &bad, e);
}

/* 1 found, 0 not in this directory. */
static int program_in(const char *dir, const char *type, char **ret, struct err *e)
{
	auto_free char *path = mem_format("%s/%s", dir, type);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !(st.st_mode & S_IXUSR))
		return 0;
	if (conf_trust(&st, e) < 0)
		return err_wrap(e, "\"%s\"", path);
	*ret = ptr_steal(&path);
	return 1;
}

int cni_program_find(const char *path, const char *type, char **ret, struct err *e)
{
	auto_done(strv) struct strv dirs = { 0 };

	strv_split(&dirs, path, ':');
	for (size_t i = 0; i < dirs.n; i++) {
		int r = dirs.items[i][0] == '/' ? program_in(dirs.items[i], type, ret, e) : 0;

		if (r != 0)
			return r < 0 ? r : 0;
	}
	return err_set(e, ENOENT, "no program \"%s\" in %s", type, path);
}
