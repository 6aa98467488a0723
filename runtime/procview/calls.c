/* calls - answers to sysinfo(2); procview.h says who hands the calls over, and why the answer may be written into the caller's memory.
 *
 * One at a time, in the order in which epoll tells of them. The values are at most FRESH_MS old, as in the files; the uptime is always of this moment, as the files' is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/procview/audit_arch.h"
#include "runtime/procview/private.h"
#include "runtime/procview/unotify.h"

enum { FRESH_MS = 100, NAME = 32, LINES = 4096 };
#define NS_PER_MS UINT64_C(1000000)

/* --- the caller's memory ---------------------------------------------------------------------------------------------- */

struct caller {
	int maps, mem;
};

static int caller_open(__u32 pid, const char *what, int flags)
{
	char name[NAME];

	(void)snprintf(name, sizeof(name), "%u/%s", pid, what);
	return open(name, flags | O_CLOEXEC | O_NOFOLLOW);
}

static void caller_close(struct caller *c)
{
	if (c->maps >= 0)
		(void)close(c->maps);
	if (c->mem >= 0)
		(void)close(c->mem);
}

/* The mapping that `at` is in, as the text of /proc/PID/maps has it: "START-END rw-p ...". *ret_end is its end when it may be written to, else 0. False: this is not its line. */
static bool line_has(const char *line, uint64_t at, uint64_t *ret_end)
{
	char *end;
	uint64_t first = strtoull(line, &end, 16), last;

	if (*end != '-')
		return false;
	last = strtoull(end + 1, &end, 16);
	if (at < first || at >= last)
		return false;
	*ret_end = end[0] == ' ' && end[1] && end[2] == 'w' ? last : 0;
	return true;
}

/* A kernel before 6.11: all lines up to the one. What is left of a line that is longer than the buffer is a path name of the tenant's choice, and is passed over. */
static uint64_t writable_by_text(int maps, uint64_t at)
{
	static char text[LINES + 1];
	size_t kept = 0;
	bool cut = false;
	uint64_t end = 0;
	ssize_t n;

	if (lseek(maps, 0, SEEK_SET) < 0)
		return 0;
	while ((n = read(maps, text + kept, LINES - kept)) > 0) {
		char *line = text, *newline;

		text[kept + (size_t)n] = '\0';
		for (; (newline = strchr(line, '\n')) != NULL; cut = false) {
			if (!cut && line_has(line, at, &end))
				return end;
			line = newline + 1;
		}
		kept = strlen(line);
		if (kept == LINES) {
			cut = true;
			kept = 0;
		}
		memmove(text, line, kept);
	}
	return 0;
}

/* The end of the mapping that `at` is in; 0: there is none that may be written to. */
static uint64_t writable_until(int maps, uint64_t at)
{
	struct procmap_query q = { .size = sizeof(q), .query_addr = at };

	if (ioctl(maps, PROCMAP_QUERY, &q) == 0)
		return q.vma_flags & PROCMAP_WRITABLE ? q.vma_end : 0;
	return errno == ENOTTY ? writable_by_text(maps, at) : 0;
}

static bool is_writable(int maps, uint64_t at, size_t n)
{
	uint64_t end = at + n;

	if (end < at)
		return false;
	while (at < end) {
		at = writable_until(maps, at);
		if (at == 0)
			return false;
	}
	return true;
}

/* --- one call --------------------------------------------------------------------------------------------------------- */

static bool info_now(struct calls *c)
{
	uint64_t now = sources_now(CLOCK_MONOTONIC), up = sources_now(CLOCK_BOOTTIME);

	if (!c->is_made || now - c->made >= FRESH_MS * NS_PER_MS) {
		c->is_made = sources_info(c->sources, &c->info);
		c->made = now;
	}
	up = up > c->sources->boot ? up - c->sources->boot : 0;
	c->info.uptime = (long)((up + NS_PER_S - 1) / NS_PER_S);
	return c->is_made;
}

static bool still_waits(int listener, __u64 id)
{
	return ioctl(listener, NOTIFY_ID_VALID, &id) == 0;
}

static bool is_ours(const struct seccomp_notif *n)
{
	return n->data.arch == ARCHITECTURE && n->data.nr == __NR_sysinfo && n->pid > 0;
}

/* 0: written; EFAULT; ECHILD: it waits no longer; negative: it cannot be answered from here. */
static int fill(struct calls *c, int listener, const struct seccomp_notif *n)
{
	uint64_t at = n->data.args[0];
	struct caller caller = { .maps = caller_open(n->pid, "maps", O_RDONLY),
				 .mem = caller_open(n->pid, "mem", O_RDWR) };
	int r = -1;

	if (caller.maps >= 0 && caller.mem >= 0 && info_now(c)) {
		bool fits = is_writable(caller.maps, at, sizeof(c->info));

		/* only now it is certain whose files these are */
		if (!still_waits(listener, n->id))
			r = ECHILD;
		else if (!fits)
			r = EFAULT;
		else {
			c->ledger->progress = PROCVIEW_WRITING;
			r = pwrite(caller.mem, &c->info, sizeof(c->info), (off_t)at) ==
					    (ssize_t)sizeof(c->info)
				    ? 0
				    : EFAULT;
			if (r == 0)
				c->ledger->progress = PROCVIEW_WRITTEN;
		}
	}
	caller_close(&caller);
	return r;
}

