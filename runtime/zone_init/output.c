/* output - the console and the monitor, both of which may go away and come back.
 *
 * When the monitor dies the console's pty is hung up: writes give EIO. A new monitor binds a new pty over /dev/console, so on an error the console is opened again, at most once a
 * second; what cannot be written is dropped, because pid 1 must never block on somebody who does not read. */
#include "runtime/zone_init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
	int console;
	int status;
	uint64_t last_open_ms;
} out = { .console = -1, .status = -1 };

uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void console_open(void)
{
	out.last_open_ms = now_ms();
	if (out.console >= 0)
		(void)close(out.console);
	out.console = open("/dev/console", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

void output_open(void)
{
	struct stat st;
	int size = sizeof(int), type = 0;
	socklen_t len = (socklen_t)size;

	console_open();
	if (fstat(INIT_STATUS_FD, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    getsockopt(INIT_STATUS_FD, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET) {
		out.status = INIT_STATUS_FD;
		(void)fcntl(out.status, F_SETFD, FD_CLOEXEC);
	}
}

int output_console_fd(void)
{
	return out.console;
}

void output_write(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t r = out.console >= 0 ? write(out.console, p, n) : -1;

		if (r > 0) {
			p += r;
			n -= (size_t)r;
			continue;
		}
		if (out.console >= 0 && errno == EINTR)
			continue;
		if (out.console >= 0 && errno == EAGAIN)
			return; /* nobody reads the console: drop, as a serial line would */
		if (now_ms() - out.last_open_ms < 1000)
			return;
		console_open();
		if (out.console < 0)
			return;
	}
}

static size_t put(char *buf, size_t at, size_t size, const char *s)
{
	while (*s != '\0' && at + 1 < size)
		buf[at++] = *s++;
	return at;
}

static size_t put_number(char *buf, size_t at, size_t size, unsigned long v)
{
	char digits[24];
	size_t n = sizeof(digits) - 1;

	digits[n] = '\0';
	do {
		digits[--n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	return put(buf, at, size, digits + n);
}

void output_line(const char *a, const char *b, long number)
{
	char buf[512];
	size_t at = put(buf, 0, sizeof(buf), "zone-init: ");

	at = put(buf, at, sizeof(buf), a);
	if (b) {
		at = put(buf, at, sizeof(buf), " ");
		at = put(buf, at, sizeof(buf), b);
	}
	if (number >= 0) {
		at = put(buf, at, sizeof(buf), " ");
		at = put_number(buf, at, sizeof(buf), (unsigned long)number);
	}
	at = put(buf, at, sizeof(buf), "\n");
	output_write(buf, at);
}

void output_status(enum init_event event, pid_t pid, int status, int error, uint32_t restarts)
{
	struct init_status s = { .magic = INIT_STATUS_MAGIC,
				 .event = event,
				 .pid = pid,
				 .status = status,
				 .error = error,
				 .restarts = restarts };

	if (out.status >= 0 && send(out.status, &s, sizeof(s), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN) {
		(void)close(
			out.status); /* the monitor is gone; a new one has no way to this socket */
		out.status = -1;
	}
}
