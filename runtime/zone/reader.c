/* reader - fork, wall, body; and in the parent one loop that feeds, shows the progress and listens. */
#include "runtime/zone/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"

enum { TICK_MS = 200, WORD_MAX = 32, MEMORY_MAX = 1 << 30 };

/* Owners, modes, times and file capabilities of files that belong to anybody; and blocks that the file system keeps for root, as before. */
#define FILE_CAPABILITIES                                                                         \
	(UINT64_C(1) << CAP_CHOWN | UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_FOWNER | \
	 UINT64_C(1) << CAP_FSETID | UINT64_C(1) << CAP_SETFCAP | UINT64_C(1) << CAP_SYS_RESOURCE)

/* The page that both see. */
struct shown {
	char what[WORD_MAX];
	unsigned long long done, total;
	unsigned turn; /* another number: there is something new */
};

/* What comes through the pipe first; the text follows. */
struct head {
	struct err error;
	unsigned long devices, sockets, attributes, mounts;
};

struct run {
	const struct reader *r;
	pid_t pid;
	int input, answer; /* -1: closed */
	const char *block; /* of feed(), what is still to be sent */
	size_t n_block;
	struct shown *page; /* NULL: there is none */
	unsigned turn;
	struct strbuf said;
	struct err feed_error;
};

static void run_done(struct run *run)
{
	fd_close(&run->input);
	fd_close(&run->answer);
	strbuf_done(&run->said);
	if (run->page)
		(void)munmap(run->page, sizeof(*run->page));
}

/* --- the child ---------------------------------------------------------------------------------------------------- */

static void progress_note(void *arg, const char *what, unsigned long long done,
			  unsigned long long total)
{
	struct shown *page = arg;

	(void)!str_format(page->what, sizeof(page->what), "%s", what);
	page->done = done;
	page->total = total;
	page->turn++;
}

/* What a stranger's bytes can make a library ask for: a cpio archive has names of 4 GB, and zeros compress well. The most that an honest one needs is the window of its compression, 128 MiB with zstd. */
static int child_limit(struct err *e)
{
#ifdef __SANITIZE_ADDRESS__
	(void)e; /* its shadow counts as well */
	return 0;
#else
	const struct rlimit most = { MEMORY_MAX, MEMORY_MAX };

	return setrlimit(RLIMIT_DATA, &most) < 0 ? err_sys(e, "limit the memory of the reader") : 0;
#endif
}

static int child_enter(const struct reader *r, struct err *e)
{
	const struct wall_tree trees[] = { { r->job ? r->job->root : -1, WALL_WRITE },
					   { r->lower, WALL_READ } };
	const struct wall w = { .capabilities = r->job ? FILE_CAPABILITIES : 0,
				.trees = trees,
				.n_trees = !r->job        ? 0
					   : r->lower < 0 ? 1
							  : 2 };

	int result = child_limit(e);

	return result < 0 ? result : wall_enter(&w, e);
}

static void child_descriptors(const struct reader *r, int input, int answer)
{
	const int keep[] = { r->job ? r->job->root : -1, r->lower, r->file, input, answer };
	auto_close int null = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);

	for (int fd = 0; fd < 2 && null > 2; fd++) { /* standard error takes a last word */
		bool kept = false;

		for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
			kept = kept || keep[i] == fd;
		if (!kept)
			(void)dup2(null, fd);
	}
	proc_close_others(3, keep, sizeof(keep) / sizeof(keep[0]));
	(void)fd_steal(&null);
}

