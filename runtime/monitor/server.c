/* server - the monitor's half of the control conversation (runtime/zone/control.h).
 *
 * Decode, then act: a request is parsed and its verb looked up in a table; the verb feeds the machine and the client either gets its answer at once or is noted as waiting for an outcome. Only root may
 * talk (SO_PEERCRED), and the socket lives in a folder that only root may enter. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/control.h"

static void answer(int fd, const struct json *j)
{
	auto_free char *text = json_print(j, false);
	struct sock_msg m = { .data = text, .size = strlen(text) };
	struct err ignored = { 0 };

	(void)!sock_send(fd, &m, &ignored); /* a client that has gone needs no answer */
}

static void answer_ok(int fd)
{
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "ok", json_new_bool(true));
	answer(fd, j);
}

static void answer_error(int fd, const struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "ok", json_new_bool(false));
	json_set(j, "code", json_new_i64(e->code));
	json_set(j, "error", json_new_string(e->text));
	answer(fd, j);
}

static void client_drop(struct monitor *m, struct server_client *c)
{
	loop_remove_fd(m->loop, c->fd);
	fd_close(&c->fd);
	c->wait = SERVER_WAIT_NONE;
}

void server_answer(struct monitor *m, enum server_wait wait, const struct err *error)
{
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		struct server_client *c = &m->clients[i];

		if (c->fd < 0 || c->wait != wait)
			continue;
		c->wait = SERVER_WAIT_NONE;
		if (error)
			answer_error(c->fd, error);
		else
			answer_ok(c->fd);
	}
}

static void request_status(struct monitor *m, struct server_client *c, const struct json *j)
{
	auto_ptr(json) struct json *out = json_new_object();

	(void)j;
	json_set(out, "ok", json_new_bool(true));
	json_set(out, "state", json_new_string(zone_state_word(m->run.state)));
	json_set(out, "pid", json_new_i64(getpid()));
	json_set(out, "init", json_new_i64(m->run.init));
	json_set(out, "restarts", json_new_i64(m->run.restarts));
	json_set(out, "console_clients", json_new_i64((int64_t)m->console.n_clients));
	answer(c->fd, out);
}

static void request_start(struct monitor *m, struct server_client *c, const struct json *j)
{
	(void)j;
	if (m->state == MACHINE_RUNNING) {
		answer_ok(c->fd);
		return;
	}
	c->wait = SERVER_WAIT_UP;
	monitor_event(m, EVENT_START);
}

static void request_halt(struct monitor *m, struct server_client *c, const struct json *j)
{
	(void)j;
	c->wait = SERVER_WAIT_GONE;
	monitor_event(m, EVENT_HALT);
}

static size_t n_waiting(const struct monitor *m)
{
	size_t n = 0;

	for (size_t i = 0; i < SERVER_CLIENTS; i++)
		n += m->clients[i].fd >= 0 && m->clients[i].wait != SERVER_WAIT_NONE;
	return n;
}

/* A user has at most half of the places, for root's commands need one as well, and makes no boot of a shutdown that has begun: it may be root's. Nobody makes one of the host's end. */
static int allow_shutdown(const struct monitor *m, bool user, bool reboot, struct err *e)
{
	if (user && n_waiting(m) >= SERVER_CLIENTS / 2)
		return err_set(e, EBUSY, "%d commands wait for its end already",
			       SERVER_CLIENTS / 2);
	if (reboot && (m->must_end || (user && m->state == MACHINE_STOPPING && !m->reboot_wanted)))
		return err_set(e, EBUSY, "it is going down already, wait for that");
	return 0;
}

/* A user gets no more time than root has given the zone, for which the host waits when it goes down. */
static void request_shutdown(struct monitor *m, struct server_client *c, const struct json *j)
{
	int64_t timeout = json_get_i64(j, "timeout_ms", 0);
	bool user = json_get_bool(j, "user", false), reboot = json_get_bool(j, "reboot", false);
	struct err e = { 0 };

	if (allow_shutdown(m, user, reboot, &e) < 0) {
		answer_error(c->fd, &e);
		return;
	}
	up_refresh(m);
	m->shutdown_ms = timeout > 0 && timeout <= 86400000 ? (uint64_t)timeout : 0;
	if (user && m->prepared.effective &&
	    m->shutdown_ms > m->prepared.effective->shutdown_timeout.value)
		m->shutdown_ms = 0;
	m->reboot_wanted = reboot;
	c->wait = m->reboot_wanted ? SERVER_WAIT_UP : SERVER_WAIT_GONE;
	monitor_event(m, EVENT_SHUTDOWN);
}

