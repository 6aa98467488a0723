/* why - everything that speaks for the state a zone is in: what was stored when it happened, and what can be seen now. Most important first. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/containers.h"
#include "runtime/zone/events.h"
#include "runtime/zone/links.h"
#include "runtime/zone/zone.h"

enum { MOUNTINFO_MAX = 16 << 20, SHOWN_MAX = 5 };

struct why {
	const struct zone_dirs *dirs;
	const struct zone *zone;
	struct strv *lines;
};

static void add_stored(struct why *w)
{
	const struct zone *z = w->zone;
	const char *stored = z->has_run ? z->run.reason : z->record.reason;
	const char *when = z->has_run ? z->run.reason_time : z->record.reason_time;

	if (stored)
		strv_format(w->lines, "%s%s%s%s", stored, when ? " (" : "", when ? when : "",
			    when ? ")" : "");
	if (z->reason && !str_eq(z->reason, stored))
		strv_add(w->lines, z->reason);
	if (z->spec_error && !str_eq(z->spec_error, z->reason))
		strv_add(w->lines, z->spec_error);
	if (z->detached)
		strv_format(w->lines,
			    "its files are detached: zone attach %s makes them its own again",
			    z->name);
	int status = (int)z->record.exit_status; /* as wait(2) gives it */

	if (!stored && !z->has_run && status > 0 && WIFEXITED(status))
		strv_format(w->lines, "its init ended with status %d", WEXITSTATUS(status));
}

static void add_root(struct why *w)
{
	if (w->zone->has_run && w->zone->init_alive && w->zone->run.root == ZONE_ROOT_WRITABLE)
		strv_add(w->lines, ZONE_WRITABLE_ONCE);
}

/* While it runs: what its /proc tells of. */
static void add_view(struct why *w)
{
	const struct zone_run *r = &w->zone->run;

	if (!w->zone->has_run || !w->zone->init_alive)
		return;
	if (r->view_error)
		strv_add(w->lines, r->view_error);
	else if (r->view > 0 && !proc_is(r->view, r->view_start))
		strv_format(w->lines,
			    "its view of memory and processors is down: process %d has ended",
			    (int)r->view);
}

/* --- the lock ----------------------------------------------------------------------------------------------------- */

/* "PID" out of the lock file, if that process still runs: whose command line it is. */
static void add_lock_holder(struct why *w)
{
	auto_free char *path = mem_format("%s/.locks/%s", w->dirs->run, w->zone->name);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	auto_free char *text = NULL;
	auto_free char *command = NULL;
	struct err ignored = { 0 };
	uint32_t pid = 0;
	size_t n = 0;

	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return;
	if (file_read_fd(fd, 64, &text, NULL, &ignored) < 0)
		return;
	text[strcspn(text, " \n")] = '\0';
	if (num_u32(text, &pid) < 0 || pid == 0)
		return strv_add(w->lines, "another command is changing it");
	auto_free char *proc = mem_format("/proc/%u/cmdline", pid);

	if (file_read_all(AT_FDCWD, proc, 65536, &command, &n, &ignored) < 0)
		n = 0;
	for (size_t i = 0; i + 1 < n; i++)
		command[i] = (unsigned char)command[i] < 0x20 ? ' ' : command[i];
	strv_format(w->lines, "process %u is changing it%s%.120s", pid, n ? ": " : "",
		    n ? command : "");
}

/* --- mounts ------------------------------------------------------------------------------------------------------- */

static const char *zonepath_of(const struct zone *z)
{
	return z->record.zonepath ? z->record.zonepath : z->spec ? z->spec->zonepath : NULL;
}

/* A mount below the zonepath keeps the files of a zone that is not running from being removed. */
static void add_mounts(struct why *w)
{
	auto_free char *text = NULL;
	auto_done(strv) struct strv lines = { 0 };
	const char *zonepath = zonepath_of(w->zone);
	struct err ignored = { 0 };
	int shown = 0;

	if (!zonepath || w->zone->has_run ||
	    file_read_all(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, &ignored) <
		    0)
		return;
	auto_free char *below = mem_format("%s/", zonepath);

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n && shown < SHOWN_MAX; i++) {
		auto_done(strv) struct strv fields = { 0 };

		strv_split(&fields, lines.items[i], ' ');
		if (fields.n < 5 || !str_has_prefix(fields.items[4], below))
			continue;
		strv_format(w->lines, "something is mounted on \"%s\": umount it", fields.items[4]);
		shown++;
	}
}

/* --- the kernel's counters and processes -------------------------------------------------------------------------- */

static void add_counters(struct why *w, struct engine_container *c)
{
	/* the name of the setting behind the limit, in a zone's file and in a container's */
	const char *memory = w->zone ? "cappedMemory.physical" : "linux.resources.memory.limit";
	const char *pids = w->zone ? "maxLwps" : "linux.resources.pids.limit";
	struct cgroup_stats s = { 0 };
	struct cgroup *cg = engine_cgroup(c);
	struct err ignored = { 0 };

	if (!cg || cgroup_stats(cg, &s, &ignored) < 0)
		return;
	if (s.oom_kills.set && s.oom_kills.value > 0)
		strv_format(w->lines,
			    "the kernel killed %llu of its processes because %s was reached",
			    (unsigned long long)s.oom_kills.value, memory);
	if (s.pids.set && s.pids_limit.set && s.pids.value >= s.pids_limit.value)
		strv_format(w->lines, "it has %llu processes and threads: %s is reached",
			    (unsigned long long)s.pids.value, pids);
	if (s.memory.set && s.memory_limit.set && s.memory_limit.value > 0 &&
	    s.memory.value >= s.memory_limit.value / 100 * 98)
		strv_format(w->lines, "its memory is at the limit of %llu bytes: %s",
			    (unsigned long long)s.memory_limit.value, memory);
}

