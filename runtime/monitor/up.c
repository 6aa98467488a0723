/* up - bring a zone up and take it down.
 *
 * Up: read the file afresh, prepare (everything that can be refused is refused there), create the container with its network, let it go. The run file is written before the first
 * side effect and again after each one that another command would have to undo, so a kill -9 at any moment leaves a state that zone_recover() understands.
 * Down: the container first, then what it left on the console, then the network. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/events.h"
#include "runtime/zone/init_status.h"
#include "runtime/zone/tenants.h"

enum { STATUS_MAX = 32, STATUS_MS = 1000, DELETE_TRIES = 5, DELETE_PAUSE_NS = 100000000 };

static void text_set(char **to, const char *s)
{
	char *copy = mem_strdup(s); /* s may be inside *to */

	free(*to);
	*to = copy;
}

void up_write_run(struct monitor *m, enum zone_state state, const char *aux, const char *reason)
{
	struct err e = { 0 };
	char now[32];

	m->run.state = state;
	text_set(&m->run.aux, aux);
	text_set(&m->run.reason, reason);
	zone_time_now(now, sizeof(now));
	text_set(&m->run.reason_time, reason ? now : NULL);
	free(m->run.net_saved);
	m->run.net_saved = m->net_saved ? json_print(m->net_saved, false) : NULL;
	strv_done(&m->run.freezers);
	if (m->container && engine_cgroup(m->container))
		cgroup_freezers(engine_cgroup(m->container), &m->run.freezers);
	if (zone_run_write(m->dirs, m->options->name, &m->run, &e) < 0)
		log_err(&e);
}

/* --- zone-init's packets --------------------------------------------------------------------------------------- */

static void status_apply(struct monitor *m, const struct init_status *s)
{
	auto_free char *reason = NULL;
	int code = proc_status_code(s->status);

	switch ((enum init_event)s->event) {
	case INIT_EVENT_UP:
	case INIT_EVENT_STARTED:
		up_write_run(m, m->run.state, NULL, NULL);
		return;
	case INIT_EVENT_EXITED:
		reason = mem_format(
			"the service ended with status %d and is started again (restart %u)", code,
			(unsigned)s->restarts);
		up_write_run(m, m->run.state, "degraded", reason);
		zone_event(m->dirs, m->options->name, "service", reason, NULL);
		return;
	case INIT_EVENT_DONE:
		reason = mem_format(
			"the service ended with status %d; its restart policy leaves it at that",
			code);
		up_write_run(m, m->run.state, code == 0 ? NULL : "degraded", reason);
		zone_event(m->dirs, m->options->name, "service", reason, NULL);
		return;
	case INIT_EVENT_MAINTENANCE:
		reason = s->error > 0 && s->error < 4096
				 ? mem_format("the service cannot be started: %s",
					      strerror(s->error))
				 : mem_format("the service failed too often, last with status %d",
					      code);
		up_write_run(m, m->run.state, "maintenance", reason);
		zone_event(m->dirs, m->options->name, "service", reason, NULL);
		return;
	}
}

static void on_status(struct loop *l, int fd, short revents, void *arg);

static void on_status_pause_over(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)id;
	m->status_pause = 0;
	if (m->status_fd >= 0)
		loop_add_fd(l, m->status_fd, POLLIN, on_status, m);
}

/* Each packet costs us a file written, and root inside can send as many as it likes: STATUS_MAX of them in STATUS_MS, then the socket holds the sender back. */
static void status_hold(struct monitor *m)
{
	uint64_t now = loop_now_ms();

	if (now - m->status_since_ms >= STATUS_MS) {
		m->status_since_ms = now;
		m->status_count = 0;
	}
	if (++m->status_count < STATUS_MAX)
		return;
	loop_remove_fd(m->loop, m->status_fd);
	m->status_pause = loop_timer(m->loop, STATUS_MS, on_status_pause_over, m);
}

static void status_close(struct monitor *m)
{
	loop_cancel(m->loop, m->status_pause);
	m->status_pause = 0;
	if (m->status_fd >= 0)
		loop_remove_fd(m->loop, m->status_fd);
	fd_close(&m->status_fd);
}

static void on_status(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct init_status s = { 0 };
	struct sock_msg msg = { .data = &s, .size = sizeof(s) };
	struct err ignored = { 0 };
	int r = sock_recv(fd, &msg, &ignored);

	(void)l;
	(void)revents;
	if (r == -EAGAIN)
		return;
	if (r <= 0 || msg.size != sizeof(s) || s.magic != INIT_STATUS_MAGIC) {
		status_close(m);
		return;
	}
	if (m->run.state == ZONE_RUNNING)
		status_apply(m, &s);
	status_hold(m);
}

