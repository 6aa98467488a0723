/* admin_client - the user's half of admin.h. Runs without any right, so what it does wrong harms only its user.
 *
 * A descriptor that the server would not take (a file, a socket) is replaced by a pipe: for the standard input a child copies into it, for the other two this process copies out of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/zone_cmd/admin.h"

enum { BLOCK = 4096, STANDARD = 3 };

struct ask {
	int conn, signals;
	int given[STANDARD]; /* what the server gets; -1: the descriptor itself */
	int ours[STANDARD];  /* our ends of pipes; -1: none */
	pid_t feeder;        /* copies the standard input; 0: none */
};

static bool is_taken(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) ||
		(S_ISCHR(st.st_mode) && (st.st_rdev == makedev(1, 3) || isatty(fd))));
}

/* False at the end of either side. */
static bool copy_some(int from, int to)
{
	char buf[BLOCK];
	ssize_t n = sys_read(from, buf, sizeof(buf));

	for (ssize_t at = 0; at < n;) {
		ssize_t w = sys_write(to, buf + at, (size_t)(n - at));

		if (w <= 0)
			return false;
		at += w;
	}
	return n > 0;
}

static int feeder_start(struct ask *q, struct err *e)
{
	q->feeder = fork();
	if (q->feeder < 0) {
		q->feeder = 0;
		return err_sys(e, "fork");
	}
	if (q->feeder == 0) {
		(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		proc_reset_signals();
		proc_close_others(STANDARD, &q->ours[STDIN_FILENO], 1);
		while (copy_some(STDIN_FILENO, q->ours[STDIN_FILENO]))
			;
		proc_exit(0);
	}
	fd_close(&q->ours[STDIN_FILENO]);
	return 0;
}

static int descriptors_open(struct ask *q, struct err *e)
{
	for (int fd = 0; fd < STANDARD; fd++) {
		int pair[2];

		if (is_taken(fd))
			continue;
		if (sys_pipe2(pair, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		q->given[fd] = pair[fd == STDIN_FILENO ? 0 : 1];
		q->ours[fd] = pair[fd == STDIN_FILENO ? 1 : 0];
	}
	return q->ours[STDIN_FILENO] < 0 ? 0 : feeder_start(q, e);
}

static bool is_file_sent(const struct cli_args *a)
{
	return str_eq(a->verb->name, "apply") && cli_has(a, "file");
}

/* The option of `zone apply` that names a file: the user opens it himself and it becomes his standard input, for the server "-f -". */
static int file_open(const struct cli_args *a, struct err *e)
{
	const char *file = cli_value(a, "file", "-");
	auto_close int fd = -1;

	if (!is_file_sent(a) || str_eq(file, "-"))
		return 0;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "open \"%s\"", file);
	return dup2(fd, STDIN_FILENO) < 0 ? err_sys(e, "take \"%s\"", file) : 0;
}

/* As typed, but for the file's name. */
static void words_add(const struct cli_args *a, char **word, struct strbuf *b)
{
	if (!is_file_sent(a)) {
		for (; *word; word++)
			strbuf_add_bytes(b, *word, strlen(*word) + 1);
		return;
	}
	auto_done(strv) struct strv words = { 0 };

	strv_add(&words, a->verb->name);
	strv_add(&words, "--file=-");
	for (const struct cli_option *o = a->verb->options; o->name; o++) {
		if (!o->value && cli_has(a, o->name))
			strv_format(&words, "--%s", o->name);
	}
	strv_add(&words, "--");
	strv_copy(&words, &a->positional);
	for (size_t i = 0; i < words.n; i++)
		strbuf_add_bytes(b, words.items[i], strlen(words.items[i]) + 1);
}

static int request_send(struct ask *q, const struct cli_args *a, struct err *e)
{
	const struct zone_cmd *z = a->program_data;
	auto_done(strbuf) struct strbuf b = { 0 };
	const char *term = getenv("TERM");
	char **word = z->argv + 1;
	struct sock_msg m = { .n_fds = STANDARD };

	while (*word && !str_eq(*word, a->verb->name)) /* options of the program are not for it */
		word++;
	strbuf_add(&b, term ? term : "");
	strbuf_add_bytes(&b, "", 1);
	words_add(a, word, &b);
	if (b.len > ADMIN_MESSAGE_MAX)
		return err_set(e, E2BIG, "the command is too long for a user who is not root");
	m.data = b.text;
	m.size = b.len;
	for (int fd = 0; fd < STANDARD; fd++)
		m.fds[fd] = q->given[fd] >= 0 ? q->given[fd] : fd;
	int r = sock_send(q->conn, &m, e);

	for (int fd = 0; fd < STANDARD; fd++)
		fd_close(&q->given[fd]); /* the end of a pipe is seen when the server's has gone */
	return r == -EPIPE ? 0 : r;      /* refused already: the answer says why */
}

static int signals_open(struct ask *q, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ADMIN_LETTERS) - 1; i++)
		(void)sigaddset(&set, admin_signals[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	q->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return q->signals < 0 ? err_sys(e, "wait for signals") : 0;
}

static void signal_pass(struct ask *q)
{
	struct signalfd_siginfo si;
	struct err ignored = { 0 };

	if (sys_read(q->signals, &si, sizeof(si)) != (ssize_t)sizeof(si))
		return;
	for (size_t i = 0; i < sizeof(ADMIN_LETTERS) - 1; i++) {
		char letter = ADMIN_LETTERS[i];
		struct sock_msg m = { .data = &letter, .size = 1 };

		if ((int)si.ssi_signo == admin_signals[i])
			(void)!sock_send(q->conn, &m, &ignored); /* its end is seen by poll */
	}
}

/* What has arrived when the verb has ended; who holds the pipe still is not waited for. */
static void drain(struct ask *q)
{
	for (int fd = STDOUT_FILENO; fd < STANDARD; fd++) {
		if (q->ours[fd] < 0 || fcntl(q->ours[fd], F_SETFL, O_NONBLOCK) < 0)
			continue;
		while (copy_some(q->ours[fd], fd))
			;
	}
}

static int answer_take(struct ask *q, int *ret_code, struct err *e)
{
	struct admin_answer got = { 0 };
	struct sock_msg m = { .data = &got, .size = sizeof(got) };
	int r = sock_recv(q->conn, &m, e);

	if (r ==
	    -ECONNRESET) { /* refused before our request was read; the answer is behind that error */
		m.size = sizeof(got);
		r = sock_recv(q->conn, &m, e);
	}
	if (r < 0)
		return r;
	drain(q);
	if (r == 0 || m.size != sizeof(got))
		return err_set(e, ECONNRESET, "the server of users has gone away");
	got.text[sizeof(got.text) - 1] = '\0';
	if (got.text[0])
		return err_set(e, EBUSY, "%s", got.text);
	*ret_code = got.code;
	return 0;
}

static int talk(struct ask *q, int *ret_code, struct err *e)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = q->conn, .events = POLLIN },
			{ .fd = q->signals, .events = POLLIN },
			{ .fd = q->ours[STDOUT_FILENO], .events = POLLIN },
			{ .fd = q->ours[STDERR_FILENO], .events = POLLIN },
		};

		if (poll(p, sizeof(p) / sizeof(p[0]), -1) < 0) {
			if (errno != EINTR)
				return err_sys(e, "wait for the server of users");
			continue;
		}
		if (p[1].revents)
			signal_pass(q);
		for (int fd = STDOUT_FILENO; fd < STANDARD; fd++) {
			if (p[fd + 1].revents && !copy_some(q->ours[fd], fd))
				fd_close(&q->ours[fd]);
		}
		if (p[0].revents) {
			int r = answer_take(q, ret_code, e);

			if (r != -EAGAIN)
				return r;
		}
	}
}

