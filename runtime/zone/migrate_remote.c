/* migrate_remote - ssh as a child. Requests and answers are files in memory, so neither side can block the other; its complaints are a pipe that is read until it ends, and kept up to a bound. */
#include "runtime/zone/migrate_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/zone/manifest.h"

enum {
	SAID_MAX = 64 << 10,
	ANSWER_MAX = MANIFEST_MAX + (1 << 20),
	SSH_FAILED = 255,
	NO_PROGRAM = 127
};

#define SSH "/usr/bin/ssh"
/* A login that is not interactive may lack the folders of the administrator's programs. */
#define RECEIVE "env \"PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\" zone migrate-receive"

static const char host_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:@%[]";
static const char word_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_=,/@"; /* "-@-1" */

bool remote_token_ok(const char *token)
{
	size_t n = token ? strlen(token) : 0;

	return n >= 16 && n <= 64 && strspn(token, "0123456789abcdef") == n;
}

int remote_check_host(const char *host, struct err *e)
{
	const char *name = strrchr(host, '@');

	name = name ? name + 1 : host;
	if (str_empty(name) || name - host == 1 || *host == '-' || *name == '-' ||
	    strspn(host, host_characters) != strlen(host) || strlen(host) > 255)
		return err_set(e, EINVAL, "the other host is given as [USER@]HOST");
	return 0;
}

int remote_check_words(const struct strv *words, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->items[i];

		if (str_empty(w) || strspn(w, word_characters) != strlen(w))
			return err_set(e, EPROTO, "rsync asks for an unexpected word");
	}
	return 0;
}

int remote_find_ssh(struct err *e)
{
	return access(SSH, X_OK) == 0
		       ? 0
		       : err_set(e, ENOENT,
				 "ssh is not installed (Debian: apt-get install openssh-client)");
}

/* --- running ssh -------------------------------------------------------------------------------------------------- */

static void base_words(const struct remote *r, struct strv *argv)
{
	strv_add(argv, "ssh");
	strv_add(argv, "-T");
	for (size_t i = 0; r->options && i < r->options->n; i++)
		strv_format(argv, "-o%s",
			    r->options->items[i]); /* the first one that ssh hears counts */
	strv_add(argv, "-oServerAliveInterval=15");
	strv_add(argv, "-oServerAliveCountMax=4");
	strv_add(argv, "-oControlMaster=auto");
	strv_add(argv, "-oControlPersist=30");
	strv_format(argv, "-oControlPath=%s", r->control);
}

