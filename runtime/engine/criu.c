/* criu - swrk mode: one socket pair (SOCK_SEQPACKET), a message in each packet. */
#include "runtime/engine/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/engine/criu_wire.h"

enum { ANSWER_MAX = 64 << 10, LOG_MAX = 16 << 20, KIND_NOTIFY = 6 };
enum { REQ_TYPE = 1, REQ_OPTS = 2, REQ_NOTIFY_SUCCESS = 3 };
enum {
	RESP_TYPE = 1,
	RESP_SUCCESS = 2,
	RESP_RESTORE = 4,
	RESP_NOTIFY = 5,
	RESP_ERRNO = 7,
	RESP_TEXT = 9
};

struct session {
	const struct criu_call *call;
	const char *program;
	int sock, peer; /* ours, criu's */
	int words;      /* what it prints, in memory */
	struct child child;
};

struct answer {
	unsigned kind;
	bool success;
	pid_t pid;
	char *script, *text;
};
static void answer_done(struct answer *a)
{
	free(a->script);
	free(a->text);
}

/* --- the program ------------------------------------------------------------------------------------------------------ */

/* Not by PATH: it is the caller's, and we are root. */
static const char *find_program(void)
{
	static const char *const places[] = { "/usr/local/sbin/criu", "/usr/local/bin/criu",
					      "/usr/sbin/criu",       "/usr/bin/criu",
					      "/sbin/criu",           "/bin/criu" };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

static int keep_open(int fd)
{
	return fcntl(fd, F_SETFD, 0);
}

/* criu opens its folders as /proc/PID/fd/N, with the pid of whoever made its socket: that must be itself, because only it may be in another mount namespace. So it is made here, and the
 * other end goes to the parent. */
static int make_socket(struct session *s, int *ret, struct err *e)
{
	int pair[2];
	int r = sock_pair(pair, e);

	if (r < 0)
		return r;
	const struct sock_msg m = {
		.data = &(char){ 0 }, .size = 1, .fds = { pair[0] }, .n_fds = 1
	};

	r = sock_send(s->peer, &m, e);
	fd_close(&pair[0]);
	*ret = pair[1];
	return r;
}

static int become(struct session *s, struct err *e)
{
	int own = -1;
	char *const envp[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	int r = s->call->prepare ? s->call->prepare(s->call->arg, e) : 0;

	if (r == 0)
		r = make_socket(s, &own, e);
	if (r < 0)
		return r;
	auto_free char *number = mem_format("%d", own);
	char *const argv[] = { (char *)"criu", (char *)"swrk", number, NULL };

	for (size_t i = 0; i < s->call->n_fds; i++) {
		if (keep_open(s->call->fds[i]) < 0)
			return err_sys(e, "keep descriptor %d for criu", s->call->fds[i]);
	}
	if (keep_open(own) < 0 || dup2(s->words, STDERR_FILENO) < 0 ||
	    dup2(s->words, STDOUT_FILENO) < 0)
		return err_sys(e, "give criu its descriptors");
	proc_reset_signals();
	(void)sys_execve(s->program, argv, envp);
	return err_sys(e, "execute \"%s\"", s->program);
}

static int child_main(void *arg)
{
	struct session *s = arg;
	struct err e = { 0 };

	(void)!become(s, &e);
	(void)!write(s->words, e.text, strlen(e.text));
	(void)!write(s->words, "\n", 1);
	return 1;
}

static int start(struct session *s, struct err *e)
{
	const struct process_birth birth = {
		.cgroup_fd = -1, .exit_signal = SIGCHLD, .body = child_main, .arg = s
	};
	int pair[2];

	s->program = find_program();
	if (!s->program)
		return err_set(
			e, ENOENT,
			"checkpoint and restore need the program criu, which is not installed (Debian: apt-get install criu)");
	(void)sys_unlinkat(s->call->work_dir, s->call->log_file,
			   0); /* an older one would tell an older reason */
	s->words = memfd_create("criu", MFD_CLOEXEC);
	if (s->words < 0)
		return err_sys(e, "make a memory file");
	int r = sock_pair(pair, e);

	if (r < 0)
		return r;
	s->sock = pair[0];
	s->peer = pair[1];
	r = process_clone(&birth, &s->child, e);
	fd_close(&s->peer);
	return r;
}

/* --- words ------------------------------------------------------------------------------------------------------------ */

/* Words of criu that follow from another error, or that it survives. */
static bool is_consequence(const char *line)
{
	static const char *const words[] = { "(criu/util.c", "(criu/tun.c", " FAILED.",
					     "(criu/action-scripts.c" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(line, words[i]))
			return true;
	}
	return false;
}

char *criu_reason(const char *text)
{
	struct strv lines auto_done(strv) = { 0 };
	const char *last = NULL, *first = NULL, *best = NULL;

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *error = strstr(lines.items[i], "Error (");

		last = *lines.items[i] ? lines.items[i] : last;
		first = first ? first : error;
		best = error && !is_consequence(error) ? error : best;
	}
	return mem_strdup(best ? best : first ? first : last);
}

static char *read_words(int dir, const char *name)
{
	struct err ignored = { 0 };
	char *text = NULL;
	size_t n = 0;

	return file_read_all(dir, name, LOG_MAX, &text, &n, &ignored) < 0 ? NULL : text;
}

