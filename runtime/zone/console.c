/* console - the client of the persistent console: a raw terminal copied to and from the monitor's socket.
 *
 * Works before boot (it waits for a monitor) and across reboots (it connects again). "~." at the start of a line leaves, "~~" sends one tilde, as rlogin and zlogin -C. Without a terminal
 * on standard input it only shows. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/zone/control.h"
#include "runtime/zone/zone.h"

enum escape { ESCAPE_LINE_START, ESCAPE_TILDE, ESCAPE_INSIDE };
enum ended { ENDED_LEFT = 1, ENDED_GONE = 2 };
enum { WAIT_STEP_MS = 200 };

struct console_client {
	int fd, signals;
	bool terminal;
	struct termios saved;
	enum escape escape;
	void (*notice)(const char *line);
};

static void terminal_restore(struct console_client *c)
{
	if (c->terminal)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH,
				&c->saved); /* nothing else can be done about a vanished terminal */
}

static void terminal_raw(struct console_client *c)
{
	struct termios raw;

	c->terminal = tcgetattr(STDIN_FILENO, &c->saved) == 0;
	if (!c->terminal)
		return;
	raw = c->saved;
	cfmakeraw(&raw);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
}

static void packet_send(struct console_client *c, char type, const void *p, size_t n)
{
	char packet[1 + CONTROL_CONSOLE_MAX];
	struct sock_msg m = { .data = packet, .size = n + 1 };
	struct err ignored = { 0 };

	packet[0] = type;
	memcpy(packet + 1, p, n);
	(void)!sock_send(c->fd, &m, &ignored); /* the end of the stream is noticed by reading */
}

static void window_send(struct console_client *c)
{
	struct winsize w;
	uint16_t size[2];

	if (!c->terminal || sys_ioctl(STDIN_FILENO, TIOCGWINSZ, &w) < 0)
		return;
	size[0] = w.ws_row;
	size[1] = w.ws_col;
	packet_send(c, 'w', size, sizeof(size));
}

/* Copy what was typed, minus escapes. True when "~." was typed. */
static bool typed(struct console_client *c, const char *in, size_t n)
{
	char out[2 * 1024];
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		char k = in[i];

		if (c->escape == ESCAPE_TILDE) {
			if (k == '.')
				return true;
			if (k != '~')
				out[at++] = '~';
			c->escape = ESCAPE_INSIDE;
		} else if (c->escape == ESCAPE_LINE_START && k == '~') {
			c->escape = ESCAPE_TILDE;
			continue;
		}
		out[at++] = k;
		c->escape = k == '\r' || k == '\n' ? ESCAPE_LINE_START : ESCAPE_INSIDE;
	}
	if (at > 0)
		packet_send(c, 'd', out, at);
	return false;
}

/* 0 go on, or how it ended. */
static int from_keyboard(struct console_client *c, bool *open)
{
	char buf[1024];
	ssize_t n = sys_read(STDIN_FILENO, buf, sizeof(buf));

	if (n <= 0) {
		*open = false;
		return c->terminal ? ENDED_LEFT : 0;
	}
	return typed(c, buf, (size_t)n) ? ENDED_LEFT : 0;
}

static int from_monitor(struct console_client *c, struct err *e)
{
	char packet[1 + CONTROL_CONSOLE_MAX] = { 0 };
	struct sock_msg m = { .data = packet, .size = sizeof(packet) };
	int r = sock_recv(c->fd, &m, e);

	if (r <= 0 || m.size == 0)
		return ENDED_GONE;
	for (size_t at = 1; packet[0] == 'd' && at < m.size;) {
		ssize_t n = sys_write(STDOUT_FILENO, packet + at, m.size - at);

		if (n <= 0)
			return ENDED_LEFT;
		at += (size_t)n;
	}
	if (packet[0] == 'n' && m.size < sizeof(packet)) {
		packet[m.size] = '\0';
		c->notice(packet + 1);
	}
	return 0;
}