static int add_event(void *arg, const struct json *event)
{
	const struct why *w = arg;

	strv_format(w->lines, "last: %s (%s)", json_get_string(event, "text", ""),
		    json_get_string(event, "time", ""));
	return 0;
}

/* The last limit that it ran into since it was booted: who was killed, what was refused. */
static void add_last_limits(struct why *w)
{
	static const char *const kinds[] = { "oom", "limit" };
	/* without the Z: events of the same second count */
	auto_free char *booted = mem_strndup(
		w->zone->run.booted, w->zone->run.booted ? strcspn(w->zone->run.booted, "Z") : 0);

	for (size_t i = 0; booted && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		auto_done(strv) struct strv name = { 0 }, kind = { 0 };
		struct zone_events_query q = { .names = &name,
					       .kinds = &kind,
					       .since = booted,
					       .last = 1,
					       .each = add_event,
					       .arg = w };
		struct err ignored = { 0 };

		strv_add(&name, w->zone->name);
		strv_add(&kind, kinds[i]);
		(void)!zone_events(w->dirs, &q, &ignored); /* what cannot be read is not told */
	}
}

/* While a zone goes down: who is still there. A process in state D waits for the kernel and cannot be killed. */
static void add_processes(struct why *w)
{
	struct zone_process *list = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	if (w->zone->state != ZONE_SHUTTING_DOWN && w->zone->state != ZONE_DOWN)
		return;
	if (zone_ps(w->dirs, w->zone->name, &list, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n && i < SHOWN_MAX; i++)
		strv_format(w->lines, "process %d is still there%s: %.100s", (int)list[i].pid,
			    list[i].state == 'D' ? " and waits inside the kernel" : "",
			    list[i].command);
	if (n > SHOWN_MAX)
		strv_format(w->lines, "and %zu more processes", n - SHOWN_MAX);
	zone_processes_free(list, n);
}

static void add_container(struct why *w)
{
	auto_free char *root = mem_format("%s/.engine", w->dirs->run);
	struct engine_container *c = NULL;
	struct err ignored = { 0 };

	if (engine_open(root, w->zone->name, false, &c, &ignored) < 0)
		return;
	if (w->zone->frozen)
		strv_format(w->lines, "it is frozen: zone thaw %s", w->zone->name);
	add_counters(w, c);
	add_last_limits(w);
	add_processes(w);
	engine_free(c);
}

static void add_links(struct why *w)
{
	auto_ptr(json) struct json *status = NULL;
	struct err why = { 0 };

	if (zone_links(w->zone, NULL, &status, &why) < 0)
		strv_format(w->lines, "its links cannot be looked at: %s", why.text);
	else if (status)
		net_explain(status, w->zone->name, w->zone->run.init, w->lines);
}

/* What would keep it from booting. */
static void add_verify(struct why *w)
{
	auto_done(diag_list) struct diag_list diags = { 0 };

	if (!w->zone->spec || w->zone->state >= ZONE_READY || w->zone->state == ZONE_INCOMPLETE)
		return;
	(void)zone_verify_open(w->dirs, w->zone, &diags); /* what it finds is in diags */
	for (size_t i = 0; i < diags.n; i++) {
		auto_free char *line = diag_text(&diags, i);

		strv_format(w->lines, "it cannot boot: %s", line);
	}
}

/* A container of zrun. */
static void why_container(struct why *w, const char *name, struct engine_container *c)
{
	auto_ptr(json) struct json *state = engine_state_json(c);
	enum engine_status status = engine_status(c);

	strv_format(w->lines, "it is a container of zrun (%s), made from \"%s\"",
		    engine_status_word(status), json_get_string(state, "bundle", ""));
	if (status == ENGINE_CREATING)
		strv_format(w->lines, "its create has not come to an end: zrun delete --force %s",
			    name);
	if (status == ENGINE_CREATED)
		strv_format(w->lines, "its program has not been started yet: zrun start %s", name);
	if (status == ENGINE_PAUSED)
		strv_format(w->lines, "it is frozen: zrun resume %s", name);
	if (status == ENGINE_STOPPED)
		strv_format(w->lines, "its first process has ended: zrun delete %s", name);
	add_counters(w, c);
}

int zone_why(const struct zone_dirs *d, const char *name, enum zone_state *ret_state,
	     struct strv *ret, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct engine_container *c = NULL;
	struct err ignored = { 0 };
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);
	struct why w = { .dirs = d, .zone = z, .lines = ret };

	if (r == -ENOENT && containers_open(d, name, &c, &ignored) == 0) {
		auto_free char *aux = NULL;

		*ret_state = containers_state(engine_status(c), &aux);
		why_container(&w, name, c);
		engine_free(c);
		return 0;
	}
	if (r < 0)
		return r;
	*ret_state = z->state;
	add_stored(&w);
	add_root(&w);
	add_view(&w);
	add_lock_holder(&w);
	add_container(&w);
	add_links(&w);
	add_mounts(&w);
	add_verify(&w);
	return 0;
}
