/* criu_mounts - the configuration is asked first, because the same images may be restored from another bundle. */
#include "runtime/engine/criu_mounts.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"

#define MOUNTS_FILE "mounts.json"

enum { FILE_MAX = 1 << 20 };

static bool is_bind(const struct mount_spec *m)
{
	return str_eq(m->type, "bind") || strv_has(&m->options, "bind") ||
	       strv_has(&m->options, "rbind");
}

static char *from_binds(const struct container_spec *spec, const char *at)
{
	for (size_t i = spec->n_mounts; i-- > 0;) { /* the last one lies on top */
		const struct mount_spec *m = &spec->mounts[i];
		auto_free char *to = path_clean(m->destination);
		const char *rest = str_after(at, to);

		if (!is_bind(m) || !m->source || !rest)
			continue;
		if (!*rest || (*rest == '/' && strv_has(&m->options, "rbind")))
			return mem_format("%s%s", m->source, rest);
	}
	return NULL;
}

/* The usual devices (bound when there is a user namespace), and those of the configuration. */
static bool is_device(const struct container_spec *spec, const char *at)
{
	static const char *const usual[] = { "/dev/null",   "/dev/zero",    "/dev/full",
					     "/dev/random", "/dev/urandom", "/dev/tty" };

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (strcmp(usual[i], at) == 0)
			return true;
	}
	for (size_t i = 0; i < spec->linux.n_devices; i++) {
		if (str_eq(spec->linux.devices[i].path, at))
			return true;
	}
	return false;
}

char *criu_mount_source(const struct container_spec *spec, const char *at)
{
	char *source = from_binds(spec, at);

	if (source)
		return source;
	if (strv_has(&spec->linux.masked_paths, at))
		return mem_strdup("/dev/null");
	return is_device(spec, at) ? mem_strdup(at) : NULL;
}

/* --- mountinfo -------------------------------------------------------------------------------------------------------- */

/* proc(5): octal escapes for blank, tab, newline and backslash. In place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		unsigned v = 0;
		int n = 0;

		for (; *s == '\\' && n < 3 && s[n + 1] >= '0' && s[n + 1] <= '7'; n++)
			v = v * 8 + (unsigned)(s[n + 1] - '0');
		*to = n == 3 ? (char)v : *s;
		s += n == 3 ? 3 : 0;
	}
	*to = '\0';
}

/* A masked directory is covered with a tmpfs, which CRIU makes again by itself. */
static bool is_cover(const struct container_spec *spec, const char *at, const char *type)
{
	return strv_has(&spec->linux.masked_paths, at) && str_eq(type, "tmpfs");
}

static void take_line(const struct container_spec *spec, const char *line, struct strv *ret)
{
	struct strv f auto_done(strv) = { 0 };
	const char *type = strstr(line, " - ");

	strv_split(&f, line, ' ');
	if (f.n < 7 || !type)
		return;
	auto_free char *kind = mem_strndup(type + 3, strcspn(type + 3, " "));
	char *at = f.items[4];

	unescape(at);
	auto_free char *source = criu_mount_source(spec, at);

	if (source && strcmp(at, "/") != 0 && !strv_has(ret, at) && !is_cover(spec, at, kind))
		strv_add(ret, at);
}

void criu_mounts_find(const struct container_spec *spec, const char *mountinfo, struct strv *ret)
{
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, mountinfo, '\n');
	for (size_t i = 0; i < lines.n; i++)
		take_line(spec, lines.items[i], ret);
}

void criu_mounts_expect(const struct container_spec *spec, struct strv *ret)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		auto_free char *at = path_clean(spec->mounts[i].destination);

		if (is_bind(&spec->mounts[i]) && !strv_has(ret, at))
			strv_add(ret, at);
	}
}

/* --- the file --------------------------------------------------------------------------------------------------------- */

int criu_mounts_save(int dir, const struct strv *points, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_array();

	for (size_t i = 0; i < points->n; i++)
		(void)json_add(j, json_new_string(points->items[i]));
	auto_free char *text = json_print(j, false);

	return file_replace(dir, MOUNTS_FILE, text, strlen(text), 0600, e);
}

int criu_mounts_load(int dir, struct strv *ret, struct err *e)
{
	auto_ptr(json) struct json *j = NULL;
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(dir, MOUNTS_FILE, FILE_MAX, &text, &n, e);

	if (r == 0)
		r = json_parse_simple(text, n, &j, e);
	if (r == 0 && j->type != JSON_ARRAY)
		r = err_set(e, EINVAL, "it is no array");
	for (size_t i = 0; r == 0 && i < j->n; i++) {
		const char *at = j->items[i]->type == JSON_STRING ? j->items[i]->text : "";

		if (path_is_clean(at))
			strv_add(ret, at);
		else
			r = err_set(e, EINVAL, "\"%s\" is no mount point", at);
	}
	return r < 0 ? err_wrap(e, MOUNTS_FILE) : 0;
}
