/* hooks - a hook is a child with a memory file as stdin and a pipe as stdout and stderr.
 *
 * The memory file holds the whole state before the hook runs: a hook that reads nothing cannot block us or kill us with SIGPIPE. The pipe is read until the hook ENDS, not until the
 * pipe does: a daemon that a hook leaves behind keeps nobody waiting, and what it holds is not the runtime's own stdout (callers read that to its end). */
#include "runtime/engine/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"
#include "runtime/engine/process.h"

enum { OUTPUT_MAX = 256, EXIT_NOT_STARTED = 127 };

struct hook_child {
	const struct hook_spec *hook;
	const char *cwd;
	int input, output, program;
};

/* --- the child ---------------------------------------------------------------------------------------------------- */

static void hook_execute(const struct hook_child *h)
{
	char *no_env[] = { NULL };
	char *only_path[] = { h->hook->path, NULL };
	char *const *argv = h->hook->args.n > 0 ? h->hook->args.items : only_path;
	char *const *envp = h->hook->env.n > 0 ? h->hook->env.items : no_env;

	if (h->program >= 0)
		(void)sys_execveat(h->program, "", argv, envp, AT_EMPTY_PATH);
	/* ENOENT there means a script: its interpreter would have to open the descriptor again, which is close-on-exec */
	if (h->program < 0 || errno == ENOENT)
		(void)sys_execveat(AT_FDCWD, h->hook->path, argv, envp, 0);
}

static int hook_main(void *arg)
{
	const struct hook_child *h = arg;

	proc_reset_signals();
	if (!str_empty(h->cwd) && sys_chdir(h->cwd) < 0)
		(void)sys_chdir(
			"/"); /* a bundle that is gone must not keep poststop from running */
	if (dup2(h->input, 0) < 0 || dup2(h->output, 1) < 0 || dup2(h->output, 2) < 0)
		return EXIT_NOT_STARTED;
	proc_close_others(3, &h->program, h->program >= 0 ? 1 : 0);
	hook_execute(h);
	(void)dprintf(2, "%s", strerror(errno));
	return EXIT_NOT_STARTED;
}

/* --- the caller --------------------------------------------------------------------------------------------------- */

