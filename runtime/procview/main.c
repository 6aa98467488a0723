/* zone-procview - the small server behind /proc/meminfo and its kin in a zone, and behind its sysinfo(2); procview.h says how it is started.
 *
 * A program of its own and not a part of the monitor: it talks with a file system that a hostile tenant uses, so it has no rights on the host, no memory of others, and may crash. It is static and has none
 * of the library because there is one for every zone: what it costs is a few pages each, and the program's text once. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/procview/private.h"

/* Descriptors by kind, from PROCVIEW_DEVICE on; -1: not sent. */
struct given {
	int fds[PROCVIEW_LISTENER - PROCVIEW_DEVICE];
};

static int given_fd(const struct given *g, enum procview_source_kind kind)
{
	return g->fds[kind - PROCVIEW_DEVICE];
}

bool message_take(int sock, struct procview_message *m, int *fd)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec part = { m, sizeof(*m) };
	struct msghdr h = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;

	*fd = -1;
	if (recvmsg(sock, &h, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*m) ||
	    m->version != PROCVIEW_VERSION)
		return false;
	c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return true;
}

/* Everything up to the start. */
static bool take_all(int sock, struct sources *s, struct calls *c, struct given *g,
		     struct procview_message *start)
{
	int fd;

	for (int i = 0; i < PROCVIEW_SOURCES; i++)
		s->fds[i] = -1;
	memset(g->fds, -1, sizeof(g->fds));
	while (message_take(sock, start, &fd)) {
		if (start->kind == PROCVIEW_START)
			return true;
		if (start->kind < PROCVIEW_SOURCES) {
			s->fds[start->kind] = fd;
			s->v1[start->kind] = start->v1 != 0;
			continue;
		}
		if (start->kind == PROCVIEW_LISTENER)
			(void)calls_add(c, start->slot, fd); /* one that has ended meanwhile */
		else if (start->kind < PROCVIEW_LISTENER)
			g->fds[start->kind - PROCVIEW_DEVICE] =
				dup3(fd, PROCVIEW_FD(start->kind), O_CLOEXEC);
		(void)close(fd);
	}
	return false;
}

int main(int argc, char **argv)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP };
	static struct sources s;
	static struct calls c;
	struct given g;
	struct procview_message start = { 0 };
	int sock = argc == 2 ? atoi(argv[1]) : -1;

	calls_init(&c);
	if (sock <= 2 || !take_all(sock, &s, &c, &g, &start) || given_fd(&g, PROCVIEW_DEVICE) < 0)
		return 2;
	/* a service manager that ends a whole cgroup means the zones, and they need this to the end */
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	s.boot = start.boot;
	bool answers = given_fd(&g, PROCVIEW_USERS) >= 0;

	if (answers &&
	    !calls_open(&c, &s, given_fd(&g, PROCVIEW_LEDGER), given_fd(&g, PROCVIEW_CHANNEL)))
		return 1;
	if (!seal(start.uid, given_fd(&g, PROCVIEW_USERS), given_fd(&g, PROCVIEW_PROC)) ||
	    write(sock, "", 1) != 1)
		return 1;
	(void)close(sock);
	return serve(given_fd(&g, PROCVIEW_DEVICE), &s, answers ? &c : NULL);
}
