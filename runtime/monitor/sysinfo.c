/* sysinfo - the monitor's care for the answers to sysinfo(2) in its zone (runtime/procview/procview.h has the whole picture).
 *
 * The monitor keeps every listener that a program of the zone has made, beside the server: calls then wait while there is no server, and fail only when both have been killed. What happens:
 *
 *   a program is about to start   it has a connection to us (init: a pair that it was born with; others: the socket RUN/NAME/sysinfo) and waits for a byte, which it gets while there is room for its listener
 *   it has loaded the filter      its listener comes, gets a slot, and goes on to the server through the channel
 *   its last process has ended    the listener hangs up: here and in the server the slot is free again
 *   the server has died           procview.c starts another one, which gets all listeners, and the ledger with the call that was being answered
 *   the server stands still       somebody waits and for LOOK_MS nothing was answered: it is killed, whatever holds it
 *   no server can be started       until one can, the calls are given back to the kernel, which tells of the host: nobody waits for ever
 *
 * Beyond PROCVIEW_LISTENERS programs get no byte and see the host's values. While nobody calls, nothing here wakes up: the first call is seen by poll(2), then there is a look every LOOK_MS until a quiet one. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/control.h"

enum { LOOK_MS = 3000, HIGH_FD = 10 };

static const struct procview_ledger nothing;

void sysinfo_init(struct sysinfo_calls *c)
{
	*c = (struct sysinfo_calls){ .channel = { -1, -1 },
				     .init = { -1, -1 },
				     .ledger = -1,
				     .users = -1,
				     .proc = -1,
				     .listen_fd = -1,
				     .page = &nothing };
	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		c->waiting[i] = -1;
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++)
		c->listeners[i] = -1;
}

static bool is_wanted(const struct monitor *m)
{
	return zone_answers_sysinfo(m->prepared.effective);
}

/* --- is it alive? ----------------------------------------------------------------------------------------------------- */

static void on_listener(struct loop *l, int fd, short revents, void *arg);

/* Hang-ups are always told. */
static void listen_for_calls(struct monitor *m, bool yes)
{
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++)
		if (m->calls.listeners[i] >= 0)
			loop_set_events(m->loop, m->calls.listeners[i], yes ? POLLIN : 0);
}

static bool somebody_waits(const struct sysinfo_calls *c)
{
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++) {
		struct pollfd p = { .fd = c->listeners[i], .events = POLLIN };

		if (p.fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & POLLIN)
			return true;
	}
	return false;
}

static struct sysinfo_look look_now(const struct sysinfo_calls *c)
{
	return (struct sysinfo_look){
		.answered = __atomic_load_n(&c->page->answered, __ATOMIC_RELAXED),
		.call = __atomic_load_n(&c->page->call.id, __ATOMIC_RELAXED),
		.waits = somebody_waits(c),
	};
}

static void on_look(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;
	struct sysinfo_calls *c = &m->calls;
	struct sysinfo_look was = c->look, now = look_now(c);
	bool stands = now.answered == was.answered &&
		      ((now.waits && was.waits) || (now.call != 0 && now.call == was.call));

	(void)id;
	c->timer = 0;
	if (c->bypass)
		return;
	c->look = now;
	if (now.answered == was.answered && !now.waits && now.call == 0) {
		listen_for_calls(m, true);
		return;
	}
	if (stands && m->view.pidfd >= 0 && loop_now_ms() - m->view.since_ms >= LOOK_MS) {
		log_warning("the server of its view answers nobody: it is killed");
		(void)sys_pidfd_send_signal(m->view.pidfd, SIGKILL);
	}
	c->timer = loop_timer(l, LOOK_MS, on_look, m);
}

static void look_begin(struct monitor *m)
{
	struct sysinfo_calls *c = &m->calls;

	listen_for_calls(m, false);
	if (c->timer)
		return;
	c->look = (struct sysinfo_look){
		.answered = __atomic_load_n(&c->page->answered, __ATOMIC_RELAXED), .waits = true
	};
	c->timer = loop_timer(m->loop, LOOK_MS, on_look, m);
}