static int state_file(const char *state, struct err *e)
{
	auto_close int fd = memfd_create("state", MFD_CLOEXEC);
	size_t n = strlen(state);

	if (fd < 0 || sys_write(fd, state, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		return err_sys(e, "hold the state for a hook");
	/* numbers 0-2 may be free in the caller: they are about to be overwritten in the child */
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	return high < 0 ? err_sys(e, "hold the state for a hook") : high;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Take what the pipe holds now; only the beginning is kept, for the message. */
static bool drain(int fd, struct strbuf *text)
{
	char chunk[1024];
	ssize_t n;

	while ((n = sys_read(fd, chunk, sizeof(chunk))) > 0) {
		size_t room = OUTPUT_MAX - text->len;

		strbuf_add_bytes(text, chunk, (size_t)n < room ? (size_t)n : room);
	}
	return n < 0 && errno == EAGAIN;
}

/* Returns 0 when the hook has ended, -ETIMEDOUT when it has not by then. */
static int hook_wait(const struct child *child, int output, int64_t timeout_ms, struct strbuf *text)
{
	struct pollfd fds[2] = { { .fd = child->pidfd, .events = POLLIN },
				 { .fd = output, .events = POLLIN } };
	int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();

		if (timeout_ms > 0 && left <= 0)
			return -ETIMEDOUT;
		int n = poll(fds, 2,
			     timeout_ms <= 0    ? -1
			     : left > INT32_MAX ? INT32_MAX
						: (int)left);

		if (n < 0)
			continue; /* EINTR: a caller's signal handler ran */
		if (fds[1].revents && !drain(output, text))
			fds[1].fd = -1;
		if (fds[0].revents) {
			(void)drain(output, text);
			return 0;
		}
	}
}

static void printable(struct strbuf *b)
{
	while (b->len > 0 && (b->text[b->len - 1] == '\n' || b->text[b->len - 1] == ' '))
		b->text[--b->len] = '\0';
	for (size_t i = 0; i < b->len; i++) {
		if ((unsigned char)b->text[i] < ' ')
			b->text[i] = ' ';
	}
}

static int hook_result(struct child *child, int waited, struct strbuf *text, struct err *e)
{
	char how[64];
	int status = 0;

	if (waited < 0) {
		child_kill(child);
		return err_set(e, ETIMEDOUT, "did not end in time and was killed");
	}
	(void)child_reap(child, -1, &status);
	if (status == 0)
		return 0;
	printable(text);
	process_status_text(status, how, sizeof(how));
	return err_set(e, EPROTO, "%s%s%s", how, text->len ? ": " : "", strbuf_text(text));
}

static int hook_start(const struct hooks_call *call, size_t i, int output, struct child *ret,
		      struct err *e)
{
	struct hook_child h = { .hook = &call->list->items[i],
				.cwd = call->cwd,
				.output = output,
				.program = call->programs ? call->programs[i] : -1 };
	const struct process_birth birth = {
		.cgroup_fd = -1, .exit_signal = SIGCHLD, .body = hook_main, .arg = &h
	};

	h.input = state_file(call->state, e);
	if (h.input < 0)
		return h.input;
	int r = process_clone(&birth, ret, e);

	fd_close(&h.input);
	return r;
}

static int hook_run(const struct hooks_call *call, size_t i, struct err *e)
{
	const struct hook_spec *hook = &call->list->items[i];
	auto_done(strbuf) struct strbuf text = { 0 };
	struct child child = CHILD_NONE;
	int ends[2];

	if (hook->path == NULL || hook->path[0] != '/')
		return err_set(e, EINVAL, "the path is not absolute");
	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int reader = ends[0], writer = ends[1];
	auto_close int output = fcntl(writer, F_DUPFD_CLOEXEC, 3);

	/* only our end: the hook's must block as a program expects */
	if (output < 0 || fcntl(reader, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "make a pipe");
	fd_close(&writer);
	int r = hook_start(call, i, output, &child, e);

	if (r < 0)
		return r;
	fd_close(&output);
	int64_t timeout = hook->timeout.set && hook->timeout.value > 0 ? hook->timeout.value : 0;

	if (timeout > INT32_MAX)
		timeout = INT32_MAX;
	return hook_result(&child, hook_wait(&child, reader, timeout * 1000, &text), &text, e);
}

int hooks_run(const struct hooks_call *call, struct err *e)
{
	for (size_t i = 0; i < call->list->n; i++) {
		log_debug("%s hook \"%s\"", call->kind, call->list->items[i].path);
		int r = hook_run(call, i, e);

		if (r < 0)
			return err_wrap(e, "%s hook \"%s\"", call->kind, call->list->items[i].path);
	}
	return 0;
}

int hooks_run_all(const struct hooks_call *call)
{
	int failed = 0;

	for (size_t i = 0; i < call->list->n; i++) {
		struct err cause = { 0 };

		if (hook_run(call, i, &cause) == 0)
			continue;
		failed++;
		log_warning("%s hook \"%s\": %s", call->kind, call->list->items[i].path,
			    cause.text);
	}
	return failed;
}

int hooks_open(const struct hook_list *list, int **ret, struct err *e)
{
	int *fds = mem_array(list->n, sizeof(*fds));

	for (size_t i = 0; i < list->n; i++)
		fds[i] = -1;
	for (size_t i = 0; i < list->n; i++) {
		fds[i] = sys_openat(AT_FDCWD, list->items[i].path, O_PATH | O_CLOEXEC, 0);
		if (fds[i] >= 0)
			continue;
		int r = err_sys(e, "hook \"%s\"", list->items[i].path);

		hooks_close(fds, list);
		return r;
	}
	*ret = fds;
	return 0;
}

void hooks_close(int *programs, const struct hook_list *list)
{
	for (size_t i = 0; programs && i < list->n; i++)
		fd_close(&programs[i]);
	free(programs);
}
