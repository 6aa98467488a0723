/* zone admin-server - waits for users of the host (admin.h). systemd hands it the socket (dist/zones-admin.socket) and starts it when somebody connects; it ends when nobody has for a minute.
 * Without systemd it makes the socket itself and stays. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/wall.h"
#include "runtime/zone_cmd/admin.h"
#include "runtime/zone_cmd/output.h"

enum { IDLE_MS = 60000, REAP_MS = 500, HANDED_FD = 3 };

struct sessions {
	struct {
		pid_t pid;
		uid_t uid;
	} list[ADMIN_ALL];
	size_t n;
};

static void reap(struct sessions *s)
{
	for (size_t i = 0; i < s->n;) {
		if (waitpid(s->list[i].pid, NULL, WNOHANG) != 0)
			s->list[i] = s->list[--s->n];
		else
			i++;
	}
}

static size_t count_of(const struct sessions *s, uid_t uid)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->list[i].uid == uid;
	return n;
}

static void refuse(int conn, const char *why)
{
	struct admin_answer a = { .code = CLI_FAILED };
	struct sock_msg m = { .data = &a, .size = sizeof(a) };
	struct err ignored = { 0 };

	(void)strncpy(a.text, why, sizeof(a.text) - 1);
	(void)!sock_send(conn, &m, &ignored); /* non-blocking */
}

static void serve(struct sessions *s, int listening, const struct zone_dirs *d)
{
	const struct passwd *user;
	struct ucred peer = { 0 };
	struct err e = { 0 };
	auto_close int conn = sock_accept(listening, &peer, &e);

	if (conn < 0)
		return;
	reap(s);
	user = getpwuid(peer.uid);
	if (!user)
		return refuse(conn, "your user id has no name on this host");
	if (s->n == ADMIN_ALL || count_of(s, peer.uid) >= ADMIN_PER_USER)
		return refuse(conn, "too many commands at a time");
	pid_t pid = fork();

	if (pid == 0) {
		(void)close(listening);
		admin_session(conn, &peer, user->pw_name, d);
	}
	if (pid < 0)
		return refuse(conn, "the host has no process left for this");
	s->list[s->n].pid = pid;
	s->list[s->n++].uid = peer.uid;
}

static int wait_loop(int listening, bool handed, const struct zone_dirs *d, struct err *e)
{
	struct pollfd p = { .fd = listening, .events = POLLIN };
	struct sessions s = { .n = 0 };

	for (;;) {
		int n = poll(&p, 1, s.n > 0 ? REAP_MS : handed ? IDLE_MS : -1);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "wait for users");
		if (n == 0 && s.n == 0)
			return 0;
		reap(&s);
		if (n > 0)
			serve(&s, listening, d);
	}
}

/* sd_listen_fds(3). Only a socket that listens is believed. */
static int socket_handed(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");
	socklen_t size = sizeof(int);
	int listens = 0;

	if (!pid || !n || strcmp(n, "1") != 0 || strtol(pid, NULL, 10) != (long)getpid() ||
	    getsockopt(HANDED_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens ||
	    fcntl(HANDED_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(HANDED_FD, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	return HANDED_FD;
}

/* The numbers of the standard descriptors are the sessions'. */
static int standard_fill(struct err *e)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return err_sys(e, "open /dev/null");
	(void)close(fd);
	return 0;
}

int zone_cmd_admin_server(struct cli_args *a)
{
	const struct zone_dirs *d = geteuid() == 0 ? zone_cmd_dirs(a) : NULL;
	struct err e = { 0 };
	int r;

	if (geteuid() != 0) {
		(void)err_set(&e, EPERM, "only root can serve users");
		return output_error(a, &e);
	}
	r = d ? standard_fill(&e) : 0;
	if (r == 0)
		r = wall_drop_host(&e);
	if (!d || r < 0)
		return d ? output_error(a, &e) : CLI_FAILED;
	auto_close int run = file_open_dir(AT_FDCWD, d->run, &e);
	bool handed = false;
	auto_close int fd = run < 0 ? -1 : socket_handed();

	handed = fd >= 0;
	if (run >= 0 && !handed)
		fd = sock_listen(run, ADMIN_SOCKET, 0666, &e);
	if (run < 0 || fd < 0 || chdir("/") < 0)
		return output_error(a, &e);
	return wait_loop(fd, handed, d, &e) < 0 ? output_error(a, &e) : CLI_DONE;
}
