/* learn_record - strace writes a line for each call into a pipe, the kernel one for each question for a privilege into that of a trace instance of our own. A child reads both and counts, because who
 * does not read makes the zone wait: in the parent nobody would while it waits for the zone to be down. */
#include "runtime/zone/learn_record.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { LINE_MAX_BYTES = 4096, ATTACH_TRIES = 200, ATTACH_MS = 50, RESULT_MAX = 1 << 18 };

#define STRACE "/usr/bin/strace"
#define EVENT  "events/capability/cap_capable"

/* --- lines -------------------------------------------------------------------------------------------------------- */

static void count_call(struct learn_counts *c, const char *name, size_t len, uint64_t n)
{
	size_t i = 0;

	if (len == 0 || len >= LEARN_NAME)
		return;
	while (i < c->n_calls &&
	       (strncmp(c->calls[i].name, name, len) != 0 || c->calls[i].name[len] != '\0'))
		i++;
	if (i == LEARN_CALLS)
		return;
	if (i == c->n_calls) {
		memcpy(c->calls[i].name, name, len);
		c->calls[i].name[len] = '\0';
		c->n_calls++;
	}
	c->calls[i].n += n;
}

/* "4711 openat(0xffffff9c, ..." ; a call that is resumed was counted when it began. */
void learn_call_line(struct learn_counts *c, const char *line)
{
	const char *name = line + strspn(line, "0123456789");
	size_t n;

	name += strspn(name, " ");
	n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (n == 0 || name[n] != '(')
		return;
	if (str_has_prefix(name, "execve"))
		c->begun = true;
	if (c->begun)
		count_call(c, name, n, 1);
}

/* "            httpd-4711    [000] .....  5.1: cap_capable: cred 0x1, target_ns 0x2, capable_ns 0x3, cap 10, ret 0" */
void learn_cap_line(struct learn_counts *c, const char *line)
{
	const char *event = strstr(line, ": cap_capable: ");
	const char *cap = event ? strstr(event, ", cap ") : NULL;
	const char *ret = cap ? strstr(cap, ", ret ") : NULL;
	uint64_t number;

	if (!ret)
		return;
	c->saw_caps = true;
	line += strspn(line, " ");
	size_t n = strlen(c->before);

	if (n > 0 && strncmp(line, c->before, n) == 0 && line[n] == '-' &&
	    isdigit((unsigned char)line[n + 1]))
		return;
	cap += strlen(", cap ");
	auto_free char *text = mem_strndup(cap, strspn(cap, "0123456789"));

	if (num_u64(text, &number) == 0 && number < LEARN_CAPS &&
	    strncmp(ret, ", ret 0", strlen(", ret 0")) == 0)
		c->caps[number]++;
}

/* "call NAME N", "cap NUMBER N", "caps" */
void learn_result_line(struct learn_counts *c, const char *line)
{
	auto_done(strv) struct strv words = { 0 };
	uint64_t n = 0, number = 0;

	strv_split(&words, line, ' ');
	if (words.n == 1 && str_eq(words.items[0], "caps"))
		c->saw_caps = true;
	if (words.n != 3 || num_u64(words.items[2], &n) < 0)
		return;
	if (str_eq(words.items[0], "call"))
		count_call(c, words.items[1], strlen(words.items[1]), n);
	else if (num_u64(words.items[1], &number) == 0 && number < LEARN_CAPS)
		c->caps[number] += n;
}

static char *result_text(const struct learn_counts *c)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < c->n_calls; i++)
		strbuf_format(&b, "call %s %llu\n", c->calls[i].name,
			      (unsigned long long)c->calls[i].n);
	for (size_t i = 0; i < LEARN_CAPS; i++)
		if (c->caps[i] > 0)
			strbuf_format(&b, "cap %zu %llu\n", i, (unsigned long long)c->caps[i]);
	if (c->saw_caps)
		strbuf_add(&b, "caps\n");
	return strbuf_steal(&b);
}

