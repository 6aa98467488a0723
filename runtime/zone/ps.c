/* ps - the processes of a zone as the host sees them. Which ones they are is asked of the cgroup, not of anything that a process of the zone can change. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/zone.h"

enum { STATUS_MAX = 65536, COMMAND_MAX = 4096, COMMAND_SHOWN = 512 };

/* What stands behind "Key:" in /proc/PID/status, up to the end of the line; NULL when it is not there. */
static char *status_value(const char *status, const char *key)
{
	auto_free char *start = mem_format("\n%s:", key);
	const char *at = str_after(status, start + 1); /* the first line */
	const char *later = at ? NULL : strstr(status, start);

	if (later)
		at = later + strlen(start);
	if (!at)
		return NULL;
	at += strspn(at, " \t");
	return mem_strndup(at, strcspn(at, "\n"));
}

/* Number `index` of a line of numbers; -1 (as an index) is the last one. */
static int64_t number_at(const char *line, int index)
{
	auto_done(strv) struct strv words = { 0 };
	auto_free char *blank = mem_strdup(line ? line : "");
	int64_t v = -1;

	for (char *p = blank; *p; p++) {
		if (*p == '\t')
			*p = ' ';
	}
	strv_split(&words, blank, ' ');
	for (size_t i = words.n; i > 0; i--) {
		if (str_empty(words.items[i - 1]))
			strv_remove(&words, i - 1);
	}
	size_t i = index < 0 ? words.n - 1 : (size_t)index;

	return words.n > 0 && i < words.n && num_i64(words.items[i], &v) == 0 ? v : -1;
}

/* It comes from the zone and goes to a terminal. */
static char *clean(char *text)
{
	unsigned char last = 0;

	for (char *p = text; *p; p++)
		*p = str_harmless(&last, *p);
	return text;
}

/* The arguments with blanks between; the program's name in brackets when there are none. */
static char *command_of(pid_t pid, const char *status)
{
	auto_free char *path = mem_format("/proc/%d/cmdline", (int)pid);
	auto_free char *text = NULL;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;

	text = mem_array(1, COMMAND_MAX);
	ssize_t got = fd < 0 ? -1 : read(fd, text, COMMAND_MAX - 1);

	n = got > 0 ? (size_t)got : 0;
	while (n > 0 && text[n - 1] == '\0')
		n--;
	if (n == 0) {
		auto_free char *name = status_value(status, "Name");

		return clean(mem_format("[%s]", name ? name : "?"));
	}
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	return clean(mem_strndup(text, n < COMMAND_SHOWN ? n : COMMAND_SHOWN));
}

/* User and system time in milliseconds from /proc/PID/stat; the name in it may hold blanks and brackets, so reading starts behind the last one. */
static int64_t cpu_ms(pid_t pid)
{
	auto_free char *path = mem_format("/proc/%d/stat", (int)pid);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	long ticks = sysconf(_SC_CLK_TCK);

	if (ticks <= 0 || file_read_all(AT_FDCWD, path, STATUS_MAX, &text, NULL, &ignored) < 0)
		return -1;
	const char *rest = strrchr(text, ')');
	int64_t user = number_at(rest ? rest + 1 : NULL, 11);
	int64_t system = number_at(rest ? rest + 1 : NULL, 12);

	return user < 0 || system < 0 ? -1 : (user + system) * 1000 / ticks;
}

/* The ids that belong to it, on the host. */
struct id_range {
	int64_t base, size;
};

static bool read_process(const struct id_range *ids, pid_t pid, struct zone_process *ret)
{
	auto_free char *path = mem_format("/proc/%d/status", (int)pid);
	auto_free char *status = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, path, STATUS_MAX, &status, NULL, &ignored) < 0)
		return false; /* it has ended */
	auto_free char *inside = status_value(status, "NSpid");
	auto_free char *uid = status_value(status, "Uid");
	auto_free char *state = status_value(status, "State");
	auto_free char *memory = status_value(status, "VmRSS");
	int64_t host_uid = number_at(uid, 1);
	int64_t kib = number_at(memory, 0);

	*ret = (struct zone_process){
		.pid = pid,
		.inner_pid = (pid_t)number_at(inside, -1),
		.uid = host_uid >= ids->base && host_uid < ids->base + ids->size
			       ? host_uid - ids->base
			       : -1,
		.state = state ? state[0] : '?',
		.memory = kib > 0 ? (uint64_t)kib * 1024 : 0,
		.cpu_ms = cpu_ms(pid),
		.command = command_of(pid, status),
	};
	return true;
}

void zone_processes_free(struct zone_process *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].command);
	free(list);
}

static int read_all(struct engine_container *c, const struct id_range *ids,
		    struct zone_process **ret, size_t *ret_n, struct err *e)
{
	auto_free pid_t *pids = NULL;
	size_t n_pids = 0, n = 0;
	int r = engine_ps(c, &pids, &n_pids, e);

	if (r < 0)
		return r;
	struct zone_process *list = mem_array(n_pids, sizeof(*list));

	for (size_t i = 0; i < n_pids; i++)
		n += read_process(ids, pids[i], &list[n]) ? 1 : 0;
	*ret = list;
	*ret_n = n;
	return 0;
}

/* A container of zrun: its root is the first of its mappings, or the host's own. */
static int ps_container(struct engine_container *c, struct zone_process **ret, size_t *ret_n,
			struct err *e)
{
	const struct container_spec *spec = engine_spec(c);
	struct id_range ids = { 0, UINT32_MAX };

	if (spec && spec->linux.n_uid_mappings > 0) {
		const struct id_map *m = &spec->linux.uid_mappings[0];

		ids = (struct id_range){ (int64_t)m->host_id, (int64_t)m->size };
	}
	return read_all(c, &ids, ret, ret_n, e);
}

int zone_ps(const struct zone_dirs *d, const char *name, struct zone_process **ret, size_t *ret_n,
	    struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *root = mem_format("%s/.engine", d->run);
	struct engine_container *c = NULL;
	struct err ignored = { 0 };
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	*ret = NULL;
	*ret_n = 0;
	if (r == -ENOENT && containers_open(d, name, &c, &ignored) == 0) {
		r = ps_container(c, ret, ret_n, e);
		engine_free(c);
		return r;
	}
	if (r < 0 || z->state < ZONE_READY) /* nothing of it runs, and that is the answer */
		return r;
	const struct id_range ids = { z->record.id_base, ZONE_IDS };

	r = engine_open(root, name, false, &c, e);
	if (r == 0)
		r = read_all(c, &ids, ret, ret_n, e);
	engine_free(c);
	return r < 0 ? err_wrap(e, "processes of zone \"%s\"", name) : 0;
}