static void answer(struct calls *c, int listener)
{
	const struct seccomp_notif *n = &c->ledger->call;
	int r = c->ledger->progress == PROCVIEW_WRITTEN ? 0 : -1;

	if (c->ledger->progress == PROCVIEW_RECEIVED && is_ours(n))
		r = fill(c, listener, n);

	struct seccomp_notif_resp a = { .id = n->id,
					.error = r > 0 ? -r : 0,
					.flags = r < 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0 };

	/* it may have been killed meanwhile */
	if (r != ECHILD)
		(void)ioctl(listener, NOTIFY_SEND, &a);
	memset(&c->ledger->call, 0, sizeof(c->ledger->call));
	c->ledger->answered++;
}

/* --- listeners -------------------------------------------------------------------------------------------------------- */

static void watch(const struct calls *c, int fd, uint32_t what)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u32 = what };

	(void)epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e);
}

static void drop(struct calls *c, uint32_t slot)
{
	/* the monitor's copy would keep it there */
	if (c->epoll >= 0)
		(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->listeners[slot], NULL);
	(void)close(c->listeners[slot]);
	c->listeners[slot] = -1;
}

void calls_init(struct calls *c)
{
	*c = (struct calls){ .epoll = -1, .channel = -1 };
	memset(c->listeners, -1, sizeof(c->listeners));
}

bool calls_add(struct calls *c, uint32_t slot, int fd)
{
	__u64 nobody = 0;

	if (fd < 0 || slot >= PROCVIEW_LISTENERS)
		return false;
	if (c->listeners[slot] >= 0)
		drop(c, slot);
	if (ioctl(fd, NOTIFY_ID_VALID, &nobody) == 0 || errno != ENOENT)
		return false; /* not a listener */
	(void)ioctl(fd, NOTIFY_SET_FLAGS,
		    NOTIFY_SYNC_WAKE_UP); /* Linux 6.6; else the answer takes a little longer */
	c->listeners[slot] = dup3(fd, PROCVIEW_LISTENER_FD + (int)slot, O_CLOEXEC);
	if (c->listeners[slot] >= 0 && c->epoll >= 0)
		watch(c, c->listeners[slot], slot);
	return c->listeners[slot] >= 0;
}

bool calls_open(struct calls *c, struct sources *s, int ledger, int channel)
{
	c->sources = s;
	c->channel = channel;
	c->ledger = mmap(NULL, sizeof(*c->ledger), PROT_READ | PROT_WRITE, MAP_SHARED, ledger, 0);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->ledger == MAP_FAILED || c->epoll < 0 || channel < 0)
		return false;
	watch(c, channel, PROCVIEW_LISTENERS);
	for (uint32_t i = 0; i < PROCVIEW_LISTENERS; i++)
		if (c->listeners[i] >= 0)
			watch(c, c->listeners[i], i);
	return true;
}

bool calls_any(const struct calls *c)
{
	for (uint32_t i = 0; i < PROCVIEW_LISTENERS; i++)
		if (c->listeners[i] >= 0)
			return true;
	return false;
}

void calls_finish(struct calls *c)
{
	uint32_t slot = c->ledger->slot;

	if (c->ledger->call.id != 0 && slot < PROCVIEW_LISTENERS && c->listeners[slot] >= 0)
		answer(c, c->listeners[slot]);
}

void calls_channel(struct calls *c)
{
	struct procview_message m;
	int fd;

	if (message_take(c->channel, &m, &fd) && m.kind == PROCVIEW_LISTENER)
		(void)calls_add(c, m.slot, fd); /* one that has ended meanwhile */
	if (fd >= 0)
		(void)close(fd);
}

void calls_listener(struct calls *c, uint32_t slot, uint32_t events)
{
	if (c->listeners[slot] < 0)
		return; /* replaced in this round */
	if (!(events & EPOLLIN)) {
		if (events &
		    (EPOLLHUP | EPOLLERR)) /* the last process that had the filter is gone */
			drop(c, slot);
		return;
	}
	c->ledger->slot = slot;
	c->ledger->progress = PROCVIEW_RECEIVED;
	/* ENOENT: it was interrupted, or killed */
	if (ioctl(c->listeners[slot], NOTIFY_RECV, &c->ledger->call) == 0)
		answer(c, c->listeners[slot]);
}
