/* procview - the monitor's care for the zone's view of its own limits and use (runtime/procview/procview.h).
 *
 * The monitor makes the file system's connection and keeps an end of it; the server has another one (FUSE_DEV_IOC_CLONE). So the file system lives as long as one of the two processes does: a server that
 * died is replaced, and a monitor that was killed and replaced takes a new end out of the server (pidfd_getfd). Requests that nobody has taken yet wait for the next server, and their
 * readers can be killed meanwhile; the one that was being answered ends with an error, because its end of the connection is gone. When both have died together the zone gets a new file system, on top of the dead one.
 * At the halt both ends go before anything else: nobody in the zone can then be held by a request. A server that does not die by SIGKILL (traced, frozen) cannot prevent that: the kernel is told to end the connection.
 *
 * A zone that asks for it by name does not boot without. One that has it by default boots, and `zone why` tells what it lacks. */
#include <errno.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/private.h"

enum {
	QUIET_MS = 10000,
	LONG_STEP = 4 /* of the back-off: nobody waits so long */
};

/* --- the run record ------------------------------------------------------------------------------------------------- */

static void remember(struct monitor *m, const struct err *why)
{
	struct err e = { 0 };

	free(m->run.view_error);
	m->run.view_error = why ? mem_strdup(why->text) : NULL;
	if (why)
		log_warning("%s", why->text);
	if (zone_run_write(m->dirs, m->options->name, &m->run, &e) < 0)
		log_err(&e);
}

/* --- the connection ------------------------------------------------------------------------------------------------- */

/* Another end of the same connection: requests that were taken at one end are over when it is closed, the others are not. */
static int device_clone(int of, struct err *e)
{
	auto_close int fd = engine_fuse_open(e);
	uint32_t from = (uint32_t)of;

	if (fd < 0)
		return fd;
	if (sys_ioctl(fd, FUSE_DEV_IOC_CLONE, &from) < 0)
		return err_sys(e, "share the connection of a FUSE file system");
	return fd_steal(&fd);
}

/* --- the server ----------------------------------------------------------------------------------------------------- */

/* The block of ids that a zone has is longer than what it and its owner use (runtime/zone/ids.c): the server is its next one, whom nobody inside is. */
static uint32_t server_uid(const struct monitor *m)
{
	return m->zone->record.id_base + ZONE_IDS + 1;
}

static void server_watch(struct monitor *m);

/* False: it cannot be killed now. */
static bool server_end(struct monitor *m)
{
	struct procview *v = &m->view;

	if (v->pidfd >= 0)
		loop_remove_fd(m->loop, v->pidfd);
	bool ended = engine_view_end(m->run.view, v->pidfd);

	fd_close(&v->pidfd);
	m->run.view = 0;
	m->run.view_start = 0;
	return ended;
}

static int send_calls(void *arg, int sock, struct err *e)
{
	return sysinfo_send(arg, sock, e);
}

static int server_start(struct monitor *m, struct err *e)
{
	auto_close int clone = device_clone(m->view.device, e);
	const struct engine_view v = {
		.device = clone, .uid = server_uid(m), .more = send_calls, .arg = m
	};
	int r = clone < 0 ? clone
			  : engine_view_start(m->container, &v, &m->run.view, &m->view.pidfd, e);

	if (r == 0)
		r = proc_stat(m->run.view, &m->run.view_start, NULL, e);
	if (r < 0) {
		(void)server_end(m); /* the error is told already */
		return r;
	}
	m->view.since_ms = loop_now_ms();
	server_watch(m);
	sysinfo_bypass(m, false);
	return 0;
}

/* --- its end and its successor -------------------------------------------------------------------------------------- */

static void start_again(struct monitor *m);

static void on_again(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	(void)id;
	m->view.timer = 0;
	start_again(m);
}

/* At once the first time, then later and later. */
static void plan_again(struct monitor *m)
{
	unsigned step = m->view.step++;

	if (step >= LONG_STEP)
		sysinfo_bypass(m, true);
	if (step == 0)
		start_again(m);
	else
		m->view.timer = loop_timer(
			m->loop, (uint64_t)restart_delay("always", true, step - 1), on_again, m);
}