/* --- the collector ------------------------------------------------------------------------------------------------ */

struct source {
	int fd;
	void (*take)(struct learn_counts *c, const char *line);
	char text[LINE_MAX_BYTES];
	size_t n;
};

/* Complete lines are taken, a longer one is cut. False at the end. */
static bool source_read(struct source *s, struct learn_counts *c)
{
	ssize_t got = sys_read(s->fd, s->text + s->n, sizeof(s->text) - 1 - s->n);
	char *line = s->text, *end;

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	s->n += (size_t)got;
	s->text[s->n] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		s->take(c, line);
		line = end + 1;
	}
	s->n = strlen(line);
	if (s->n == sizeof(s->text) - 1)
		s->n = 0;
	else
		memmove(s->text, line, s->n + 1);
	return true;
}

/* Until strace has gone, which is when the last process has. */
static void collect(int calls, int caps, const char *before, int result)
{
	static struct learn_counts c;
	static struct source s[2];

	s[0] = (struct source){ .fd = calls, .take = learn_call_line };
	s[1] = (struct source){ .fd = caps, .take = learn_cap_line };
	memcpy(c.before, before, sizeof(c.before));
	for (;;) {
		struct pollfd p[2] = { { .fd = s[0].fd, .events = POLLIN },
				       { .fd = s[1].fd, .events = POLLIN } };

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents && !source_read(&s[1], &c))
			s[1].fd = -1;
		if (p[0].revents && !source_read(&s[0], &c))
			break;
	}
	if (s[1].fd >= 0)
		(void)source_read(&s[1], &c); /* does not wait */
	auto_free char *text = result_text(&c);

	(void)!sys_write(result, text ? text : "", text ? strlen(text) : 0);
}

/* --- the trace instance ------------------------------------------------------------------------------------------- */

static int trace_write(const struct learn_record *r, const char *file, const char *text)
{
	auto_free char *path = mem_format("%s/%s", r->instance, file);
	auto_close int fd = sys_openat(r->tracefs, path, O_WRONLY | O_CLOEXEC, 0);

	return fd >= 0 && sys_write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
}

static void trace_end(struct learn_record *r)
{
	if (r->tracefs >= 0)
		(void)sys_unlinkat(r->tracefs, r->instance, AT_REMOVEDIR);
	fd_close(&r->tracefs);
}

