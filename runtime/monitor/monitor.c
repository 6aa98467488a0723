/* monitor - the process behind a running zone. Its jobs are listed in monitor.h; its decisions are the table in machine.c; this file is the loop and the actions.
 *
 * Restart rule: it may be killed at any moment. The zone goes on, the next command starts a new monitor with `attach`. Nothing is remembered only in memory but init's exit status and the
 * console's ring. */
#include "runtime/monitor/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/events.h"

enum { ASK_AGAIN_MS = 100 };

static void tell(struct monitor *m, const char *event, const char *text)
{
	zone_event(m->dirs, m->options->name, event, text, NULL);
}

/* The last act: the run folder goes, everybody who waits hears it, the loop ends. */
static void leave(struct monitor *m, const struct err *up_error)
{
	struct err gone = { 0 }, e = { 0 };

	(void)err_set(&gone, ECANCELED, "the zone has gone down");
	/* what fails once may pass; else the zone is called down, and the next command clears it up */
	if (zone_run_remove(m->dirs, m->options->name, &e) < 0 &&
	    zone_run_remove(m->dirs, m->options->name, &e) < 0)
		log_err(&e);
	server_answer(m, SERVER_WAIT_UP, up_error ? up_error : &gone);
	server_answer(m, SERVER_WAIT_GONE, NULL);
	loop_stop(m->loop);
}

static void cancel_timer(struct monitor *m)
{
	loop_cancel(m->loop, m->timer);
	loop_cancel(m->loop, m->ask_timer);
	m->timer = m->ask_timer = 0;
}

static void on_timer(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	(void)id;
	m->timer = 0;
	monitor_event(m, EVENT_TIMER);
}

static void set_timer(struct monitor *m, uint64_t ms)
{
	cancel_timer(m);
	m->timer = loop_timer(m->loop, ms, on_timer, m);
}

/* Bring it up again inside the same monitor: clients of the console stay. */
static void boot_again(struct monitor *m)
{
	struct err e = { 0 }, again = { 0 };

	cancel_timer(m);
	m->run.restarts++;
	if (up_bring(m, false, &e) == 0) {
		(void)err_set(&again, ECANCELED, "the zone has been booted again");
		server_answer(m, SERVER_WAIT_GONE, &again);
		server_answer(m, SERVER_WAIT_UP, NULL);
		return;
	}
	auto_free char *reason = mem_format("it could not be booted again: %s", e.text);
	struct err ignored = { 0 };

	log_err(&e);
	(void)!zone_record_set_reason(m->dirs, m->options->name, reason, -1, &ignored);
	tell(m, "boot-failed", reason);
	m->exit_code = 1;
	leave(m, &e);
}

static void act_start(struct monitor *m)
{
	struct err e = { 0 };

	if (up_start(m, &e) == 0) {
		server_answer(m, SERVER_WAIT_UP, NULL);
		return;
	}
	up_take_down(m, e.text, -1);
	tell(m, "boot-failed", e.text);
	leave(m, &e);
}

static void act_halt(struct monitor *m)
{
	cancel_timer(m);
	console_notice(&m->console, "the zone is halted");
	up_take_down(m, NULL, -1);
	tell(m, "halted", "the zone is halted");
	leave(m, NULL);
}

static void act_cycle(struct monitor *m)
{
	cancel_timer(m);
	console_notice(&m->console, "the zone reboots");
	up_take_down(m, NULL, -1);
	tell(m, "rebooting", "the zone reboots");
	boot_again(m);
}

static void on_ask_timer(struct loop *l, int id, void *arg);

/* Send the signal, again and again while init seems to be deaf (ask.c); the deadline bounds that. */
static void ask_init(struct monitor *m)
{
	int signo = zone_shutdown_signal(m->prepared.effective, m->prepared.init_kind);
	bool heard = ask_init_hears(m->run.init, signo);
	struct err e = { 0 };

	if (engine_kill(m->container, signo, false, &e) < 0)
		log_err(&e);
	else if (!heard)
		m->ask_timer = loop_timer(m->loop, ASK_AGAIN_MS, on_ask_timer, m);
}

static void on_ask_timer(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	(void)id;
	m->ask_timer = 0;
	ask_init(m);
}

/* How long init has from now on. Only while there is a container: without one there is no configuration either. */
static uint64_t shutdown_ms(const struct monitor *m)
{
	return m->shutdown_ms ? m->shutdown_ms : m->prepared.effective->shutdown_timeout.value;
}

static void set_deadline(struct monitor *m)
{
	uint64_t ms = shutdown_ms(m);

	m->deadline_ms = loop_now_ms() + ms;
	set_timer(m, ms);
}

