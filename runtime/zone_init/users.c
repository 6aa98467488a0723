/* users - /etc/passwd and /etc/group by hand: static programs must not use NSS, which would load the zone's libraries.
 *
 * Files are read in one bounded gulp, never blocking on a FIFO. Malformed lines are skipped. */
#include "runtime/zone_init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024 };
static char file_text[FILE_MAX + 1]; /* one file at a time; pid 1 allocates nothing */

static int file_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	size_t at = 0;

	file_text[0] = '\0';
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		(void)close(fd);
		return -EINVAL;
	}
	while (at < FILE_MAX) {
		ssize_t r = read(fd, file_text + at, FILE_MAX - at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		at += (size_t)r;
	}
	(void)close(fd);
	file_text[at] = '\0';
	return 0;
}

bool users_number(const char *text, uint32_t *ret)
{
	uint64_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
		if (v > 0xfffffffeu)
			return false;
	}
	*ret = (uint32_t)v;
	return true;
}

/* Split a line in place at ':' into at most n fields; returns how many there are. */
static size_t line_split(char *line, char **fields, size_t n)
{
	size_t at = 0;

	fields[at++] = line;
	for (; *line != '\0' && at < n; line++) {
		if (*line == ':') {
			*line = '\0';
			fields[at++] = line + 1;
		}
	}
	return at;
}

static char *line_next(char **rest)
{
	char *line = *rest, *end;

	if (*line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end)
		*end++ = '\0';
	else
		end = line + strlen(line);
	*rest = end;
	return line;
}

/* passwd: name:password:uid:gid:gecos:home:shell. `by_id` finds the entry of a numeric user. */
static int passwd_find(const char *name, bool by_id, struct identity *ret, char *ret_name,
		       size_t name_size)
{
	char *rest = file_text, *line, *f[7];
	uint32_t uid, gid;

	if (file_load("/etc/passwd") < 0)
		return -ENOENT;
	while ((line = line_next(&rest)) != NULL) {
		if (line_split(line, f, 7) < 6 || !users_number(f[2], &uid) ||
		    !users_number(f[3], &gid))
			continue;
		if (by_id ? uid != ret->uid : strcmp(f[0], name) != 0)
			continue;
		ret->uid = uid;
		ret->gid = gid;
		if (f[5][0] == '/' && strlen(f[5]) < sizeof(ret->home))
			memcpy(ret->home, f[5], strlen(f[5]) + 1);
		if (strlen(f[0]) < name_size)
			memcpy(ret_name, f[0], strlen(f[0]) + 1);
		return 0;
	}
	return -ENOENT;
}

static bool member_listed(char *members, const char *name)
{
	size_t n = strlen(name);

	for (char *m = members; m && *m != '\0';) {
		char *comma = strchr(m, ',');
		size_t len = comma ? (size_t)(comma - m) : strlen(m);

		if (len == n && memcmp(m, name, n) == 0)
			return true;
		m = comma ? comma + 1 : NULL;
	}
	return false;
}

/* group: name:password:gid:members. Adds the user's groups; finds `wanted` (a name) when not NULL. */
static int groups_find(const char *name, const char *wanted, struct identity *ret)
{
	char *rest = file_text, *line, *f[4];
	uint32_t gid;
	int found = wanted ? -ENOENT : 0;

	if (file_load("/etc/group") < 0)
		return found;
	while ((line = line_next(&rest)) != NULL) {
		if (line_split(line, f, 4) < 4 || !users_number(f[2], &gid))
			continue;
		if (wanted && strcmp(f[0], wanted) == 0) {
			ret->gid = gid;
			found = 0;
		}
		if (*name != '\0' && member_listed(f[3], name) &&
		    ret->n_groups < sizeof(ret->groups) / sizeof(ret->groups[0]))
			ret->groups[ret->n_groups++] = gid;
	}
	return found;
}

int users_find(const char *text, struct identity *ret)
{
	char user[128], name[128] = "";
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	uint32_t id;
	int r;

	memset(ret, 0, sizeof(*ret));
	memcpy(ret->home, "/", 2);
	if (n == 0 || n >= sizeof(user))
		return -EINVAL;
	memcpy(user, text, n);
	user[n] = '\0';
	if (users_number(user, &id)) {
		ret->uid = id;
		(void)passwd_find(user, true, ret, name,
				  sizeof(name)); /* a number needs no entry */
	} else {
		r = passwd_find(user, false, ret, name, sizeof(name));
		if (r < 0)
			return r;
	}
	if (colon && users_number(colon + 1, &id)) {
		ret->gid = id;
		colon = NULL;
	}
	return groups_find(name, colon ? colon + 1 : NULL, ret);
}