static void say(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t w = sys_write(fd, p, n);

		if (w <= 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

static _Noreturn void child_run(const struct run *run, pid_t parent, int input, int answer)
{
	const struct reader *r = run->r;
	auto_done(strbuf) struct strbuf text = { 0 };
	struct head head = { .error = { 0 } };
	struct zone_install options = { .progress = run->page ? progress_note : NULL,
					.arg = run->page };
	int result;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		proc_exit(1);
	(void)signal(SIGPIPE, SIG_IGN);
	child_descriptors(r, input, answer);
	if (r->job)
		r->job->options = &options;
	result = child_enter(r, &head.error);
	if (result == 0)
		result = r->body(r->arg, input, &text, &head.error);
	if (result == 0)
		head.error = (struct err){ 0 };
	if (r->job) {
		head.devices = r->job->skipped_devices;
		head.sockets = r->job->skipped_sockets;
		head.attributes = r->job->skipped_attributes;
		head.mounts = r->job->skipped_mounts;
	}
	proc_close_others(3, &answer, 1); /* nobody feeds us while we speak */
	say(answer, &head, sizeof(head));
	if (result == 0)
		say(answer, strbuf_text(&text), text.len);
	proc_exit(0);
}

static int run_start(struct run *run, struct err *e)
{
	int pipe_ends[2], stream[2] = { -1, -1 };
	pid_t parent = getpid();

	if (sys_pipe2(pipe_ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	run->answer = pipe_ends[0];
	auto_close int answer = pipe_ends[1];

	if (run->r->feed && sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) < 0)
		return err_sys(e, "make a pair of sockets");
	run->input = stream[0];
	auto_close int theirs = stream[1];

	run->pid = fork();
	if (run->pid == 0)
		child_run(run, parent, theirs, answer);
	return run->pid < 0 ? err_sys(e, "fork") : 0;
}

/* --- the parent --------------------------------------------------------------------------------------------------- */

static void show(struct run *run)
{
	const struct zone_install *o = run->r->job ? run->r->job->options : NULL;
	char what[WORD_MAX];

	if (!run->page || !o || !o->progress || run->turn == run->page->turn)
		return;
	run->turn = run->page->turn;
	memcpy(what, run->page->what, sizeof(what));
	what[sizeof(what) - 1] = '\0';
	for (char *p = what; *p; p++)
		*p = (unsigned char)*p < 0x20 || *p == 0x7f ? '?' : *p;
	o->progress(o->arg, what, run->page->done, run->page->total);
}

static void feed_fail(struct run *run)
{
	fd_close(&run->input);
	(void)sys_kill(run->pid, SIGKILL); /* our own child, not yet reaped */
}

static void feed(struct run *run)
{
	const struct reader *r = run->r;

	if (run->n_block == 0 && r->feed(r->arg, &run->block, &run->n_block, &run->feed_error) < 0)
		return feed_fail(run);
	if (run->n_block == 0) {
		fd_close(&run->input);
		return;
	}
	ssize_t n = send(run->input, run->block, run->n_block, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n > 0) {
		run->block += n;
		run->n_block -= (size_t)n;
	} else if (errno != EAGAIN && errno != EINTR) {
		fd_close(&run->input); /* it has read what it wanted */
	}
}

/* False at the end. */
static bool listen_to(struct run *run)
{
	char chunk[4096];
	ssize_t n = sys_read(run->answer, chunk, sizeof(chunk));
	size_t max = sizeof(struct head) + run->r->answer_max;

	if (n <= 0)
		return false;
	strbuf_add_bytes(&run->said, chunk, (size_t)n);
	if (run->said.len <= max)
		return true;
	(void)sys_kill(run->pid, SIGKILL); /* more than it may say: our own child, not yet reaped */
	strbuf_clear(&run->said);
	return false;
}

static void run_loop(struct run *run)
{
	for (;;) {
		struct pollfd p[2] = { { .fd = run->answer, .events = POLLIN },
				       { .fd = run->input, .events = POLLOUT } };
		int n = poll(p, 2, TICK_MS);

		show(run);
		if (n <= 0)
			continue;
		if (p[1].revents)
			feed(run);
		if (p[0].revents && !listen_to(run))
			return;
	}
}

static int run_result(struct run *run, struct strbuf *ret_answer, struct err *e)
{
	struct err ignored = { 0 };
	struct head head = { .error = { 0 } };
	int code = proc_wait(run->pid, &ignored);

	if (run->feed_error.code) {
		*e = run->feed_error;
		return -e->code;
	}
	if (code != 0 || run->said.len < sizeof(head))
		return err_set(
			e, EPROTO,
			"the process that reads the archive ended without a word (status %d)",
			code);
	memcpy(&head, strbuf_text(&run->said), sizeof(head));
	if (run->r->job) {
		run->r->job->skipped_devices = head.devices;
		run->r->job->skipped_sockets = head.sockets;
		run->r->job->skipped_attributes = head.attributes;
		run->r->job->skipped_mounts = head.mounts;
	}
	if (head.error.code) {
		err_sanitize(&head.error);
		*e = head.error;
		return -e->code;
	}
	if (ret_answer)
		strbuf_add_bytes(ret_answer, strbuf_text(&run->said) + sizeof(head),
				 run->said.len - sizeof(head));
	return 0;
}

int reader_run(const struct reader *r, struct strbuf *ret_answer, struct err *e)
{
	auto_done(run) struct run run = { .r = r, .input = -1, .answer = -1 };
	void *page = mmap(NULL, sizeof(*run.page), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;

	run.page = page == MAP_FAILED ? NULL : page;
	result = run_start(&run, e);
	if (result < 0)
		return result;
	run_loop(&run);
	return run_result(&run, ret_answer, e);
}
