/* users - who "name:group" is inside a container, according to its own files.
 *
 * /etc/passwd and /etc/group belong to the tenant. They are read as regular files of at most 1 MiB below the root (never a FIFO, never NSS: nothing of the tenant's is
 * executed or loaded out here), parsed line by line with bounds, and every id is checked: what is not a number of 0 to 2^32-2 makes its line invalid, never uid 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"

enum { FILE_MAX = 1 << 20, PASSWD_FIELDS = 7, GROUP_FIELDS = 4, GROUPS_MAX = 65536 };

/* Cut `line` at its colons; exactly n fields or none. The last one keeps its colons (shells have none, member lists neither). */
static bool split_fields(char *line, char **fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fields[i] = line;
		if (i + 1 == n)
			return true;
		line = strchr(line, ':');
		if (!line)
			return false;
		*line++ = 0;
	}
	return true;
}

/* The next line of *text; NULL at the end. Cuts in place. */
static char *next_line(char **text)
{
	char *line = *text;

	if (!line || !*line)
		return NULL;
	char *end = strchr(line, '\n');

	if (end)
		*end++ = 0;
	*text = end;
	return line;
}

/* A missing file is an empty one. */
static int read_file(int root, const char *path, char **ret, struct err *e)
{
	struct err cause = { 0 };
	int r = path_read_regular(root, path, FILE_MAX, ret, NULL, &cause);

	if (r == -ENOENT || r == -ENOTDIR) {
		*ret = mem_strdup("");
		return 0;
	}
	if (r < 0)
		*e = cause;
	return r;
}

static const char *absolute_or(const char *path, const char *otherwise)
{
	return path[0] == '/' && str_is_line_safe(path, NULL) ? path : otherwise;
}

struct wanted {
	const char *name; /* as given */
	bool is_id;
	uint32_t id;
};

static bool is_wanted(const struct wanted *w, const char *name, uint32_t id)
{
	/* A name that is a number is still a number, as getent and all runtimes have it. */
	return w->is_id ? w->id == id : str_eq(w->name, name);
}

static bool find_passwd(char *text, const struct wanted *w, struct isolation_user *u)
{
	char *f[PASSWD_FIELDS];

	for (char *line = next_line(&text); line; line = next_line(&text)) {
		uint32_t uid, gid;

		if (!split_fields(line, f, PASSWD_FIELDS) || num_id(f[2], &uid) < 0 ||
		    num_id(f[3], &gid) < 0)
			continue;
		if (!is_wanted(w, f[0], uid))
			continue;
		u->uid = uid;
		u->gid = gid;
		u->name = mem_strdup(f[0]);
		u->home = mem_strdup(absolute_or(f[5], "/"));
		u->shell = mem_strdup(absolute_or(f[6], "/bin/sh"));
		return true;
	}
	return false;
}

static bool find_group(char *text, const struct wanted *w, uint32_t *ret)
{
	char *f[GROUP_FIELDS];

	for (char *line = next_line(&text); line; line = next_line(&text)) {
		uint32_t gid;

		if (!split_fields(line, f, GROUP_FIELDS) || num_id(f[2], &gid) < 0 ||
		    !is_wanted(w, f[0], gid))
			continue;
		*ret = gid;
		return true;
	}
	return false;
}

static bool has_member(char *members, const char *name)
{
	for (char *m = members; m;) {
		char *next = strchr(m, ',');

		if (next)
			*next++ = 0;
		if (str_eq(m, name))
			return true;
		m = next;
	}
	return false;
}

static void add_group(struct isolation_user *u, uint32_t gid)
{
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return;
	if (u->n_groups == GROUPS_MAX)
		return;
	u->groups = mem_grow(u->groups, u->n_groups + 1, sizeof(*u->groups));
	u->groups[u->n_groups++] = gid;
}

static void collect_groups(char *text, struct isolation_user *u)
{
	char *f[GROUP_FIELDS];

	for (char *line = next_line(&text); line; line = next_line(&text)) {
		uint32_t gid;

		if (split_fields(line, f, GROUP_FIELDS) && num_id(f[2], &gid) == 0 &&
		    has_member(f[3], u->name))
			add_group(u, gid);
	}
}

static int parse_wanted(const char *text, const char *what, struct wanted *ret, struct err *e)
{
	bool looks_numeric = text[0] == '-' || (text[0] && text[strspn(text, "0123456789")] == 0);

	*ret = (struct wanted){ .name = text };
	if (str_empty(text) || !str_is_line_safe(text, ":"))
		return err_set(e, EINVAL, "\"%s\" is not a %s", text, what);
	ret->is_id = num_id(text, &ret->id) == 0;
	if (!ret->is_id && looks_numeric)
		return err_set(e, EINVAL, "\"%s\" is not a %s id (0 to 4294967294)", text, what);
	return 0;
}

static int fill_user(int root, const struct wanted *w, struct isolation_user *u, struct err *e)
{
	auto_free char *passwd = NULL;
	int r = read_file(root, "/etc/passwd", &passwd, e);

	if (r < 0)
		return r;
	if (find_passwd(passwd, w, u))
		return 0;
	if (!w->is_id)
		return err_set(e, ENOENT,
			       "unable to find user %s: no matching entries in passwd file",
			       w->name);
	u->uid = w->id;
	u->home = mem_strdup("/");
	u->shell = mem_strdup("/bin/sh");
	return 0;
}

static int fill_groups(int root, const char *group, struct isolation_user *u, struct err *e)
{
	auto_free char *text = NULL;
	struct wanted w;
	int r = read_file(root, "/etc/group", &text, e);

	if (r < 0)
		return r;
	/* A group given by hand is the only one. */
	if (!group) {
		if (u->name)
			collect_groups(text, u);
		return 0;
	}
	r = parse_wanted(group, "group", &w, e);
	if (r < 0)
		return r;
	if (find_group(text, &w, &u->gid))
		return 0;
	if (!w.is_id)
		return err_set(e, ENOENT,
			       "unable to find group %s: no matching entries in group file", group);
	u->gid = w.id;
	return 0;
}

int isolation_find_user(int root, const char *user, struct isolation_user *ret, struct err *e)
{
	auto_free char *name = mem_strdup(user ? user : "");
	auto_done(isolation_user) struct isolation_user u = { 0 };
	char *group = strchr(name, ':');
	struct wanted w;

	if (group)
		*group++ = 0;
	int r = parse_wanted(name, "user", &w, e);

	if (r == 0)
		r = fill_user(root, &w, &u, e);
	if (r == 0)
		r = fill_groups(root, group, &u, e);
	if (r < 0)
		return r;
	*ret = u;
	u = (struct isolation_user){ 0 };
	return 0;
}

void isolation_user_done(struct isolation_user *u)
{
	free(u->groups);
	free(u->name);
	free(u->home);
	free(u->shell);
	*u = (struct isolation_user){ 0 };
}