static void ask_end(struct ask *q)
{
	struct err ignored = { 0 };

	if (q->feeder > 0) {
		(void)sys_kill(q->feeder, SIGKILL); /* our own child, not yet reaped */
		(void)!proc_wait(q->feeder, &ignored);
	}
	for (int fd = 0; fd < STANDARD; fd++) {
		fd_close(&q->given[fd]);
		fd_close(&q->ours[fd]);
	}
	fd_close(&q->signals);
	fd_close(&q->conn);
}

int admin_ask(const struct cli_args *a, int *ret_code, struct err *e)
{
	const char *run = getenv("ZONES_RUN_DIR"); /* whatever it says, it is his own connection */
	struct ask q = {
		.conn = -1, .signals = -1, .given = { -1, -1, -1 }, .ours = { -1, -1, -1 }
	};
	auto_done(strbuf) struct strbuf path = { 0 };
	int r;

	strbuf_format(&path, "%s/" ADMIN_SOCKET, str_empty(run) ? "/run/zones" : run);
	q.conn = sock_connect(AT_FDCWD, strbuf_text(&path), e);
	if (q.conn < 0)
		return q.conn;
	r = signals_open(&q, e);
	if (r == 0)
		r = file_open(a, e);
	if (r == 0)
		r = descriptors_open(&q, e);
	if (r == 0)
		r = request_send(&q, a, e);
	if (r == 0)
		r = talk(&q, ret_code, e);
	ask_end(&q);
	return r;
}