static void act_ask(struct monitor *m)
{
	struct err e = { 0 };

	if (engine_status(m->container) == ENGINE_PAUSED)
		(void)!engine_resume(
			m->container,
			&e); /* a frozen init cannot hear; if this fails the deadline halts it */
	m->state = MACHINE_STOPPING;
	up_write_run(m, ZONE_SHUTTING_DOWN, NULL, NULL);
	console_notice(&m->console, "the zone is asked to shut down");
	tell(m, "shutting-down", "the zone is asked to shut down");
	set_deadline(m);
	ask_init(m);
}

/* Asked once more: whoever has less time gets it, the host's end above all, and nobody can take it from him. */
static void act_hasten(struct monitor *m)
{
	if (loop_now_ms() + shutdown_ms(m) >= m->deadline_ms)
		return;
	set_deadline(m);
	ask_init(m);
}

static void act_deadline(struct monitor *m)
{
	console_notice(&m->console, "the deadline has passed");
	tell(m, "deadline", "the zone has not shut down in time");
	if (m->reboot_wanted)
		act_cycle(m);
	else
		act_halt(m);
}

/* How init ended, as wait(2) gives it (-1: not known), and when the zone boots again (-1: not by itself). */
static void tell_ended(struct monitor *m, const char *event, const char *text, int64_t status,
		       int64_t delay_ms)
{
	struct json *data = json_new_object();

	if (status >= 0 && WIFEXITED((int)status))
		json_set(data, "exitStatus", json_new_i64(WEXITSTATUS((int)status)));
	if (status >= 0 && WIFSIGNALED((int)status))
		json_set(data, "signal", json_new_i64(WTERMSIG((int)status)));
	if (delay_ms >= 0)
		json_set(data, "restartInMs", json_new_i64(delay_ms));
	zone_event(m->dirs, m->options->name, event, text, data);
}

/* To boot costs the host's time, which no cap of the zone counts: one reboot is free, the next ones wait longer and longer until the zone has been up for a quiet minute. */
static void rebooted_inside(struct monitor *m, const char *reason, int64_t status)
{
	if (loop_now_ms() - m->up_since_ms >= RESTART_QUIET_MS)
		m->backoff_step = 0;
	if (m->backoff_step++ == 0) {
		act_cycle(m);
		return;
	}
	console_notice(&m->console, "the zone reboots too often: it waits");
	up_take_down(m, reason, status);
	tell_ended(m, "rebooting", reason, status,
		   restart_delay("always", true, m->backoff_step - 2));
	set_timer(m, (uint64_t)restart_delay("always", true, m->backoff_step - 2));
}

/* Init has ended by itself. Asked for: done. Not asked for: the reason is stored and the restart policy decides. */
static void act_ended(struct monitor *m)
{
	char reason[256];
	int64_t status, delay;
	bool asked = m->state == MACHINE_STOPPING;

	cancel_timer(m);
	up_refresh(m);
	up_bury(m, &status, reason, sizeof(reason));
	if (asked && m->reboot_wanted) {
		act_cycle(m);
		return;
	}
	/* A zone that is asked to shut down and reboots instead has shut down: it does not get out of it that way. */
	if (!asked && status >= 0 && WIFSIGNALED((int)status) && WTERMSIG((int)status) == SIGHUP) {
		rebooted_inside(m, reason, status);
		return;
	}
	bool failed =
		status < 0 || !((WIFEXITED((int)status) && WEXITSTATUS((int)status) == 0) ||
				(WIFSIGNALED((int)status) && WTERMSIG((int)status) == SIGINT));

	if (loop_now_ms() - m->up_since_ms >= RESTART_QUIET_MS)
		m->backoff_step = 0;
	delay = asked ? -1
		      : restart_delay(m->prepared.effective->restart, failed, m->backoff_step++);
	console_notice(&m->console, asked ? "the zone has shut down" : reason);
	up_take_down(m, asked ? NULL : reason, status);
	tell_ended(m, asked ? "shut-down" : "ended", asked ? "the zone has shut down" : reason,
		   status, delay);
	if (delay < 0) {
		leave(m, NULL);
		return;
	}
	set_timer(m, (uint64_t)delay);
}

void monitor_event(struct monitor *m, enum machine_event ev)
{
	switch (machine_action(m->state, ev)) {
	case ACTION_NONE:
		return;
	case ACTION_START:
		act_start(m);
		return;
	case ACTION_ASK:
		act_ask(m);
		return;
	case ACTION_HASTEN:
		act_hasten(m);
		return;
	case ACTION_HALT:
		act_halt(m);
		return;
	case ACTION_CYCLE:
		act_cycle(m);
		return;
	case ACTION_ENDED:
		act_ended(m);
		return;
	case ACTION_DEADLINE:
		act_deadline(m);
		return;
	case ACTION_BOOT:
		boot_again(m);
		return;
	}
}

