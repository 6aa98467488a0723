/* watch - the limits that the zone runs into, as events: processes that the kernel killed for memory, and forks that maxLwps refused (v1 must be asked for those: every ASK_MS).
 *
 * A zone can run into them as fast as it likes. When a descriptor speaks both leave the loop for PAUSE_MS; then is counted what has come together, and events are written for it. The pause also gives
 * the kernel the time to move the counter (v1 speaks first) and to write its log. */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/monitor/oom_victim.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/events.h"

enum { PAUSE_MS = 250, ASK_MS = 3000, VICTIMS_MAX = 8, NUMBER_MAX = 32 };

static const char memory_key[] = "cappedMemory.physical", lwps_key[] = "maxLwps";

static struct cgroup_stats stats_now(const struct monitor *m)
{
	struct cgroup *cg = m->container ? engine_cgroup(m->container) : NULL;
	struct cgroup_stats s = { 0 };
	struct err ignored = { 0 };

	if (!cg || cgroup_stats(cg, &s, &ignored) < 0)
		s = (struct cgroup_stats){ 0 };
	return s;
}

/* " (64M)", or nothing. */
static void limit_text(const struct opt_u64 *limit, bool is_size, char *buf, size_t size)
{
	char number[NUMBER_MAX];

	buf[0] = '\0';
	if (!limit->set)
		return;
	if (is_size)
		num_size_text(limit->value, number, sizeof(number));
	if (is_size ? str_format(buf, size, " (%s)", number) < 0
		    : str_format(buf, size, " (%llu)", (unsigned long long)limit->value) < 0)
		buf[0] = '\0';
}

static struct json *limit_data(const char *property, const struct opt_u64 *limit)
{
	struct json *data = json_new_object();

	json_set(data, "property", property ? json_new_string(property) : json_new_null());
	if (property && limit->set)
		json_set(data, "limit", json_new_u64(limit->value));
	return data;
}

/* --- killed for memory -------------------------------------------------------------------------------------------- */

static const char *because(enum oom_cause cause)
{
	if (cause == OOM_GLOBAL)
		return "the host has run out of memory";
	return cause == OOM_ABOVE ? "the limit of its tenant's zones together was reached" : NULL;
}

static void tell_victim(struct monitor *m, const struct oom_victim *v, const struct opt_u64 *limit)
{
	struct json *data = limit_data(v->cause == OOM_ZONE ? memory_key : NULL, limit);
	struct json *victim = json_set(data, "victim", json_new_object());
	const struct zone_record *r = &m->zone->record;
	const char *other = because(v->cause);
	char size[NUMBER_MAX];

	limit_text(limit, true, size, sizeof(size));
	json_set(victim, "command", json_new_string(v->name));
	json_set(victim, "pid", json_new_i64(v->pid));
	if (v->uid - r->id_base < ZONE_IDS)
		json_set(victim, "uid", json_new_u64(v->uid - r->id_base));
	auto_free char *text = mem_format(
		"the kernel killed \"%s\" (process %d of the host) because %s%s%s%s", v->name,
		(int)v->pid, other ? other : memory_key, other ? "" : size,
		other ? "" : " was reached", m->run.init == v->pid ? ": it was init" : "");

	zone_event(m->dirs, m->options->name, "oom", text, data);
}

static void tell_kills(struct monitor *m, uint64_t n, const struct opt_u64 *limit)
{
	struct json *data = limit_data(memory_key, limit);

	json_set(data, "kills", json_new_u64(n));
	auto_free char *text = mem_format("the kernel killed %llu process%s for memory",
					  (unsigned long long)n, n == 1 ? "" : "es");

	zone_event(m->dirs, m->options->name, "oom", text, data);
}

static void look_for_kills(struct monitor *m, const struct cgroup_stats *now)
{
	struct limit_watch *w = &m->watch;
	struct oom_victim victims[VICTIMS_MAX];
	uint64_t kills = now->oom_kills.set ? now->oom_kills.value : 0;
	size_t n = w->log_fd >= 0 && w->path
			   ? oom_log_victims(w->log_fd, w->path, victims, VICTIMS_MAX)
			   : 0;

	for (size_t i = 0; i < n; i++)
		tell_victim(m, &victims[i], &now->memory_limit);
	if (kills > w->kills + n) /* more than the log still has, or a log that we may not read */
		tell_kills(m, kills - w->kills - n, &now->memory_limit);
	w->kills = kills > w->kills + n ? kills : w->kills + n;
}