/* From its log, else from what it printed. */
static int explain(struct session *s, const struct answer *a, struct err *e)
{
	auto_free char *path = mem_format("/proc/self/fd/%d", s->words);
	auto_free char *printed = read_words(AT_FDCWD, path);
	auto_free char *logged = read_words(s->call->work_dir, s->call->log_file);
	auto_free char *reason = logged ? criu_reason(logged) : NULL;

	log_debug("criu: %s", printed ? printed : "");
	if (!reason && printed)
		reason = criu_reason(printed);
	if (!reason && a->text)
		reason = mem_strdup(a->text);
	if (reason && (strstr(reason, "kerndat") || strstr(reason, "kernel features")))
		return err_set(e, EOPNOTSUPP,
			       "%s cannot work on this kernel (see \"criu check\"): %s", s->program,
			       reason);
	return err_set(e, EIO, "criu: %s (its log is %s in the work directory)",
		       reason ? reason : "it ended without a word", s->call->log_file);
}

/* --- conversation ----------------------------------------------------------------------------------------------------- */

static int send_message(struct session *s, const struct strbuf *b, struct err *e)
{
	const struct sock_msg m = { .data = b->text, .size = b->len };

	return sock_send(s->sock, &m, e);
}

static int send_request(struct session *s, struct err *e)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	wire_number(&b, REQ_TYPE, s->call->kind);
	wire_message(&b, REQ_OPTS, s->call->opts);
	return send_message(s, &b, e);
}

static int send_notified(struct session *s, bool success, struct err *e)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	wire_number(&b, REQ_TYPE, KIND_NOTIFY);
	wire_number(&b, REQ_NOTIFY_SUCCESS, success);
	return send_message(s, &b, e);
}

/* criu_restore_resp { pid = 1 } and criu_notify { script = 1, pid = 2 } */
static void read_nested(const struct wire_field *outer, struct answer *ret)
{
	struct wire_reader r = wire_open(outer->bytes, outer->n);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (!f.is_text) {
			ret->pid = (pid_t)f.value;
			continue;
		}
		free(ret->script);
		ret->script = mem_strndup((const char *)f.bytes, f.n);
	}
}

static bool read_answer(const void *bytes, size_t n, struct answer *ret)
{
	struct wire_reader r = wire_open(bytes, n);
	struct wire_field f;

	while (wire_next(&r, &f)) {
		if (f.number == RESP_TYPE)
			ret->kind = (unsigned)f.value;
		else if (f.number == RESP_SUCCESS)
			ret->success = f.value != 0;
		else if ((f.number == RESP_RESTORE || f.number == RESP_NOTIFY) && f.is_text)
			read_nested(&f, ret);
		else if (f.number == RESP_TEXT && f.is_text && !ret->text)
			ret->text = mem_strndup((const char *)f.bytes, f.n);
	}
	return !r.is_broken;
}

static int notified(struct session *s, const struct answer *a, int *fd, struct err *e)
{
	const struct criu_call *c = s->call;
	struct err ignored = { 0 };
	int r = c->notify ? c->notify(c->arg, a->script ? a->script : "", a->pid, fd_steal(fd), e)
			  : 0;
	int sent = send_notified(s, r >= 0, r < 0 ? &ignored : e);

	return r < 0 ? r : sent;
}

/* The first message brings the socket that criu answers on; without one the child has said why in its words. */
static int take_socket(struct session *s, struct err *e)
{
	const struct answer none = { 0 };
	char byte;
	struct sock_msg m = { .data = &byte, .size = sizeof(byte), .n_fds = 1 };
	int r = sock_recv(s->sock, &m, e);

	if (r < 0)
		return r;
	if (r == 0 || m.n_fds != 1)
		return explain(s, &none, e);
	fd_close(&s->sock);
	s->sock = m.fds[0];
	return 0;
}

/* One message. Returns 1 when the request is done, 0 when it goes on. */
static int turn(struct session *s, pid_t *ret_pid, struct err *e)
{
	auto_free char *buffer = mem_zero(ANSWER_MAX);
	auto_done(answer) struct answer a = { 0 };
	struct sock_msg m = { .data = buffer, .size = ANSWER_MAX, .n_fds = 1 };
	int r = sock_recv(s->sock, &m, e);
	auto_close int fd = r > 0 && m.n_fds > 0 ? m.fds[0] : -1;

	if (r == 0 || r == -ECONNRESET) /* it ended; with a request that it had not read */
		return explain(s, &a, e);
	if (r < 0)
		return r;
	if (!read_answer(buffer, m.size, &a))
		return err_set(e, EPROTO, "criu sent an answer that makes no sense");
	if (a.kind == KIND_NOTIFY) {
		r = notified(s, &a, &fd, e);
		return r < 0 ? r : 0;
	}
	if (!a.success)
		return explain(s, &a, e);
	if (ret_pid)
		*ret_pid = a.pid;
	return 1;
}

int criu_run(const struct criu_call *c, pid_t *ret_pid, struct err *e)
{
	struct session s = { .call = c, .sock = -1, .peer = -1, .words = -1, .child = CHILD_NONE };
	int r = start(&s, e);

	if (r == 0)
		r = take_socket(&s, e);
	if (r == 0)
		r = send_request(&s, e);
	if (r == -EPIPE || r == -ECONNRESET) /* it has ended before it read: why is in its words */
		r = 0;
	while (r == 0)
		r = turn(&s, ret_pid, e);
	fd_close(&s.sock);
	fd_close(&s.peer);
	(void)child_reap(&s.child, r < 0 ? 2000 : -1, NULL);
	child_kill(&s.child);
	fd_close(&s.words);
	return r < 0 ? r : 0;
}
