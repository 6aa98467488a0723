/* notify - "I am ready" from a container to the service manager that started us, and nothing else.
 *
 * A manager that starts zrun with NOTIFY_SOCKET (sd_notify(3)) waits for a datagram READY=1. Its own socket is never shown to the container, whose words would count as ours there: MAINPID=
 * would make the manager watch, and kill, a process of the container's choice. Instead:
 *
 *   create   makes STATE_ROOT/ID/notify, has it mounted read-only at /run/notify, and says NOTIFY_SOCKET=/run/notify/notify.sock in the program's environment;
 *   start    (or run) makes the socket in there before the program runs, and waits for READY=1 or the end of init. It says MAINPID=... and READY=1 in words of its own to the manager,
 *            and waits until the manager has read them (BARRIER=1), because a sender that has ended cannot be told from a stranger. In the foreground we stay the main process ourselves.
 *
 * What comes out of the container's socket is looked at and dropped; only that READY=1 was among the lines is remembered, once. Descriptors sent along are closed by the kernel, because we take
 * none. No name below the directory is followed or replaced: nothing of the container has run when the socket is made, and its mode is set by bind itself. */
#include "runtime/engine/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/engine/private.h"

#define NOTIFY_DIR   "notify"
#define NOTIFY_NAME  "notify.sock"
#define NOTIFY_MOUNT "/run/notify"
#define NOTIFY_ENV   "NOTIFY_SOCKET="

/* As long as runc and crun wait for a manager to answer; for one that reads nothing at all, less. */
enum { BARRIER_MS = 30000, SEND_MS = 5000, MESSAGE_MAX = 4096 };

struct engine_notify {
	int dir, own, host;
	bool begun; /* somebody has listened: the container has been started */
};

/* --- create ------------------------------------------------------------------------------------------------------- */

static bool has_its_own(const struct container_spec *spec)
{
	for (size_t i = 0; i < spec->process->env.n; i++) {
		if (str_has_prefix(spec->process->env.items[i], NOTIFY_ENV))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (str_eq(spec->mounts[i].destination, NOTIFY_MOUNT))
			return true;
	}
	return false;
}