/* --- refused forks ------------------------------------------------------------------------------------------------ */

static void look_for_forks(struct monitor *m)
{
	uint64_t n = m->watch.forks ? cgroup_forks_refused(m->watch.forks) : 0;
	struct cgroup_stats now;
	struct json *data;
	char limit[NUMBER_MAX];

	if (n == 0)
		return; /* nearly always, and it has cost one small file */
	now = stats_now(m);
	limit_text(&now.pids_limit, false, limit, sizeof(limit));
	data = limit_data(lwps_key, &now.pids_limit);
	json_set(data, "refused", json_new_u64(n));
	auto_free char *text = mem_format("%llu new process%s or thread%s refused: %s%s is reached",
					  (unsigned long long)n, n == 1 ? "" : "es",
					  n == 1 ? " was" : "s were", lwps_key, limit);

	zone_event(m->dirs, m->options->name, "limit", text, data);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static void on_limit(struct loop *l, int fd, short revents, void *arg);

static void listen(struct monitor *m, bool on)
{
	const int fds[] = { m->watch.oom ? cgroup_oom_fd(m->watch.oom) : -1,
			    m->watch.forks ? cgroup_forks_fd(m->watch.forks) : -1 };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0 && on)
			loop_add_fd(m->loop, fds[i], POLLIN, on_limit, m);
		else if (fds[i] >= 0)
			loop_remove_fd(m->loop, fds[i]);
	}
}

static void look(struct monitor *m)
{
	struct cgroup_stats now = stats_now(m);

	if (m->watch.oom)
		(void)cgroup_oom_happened(m->watch.oom); /* takes what made it readable */
	look_for_kills(m, &now);
	look_for_forks(m);
}

static void on_pause_over(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	(void)id;
	m->watch.pause = 0;
	look(m);
	listen(m, true);
}

static void on_limit(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;

	(void)fd;
	(void)revents;
	listen(m, false);
	if (!m->watch.pause)
		m->watch.pause = loop_timer(l, PAUSE_MS, on_pause_over, m);
}

static void on_ask(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)id;
	m->watch.ask = loop_timer(l, ASK_MS, on_ask, m);
	look_for_forks(m);
}

void watch_begin(struct monitor *m)
{
	struct cgroup *cg = engine_cgroup(m->container);
	struct cgroup_stats now = stats_now(m);
	struct err ignored = { 0 };

	m->watch = (struct limit_watch){ .log_fd = -1 };
	if (!cg)
		return;
	/* a host without one of the controllers has no such limit to be told of */
	if (cgroup_oom_watch(cg, &m->watch.oom, &ignored) < 0)
		m->watch.oom = NULL;
	if (cgroup_forks_watch(cg, &m->watch.forks, &ignored) < 0)
		m->watch.forks = NULL;
	m->watch.path = cgroup_memory_path(cg);
	m->watch.log_fd = oom_log_open();
	m->watch.kills = now.oom_kills.set ? now.oom_kills.value : 0;
	m->watch.on = true;
	listen(m, true);
	if (m->watch.forks && cgroup_forks_fd(m->watch.forks) < 0)
		m->watch.ask = loop_timer(m->loop, ASK_MS, on_ask, m);
}

void watch_end(struct monitor *m)
{
	if (!m->watch.on)
		return;
	look(m); /* init itself may have been the victim */
	listen(m, false);
	loop_cancel(m->loop, m->watch.pause);
	loop_cancel(m->loop, m->watch.ask);
	cgroup_oom_free(m->watch.oom);
	cgroup_forks_free(m->watch.forks);
	free(m->watch.path);
	fd_close(&m->watch.log_fd);
	m->watch = (struct limit_watch){ .log_fd = -1 };
}