static void start_again(struct monitor *m)
{
	struct err e = { 0 };

	if (server_start(m, &e) == 0) {
		remember(m, NULL);
		return;
	}
	(void)err_wrap(&e, "its view of memory and processors is down");
	remember(m, &e);
	sysinfo_bypass(m, true);
	plan_again(m);
}

static void on_server(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct err why = { 0 };

	(void)l;
	(void)fd;
	(void)revents;
	(void)server_end(m); /* it has ended */
	if (loop_now_ms() - m->view.since_ms >= QUIET_MS)
		m->view.step = 0;
	(void)err_set(
		&why, ECHILD,
		"its view of memory and processors is down: its server ended, and is started again");
	remember(m, &why);
	plan_again(m);
}

static void server_watch(struct monitor *m)
{
	loop_add_fd(m->loop, m->view.pidfd, POLLIN, on_server, m);
}

/* --- the file system ------------------------------------------------------------------------------------------------ */

static bool is_demanded(const struct monitor *m)
{
	const struct zone_spec *file = m->zone->spec;

	return file && file->proc_view.set && file->proc_view.value;
}

/* The files are worth something without the answers to sysinfo(2). */
static int view_calls(struct monitor *m, struct err *e)
{
	int r = sysinfo_open(m, e);

	if (r == 0 || is_demanded(m))
		return r;
	sysinfo_close(m);
	(void)err_wrap(e, "it sees the host's memory in sysinfo(2)");
	remember(m, e);
	*e = (struct err){ 0 };
	return 0;
}

static int view_make(struct monitor *m, struct err *e)
{
	int r;

	m->view.device = engine_fuse_open(e);
	if (m->view.device < 0)
		return m->view.device;
	m->view.tree = engine_fuse(m->view.device, "procview", e);
	if (m->view.tree < 0)
		return m->view.tree;
	r = engine_fuse_number(m->view.tree, &m->run.view_number, e);
	if (r == 0)
		r = view_calls(m, e);
	if (r == 0)
		r = server_start(m, e);
	return r < 0 ? r : engine_view_show(m->container, m->view.tree, e);
}

int procview_open(struct monitor *m, struct err *e)
{
	struct err cause = { 0 };

	if (!m->prepared.effective->proc_view.value)
		return 0;
	if (view_make(m, &cause) == 0) {
		sysinfo_begin(m);
		return 0;
	}
	procview_close(m);
	if (is_demanded(m)) {
		*e = cause;
		return err_wrap(e, "procView");
	}
	(void)err_wrap(&cause, "it sees the host's memory and processors");
	remember(m, &cause);
	return 0;
}

/* The server of the monitor before us, if it still is there and lets us have an end of its connection. */
static bool view_take_over(struct monitor *m, const struct zone_run *old)
{
	struct err e = { 0 };
	auto_close int pidfd = old->view > 0 ? proc_pidfd(old->view, old->view_start, &e) : -1;
	auto_close int theirs = pidfd >= 0 ? sys_pidfd_getfd(pidfd, PROCVIEW_DEVICE_FD) : -1;

	if (theirs < 0)
		return false;
	m->view.device = device_clone(theirs, &e);
	if (m->view.device < 0)
		return false;
	m->view.pidfd = fd_steal(&pidfd);
	m->run.view = old->view;
	m->run.view_start = old->view_start;
	m->run.view_number = old->view_number;
	m->view.since_ms = loop_now_ms();
	server_watch(m);
	sysinfo_take_over(m, m->view.pidfd);
	return true;
}

void procview_attach(struct monitor *m, const struct zone_run *old)
{
	struct err e = { 0 };

	if (!m->prepared.effective->proc_view.value || view_take_over(m, old))
		return;
	zone_view_kill(old);
	if (procview_open(m, &e) < 0)
		remember(m, &e); /* it runs: that is worth more */
}

void procview_close(struct monitor *m)
{
	struct err e = { 0 };

	loop_cancel(m->loop, m->view.timer);
	m->view.timer = 0;
	m->view.step = 0;
	if (!server_end(m) && m->run.view_number > 0 &&
	    engine_fuse_abort(m->run.view_number, &e) < 0)
		log_err(&e);
	m->run.view_number = 0;
	sysinfo_close(m); /* after the server: who waits for an answer then hears from the kernel */
	fd_close(&m->view.device);
	fd_close(&m->view.tree);
	free(ptr_steal(&m->run.view_error));
}
