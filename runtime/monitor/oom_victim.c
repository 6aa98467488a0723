/* oom_victim - the kernel's log has a record for each kill:
 *   oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=web,mems_allowed=0,oom_memcg=/zones/web,task_memcg=/zones/web/x,task=tail,pid=42,uid=1000
 *   oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/zones/web,task=tail,pid=42,uid=1000
 * The names of a cpuset, of cgroups below the zone's and of the process are chosen by tenants and may look like any of these words. What they cannot hold in a name is a '/', and their paths all begin
 * with the path of their zone: so the first ",oom_memcg=/" or ",global_oom,task_memcg=/" is the kernel's, and what is compared is the text right behind it. Numbers are read from the end. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/oom_victim.h"

enum { RECORD_MAX = 8192, RECORDS_MAX = 20000 };

/* Does `text` begin with that path, as a whole element? */
static bool is_at(const char *text, const char *path)
{
	size_t n = strlen(path);

	return strncmp(text, path, n) == 0 && (text[n] == '/' || text[n] == ',');
}

/* "A,task_memcg=PATH" where A is above PATH. */
static bool is_above(const char *text, const char *path)
{
	static const char task[] = ",task_memcg=";
	const char *end = strstr(text, task);
	size_t n = end ? (size_t)(end - text) : 0;

	if (!end || !is_at(end + sizeof(task) - 1, path))
		return false;
	return str_has_prefix(text, "/,") || (strncmp(path, text, n) == 0 && path[n] == '/');
}

static bool find_cause(const char *text, const char *path, enum oom_cause *ret)
{
	static const char memcg[] = ",oom_memcg=", global[] = ",global_oom,task_memcg=";
	const char *at = strstr(text, ",oom_memcg=/");

	if (str_has_prefix(text, "oom-kill:constraint=CONSTRAINT_MEMCG,")) {
		if (!at)
			return false;
		at += sizeof(memcg) - 1;
		*ret = is_at(at, path) ? OOM_ZONE : OOM_ABOVE;
		return *ret == OOM_ZONE || is_above(at, path);
	}
	at = strstr(text, ",global_oom,task_memcg=/");
	*ret = OOM_GLOBAL;
	return str_has_prefix(text, "oom-kill:") && at && is_at(at + sizeof(global) - 1, path);
}

/* The last `key` in text[0..n) and the number between it and n. */
static bool number_before(const char *text, size_t *n, const char *key, uint32_t *ret)
{
	size_t len = strlen(key);
	char digits[16];

	for (size_t at = *n; at-- > 0;) {
		if (*n - at < len || strncmp(text + at, key, len) != 0)
			continue;
		if (str_format(digits, sizeof(digits), "%.*s", (int)(*n - at - len),
			       text + at + len) < 0)
			return false;
		*n = at;
		return num_u32(digits, ret) == 0;
	}
	return false;
}

bool oom_victim_parse(const char *text, const char *path, struct oom_victim *ret)
{
	static const char task[] = ",task=";
	size_t n = strcspn(text, "\n");
	uint32_t pid = 0, uid = 0;
	const char *name;

	if (!find_cause(text, path, &ret->cause) || !number_before(text, &n, ",uid=", &uid) ||
	    !number_before(text, &n, ",pid=", &pid))
		return false;
	name = strstr(text, task);
	if (!name || name + sizeof(task) - 1 > text + n)
		return false;
	name += sizeof(task) - 1;
	ret->pid = (pid_t)pid;
	ret->uid = uid;
	return str_format(ret->name, sizeof(ret->name), "%.*s", (int)(text + n - name), name) >= 0;
}

int oom_log_open(void)
{
	int fd = sys_openat(AT_FDCWD, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);

	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_END);
	return fd;
}

size_t oom_log_victims(int fd, const char *path, struct oom_victim *ret, size_t n)
{
	char record[RECORD_MAX];
	size_t found = 0;

	/* one record a read; EPIPE: some were overwritten before they were read, the next one follows */
	for (int i = 0; i < RECORDS_MAX && found < n; i++) {
		ssize_t got = sys_read(fd, record, sizeof(record) - 1);
		const char *text;

		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		record[got] = '\0';
		text = strchr(record, ';');
		if (text && oom_victim_parse(text + 1, path, &ret[found]))
			found++;
	}
	return found;
}