static int memory(int *ret, struct err *e)
{
	*ret = memfd_create("zones", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return *ret < 0 ? err_sys(e, "make a file in memory") : 0;
}

/* For an answer: its size is set, and with more than that ssh fails. */
static int answer_memory(int *ret, struct err *e)
{
	int n = memory(ret, e);

	if (n == 0 &&
	    (sys_ftruncate(*ret, ANSWER_MAX) < 0 || fcntl(*ret, F_ADD_SEALS, F_SEAL_GROW) < 0))
		return err_sys(e, "bound a file in memory");
	return n;
}

/* It ends where ssh, that has the same position in it, stopped. */
static int answer_read(int fd, char **ret, struct err *e)
{
	off_t n = lseek(fd, 0, SEEK_CUR);

	if (n < 0 || sys_ftruncate(fd, n) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "read a file in memory");
	return file_read_fd(fd, (size_t)n, ret, NULL, e);
}

static int start(const struct remote *r, const char *command, const int ends[2],
		 struct remote_call *c, struct err *e)
{
	auto_done(strv) struct strv argv = { 0 };
	int pipe_ends[2];
	int n = ends[1] < 0 ? answer_memory(&c->out, e) : 0;

	if (n < 0)
		return n;
	if (sys_pipe2(pipe_ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	c->err = pipe_ends[0];
	auto_close int err = pipe_ends[1];

	base_words(r, &argv);
	strv_add(&argv, "--");
	strv_add(&argv, r->host);
	strv_add(&argv, command);
	const struct proc_spawn s = { .file = SSH,
				      .argv = argv.items,
				      .stdin_fd = ends[0],
				      .stdout_fd = ends[1] < 0 ? c->out : ends[1],
				      .stderr_fd = err,
				      .keep_fd = -1,
				      .ret_pid = &c->pid };

	return proc_spawn(&s, e);
}

void remote_call_done(struct remote_call *c)
{
	struct err ignored = { 0 };

	if (c->pid > 0) {
		(void)sys_kill(c->pid, SIGTERM); /* our own child, not yet waited for */
		(void)!proc_wait(c->pid, &ignored);
	}
	c->pid = 0;
	fd_close(&c->out);
	fd_close(&c->err);
	strbuf_done(&c->said);
}

void remote_hear(struct remote_call *c)
{
	char piece[4096];
	ssize_t n = sys_read(c->err, piece, sizeof(piece));

	if (n <= 0)
		fd_close(&c->err);
	else if (c->said.len + (size_t)n <= SAID_MAX)
		strbuf_add_bytes(&c->said, piece, (size_t)n);
}

/* Its end, and all that it said until then: something that it started may hold the pipe longer. */
static int call_wait(struct remote_call *c, struct err *e)
{
	auto_close int ended = proc_pidfd(c->pid, 0, e);

	for (bool is_over = ended < 0; !is_over;) {
		struct pollfd ready[2] = { { .fd = c->err, .events = POLLIN },
					   { .fd = ended, .events = POLLIN } };

		if (poll(ready, 2, -1) <= 0)
			continue; /* a signal */
		if (ready[0].revents)
			remote_hear(c);
		else
			is_over = true;
	}
	int code = ended < 0 ? ended : proc_wait(c->pid, e);

	if (ended >= 0)
		c->pid = 0;
	return code;
}

void remote_done(struct remote *r)
{
	auto_free char *control = r->control ? mem_format("-oControlPath=%s", r->control) : NULL;
	char *argv[] = { (char *)"ssh", control, (char *)"-O", (char *)"exit",
			 (char *)"--",  r->host, NULL };
	struct err ignored = { 0 };

	if (control && file_exists(AT_FDCWD, r->control))
		(void)!proc_run(SSH, argv, SAID_MAX, 5000, NULL,
				&ignored); /* else it ends by itself */
	free(r->host);
	free(r->control);
	free(r->token);
	free(r->zone);
	*r = (struct remote){ 0 };
}

/* The first or the last line that it said on its error output, without what a terminal would obey. */
static char *words_of(const struct remote_call *c, bool first)
{
	auto_done(strv) struct strv lines = { 0 };
	const char *said = "it did not say why";

	strv_split(&lines, strbuf_text(&c->said), '\n');
	for (size_t i = 0; i < lines.n; i++) {
		for (char *p = lines.items[i]; *p; p++)
			*p = *p == '\r' ? '\0' : (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
		if (str_empty(lines.items[i]))
			continue;
		said = lines.items[i];
		if (first)
			break;
	}
	return mem_strdup(said);
}

static int ssh_failed(const struct remote *r, const struct remote_call *c, int code, struct err *e)
{
	auto_free char *said = words_of(c, false);

	if (code == NO_PROGRAM)
		return err_set(e, EOPNOTSUPP, "\"%s\" has no zone program that can take it: %.200s",
			       r->host, said);
	return err_set(e, ENOTCONN, "ssh to \"%s\": %.300s", r->host, said);
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

int remote_ask(const struct remote *r, const char *step, struct json *request,
	       struct remote_call *ret, struct err *e)
{
	auto_free char *command = mem_format(RECEIVE " %s", step);
	auto_close int in = -1;
	int n = memory(&in, e);

	json_set(request, "protocol", json_new_i64(REMOTE_PROTOCOL));
	json_set(request, "token", json_new_string(r->token));
	json_set(request, "zone", json_new_string(r->zone));
	auto_free char *text = json_print(request, false);

	if (n < 0)
		return n;
	if (write(in, text, strlen(text)) != (ssize_t)strlen(text) || lseek(in, 0, SEEK_SET) < 0)
		return err_sys(e, "write a request");
	return start(r, command, (const int[]){ in, -1 }, ret, e);
}

/* An error that came as text from the other host. */
static int foreign_error(const struct remote *r, const struct json *answer, struct err *e)
{
	int code = (int)json_get_i64(answer, "errno", EPROTO);

	(void)err_set(e, code > 0 && code < 4096 && code != ENOTCONN ? code : EPROTO, "%s",
		      json_get_string(answer, "error", "it did not say why"));
	err_sanitize(e);
	return err_wrap(e, "on \"%s\"", r->host);
}

/* The line behind the last mark, and what follows it. */
static int parse_answer(const struct remote *r, char *text, struct json **ret, char **ret_text,
			struct err *e)
{
	char *mark = text ? strstr(text, REMOTE_MARK) : NULL;

	if (!mark)
		return err_set(e, ENOTCONN, "\"%s\" gave no answer", r->host);
	mark += strlen(REMOTE_MARK);
	size_t n = strcspn(mark, "\n");

	if (json_parse_simple(mark, n, ret, e) < 0)
		return err_set(e, ENOTCONN, "the answer of \"%s\" cannot be read", r->host);
	if (ret_text)
		*ret_text = mem_strdup(mark[n] ? mark + n + 1 : "");
	return json_get_bool(*ret, "ok", false) ? 0 : foreign_error(r, *ret, e);
}

int remote_answer(const struct remote *r, struct remote_call *c, struct json **ret, char **ret_text,
		  struct err *e)
{
	auto_free char *text = NULL;
	int code = call_wait(c, e);

	if (code < 0)
		return code;
	if (answer_read(c->out, &text, e) < 0)
		return err_set(e, ENOTCONN, "the answer of \"%s\" cannot be read", r->host);
	if (code != 0 && (!text || !strstr(text, REMOTE_MARK)))
		return ssh_failed(r, c, code, e);
	return parse_answer(r, text, ret, ret_text, e);
}

int remote_call(const struct remote *r, const char *step, struct json *request, struct json **ret,
		struct err *e)
{
	__attribute__((cleanup(remote_call_done))) struct remote_call c = REMOTE_CALL_NONE;
	auto_ptr(json) struct json *own = request ? NULL : json_new_object();
	auto_ptr(json) struct json *answer = NULL;
	int n = remote_ask(r, step, request ? request : own, &c, e);

	if (n == 0)
		n = remote_answer(r, &c, &answer, NULL, e);
	if (ret)
		*ret = ptr_steal(&answer);
	return n;
}

/* --- the other end of rsync --------------------------------------------------------------------------------------- */

int remote_rsync(const struct remote *r, const struct strv *words, const int ends[2],
		 struct remote_call *ret, struct err *e)
{
	auto_done(strv) struct strv command = { 0 };
	int n = remote_check_words(words, e);

	if (n < 0)
		return n;
	strv_add(&command, RECEIVE " rsync");
	strv_add(&command, r->token);
	for (size_t i = 2; i < words->n; i++) /* behind the host and the name of the program */
		strv_add(&command, words->items[i]);
	auto_free char *text = strv_join(&command, " ");

	return start(r, text, ends, ret, e);
}

int remote_rsync_wait(const struct remote *r, struct remote_call *c, struct err *e)
{
	int code = call_wait(c, e);

	if (code <= 0)
		return code;
	if (code == SSH_FAILED || code == NO_PROGRAM)
		return ssh_failed(r, c, code, e);
	auto_free char *said = words_of(c, true);

	return err_set(e, EIO, "rsync on \"%s\" ended with %d: %.300s", r->host, code, said);
}