/* --- up ----------------------------------------------------------------------------------------------------------- */

/* Take over what `zone apply` has made of the network. True when that is news. */
static bool network_refresh(struct monitor *m)
{
	auto_ptr(json) struct json *now = NULL;
	auto_free char *old = m->net_saved ? json_print(m->net_saved, false) : NULL;
	struct err e = { 0 };
	int r = zone_network_load(m->dirs, m->options->name, m->run.restarts, &now, &e);

	if (r < 0)
		log_err(&e);
	if (r <= 0)
		return false;
	auto_free char *text = json_print(now, false);

	if (str_eq(text, old))
		return false;
	json_free(m->net_saved);
	m->net_saved = ptr_steal(&now);
	return true;
}

/* An apply that was under way when the zone ended has noted all that it makes before it makes it, under the lock that net_detach() waits for: so it is looked again. */
static void network_detach(void *arg)
{
	struct monitor *m = arg;
	struct net_dirs dirs = { .run_dir = m->dirs->run, .storage_dir = m->dirs->storage };
	struct err e = { 0 };

	(void)network_refresh(m);
	do {
		if (m->net_saved && net_detach(m->net_saved, &dirs, &e) < 0)
			log_err(&e);
	} while (network_refresh(m));
	zone_network_end(m->dirs, m->options->name, m->run.restarts);
	json_free(ptr_steal(&m->net_saved));
	free(ptr_steal(&m->run.address));
}

static int network_attach(void *arg, int netns_fd, pid_t init, struct err *e)
{
	struct monitor *m = arg;
	int r;

	(void)init;
	r = net_attach(m->prepared.net, netns_fd, &m->net_saved, e);
	if (r < 0)
		return r;
	free(m->run.address);
	m->run.address = net_first_address(m->net_saved);
	up_write_run(m, ZONE_DOWN, "booting", NULL);
	return 0;
}

static void on_init(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;

	(void)revents;
	loop_remove_fd(l, fd);
	m->init_fd = -1;
	monitor_event(m, EVENT_INIT_ENDED);
}

static void watch_init(struct monitor *m)
{
	m->run.init = engine_pid(m->container);
	m->run.id = m->run.init;
	m->run.init_start =
		engine_pid_start(m->container); /* a dead init is noticed by its pidfd at once */
	m->init_fd = engine_pidfd(m->container);
	if (m->init_fd >= 0)
		loop_add_fd(m->loop, m->init_fd, POLLIN, on_init, m);
}

static int container_create(struct monitor *m, int status_theirs, struct err *e)
{
	struct engine_create c = ENGINE_CREATE_INIT;
	auto_free char *root = mem_format("%s/.engine", m->dirs->run);
	const int own[] = { m->lock_fd, m->notify_fd, m->listen_fd, m->calls.init[0] };
	int master = -1, r;

	c.private_fds = own;
	c.n_private_fds = sizeof(own) / sizeof(own[0]);
	c.state_root = root;
	c.id = m->options->name;
	c.spec = m->prepared.container;
	c.bundle = "";
	c.ret_console_master = &master;
	c.init_fd = status_theirs;
	c.sysinfo = m->calls.init[1];
	if (m->prepared.net)
		c.network = (struct engine_network){ .attach = network_attach,
						     .detach = network_detach,
						     .arg = m };
	r = engine_create(&c, &m->container, e);
	sysinfo_created(m);
	if (r < 0)
		zone_limit_words(e);
	if (r == 0)
		r = zone_cpus_settle(m->dirs, e);
	if (r == 0)
		r = zone_prepared_dns(m->dirs, m->zone, &m->prepared, m->container, e);
	if (r < 0)
		return r;
	console_set_master(&m->console, master);
	watch_init(m);
	watch_begin(m);
	const char *tenant = m->prepared.effective->tenant;

	return tenant ? tenant_enforce(m->dirs, tenant, e) : 0;
}

static int up_open(struct monitor *m, bool ready_only, struct err *e)
{
	struct zone_boot boot = { .ready_only = ready_only,
				  .single_user = m->options->single_user,
				  .writable = m->options->writable && m->run.restarts == 0,
				  .args = m->options->args };
	int r = zone_open(m->dirs, m->options->name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC,
			  &m->zone, e);

	if (r < 0)
		return r;
	r = zone_prepare(m->dirs, m->zone, &boot, &m->prepared, e);
	if (r < 0)
		return r;
	r = zone_cpus_take(m->dirs, m->options->name, m->prepared.effective, m->prepared.container,
			   e);
	if (r < 0)
		return r;
	r = zone_running_begin(m->dirs, m->zone, m->run.restarts, m->prepared.effective, e);
	if (r < 0)
		return r;
	logfile_close(&m->console.log);
	text_set(&m->run.init_kind, m->prepared.init_kind);
	m->run.root = !zone_profile_parts(m->prepared.effective->file_mac_profile) ? ZONE_ROOT_PLAIN
		      : boot.writable ? ZONE_ROOT_WRITABLE
				      : ZONE_ROOT_READ_ONLY;
	text_set(&m->run.brand, m->zone->record.brand);
	text_set(&m->run.tenant, m->prepared.effective->tenant);
	return logfile_open(&m->console.log, m->prepared.log_dirfd, e);
}