bool engine_notify_offer(struct container_spec *spec, const char *state_root, const char *id)
{
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev", "noexec" };
	char cwd[PATH_MAX] = "";

	/* without a mount namespace it would be mounted on the host */
	if (!spec->process || !spec->linux.namespaces[NS_MOUNT].wanted || has_its_own(spec))
		return false;
	if (state_root[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return false;
	struct mount_spec *m = LIST_GROW(spec->mounts, spec->n_mounts);

	m->destination = mem_strdup(NOTIFY_MOUNT);
	m->type = mem_strdup("bind");
	m->source = mem_format("%s%s%s/%s/" NOTIFY_DIR, cwd, cwd[0] ? "/" : "", state_root, id);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		strv_add(&m->options, options[i]);
	strv_add(&spec->process->env, NOTIFY_ENV NOTIFY_MOUNT "/" NOTIFY_NAME);
	return true;
}

int notify_make_directory(int state_dir, struct err *e)
{
	mode_t before = umask(0); /* any user of the container has to come through */
	int r = sys_mkdirat(state_dir, NOTIFY_DIR, 0755) < 0
			? err_sys(e, "make the directory " NOTIFY_DIR)
			: 0;

	(void)umask(before);
	return r;
}

/* --- start -------------------------------------------------------------------------------------------------------- */

static int open_sockets(struct engine_notify *n, const char *host, struct err *e)
{
	n->host = sock_connect_datagram(host, e);
	if (n->host < 0)
		return n->host;
	int r = sock_timeout(n->host, SEND_MS, e);

	if (r == 0)
		r = n->own = sock_bind_datagram(n->dir, NOTIFY_NAME, 0777, e);
	return r < 0 ? r : 0;
}

int engine_notify_open(struct engine_container *c, const char *host, struct engine_notify **ret,
		       struct err *e)
{
	*ret = NULL;
	if (engine_status(c) != ENGINE_CREATED)
		return 0; /* start says why not */
	int dir = sys_openat(c->dir, NOTIFY_DIR, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open the directory " NOTIFY_DIR);
	struct engine_notify *n = mem_zero(sizeof(*n));

	*n = (struct engine_notify){ .dir = dir, .own = -1, .host = -1 };
	int r = open_sockets(n, host, e);

	if (r < 0) {
		engine_notify_free(n);
		return r == -EADDRINUSE ? 0 : r; /* another start is at it */
	}
	*ret = n;
	return 0;
}

void engine_notify_free(struct engine_notify *n)
{
	if (!n)
		return;
	/* a start that failed leaves the place free for the next */
	if (n->own >= 0 && !n->begun)
		(void)sys_unlinkat(n->dir, NOTIFY_NAME, 0);
	fd_close(&n->own);
	fd_close(&n->host);
	fd_close(&n->dir);
	free(n);
}

/* --- listen ------------------------------------------------------------------------------------------------------- */

int notify_fd(const struct engine_notify *n)
{
	return n->own;
}

bool notify_says_ready(const char *text, size_t n)
{
	static const char ready[] = "READY=1";
	const char *end = text + n;

	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((line ? line : end) - text);

		if (length == sizeof(ready) - 1 && memcmp(text, ready, length) == 0)
			return true;
		text += length + 1;
	}
	return false;
}

bool notify_heard_ready(struct engine_notify *n)
{
	char text[MESSAGE_MAX];

	n->begun = true;
	struct iovec io = { .iov_base = text, .iov_len = sizeof(text) };
	struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1 };
	ssize_t got = sys_recvmsg(n->own, &h, MSG_DONTWAIT);

	return got > 0 && !(h.msg_flags & MSG_TRUNC) && notify_says_ready(text, (size_t)got);
}

/* --- forward ------------------------------------------------------------------------------------------------------ */

static int barrier_wait(const struct engine_notify *n, struct err *e)
{
	static char word[] = "BARRIER=1";
	int ends[2];

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int reader = ends[0], writer = ends[1];
	const struct sock_msg m = {
		.data = word, .size = sizeof(word) - 1, .fds = { writer }, .n_fds = 1
	};
	int r = sock_send(n->host, &m, e);

	fd_close(&writer);
	if (r < 0)
		return r;
	struct pollfd closed = { .fd = reader };

	/* it closes its end; one that does not know the word closes nothing, and is not waited for longer */
	while (poll(&closed, 1, BARRIER_MS) < 0 && errno == EINTR)
		;
	return 0;
}

void notify_forward(struct engine_notify *n, pid_t main, bool barrier)
{
	auto_free char *text = mem_format("MAINPID=%d\nREADY=1\n", (int)main);
	const struct sock_msg m = { .data = text, .size = strlen(text) };
	struct err e = { 0 };

	fd_close(&n->own);
	int r = sock_send(n->host, &m, &e);

	if (r == 0 && barrier)
		r = barrier_wait(n, &e);
	if (r < 0)
		log_warning("NOTIFY_SOCKET: %s", e.text);
}

void engine_notify_wait(struct engine_notify *n, struct engine_container *c)
{
	struct pollfd fds[2] = { { .fd = engine_pidfd(c), .events = POLLIN },
				 { .fd = n->own, .events = POLLIN } };

	n->begun = true;
	while (engine_pid(c) > 0) {
		if (poll(fds, 2, -1) < 0)
			continue; /* EINTR: a caller's signal handler ran */
		/* first: who says it and ends at once was ready all the same */
		if (fds[1].revents && notify_heard_ready(n)) {
			notify_forward(n, engine_init_pid(c), true);
			return;
		}
		if (fds[0].revents & POLLIN)
			return;
		(void)poll(fds, 1, NOTIFY_PAUSE_MS);
	}
}