static void on_signal(struct loop *l, const struct signalfd_siginfo *si, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	if (si->ssi_signo == SIGINT)
		monitor_event(m, EVENT_HALT);
	if (si->ssi_signo != SIGTERM)
		return;
	up_refresh(m);
	m->must_end = true;
	m->reboot_wanted = false;
	m->shutdown_ms = 0;
	monitor_event(m, EVENT_SHUTDOWN);
}

/* The zone's lock, handed over by the command that started us: it stays taken until the boot has come to an end. -1: nobody handed one over. */
static int lock_take(int fd)
{
	char nothing;
	struct sock_msg m = { .data = &nothing, .size = 1, .n_fds = 1 };
	struct err ignored = { 0 };

	return fd >= 0 && sock_recv(fd, &m, &ignored) > 0 && m.n_fds == 1 ? m.fds[0] : -1;
}

static void outcome_tell(int *fd, const struct err *outcome)
{
	struct err copy = *outcome, ignored = { 0 };
	struct sock_msg m = { .data = &copy, .size = sizeof(copy) };

	if (*fd >= 0)
		(void)!sock_send(*fd, &m, &ignored); /* the command that started us may be gone */
	fd_close(fd);
}

static int monitor_open(struct monitor *m, struct err *e)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE, 0 };
	int r = wall_drop_host(e);

	if (r == 0)
		r = loop_new(&m->loop, e);
	if (r < 0)
		return r;
	console_init(&m->console, m->loop); /* monitor_close() ends both together */
	r = loop_signals(m->loop, signals, on_signal, m, e);
	if (r < 0)
		return r;
	m->run.monitor = getpid();
	r = proc_stat(getpid(), &m->run.monitor_start, NULL, e);
	return r < 0 ? r : server_open(m, e);
}

static void monitor_close(struct monitor *m)
{
	server_close(m);
	if (m->loop)
		console_done(&m->console);
	engine_free(m->container);
	json_free(m->net_saved);
	zone_prepared_done(&m->prepared);
	zone_free(m->zone);
	zone_run_done(&m->run);
	loop_free(m->loop);
}

static int monitor_begin(struct monitor *m, struct err *e)
{
	int r = monitor_open(m, e);

	if (r < 0)
		return r;
	return m->options->attach ? up_attach(m, e) : up_bring(m, m->options->ready_only, e);
}

static void boot_failed(struct monitor *m, const struct err *cause)
{
	auto_free char *reason = mem_format("the last boot failed: %s", cause->text);
	struct err e = { 0 };

	log_err(cause);
	if (m->options->attach)
		return; /* the zone lives on without a monitor; the next command tries again */
	if (zone_record_set_reason(m->dirs, m->options->name, reason, -1, &e) < 0 ||
	    zone_run_remove(m->dirs, m->options->name, &e) < 0)
		log_err(&e);
	tell(m, "boot-failed", reason);
}

int monitor_main(const struct zone_dirs *d, const struct monitor_options *o)
{
	struct monitor m = { .dirs = d,
			     .options = o,
			     .lock_fd = -1,
			     .notify_fd = o->notify_fd,
			     .listen_fd = -1,
			     .status_fd = -1,
			     .init_fd = -1,
			     .view = { .device = -1, .tree = -1, .pidfd = -1 },
			     .prepared = { .log_dirfd = -1 } };
	auto_free char *log = mem_format("%s/.monitor.log", d->run);
	struct err e = { 0 };
	int r;

	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		m.clients[i].fd = -1;
	sysinfo_init(&m.calls);
	(void)umask(022); /* folders made in the zone get the modes that were meant */
	(void)!chdir("/");
	if (m.notify_fd >= 0)
		(void)fcntl(m.notify_fd, F_SETFD, FD_CLOEXEC);
	if (log_to_file(log, LOG_FORMAT_TEXT, &e) < 0)
		e = (struct err){ 0 }; /* the zone matters more than the log */
	m.lock_fd = lock_take(m.notify_fd);
	r = monitor_begin(&m, &e);
	if (r < 0)
		boot_failed(&m, &e);
	else
		e = (struct err){
			0
		};          /* something that failed on the way and was made good is no outcome */
	if (m.lock_fd >= 0) /* explicitly: whoever has a copy of the descriptor would keep it */
		(void)sys_flock(m.lock_fd, LOCK_UN);
	fd_close(&m.lock_fd);
	outcome_tell(&m.notify_fd, &e);
	if (r == 0)
		r = loop_run(m.loop, &e);
	if (r < 0)
		m.exit_code = 1;
	monitor_close(&m);
	return m.exit_code;
}
