/* console - the zone's console survives its clients and its reboots.
 *
 * Everything that the zone writes goes into a ring (scroll-back), the log file and to every attached client. The monitor never waits for anybody: a client that falls behind misses
 * output and is told how much; one that takes nothing for BEHIND_MS is dropped.
 * What a client types goes to the pty as far as the pty takes it. A client's stream is described in runtime/zone/control.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/private.h"
#include "runtime/zone/control.h"

/* A zone that floods its console costs the monitor's CPU time, which no cap of the zone counts: at most READS_AT_ONCE blocks (64 KiB) are taken every PAUSE_MS, and the pty holds the writer back. */
enum { READS_AT_ONCE = 16, PAUSE_MS = 50, BEHIND_MS = 5000 };

void console_init(struct console *c, struct loop *loop)
{
	*c = (struct console){
		.loop = loop, .master = -1, .slave = -1, .log = { .dirfd = -1, .fd = -1 }
	};
}

static void client_drop(struct console *c, size_t i)
{
	loop_remove_fd(c->loop, c->clients[i].fd);
	(void)close(c->clients[i].fd);
	c->clients[i] = c->clients[--c->n_clients];
}

static int packet_send(int fd, char type, const char *p, size_t n)
{
	char packet[1 + CONTROL_CONSOLE_MAX];
	struct sock_msg m = { .data = packet, .size = n + 1 };
	struct err ignored = { 0 };

	packet[0] = type;
	memcpy(packet + 1, p, n);
	return sock_send(fd, &m, &ignored);
}

static void ring_add(struct console *c, const char *p, size_t n)
{
	if (!c->ring)
		c->ring = mem_zero(CONSOLE_RING);
	for (size_t i = 0; i < n; i++) {
		c->ring[c->ring_at] = p[i];
		c->ring_at = (c->ring_at + 1) % CONSOLE_RING;
	}
	c->ring_used = c->ring_used + n < CONSOLE_RING ? c->ring_used + n : CONSOLE_RING;
}

static void log_add(struct console *c, const char *p, size_t n)
{
	char text[CONTROL_CONSOLE_MAX];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\r')
			text[at++] = p[i];
	}
	logfile_write(&c->log, text, at);
}

/* One that takes packets again hears first how much it has missed. */
static int reader_send(struct console_reader *r, char type, const char *p, size_t n)
{
	auto_free char *missed = NULL;
	int sent = 0;

	if (r->behind_since != 0) {
		missed = mem_format("[%" PRIu64 " bytes of output are missing here]", r->lost);
		sent = packet_send(r->fd, 'n', missed, strlen(missed));
		if (sent == 0)
			r->behind_since = r->lost = 0;
	}
	return sent < 0 ? sent : packet_send(r->fd, type, p, n);
}

static bool reader_is_lost(struct console_reader *r, int error, size_t n)
{
	if (error != -EAGAIN)
		return true;
	if (r->behind_since == 0)
		r->behind_since = loop_now_ms();
	r->lost += n;
	return loop_now_ms() - r->behind_since > BEHIND_MS;
}

static void clients_send(struct console *c, char type, const char *p, size_t n)
{
	for (size_t i = 0; i < c->n_clients;) {
		int r = reader_send(&c->clients[i], type, p, n);

		if (r < 0 && reader_is_lost(&c->clients[i], r, type == 'd' ? n : 0))
			client_drop(c, i);
		else
			i++;
	}
}

static bool master_read(struct console *c)
{
	char buf[CONTROL_CONSOLE_MAX];
	ssize_t n = sys_read(c->master, buf, sizeof(buf));

	if (n <= 0)
		return false;
	ring_add(c, buf, (size_t)n);
	log_add(c, buf, (size_t)n);
	clients_send(c, 'd', buf, (size_t)n);
	return true;
}

static void on_master(struct loop *l, int fd, short revents, void *arg);

static void on_pause_over(struct loop *l, int id, void *arg)
{
	struct console *c = arg;

	(void)id;
	c->pause = 0;
	if (c->master >= 0)
		loop_add_fd(l, c->master, POLLIN, on_master, c);
}

