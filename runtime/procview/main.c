/* zone-procview - the small server behind /proc/meminfo and its kin in a zone; procview.h says how it is started.
 *
 * A program of its own and not a part of the monitor: it talks with a file system that a hostile tenant uses, so it has no rights, no memory of others, and may crash. It is static and has none
 * of the library because there is one for every zone: what it costs is a few pages each, and the program's text once. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/procview/private.h"

/* One message and its descriptor (-1: none). */
static bool take(int sock, struct procview_message *m, int *fd)
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

/* Everything up to the start. The device's descriptor, or -1. */
static int take_all(int sock, struct sources *s, struct procview_message *start)
{
	int device = -1, fd;

	for (int i = 0; i < PROCVIEW_SOURCES; i++)
		s->fds[i] = -1;
	while (take(sock, start, &fd)) {
		if (start->kind == PROCVIEW_START)
			return device;
		if (start->kind == PROCVIEW_DEVICE)
			device = dup3(fd, PROCVIEW_DEVICE_FD, O_CLOEXEC);
		else if (start->kind < PROCVIEW_SOURCES) {
			s->fds[start->kind] = fd;
			s->v1[start->kind] = start->v1 != 0;
			continue;
		}
		(void)close(fd);
	}
	return -1;
}

int main(int argc, char **argv)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGHUP };
	static struct sources s;
	struct procview_message start = { 0 };
	int sock = argc == 2 ? atoi(argv[1]) : -1;
	int device = sock > 2 ? take_all(sock, &s, &start) : -1;

	if (device < 0)
		return 2;
	/* a service manager that ends a whole cgroup means the zones, and they need this to the end */
	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	s.boot = start.boot;
	if (!seal(start.uid) || write(sock, "", 1) != 1)
		return 1;
	(void)close(sock);
	return serve(device, &s);
}