/* --- without a server ------------------------------------------------------------------------------------------------- */

static void give_back(int listener, uint64_t id)
{
	struct seccomp_notif_resp a = { .id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	if (sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &a) < 0)
		return; /* it waits no longer */
}

static void give_next_back(int listener)
{
	struct seccomp_notif n = { 0 };

	if (sys_ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0)
		give_back(listener, n.id);
}

void sysinfo_bypass(struct monitor *m, bool yes)
{
	struct sysinfo_calls *c = &m->calls;
	uint32_t slot = c->page->slot;

	c->bypass = yes;
	if (!yes)
		return;
	if (c->page->call.id != 0 && slot < PROCVIEW_LISTENERS && c->listeners[slot] >= 0)
		give_back(c->listeners[slot], c->page->call.id);
	listen_for_calls(m, true);
}

/* --- listeners -------------------------------------------------------------------------------------------------------- */

static void listener_drop(struct monitor *m, size_t slot)
{
	loop_remove_fd(m->loop, m->calls.listeners[slot]);
	fd_close(&m->calls.listeners[slot]);
}

static void on_listener(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	if (!(revents & (POLLHUP | POLLERR))) {
		if (m->calls.bypass)
			give_next_back(fd);
		else
			look_begin(m);
		return;
	}
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++)
		if (m->calls.listeners[i] == fd)
			listener_drop(m, i);
}

static int send_one(int sock, const struct procview_message *p, int fd, struct err *e)
{
	struct procview_message copy = *p;
	struct sock_msg m = { .data = &copy, .size = sizeof(copy), .fds = { fd }, .n_fds = 1 };

	copy.version = PROCVIEW_VERSION;
	return sock_send(sock, &m, e);
}

static int send_listener(int sock, const struct sysinfo_calls *c, size_t slot, struct err *e)
{
	const struct procview_message p = { .kind = PROCVIEW_LISTENER, .slot = (uint32_t)slot };

	return send_one(sock, &p, c->listeners[slot], e);
}

static void listener_watch(struct monitor *m, size_t slot)
{
	loop_add_fd(m->loop, m->calls.listeners[slot],
		    m->calls.timer && !m->calls.bypass ? 0 : POLLIN, on_listener, m);
}

/* Takes the descriptor. */
static void listener_add(struct monitor *m, int fd)
{
	struct sysinfo_calls *c = &m->calls;
	struct err e = { 0 };
	size_t slot = 0;

	while (slot < PROCVIEW_LISTENERS && c->listeners[slot] >= 0)
		slot++;
	if (slot == PROCVIEW_LISTENERS) { /* we gave no more bytes than there are slots */
		(void)close(fd);
		return;
	}
	c->listeners[slot] = fd;
	listener_watch(m, slot);
	if (m->view.pidfd < 0)
		return; /* its successor gets all of them */
	if (send_listener(c->channel[0], c, slot, &e) < 0) {
		log_err(&e); /* it does not read */
		(void)sys_pidfd_send_signal(m->view.pidfd, SIGKILL);
	}
}

/* --- programs that are about to start --------------------------------------------------------------------------------- */

static void on_waiting(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct sysinfo_calls *c = &m->calls;
	char byte;
	struct sock_msg msg = { .data = &byte, .size = 1, .n_fds = 1 };
	struct err why = { 0 };
	int r = sock_recv(fd, &msg, &why);

	(void)revents;
	if (r == -EAGAIN)
		return;
	if (r > 0 && msg.n_fds == 1)
		listener_add(m, msg.fds[0]);
	else if (fd == c->init[0] && !m->halting)
		log_warning("sysinfo(2) tells of the host: its filter was not loaded");
	loop_remove_fd(l, fd);
	if (fd == c->init[0])
		fd_close(&c->init[0]);
	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		if (c->waiting[i] == fd)
			fd_close(&c->waiting[i]);
	if (c->listen_fd >= 0)
		loop_set_events(l, c->listen_fd, POLLIN);
}

