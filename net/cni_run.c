/* The pipes are read until the plugin ENDS, not until they do: a daemon that it leaves behind keeps nobody waiting. */
#include "net/cni_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "net/cni_result.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { OUTPUT_MAX = 1 << 20, WORDS_MAX = 200, SECONDS = 30, SECONDS_MAX = 600 };

struct run {
	int output, words; /* our ends of the pipes */
	int pidfd;
	pid_t pid;
	struct strbuf out, err;
};

static void run_done(struct run *r)
{
	fd_close(&r->output);
	fd_close(&r->words);
	fd_close(&r->pidfd);
	strbuf_done(&r->out);
	strbuf_done(&r->err);
}

int cni_run_seconds(void)
{
	const char *text = getenv("ZONES_CNI_SECONDS");
	uint64_t n = 0;

	return text && num_u64(text, &n) == 0 && n > 0 && n <= SECONDS_MAX ? (int)n : SECONDS;
}

/* --- start -------------------------------------------------------------------------------------------------------- */

static void environment_add(struct strv *v, const char *name, const char *value)
{
	if (value)
		strv_format(v, "%s=%s", name, value);
}

static void environment_fill(const struct cni_run *c, struct strv *v)
{
	strv_add(v, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	environment_add(v, "CNI_COMMAND", c->command);
	environment_add(v, "CNI_CONTAINERID", c->container);
	environment_add(v, "CNI_NETNS", c->netns);
	environment_add(v, "CNI_IFNAME", c->ifname);
	environment_add(v, "CNI_PATH", c->path);
	environment_add(v, "CNI_ARGS", c->container ? "IgnoreUnknown=1" : NULL);
}

static int request_file(const struct json *request, struct err *e)
{
	auto_free char *text = json_print(request, false);
	auto_close int fd = memfd_create("cni", MFD_CLOEXEC);
	size_t n = strlen(text);

	if (fd < 0 || sys_write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		return err_sys(e, "hold the request");
	return fd_steal(&fd);
}

/* Our end does not block, the plugin's does, as a program expects. */
static int pipe_make(int *ret_reader, int *ret_writer, struct err *e)
{
	int ends[2];

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	*ret_reader = ends[0];
	*ret_writer = ends[1];
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? err_sys(e, "make a pipe") : 0;
}

static int run_start(struct run *r, const struct cni_run *c, struct err *e)
{
	auto_done(strv) struct strv environment = { 0 };
	auto_free char *program = mem_strdup(c->program);
	auto_close int input = request_file(c->request, e);
	auto_close int output = -1, words = -1;
	char *argv[] = { program, NULL };
	struct proc_spawn s = { .file = program,
				.argv = argv,
				.stdin_fd = input,
				.keep_fd = c->keep_fd,
				.new_session = true,
				.ret_pid = &r->pid };

	environment_fill(c, &environment);
	if (input < 0 || pipe_make(&r->output, &output, e) < 0 ||
	    pipe_make(&r->words, &words, e) < 0)
		return -e->code;
	s.envp = environment.items;
	s.stdout_fd = output;
	s.stderr_fd = words;
	return proc_spawn(&s, e);
}

/* --- wait --------------------------------------------------------------------------------------------------------- */

int64_t cni_run_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Take what the pipe holds now. False at its end. */
static bool pipe_drain(int fd, struct strbuf *to, size_t max)
{
	char chunk[4096];

	while (to->len <= OUTPUT_MAX) {
		ssize_t n = sys_read(fd, chunk, sizeof(chunk));

		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		size_t room = to->len < max ? max - to->len : 0;

		strbuf_add_bytes(to, chunk, (size_t)n < room ? (size_t)n : room);
	}
	return true;
}

static int run_wait(struct run *r, int64_t deadline_ms, struct err *e)
{
	struct pollfd fds[3] = { { .fd = r->pidfd, .events = POLLIN },
				 { .fd = r->output, .events = POLLIN },
				 { .fd = r->words, .events = POLLIN } };
	int64_t end =
		deadline_ms ? deadline_ms : cni_run_now_ms() + (int64_t)cni_run_seconds() * 1000;
	bool ended = false;

	while (!ended) {
		int64_t left = end - cni_run_now_ms();
		int n = left > 0 ? poll(fds, 3, (int)left) : 0;

		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait for it");
		if (n == 0)
			return err_set(e, ETIMEDOUT, "did not end within %d seconds and was killed",
				       cni_run_seconds());
		ended = fds[0].revents != 0;
		if ((ended || fds[1].revents) && !pipe_drain(r->output, &r->out, OUTPUT_MAX + 1))
			fds[1].fd = -1;
		if ((ended || fds[2].revents) && !pipe_drain(r->words, &r->err, WORDS_MAX))
			fds[2].fd = -1;
		if (r->out.len > OUTPUT_MAX)
			return err_set(e, EPROTO, "printed more than %d bytes and was killed",
				       OUTPUT_MAX);
	}
	return 0;
}

/* --- judge -------------------------------------------------------------------------------------------------------- */

static void words_clean(struct strbuf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->text[i] < ' ' || b->text[i] == 0x7f)
			b->text[i] = ' ';
	while (b->len > 0 && b->text[b->len - 1] == ' ')
		b->text[--b->len] = '\0';
}

static int run_failed(struct run *r, int code, const struct json *printed, struct err *e)
{
	if (printed && cni_result_error(printed, e) < 0)
		return -e->code;
	words_clean(&r->err);
	if (code > 128)
		return err_set(e, EPROTO, "was killed by signal %d", code - 128);
	return err_set(e, EPROTO, "ended with status %d without a reason%s%s", code,
		       r->err.len ? ": " : "", strbuf_text(&r->err));
}

static int run_judge(struct run *r, int code, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *printed = NULL;
	const char *text = strbuf_text(&r->out);
	struct err why = { 0 };
	bool empty = strspn(text, " \t\r\n") == r->out.len;

	if (!empty && json_parse_simple(text, r->out.len, &printed, &why) < 0 && code == 0 && ret)
		return err_set(e, EPROTO, "printed no JSON: %s", why.text);
	if (code != 0)
		return run_failed(r, code, printed, e);
	if (ret)
		*ret = ptr_steal(&printed);
	return 0;
}

int cni_run(const struct cni_run *c, struct json **ret, struct err *e)
{
	auto_done(run) struct run run = { .output = -1, .words = -1, .pidfd = -1 };
	struct err ignored = { 0 };
	int code, r = run_start(&run, c, e);

	if (r < 0)
		return r;
	run.pidfd = sys_pidfd_open(run.pid, 0);
	r = run.pidfd < 0 ? err_sys(e, "watch it") : run_wait(&run, c->deadline_ms, e);
	if (r < 0)
		(void)sys_kill(
			-run.pid,
			SIGKILL); /* its whole group; not waited for yet, so the number is still its own */
	code = proc_wait(run.pid, r < 0 ? &ignored : e);
	if (r < 0 || code < 0)
		return r < 0 ? r : code;
	return run_judge(&run, code, ret, e);
}