static void on_master(struct loop *l, int fd, short revents, void *arg)
{
	struct console *c = arg;

	(void)revents;
	for (int i = 0; i < READS_AT_ONCE; i++) {
		if (master_read(c))
			continue;
		if (errno != EAGAIN)
			loop_remove_fd(l, fd); /* hung up: the zone is ending */
		return;
	}
	loop_remove_fd(l, fd);
	c->pause = loop_timer(l, PAUSE_MS, on_pause_over, c);
}

void console_take_all(struct console *c)
{
	for (int i = 0; c->master >= 0 && i < 16 * READS_AT_ONCE && master_read(c); i++)
		;
}

void console_set_master(struct console *c, int master)
{
	loop_cancel(c->loop, c->pause);
	c->pause = 0;
	if (c->master >= 0)
		loop_remove_fd(c->loop, c->master);
	fd_close(&c->slave);
	fd_close(&c->master);
	if (master < 0)
		return;
	c->master = master;
	(void)fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	c->slave = ioctl(
		master, TIOCGPTPEER,
		O_RDWR | O_NOCTTY |
			O_CLOEXEC); /* the peer by descriptor: no path of the zone is opened */
	loop_add_fd(c->loop, master, POLLIN, on_master, c);
}

static void on_client(struct loop *l, int fd, short revents, void *arg)
{
	struct console *c = arg;
	char packet[1 + CONTROL_CONSOLE_MAX];
	struct sock_msg m = { .data = packet, .size = sizeof(packet) };
	struct err ignored = { 0 };
	int r = sock_recv(fd, &m, &ignored);
	uint16_t size[2];

	(void)l;
	(void)revents;
	if (r == -EAGAIN)
		return;
	if (r <= 0 || m.size == 0) {
		for (size_t i = 0; i < c->n_clients; i++) {
			if (c->clients[i].fd == fd) {
				client_drop(c, i);
				return;
			}
		}
		return;
	}
	if (packet[0] == 'd' && c->master >= 0)
		(void)!sys_write(c->master, packet + 1,
				 m.size - 1); /* a full pty drops, as a serial line does */
	if (packet[0] == 'w' && m.size == 1 + sizeof(size) && c->master >= 0) {
		struct winsize w = { 0 };

		memcpy(size, packet + 1, sizeof(size));
		w.ws_row = size[0];
		w.ws_col = size[1];
		(void)sys_ioctl(c->master, TIOCSWINSZ, &w);
	}
}

void console_attach(struct console *c, int fd)
{
	size_t start = (c->ring_at + CONSOLE_RING - c->ring_used) % CONSOLE_RING;

	if (c->n_clients == CONSOLE_CLIENTS) {
		(void)close(fd);
		return;
	}
	c->clients[c->n_clients++] = (struct console_reader){ .fd = fd };
	loop_add_fd(c->loop, fd, POLLIN, on_client, c);
	for (size_t sent = 0; sent < c->ring_used;) {
		size_t n = c->ring_used - sent, at = (start + sent) % CONSOLE_RING;

		if (n > CONTROL_CONSOLE_MAX)
			n = CONTROL_CONSOLE_MAX;
		if (n > CONSOLE_RING - at)
			n = CONSOLE_RING - at;
		if (packet_send(fd, 'd', c->ring + at, n) < 0)
			break; /* noticed again, and dropped, at the next output */
		sent += n;
	}
}

void console_notice(struct console *c, const char *line)
{
	auto_free char *text = mem_format("[%s]\n", line);

	logfile_write(&c->log, text, strlen(text));
	text[strlen(text) - 1] = '\0';
	clients_send(c, 'n', text, strlen(text));
}

void console_done(struct console *c)
{
	while (c->n_clients > 0)
		client_drop(c, c->n_clients - 1);
	console_set_master(c, -1);
	logfile_close(&c->log);
	free(ptr_steal(&c->ring));
}