static size_t in_use(const struct sysinfo_calls *c)
{
	size_t n = c->init[0] >= 0;

	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		n += c->waiting[i] >= 0;
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++)
		n += c->listeners[i] >= 0;
	return n;
}

static void say_go(struct monitor *m, int fd)
{
	char byte = 0;
	const struct sock_msg go = { .data = &byte, .size = 1 };
	struct err ignored = { 0 };

	(void)!sock_send(fd, &go, &ignored); /* it has gone: then its end comes next */
	loop_add_fd(m->loop, fd, POLLIN, on_waiting, m);
}

static void on_listen(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct sysinfo_calls *c = &m->calls;
	struct ucred peer = { 0 };
	struct err e = { 0 };
	auto_close int client = sock_accept(fd, &peer, &e);
	size_t place = 0, n = 0;

	(void)revents;
	if (client < 0 || peer.uid != 0)
		return;
	if (in_use(c) >= PROCVIEW_LISTENERS) {
		log_warning(
			"more than %d programs were started from outside and still run: the next ones see the host's sysinfo(2)",
			PROCVIEW_LISTENERS);
		return;
	}
	while (place < SYSINFO_WAITING && c->waiting[place] >= 0)
		place++;
	if (place == SYSINFO_WAITING)
		return; /* does not come: we do not listen then */
	c->waiting[place] = fd_steal(&client);
	say_go(m, c->waiting[place]);
	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		n += c->waiting[i] >= 0;
	if (n == SYSINFO_WAITING) /* the next ones wait for us */
		loop_set_events(l, fd, 0);
}

static int listen_open(struct monitor *m, struct err *e)
{
	auto_close int run = file_open_dir(AT_FDCWD, m->dirs->run, e);
	auto_close int dir = run < 0 ? run : file_open_dir(run, m->options->name, e);

	if (dir < 0)
		return dir;
	m->calls.listen_fd = sock_listen(dir, ZONE_SYSINFO_SOCKET, 0600, e);
	if (m->calls.listen_fd < 0)
		return err_wrap(e, "listen for programs");
	loop_add_fd(m->loop, m->calls.listen_fd, POLLIN, on_listen, m);
	return 0;
}

/* --- up and down ------------------------------------------------------------------------------------------------------ */

int sysinfo_prepare(struct monitor *m, struct err *e)
{
	struct sysinfo_calls *c = &m->calls;
	int r;

	if (!is_wanted(m))
		return 0;
	r = sock_pair(c->init, e);
	for (size_t i = 0; r == 0 && i < 2; i++) {
		int high = fcntl(c->init[i], F_DUPFD_CLOEXEC, HIGH_FD);

		if (high < 0)
			return err_sys(e, "duplicate a descriptor");
		(void)close(c->init[i]); /* 3 belongs to the program */
		c->init[i] = high;
	}
	return r;
}

void sysinfo_created(struct monitor *m)
{
	fd_close(&m->calls.init[1]);
}

static int ledger_map(struct sysinfo_calls *c, struct err *e)
{
	const void *page = mmap(NULL, sizeof(*c->page), PROT_READ, MAP_SHARED, c->ledger, 0);

	if (page == MAP_FAILED)
		return err_sys(e, "map the ledger of calls");
	c->page = page;
	return 0;
}

static int ledger_make(struct sysinfo_calls *c, struct err *e)
{
	c->ledger = memfd_create("ledger", MFD_CLOEXEC);
	if (c->ledger < 0 || ftruncate(c->ledger, sizeof(*c->page)) < 0)
		return err_sys(e, "make the ledger of calls");
	return ledger_map(c, e);
}

static int enter_open(struct monitor *m, struct err *e)
{
	struct sysinfo_calls *c = &m->calls;

	fd_close(&c->users);
	fd_close(&c->proc);
	c->users = engine_user_namespace(m->container, e);
	if (c->users < 0)
		return c->users;
	c->proc = engine_traceable_procfs(e);
	return c->proc < 0 ? c->proc : 0;
}

