/* admin_session - one conversation. The process takes the user's descriptors as its own before it reads his words, so that whatever there is to say about them is said to him. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/events.h"
#include "runtime/zone/history.h"
#include "runtime/zone_cmd/admin.h"
#include "runtime/zone_cmd/history.h"
#include "runtime/zone_cmd/output.h"

enum { CHECK_MS = 2000, KILL_AFTER_MS = 5000, TERM_MAX = 64, STANDARD = 3 };

const int admin_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH };

/* One for each process: what the verb's guard needs beside the words. */
static struct {
	int conn;
	struct ucred peer;
	char name[NAME_MAX + 1];
} session;

static void answer(int conn, int code, const char *text)
{
	struct admin_answer a = { .code = code };
	struct sock_msg m = { .data = &a, .size = sizeof(a) };
	struct err ignored = { 0 };

	(void)snprintf(a.text, sizeof(a.text), "%s", text);
	(void)!sock_send(conn, &m, &ignored); /* who has gone needs no answer */
}

/* --- the request -------------------------------------------------------------------------------------------------- */

static int descriptor_check(int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) ||
	     (S_ISCHR(st.st_mode) && (st.st_rdev == makedev(1, 3) || isatty(fd)))))
		return 0;
	return err_set(e, EINVAL,
		       "a standard descriptor is neither a terminal nor a pipe nor /dev/null");
}

static int words_split(const char *text, size_t n, struct strv *ret, struct err *e)
{
	if (n == 0 || text[n - 1] != '\0')
		return err_set(e, EPROTO, "the request does not end");
	for (size_t at = 0; at < n; at += strlen(text + at) + 1) {
		if (ret->n > ADMIN_WORDS_MAX)
			return err_set(e, E2BIG, "too many words");
		strv_add(ret, text + at);
	}
	return ret->n >= 2 ? 0 : err_set(e, EPROTO, "the request has no words");
}

/* ret: the type of the terminal, then the words. */
static int request_take(int conn, struct strv *ret, struct err *e)
{
	auto_free char *text = mem_array(ADMIN_MESSAGE_MAX, 1);
	struct sock_msg m = { .data = text, .size = ADMIN_MESSAGE_MAX, .n_fds = STANDARD };
	struct pollfd p = { .fd = conn, .events = POLLIN };
	int r = 0;

	if (poll(&p, 1, ADMIN_REQUEST_MS) <= 0)
		return err_set(e, ETIMEDOUT, "no request came");
	r = sock_recv(conn, &m, e);
	if (r <= 0)
		return r < 0 ? r : err_set(e, ECONNRESET, "no request came");
	if (m.n_fds != STANDARD)
		r = err_set(e, EPROTO, "a request has three descriptors");
	else
		r = words_split(text, m.size, ret, e);
	for (size_t i = 0; i < m.n_fds && r >= 0; i++)
		r = descriptor_check(m.fds[i], e);
	for (size_t i = 0; i < m.n_fds; i++) {
		/* the received numbers lie above those of the three, which the server keeps open */
		if (r >= 0 && dup2(m.fds[i], (int)i) < 0)
			r = err_sys(e, "take a descriptor");
		(void)close(m.fds[i]);
	}
	return r < 0 ? r : 0;
}

static bool is_server_variable(const char *text)
{
	static const char *const names[] = { "ZONES_", "NETCONFPATH=", "CNI_PATH=", "ASAN_OPTIONS=",
					     "UBSAN_OPTIONS=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	}
	return false;
}

static bool is_terminal_type(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.+";
	size_t n = strspn(text, allowed);

	return n > 0 && n <= TERM_MAX && text[n] == '\0';
}

/* Of the server's own only what tells where zones are; of the user's the type of his terminal. */
static void environment_set(const char *term)
{
	auto_done(strv) struct strv kept = { 0 };
	extern char **environ;

	for (char **v = environ; v && *v; v++) {
		if (is_server_variable(*v))
			strv_add(&kept, *v);
	}
	(void)clearenv();
	for (size_t i = 0; i < kept.n; i++) {
		char *eq = strchr(kept.items[i], '=');

		*eq = '\0';
		(void)setenv(kept.items[i], eq + 1, 1);
	}
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	(void)setenv("HOME", "/", 1);
	(void)setenv(HISTORY_DONE_ELSEWHERE, "1", 1);
	if (is_terminal_type(term))
		(void)setenv("TERM", term, 1);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A letter for the verb. False when the user has gone, or says what is no letter. */
static bool letter_pass(int conn, pid_t verb)
{
	char letter = 0;
	struct sock_msg m = { .data = &letter, .size = 1 };
	struct err ignored = { 0 };
	int r = sock_recv(conn, &m, &ignored);
	const char *known = r == 1 && m.size == 1 && letter ? strchr(ADMIN_LETTERS, letter) : NULL;

	if (r == -EAGAIN)
		return true;
	if (!known)
		return false;
	(void)sys_kill(verb, admin_signals[known - ADMIN_LETTERS]); /* our child, not yet reaped */
	return true;
}

/* A verb that removes takes the file with the right away itself, and must then come to its end. */
static bool still_allowed(const struct cli_args *a)
{
	struct zone_cmd *z = a->program_data;
	struct err e = { 0 };

	return str_eq(admin_auth(a->verb), ADMIN_REMOVE) ||
	       zone_admin_allows(&z->dirs, a->positional.items[0], session.peer.uid,
				 admin_auth(a->verb), &e) == 0;
}

/* Until the verb has ended: letters are passed on, and the right is looked at again. Who goes, or loses it, is hung up on; what does not end at that is killed. */
static void accompany(const struct cli_args *a, pid_t verb, int pidfd)
{
	struct pollfd p[2] = { { .fd = pidfd, .events = POLLIN },
			       { .fd = session.conn, .events = POLLIN } };
	uint64_t next = now_ms() + CHECK_MS;
	bool hung_up = false;

	for (;;) {
		uint64_t now = now_ms();
		int n = poll(p, 2, next > now ? (int)(next - now) : 0);
		bool due = now_ms() >= next;

		if ((n < 0 && errno != EINTR) || p[0].revents)
			return;
		if (hung_up && due) {
			(void)sys_kill(verb, SIGKILL);
			return;
		}
		if (hung_up || ((!p[1].revents || letter_pass(session.conn, verb)) &&
				(!due || still_allowed(a)))) {
			next = due ? now_ms() + CHECK_MS : next;
			continue;
		}
		(void)sys_kill(verb, SIGHUP);
		hung_up = true;
		p[1].fd = -1;
		p[1].revents = 0;
		next = now_ms() + KILL_AFTER_MS;
	}
}

/* Not of a zone that is not there, or not any more: its file of events would be made, and be that of whatever gets the name next. */
static void note_event(const struct zone_dirs *d, const char *name, const struct history_act *act)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	if (zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_ROW, &z, &ignored) < 0)
		return;
	struct json *data = json_new_object();
	auto_free char *text = mem_format("%s (uid %u): zone %s, status %d", act->user,
					  (unsigned)act->uid, act->verb, act->status);

	json_set(data, "uid", json_new_u64(act->uid));
	json_set(data, "user", json_new_string(act->user));
	json_set(data, "verb", json_new_string(act->verb));
	json_set(data, "status", json_new_i64(act->status));
	zone_event(d, name, "admin", text, data);
}