static int up_create(struct monitor *m, struct err *e)
{
	auto_close int theirs = -1;
	int pair[2], r;

	if (str_eq(m->prepared.init_kind, "zone-init")) {
		r = sock_pair(pair, e);
		if (r < 0)
			return r;
		m->status_fd = pair[0];
		theirs = pair[1];
		(void)fcntl(m->status_fd, F_SETFL, O_NONBLOCK);
		loop_add_fd(m->loop, m->status_fd, POLLIN, on_status, m);
	}
	r = sysinfo_prepare(m, e);
	return r < 0 ? r : container_create(m, theirs, e);
}

int up_start(struct monitor *m, struct err *e)
{
	int r = engine_start(m->container, e);
	char now[32];

	if (r < 0)
		return r;
	zone_time_now(now, sizeof(now));
	text_set(&m->run.booted, now);
	m->up_since_ms = loop_now_ms();
	m->state = MACHINE_RUNNING;
	up_write_run(m, ZONE_RUNNING, NULL, NULL);
	zone_event(m->dirs, m->options->name, "booted",
		   m->run.restarts ? "the zone is running again" : "the zone is running", NULL);
	return 0;
}

int up_bring(struct monitor *m, bool ready_only, struct err *e)
{
	int r;

	m->halting = false;
	m->reboot_wanted = false;
	up_write_run(m, ZONE_DOWN, "booting", NULL);
	r = up_open(m, ready_only, e);
	if (r == 0)
		r = up_create(m, e);
	if (r == 0)
		r = procview_open(m, e);
	if (r == 0) {
		m->state = MACHINE_READY;
		up_write_run(m, ZONE_READY, NULL, NULL);
		if (ready_only)
			zone_event(m->dirs, m->options->name, "ready", "the zone is ready", NULL);
		else
			r = up_start(m, e);
	}
	if (r < 0)
		up_take_down(m, NULL, -1);
	return r;
}

void up_refresh(struct monitor *m)
{
	auto_ptr(zone_spec) struct zone_spec *now = NULL;
	struct err e = { 0 };
	int r = zone_running_spec(m->dirs, m->options->name, m->run.restarts, &now, &e);

	if (r < 0)
		log_err(&e);
	if (r <= 0)
		return; /* what we know will do */
	zone_spec_free(m->prepared.effective);
	m->prepared.effective = ptr_steal(&now);
}

/* --- re-attachment ------------------------------------------------------------------------------------------------ */

static int attach_log(struct monitor *m, struct err *e)
{
	auto_close int top = zone_storage_open(m->prepared.effective->zonepath, e);

	if (top < 0)
		return top;
	m->prepared.log_dirfd = file_open_dir(top, "log", e);
	return m->prepared.log_dirfd < 0 ? m->prepared.log_dirfd
					 : logfile_open(&m->console.log, m->prepared.log_dirfd, e);
}

static void attach_network(struct monitor *m, const struct zone_run *old)
{
	struct err e = { 0 };

	if (old->net_saved &&
	    json_parse_simple(old->net_saved, strlen(old->net_saved), &m->net_saved, &e) < 0)
		log_err(&e);
	text_set(&m->run.address, old->address);
}