int sysinfo_open(struct monitor *m, struct err *e)
{
	int r;

	if (!is_wanted(m))
		return 0;
	r = ledger_make(&m->calls, e);
	if (r == 0)
		r = enter_open(m, e);
	if (r == 0)
		r = listen_open(m, e);
	return r < 0 ? err_wrap(e, "answer sysinfo(2)") : 0;
}

void sysinfo_begin(struct monitor *m)
{
	if (m->calls.init[0] >= 0)
		say_go(m, m->calls.init[0]);
}

/* A channel for each server: what its predecessor has not read is not for it. */
static int channel_make(struct sysinfo_calls *c, struct err *e)
{
	fd_close(&c->channel[0]);
	fd_close(&c->channel[1]);
	int r = sock_pair(c->channel, e);

	if (r == 0 && fcntl(c->channel[0], F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "make the channel to the server");
	return r;
}

int sysinfo_send(struct monitor *m, int sock, struct err *e)
{
	struct sysinfo_calls *c = &m->calls;
	int r = 0;

	if (c->ledger < 0)
		return 0;
	if (c->users < 0 || c->proc < 0) /* could not be had when we took over */
		r = enter_open(m, e);
	if (r == 0)
		r = channel_make(c, e);
	const struct {
		enum procview_source_kind kind;
		int fd;
	} rows[] = {
		{ PROCVIEW_USERS, c->users },
		{ PROCVIEW_PROC, c->proc },
		{ PROCVIEW_LEDGER, c->ledger },
		{ PROCVIEW_CHANNEL, c->channel[1] },
		{ PROCVIEW_CHANNEL_END, c->channel[0] },
	};

	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct procview_message p = { .kind = rows[i].kind };

		r = send_one(sock, &p, rows[i].fd, e);
	}
	for (size_t i = 0; r == 0 && i < PROCVIEW_LISTENERS; i++)
		r = c->listeners[i] < 0 ? 0 : send_listener(sock, c, i, e);
	return r;
}

static int take(int server, enum procview_source_kind kind)
{
	return sys_pidfd_getfd(server, PROCVIEW_FD(kind));
}

void sysinfo_take_over(struct monitor *m, int server)
{
	struct sysinfo_calls *c = &m->calls;
	struct err e = { 0 };
	int r;

	c->channel[0] = take(server, PROCVIEW_CHANNEL_END);
	c->channel[1] = take(server, PROCVIEW_CHANNEL);
	c->ledger = take(server, PROCVIEW_LEDGER);
	if (c->channel[0] < 0 || c->channel[1] < 0 || c->ledger < 0) {
		sysinfo_close(m); /* it answers none */
		return;
	}
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++) {
		c->listeners[i] = sys_pidfd_getfd(server, PROCVIEW_LISTENER_FD + (int)i);
		if (c->listeners[i] >= 0)
			listener_watch(m, i);
	}
	r = ledger_map(c, &e);
	if (r == 0)
		r = enter_open(m, &e);
	if (r == 0)
		r = listen_open(m, &e);
	if (r < 0)
		log_err(&e); /* those who have the filter are answered all the same */
}

void sysinfo_close(struct monitor *m)
{
	struct sysinfo_calls *c = &m->calls;

	loop_cancel(m->loop, c->timer);
	for (size_t i = 0; i < PROCVIEW_LISTENERS; i++)
		if (c->listeners[i] >= 0)
			listener_drop(m, i);
	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		if (c->waiting[i] >= 0)
			loop_remove_fd(m->loop, c->waiting[i]);
	if (c->init[0] >= 0)
		loop_remove_fd(m->loop, c->init[0]);
	if (c->listen_fd >= 0)
		loop_remove_fd(m->loop, c->listen_fd);
	for (size_t i = 0; i < SYSINFO_WAITING; i++)
		fd_close(&c->waiting[i]);
	for (size_t i = 0; i < 2; i++) {
		fd_close(&c->init[i]);
		fd_close(&c->channel[i]);
	}
	fd_close(&c->listen_fd);
	fd_close(&c->ledger);
	fd_close(&c->users);
	fd_close(&c->proc);
	if (c->page != &nothing)
		(void)munmap((void *)c->page, sizeof(*c->page));
	sysinfo_init(c);
}