static void request_reboot(struct monitor *m, struct server_client *c, const struct json *j)
{
	struct err e = { 0 };

	(void)j;
	/* the verb refuses it too, but what it has looked at may be over */
	if (m->must_end || m->state == MACHINE_STOPPING) {
		(void)err_set(&e, EBUSY, "it is going down already, wait for that");
		answer_error(c->fd, &e);
		return;
	}
	c->wait = SERVER_WAIT_UP;
	monitor_event(m, EVENT_REBOOT);
}

/* Refused before the answer: a client whose console ends after it has begun comes back at once. */
static void request_console(struct monitor *m, struct server_client *c, const struct json *j)
{
	size_t kept = json_get_bool(j, "user", false) ? CONSOLE_KEPT : 0;
	struct err e = { 0 };

	if (m->console.n_clients + kept >= CONSOLE_CLIENTS) {
		(void)err_set(
			&e, EBUSY,
			"%zu clients are attached to the console of zone \"%s\" already: end one of them",
			m->console.n_clients, m->options->name);
		answer_error(c->fd, &e);
		return;
	}
	int fd = fd_steal(&c->fd);

	loop_remove_fd(m->loop, fd);
	answer_ok(fd);
	console_attach(&m->console, fd);
}

static const struct {
	const char *verb;
	void (*run)(struct monitor *m, struct server_client *c, const struct json *j);
} requests[] = {
	{ "status", request_status }, { "start", request_start },
	{ "halt", request_halt },     { "shutdown", request_shutdown },
	{ "reboot", request_reboot }, { "console", request_console },
};

static void request_run(struct monitor *m, struct server_client *c, const char *text, size_t n)
{
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };
	const char *verb;

	if (json_parse_simple(text, n, &j, &e) < 0) {
		answer_error(c->fd, &e);
		return;
	}
	verb = json_get_string(j, "verb", "");
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(requests[i].verb, verb) == 0) {
			requests[i].run(m, c, j);
			return;
		}
	}
	(void)err_set(&e, EPROTO, "the monitor does not know the request \"%s\"", verb);
	answer_error(c->fd, &e);
}

static void on_request(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	char text[CONTROL_MAX];
	struct sock_msg msg = { .data = text, .size = sizeof(text) };
	struct err ignored = { 0 };
	int r = sock_recv(fd, &msg, &ignored);

	(void)l;
	(void)revents;
	if (r == -EAGAIN)
		return;
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (m->clients[i].fd != fd)
			continue;
		if (r <= 0)
			client_drop(m, &m->clients[i]);
		else
			request_run(m, &m->clients[i], text, msg.size);
		return;
	}
}

static void on_listen(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct ucred peer = { 0 };
	struct err e = { 0 };
	auto_close int client = sock_accept(fd, &peer, &e);

	(void)revents;
	if (client < 0)
		return;
	if (peer.uid != 0) {
		log_warning("a request from uid %u was refused: only root may control a zone",
			    (unsigned)peer.uid);
		return;
	}
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (m->clients[i].fd >= 0)
			continue;
		m->clients[i] = (struct server_client){ .fd = fd_steal(&client) };
		loop_add_fd(l, m->clients[i].fd, POLLIN, on_request, m);
		return;
	}
	(void)err_set(&e, EBUSY, "too many commands talk to this zone's monitor at once");
	answer_error(client, &e);
}

int server_open(struct monitor *m, struct err *e)
{
	auto_close int run = file_open_dir(AT_FDCWD, m->dirs->run, e);
	auto_close int dir = -1;
	int r;

	if (run < 0)
		return run;
	r = file_mkdir_p(run, m->options->name, 0700, e);
	if (r < 0)
		return r;
	dir = file_open_dir(run, m->options->name, e);
	if (dir < 0)
		return dir;
	m->listen_fd = sock_listen(dir, "control", 0600, e);
	if (m->listen_fd < 0)
		return err_wrap(e, "listen for commands");
	loop_add_fd(m->loop, m->listen_fd, POLLIN, on_listen, m);
	return 0;
}

void server_close(struct monitor *m)
{
	if (m->listen_fd >= 0)
		loop_remove_fd(m->loop, m->listen_fd);
	fd_close(&m->listen_fd);
	for (size_t i = 0; i < SERVER_CLIENTS; i++) {
		if (m->clients[i].fd >= 0)
			client_drop(m, &m->clients[i]);
	}
}
