/* layout - paths are taken apart and put together again, so nothing but plain names can come out. */
#include "cgroups/layout.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

/* Append "/name" for every element of `path`. ".." is refused rather than resolved: nobody means it well. */
static int append(struct strbuf *to, const char *path, struct err *e)
{
	struct strv names auto_done(strv) = { 0 };

	strv_split(&names, path, '/');
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.items[i];

		if (!*name || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			return err_set(e, EINVAL, "cgroup path \"%s\" contains \"..\"", path);
		if (!str_is_line_safe(name, NULL) || strlen(name) > NAME_MAX)
			return err_set(
				e, EINVAL,
				"cgroup path \"%s\" contains a name that is too long or not printable",
				path);
		strbuf_add_char(to, '/');
		strbuf_add(to, name);
	}
	return 0;
}

int layout_path(const struct hierarchy *h, const char *path, const char *id, char **ret,
		struct err *e)
{
	struct strbuf b auto_done(strbuf) = { 0 };
	bool absolute = path && *path == '/';
	int r = absolute ? 0 : append(&b, h->own, e);

	if (r < 0)
		return r;
	char *last = h->v2 && !absolute && b.len > 0 ? strrchr(b.text, '/') : NULL;

	if (last) {
		b.len = (size_t)(last - b.text);
		*last = '\0';
	}
	size_t before = b.len;

	r = append(&b, str_empty(path) ? id : path, e);
	if (r < 0)
		return r;
	if (b.len == before)
		return err_set(e, EINVAL, "cgroup path \"%s\" names no cgroup", path ? path : id);
	if (b.len >= PATH_MAX / 2)
		return err_set(e, EINVAL, "cgroup path is too long: %zu bytes", b.len);
	*ret = strbuf_steal(&b);
	return 0;
}

char *layout_prefix(const char *path, size_t n)
{
	const char *end = path;

	for (size_t i = 0; i < n; i++) {
		if (*end != '/')
			return NULL;
		end = strchrnul(end + 1, '/');
	}
	return n > 0 ? mem_strndup(path, (size_t)(end - path)) : NULL;
}

size_t layout_depth(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}
