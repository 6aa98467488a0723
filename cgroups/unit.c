/* unit - names: "slice:prefix:name" taken apart, and the path that systemd will give them. */
#include "cgroups/unit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

enum { UNIT_NAME_MAX = 255 };

void unit_name_done(struct unit_name *u)
{
	free(u->name);
	free(u->slice);
	free(u->path);
	*u = (struct unit_name){ 0 };
}

bool unit_is_slice(const char *name)
{
	return str_has_suffix(name, ".slice");
}

bool unit_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (n > UNIT_NAME_MAX || *name == '.' ||
	    (!unit_is_slice(name) && !str_has_suffix(name, ".scope")))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr(":-_.\\@", name[i]))
			return false;
	}
	return true;
}

/* In a slice's name every dash is a level: "a-b.slice" lies in "a.slice". "-.slice" is the root. */
static bool slice_is_valid(const char *name)
{
	if (strcmp(name, "-.slice") == 0)
		return true;
	return unit_name_is_valid(name) && unit_is_slice(name) && *name != '-' &&
	       !strstr(name, "--") && !strstr(name, "-.slice") && !strchr(name, '@');
}

/* "a-b.slice" -> "/a.slice/a-b.slice" */
static void add_slice_path(struct strbuf *to, const char *slice)
{
	size_t stem = strlen(slice) - strlen(".slice");

	if (strcmp(slice, "-.slice") == 0)
		return;
	for (size_t i = 1; i <= stem; i++) {
		if (i == stem || slice[i] == '-')
			strbuf_format(to, "/%.*s.slice", (int)i, slice);
	}
}

/* "a-b.slice" -> "a.slice", "a.slice" -> "-.slice" */
static char *parent_slice(const char *slice)
{
	const char *dash = strrchr(slice, '-');

	return dash && dash > slice ? mem_format("%.*s.slice", (int)(dash - slice), slice)
				    : mem_strdup("-.slice");
}

static int finish(struct unit_name *u, const char *path, struct err *e)
{
	struct strbuf b auto_done(strbuf) = { 0 };

	if (!unit_name_is_valid(u->name) || (unit_is_slice(u->name) && !slice_is_valid(u->name)))
		return err_set(e, EINVAL,
			       "cgroupsPath \"%.128s\": systemd takes no unit named \"%.128s\"",
			       path, u->name);
	if (!slice_is_valid(u->slice))
		return err_set(e, EINVAL,
			       "cgroupsPath \"%.128s\": systemd takes no slice named \"%.128s\"",
			       path, u->slice);
	add_slice_path(&b, u->slice);
	if (unit_is_slice(u->name)) {
		strbuf_clear(&b);
		add_slice_path(&b, u->name);
	} else {
		strbuf_format(&b, "/%s", u->name);
	}
	u->path = strbuf_steal(&b);
	return 0;
}

int unit_parse(const char *cgroups_path, const char *id, bool user, struct unit_name *ret,
	       struct err *e)
{
	struct unit_name u auto_done(unit_name) = { 0 };
	struct strv parts auto_done(strv) = { 0 };
	auto_free char *path =
		str_empty(cgroups_path) ? mem_format(":zrun:%s", id) : mem_strdup(cgroups_path);

	strv_split(&parts, path, ':');
	if (parts.n != 3 || !*parts.items[2])
		return err_set(
			e, EINVAL,
			"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"%.128s\" instead",
			path);
	const char *slice = parts.items[0], *prefix = parts.items[1], *name = parts.items[2];

	if (unit_is_slice(name)) {
		u.name = mem_strdup(name);
		u.slice = parent_slice(name);
	} else {
		u.name = *prefix ? mem_format("%s-%s.scope", prefix, name)
				 : mem_format("%s.scope", name);
		u.slice = mem_strdup(*slice ? slice : user ? "user.slice" : "system.slice");
	}
	int r = finish(&u, path, e);

	if (r < 0)
		return r;
	*ret = u;
	u = (struct unit_name){ 0 };
	return 0;
}