int up_attach(struct monitor *m, struct err *e)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	auto_free char *root = mem_format("%s/.engine", m->dirs->run);
	struct zone_host host = { 0 };
	struct err console_error = { 0 };
	int master = -1, r = zone_open(m->dirs, m->options->name,
				       ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &m->zone, e);

	if (r < 0)
		return r;
	r = zone_host_facts(m->dirs, m->zone, &host, &strings, e);
	if (r < 0)
		return r;
	const struct zone_run *old = &m->zone->run;

	m->prepared = (struct zone_prepared){ .effective = zone_effective(m->zone->spec, &host),
					      .init_kind = mem_strdup(old->init_kind),
					      .log_dirfd = -1 };
	r = attach_log(m, e);
	if (r == 0)
		r = engine_open(root, m->options->name, false, &m->container, e);
	if (r < 0)
		return r;
	attach_network(m, old);
	text_set(&m->run.init_kind, old->init_kind);
	text_set(&m->run.brand, old->brand);
	text_set(&m->run.tenant, old->tenant);
	text_set(&m->run.booted, old->booted);
	m->run.restarts = old->restarts;
	m->run.root = old->root;
	up_refresh(m); /* the file may have changed since the boot */
	m->up_since_ms = loop_now_ms();
	/* the engine knows better than a run file whose writer was killed */
	m->state = engine_status(m->container) == ENGINE_CREATED ? MACHINE_READY : MACHINE_RUNNING;
	watch_init(m);
	watch_begin(m);
	procview_attach(m, old);
	if (engine_new_console(m->container, &master, &console_error) == 0)
		console_set_master(&m->console, master);
	else
		log_err(&console_error); /* a zone without a console is worth more than none */
	up_write_run(m, m->state == MACHINE_READY ? ZONE_READY : ZONE_RUNNING, NULL, NULL);
	console_notice(&m->console,
		       "a new monitor has taken over: what was written meanwhile is lost");
	zone_event(m->dirs, m->options->name, "monitor", "a new monitor has taken over", NULL);
	return 0;
}

/* --- down --------------------------------------------------------------------------------------------------------- */

static bool ran_out_of_memory(struct monitor *m)
{
	struct cgroup *cg = engine_cgroup(m->container);
	struct cgroup_stats stats = { 0 };
	struct err ignored = { 0 };

	return cg && cgroup_stats(cg, &stats, &ignored) == 0 && stats.oom_kills.set &&
	       stats.oom_kills.value > 0;
}

void up_bury(struct monitor *m, int64_t *ret_status, char *text, size_t size)
{
	int status = 0, r;
	pid_t pid = m->run.init > 0 ? waitpid(m->run.init, &status, __WALL | WNOHANG) : -1;

	*ret_status = pid > 0 ? status : -1;
	if (pid <= 0)
		r = str_format(
			text, size,
			"init ended; how is not known, because its monitor was replaced meanwhile");
	else if (WIFEXITED(status))
		r = str_format(text, size, "init exited with status %d", WEXITSTATUS(status));
	else if (WTERMSIG(status) == SIGINT)
		r = str_format(text, size, "the zone was powered off from inside");
	else if (WTERMSIG(status) == SIGHUP)
		r = str_format(text, size, "the zone was rebooted from inside");
	else
		r = str_format(text, size, "init was killed by signal %d (%s)%s", WTERMSIG(status),
			       strsignal(WTERMSIG(status)),
			       WTERMSIG(status) == SIGKILL && m->container && ran_out_of_memory(m)
				       ? ": the zone's memory cap was reached"
				       : "");
	if (r < 0)
		text[0] = '\0';
}

/* What fails here leaves processes of a zone that is called down: not without having tried again, for most of what fails passes. */
static void container_delete(struct engine_container *c)
{
	for (int left = DELETE_TRIES; left > 0; left--) {
		struct err e = { 0 };

		if (engine_delete(c, true, &e) >= 0 || e.code == ENOENT)
			return;
		log_err(&e);
		if (e.code == EBUSY || e.code == ETIMEDOUT) /* that was waited for already */
			return;
		(void)nanosleep(&(struct timespec){ .tv_nsec = DELETE_PAUSE_NS }, NULL);
	}
}

static void container_remove(struct monitor *m)
{
	watch_end(m);
	if (m->init_fd >= 0)
		loop_remove_fd(m->loop, m->init_fd);
	m->init_fd = -1;
	if (m->container)
		container_delete(m->container);
	engine_free(ptr_steal(&m->container));
	if (m->run.init > 0)
		(void)waitpid(m->run.init, NULL, __WALL | WNOHANG);
	m->run.init = 0;
	m->run.init_start = 0;
}

void up_take_down(struct monitor *m, const char *reason, int64_t exit_status)
{
	struct err e = { 0 };

	m->halting = true;
	zone_running_end(m->dirs, m->options->name, m->run.restarts);
	procview_close(m);
	container_remove(m);
	if (zone_cpus_release(m->dirs, m->options->name, &e) < 0)
		log_err(&e);
	console_take_all(&m->console);
	console_set_master(&m->console, -1);
	status_close(m);
	network_detach(m);
	zone_prepared_done(&m->prepared);
	zone_free(ptr_steal(&m->zone));
	m->state = MACHINE_DOWN;
	up_write_run(m, ZONE_DOWN, NULL, reason);
	if (zone_record_set_reason(m->dirs, m->options->name, reason, exit_status, &e) < 0)
		log_err(&e);
}