/* A mount of our own that nobody sees. The descriptor of its pipe; -1: this kernel has none of it. */
static int trace_start(struct learn_record *r, const char *zone, pid_t init)
{
	auto_close int fs = sys_fsopen("tracefs", FSOPEN_CLOEXEC);
	auto_free char *pid = mem_format("%d", (int)init);
	auto_free char *pipe_path = NULL;
	int fd = -1;

	(void)snprintf(r->instance, sizeof(r->instance), "instances/zones-%s", zone);
	if (fs < 0 || sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	r->tracefs = sys_fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (r->tracefs < 0)
		return -1;
	(void)sys_unlinkat(r->tracefs, r->instance, AT_REMOVEDIR); /* of one that was killed */
	pipe_path = mem_format("%s/trace_pipe", r->instance);
	if (sys_mkdirat(r->tracefs, r->instance, 0700) == 0 &&
	    trace_write(r, "set_event_pid", pid) == 0 &&
	    trace_write(r, "options/event-fork", "1") == 0 &&
	    trace_write(r, EVENT "/enable", "1") == 0)
		fd = sys_openat(r->tracefs, pipe_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd < 0)
		trace_end(r);
	return fd;
}

/* --- start and end ------------------------------------------------------------------------------------------------ */

static int strace_start(struct learn_record *r, pid_t init, int out, struct err *e)
{
	auto_free char *pid = mem_format("%d", (int)init);
	const char *const words[] = { "strace", "-f",          "-qq", "-s0",
				      "-e",     "signal=none", "-e",  "verbose=none",
				      "-e",     "raw=all",     "-o",  "/dev/stdout",
				      "-p",     pid,           NULL };
	const struct proc_spawn s = { .file = STRACE,
				      .argv = (char *const *)words,
				      .stdin_fd = -1,
				      .stdout_fd = out,
				      .stderr_fd = STDERR_FILENO,
				      .keep_fd = -1,
				      .new_session = true,
				      .ret_pid = &r->strace };

	if (access(STRACE, X_OK) < 0)
		return err_set(e, ENOENT,
			       "\"" STRACE "\" is not there (Debian: apt-get install strace)");
	return proc_spawn(&s, e);
}

static bool is_held(pid_t init)
{
	auto_free char *path = mem_format("/proc/%d/status", (int)init);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	const char *line;

	if (file_read_all(AT_FDCWD, path, LINE_MAX_BYTES * 4, &text, NULL, &ignored) < 0)
		return false;
	line = strstr(text, "\nTracerPid:\t");
	return line && line[strlen("\nTracerPid:\t")] != '0';
}

static int wait_held(struct learn_record *r, pid_t init, struct err *e)
{
	const struct timespec pause = { 0, ATTACH_MS * 1000000L };

	for (int i = 0; i < ATTACH_TRIES; i++) {
		if (is_held(init))
			return 0;
		if (waitpid(r->strace, NULL, WNOHANG) != 0) {
			r->strace = 0;
			break;
		}
		(void)nanosleep(&pause, NULL);
	}
	return err_set(e, EPERM, "strace cannot take hold of the zone's first process");
}

static void read_comm(pid_t pid, char *ret, size_t size)
{
	auto_free char *path = mem_format("/proc/%d/comm", (int)pid);
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, path, LINE_MAX_BYTES, &text, NULL, &ignored) == 0)
		(void)snprintf(ret, size, "%.*s", (int)strcspn(text, "\n"), text);
}

static int collector_start(struct learn_record *r, int calls, int caps, struct err *e)
{
	int pair[2];

	if (sys_pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	r->result = pair[0];
	r->collector = fork();
	if (r->collector == 0) {
		const int keep[] = { calls, caps >= 0 ? caps : calls, pair[1] };

		(void)sys_setsid(); /* ^C is for whoever waits, not for us */
		proc_close_others(STDERR_FILENO + 1, keep, 3);
		collect(calls, caps, r->before, pair[1]);
		proc_exit(0);
	}
	(void)close(pair[1]);
	if (r->collector > 0)
		return 0;
	r->collector = 0;
	return err_sys(e, "fork");
}

int learn_record_start(struct learn_record *r, const char *zone, pid_t init, struct err *e)
{
	int pair[2];

	read_comm(init, r->before, sizeof(r->before));
	if (sys_pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int calls = pair[0], out = pair[1];
	auto_close int caps = trace_start(r, zone, init);
	int err = collector_start(r, calls, caps, e);

	if (err == 0)
		err = strace_start(r, init, out, e);
	return err < 0 ? err : wait_held(r, init, e);
}

int learn_record_end(struct learn_record *r, struct learn_counts *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	int err = 0;

	if (r->strace > 0) {
		(void)sys_kill(r->strace, SIGTERM); /* our child: it lets go and ends */
		(void)!proc_wait(r->strace, &ignored);
	}
	if (r->collector > 0) {
		err = file_read_fd(r->result, RESULT_MAX, &text, NULL, e);
		(void)!proc_wait(r->collector, &ignored);
	}
	fd_close(&r->result);
	trace_end(r);
	auto_done(strv) struct strv lines = { 0 };

	strv_split(&lines, text ? text : "", '\n');
	for (size_t i = 0; i < lines.n; i++)
		learn_result_line(ret, lines.items[i]);
	*r = (struct learn_record)LEARN_RECORD_NONE;
	return err;
}