/* In the log of acts, under the zone that root's own would stand under, and what was allowed among the zone's events: whoever has no right over it must not push its events out of their file. What
 * became of no clone may be the name of somebody else's zone. */
static void note(const struct cli_args *a, int code, bool refused)
{
	struct zone_cmd *z = a->program_data;
	const char *named = a->positional.items[0];
	struct history_act act = { .verb = a->verb->name,
				   .zone = named,
				   .uid = session.peer.uid,
				   .user = session.name,
				   .pid = session.peer.pid,
				   .status = code,
				   .refused = refused };

	history_begin(z, a);
	if (!refused && z->act_zone)
		act.zone = z->act_zone;
	if (refused || z->act)
		history_add(&z->dirs, &act);
	if (!refused && z->act)
		note_event(&z->dirs, code == CLI_DONE ? act.zone : named, &act);
}

/* What every row of the users' table runs. */
static int guard(struct cli_args *a)
{
	struct zone_cmd *z = a->program_data;
	const struct zone_caller caller = { .uid = session.peer.uid,
					    .zone = a->positional.items[0],
					    .auths = admin_auth(a->verb),
					    .also = admin_words_auth(a) };
	struct err e = { 0 };
	pid_t verb;
	int code;

	if (!admin_words_ok(a))
		return cli_usage(a, "a user's file comes through the standard input");
	if (zone_admin_allows(&z->dirs, caller.zone, caller.uid, caller.auths, &e) < 0 ||
	    (caller.also &&
	     zone_admin_allows(&z->dirs, caller.zone, caller.uid, caller.also, &e) < 0)) {
		note(a, CLI_FAILED, true);
		return output_error(a, &e);
	}
	(void)alarm(0); /* he may stay */
	verb = fork();
	if (verb == 0) {
		fd_close(&session.conn);
		z->dirs.caller = &caller;
		exit(admin_real_verb(a->verb)->run(a));
	}
	if (verb < 0) {
		(void)err_sys(&e, "fork");
		return output_error(a, &e);
	}
	auto_close int pidfd = sys_pidfd_open(verb, 0);

	if (pidfd < 0)
		(void)sys_kill(verb, SIGKILL); /* a kernel without them runs no zone either */
	else
		accompany(a, verb, pidfd);
	code = proc_wait(verb, &e);
	if (code < 0)
		return output_error(a, &e);
	note(a, code, false);
	return code;
}

/* The words as an argument vector: what stands in the place of TERM is the program's name. */
static int verb_run(struct strv *words, const struct zone_dirs *d)
{
	struct zone_cmd context = { .dirs = *d, .has_dirs = true, .argv = words->items };
	const struct cli_program program = {
		.name = "zone",
		.summary = "What users may do with zones whose files allow it.",
		.version = "",
		.verbs = admin_verbs(guard),
		.data = &context,
	};

	context.program = &program;
	free(words->items[0]);
	words->items[0] = mem_strdup("zone");
	return cli_main(&program, (int)words->n, words->items);
}

_Noreturn void admin_session(int conn, const struct ucred *peer, const char *name,
			     const struct zone_dirs *d)
{
	auto_done(strv) struct strv words = { 0 };
	struct err e = { 0 };
	int code = CLI_FAILED;

	session.conn = conn;
	session.peer = *peer;
	(void)snprintf(session.name, sizeof(session.name), "%s", name);
	proc_reset_signals();
	(void)alarm(ADMIN_ALLOWED_SECONDS); /* he could keep us writing into a full pipe */
	(void)signal(SIGPIPE, SIG_IGN);     /* the end of the verb is still to be noted */
	(void)sys_setsid();
	if (request_take(conn, &words, &e) < 0 || !words.items) {
		answer(conn, CLI_FAILED, e.text);
	} else {
		environment_set(words.items[0]);
		code = verb_run(&words, d);
		(void)fflush(stdout);
		answer(conn, code, "");
	}
	proc_exit(0);
}