static int from_signals(struct console_client *c)
{
	struct signalfd_siginfo si;

	if (sys_read(c->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return 0;
	if (si.ssi_signo != SIGWINCH)
		return ENDED_LEFT;
	if (c->fd >= 0)
		window_send(c);
	return 0;
}

static int console_copy(struct console_client *c, struct err *e)
{
	bool keyboard = true;
	int r = 0;

	window_send(c);
	while (r == 0) {
		struct pollfd p[3] = { { .fd = c->fd, .events = POLLIN },
				       { .fd = keyboard ? STDIN_FILENO : -1, .events = POLLIN },
				       { .fd = c->signals, .events = POLLIN } };

		if (poll(p, 3, -1) < 0 && errno != EINTR)
			return err_sys(e, "wait for the console");
		if (p[0].revents)
			r = from_monitor(c, e);
		if (r == 0 && p[1].revents)
			r = from_keyboard(c, &keyboard);
		if (r == 0 && p[2].revents)
			r = from_signals(c);
	}
	return r;
}

static int console_connect(struct console_client *c, const struct zone_dirs *d, const char *name,
			   struct err *e)
{
	auto_ptr(json) struct json *request = json_new_object();
	auto_close int fd = control_connect(d, name, e);
	int r;

	if (fd < 0)
		return fd;
	json_set(request, "verb", json_new_string("console"));
	json_set(request, "user", json_new_bool(d->caller != NULL));
	r = control_call(fd, request, 60000, NULL, e);
	if (r < 0)
		return r;
	r = sock_timeout(fd, 0, e);
	if (r < 0)
		return r;
	c->fd = fd_steal(&fd);
	return 0;
}

/* Wait until there is a monitor. 0 connected, ENDED_LEFT the user has had enough. */
static int console_wait(struct console_client *c, const struct zone_dirs *d, const char *name,
			struct err *e)
{
	bool told = false;

	for (;;) {
		int r = console_connect(c, d, name, e);
		struct pollfd p[2] = { { .fd = c->terminal ? STDIN_FILENO : -1, .events = POLLIN },
				       { .fd = c->signals, .events = POLLIN } };
		char buf[256];

		if (r == 0 || (r != -ENOENT && r != -ECONNREFUSED && r != -ECONNRESET))
			return r;
		if (!told)
			c->notice("[not running: waiting for the zone to boot; ~. leaves]");
		told = true;
		if (poll(p, 2, WAIT_STEP_MS) < 0 && errno != EINTR)
			return err_sys(e, "wait for the zone");
		if (p[1].revents && from_signals(c) == ENDED_LEFT)
			return ENDED_LEFT;
		if (!p[0].revents)
			continue;
		ssize_t n = sys_read(STDIN_FILENO, buf, sizeof(buf));

		if (n <= 0 || typed(c, buf, (size_t)n))
			return ENDED_LEFT;
	}
}

static int signals_open(sigset_t *old, struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, old) < 0)
		return err_sys(e, "block signals");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "make a signal descriptor") : fd;
}

int zone_console(const struct zone_dirs *d, const char *name, void (*notice)(const char *line),
		 struct err *e)
{
	struct console_client c = {
		.fd = -1, .signals = -1, .notice = notice, .escape = ESCAPE_LINE_START
	};
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *note = NULL;
	sigset_t old;
	int r = zone_open_for(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0)
		return r;
	r = zone_allow(z, ZONE_VERB_CONSOLE, &note, e);
	if (r < 0)
		return r;
	c.signals = signals_open(&old, e);
	if (c.signals < 0)
		return c.signals;
	terminal_raw(&c);
	do {
		r = console_wait(&c, d, name, e);
		if (r == 0) {
			r = console_copy(&c, e);
			fd_close(&c.fd);
			if (r == ENDED_GONE)
				notice("[disconnected: the zone has gone down, or nothing was read here for too long]");
		}
	} while (r == ENDED_GONE && c.terminal);
	terminal_restore(&c);
	fd_close(&c.signals);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	return r < 0 ? r : 0;
}
