/* sock - one message is one datagram of a SOCK_SEQPACKET socket; what does not fit is refused,
 * never cut.
 *
 * A path longer than sun_path (108 bytes) is reached through the directory's descriptor:
 * /proc/self/fd/N/NAME. */
#include "runtime/base/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/base/sys.h"

enum { BACKLOG = 64 };

/* Room for everything that may come; the union gives the alignment that cmsg(3) demands. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int) * SOCK_MAX_FDS) + CMSG_SPACE(sizeof(struct ucred))];
};

int sock_pair(int ret[2], struct err *e)
{
	if (sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) < 0)
		return err_sys(e, "make a socket pair");
	return 0;
}

int sock_pass_credentials(int fd, struct err *e)
{
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return err_sys(e, "ask for the peer's credentials");
	return 0;
}

/* --- messages --------------------------------------------------------------------------------- */

int sock_send(int fd, const struct sock_msg *m, struct err *e)
{
	union control control = { 0 };
	struct iovec io = { .iov_base = m->data, .iov_len = m->size };
	struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1 };

	if (m->n_fds > SOCK_MAX_FDS)
		return err_set(e, EINVAL, "a message cannot carry %zu descriptors", m->n_fds);
	if (m->n_fds > 0) {
		size_t bytes = m->n_fds * sizeof(int);

		h.msg_control = control.bytes;
		h.msg_controllen = CMSG_SPACE(bytes);
		struct cmsghdr *c = CMSG_FIRSTHDR(&h);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(c), m->fds, bytes);
	}
	ssize_t n = sys_sendmsg(fd, &h, MSG_NOSIGNAL);

	if (n < 0)
		return err_sys(e, "send a message");
	if ((size_t)n != m->size)
		return err_set(e, EIO, "send a message: only a part was taken");
	return 0;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
}

/* Everything that came beside the data: all descriptors (however many) and the sender. Returns
 * their number. */
static size_t take_control(struct msghdr *h, int fds[SOCK_MAX_FDS], struct ucred *cred)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t bytes = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_CREDENTIALS && bytes >= sizeof(*cred))
			memcpy(cred, CMSG_DATA(c), sizeof(*cred));
		if (c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i + 1 <= bytes / sizeof(int); i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < SOCK_MAX_FDS)
				fds[n++] = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

int sock_recv(int fd, struct sock_msg *m, struct err *e)
{
	union control control;
	struct iovec io = { .iov_base = m->data, .iov_len = m->size };
	struct msghdr h = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control) };
	size_t allowed = m->n_fds;
	ssize_t n = sys_recvmsg(fd, &h, MSG_CMSG_CLOEXEC);

	m->n_fds = 0;
	m->cred = (struct ucred){ 0 };
	if (n < 0)
		return err_sys(e, "receive a message");
	size_t n_fds = take_control(&h, m->fds, &m->cred);
	const char *fault = NULL;

	if (h.msg_flags & MSG_TRUNC)
		fault = "it is too long";
	else if (n_fds > allowed || h.msg_flags & MSG_CTRUNC)
		fault = "it carries descriptors that nobody asked for";
	if (fault) {
		close_all(m->fds, n_fds);
		return err_set(e, EPROTO, "receive a message: %s", fault);
	}
	m->size = (size_t)n;
	m->n_fds = n_fds;
	/* Nobody here sends empty messages: nothing at all is the end of the conversation. */
	return n == 0 && n_fds == 0 ? 0 : 1;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* Open the directory that holds the socket, and say its address there. *ret_dir is -1 when the
 * path itself fits. */
static int address(int dirfd, const char *path, struct sockaddr_un *ret, int *ret_dir,
		   struct err *e)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*ret_dir = -1;
	if ((dirfd == AT_FDCWD || *path == '/') &&
	    str_format(ret->sun_path, sizeof(ret->sun_path), "%s", path) == 0)
		return 0;
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	auto_free char *dir =
		slash ? mem_strndup(path, (size_t)(slash - path) + 1) : mem_strdup(".");
	auto_close int fd = sys_openat(dirfd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open the directory of \"%s\"", path);
	if (str_empty(name) ||
	    str_format(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", fd, name) < 0)
		return err_set(e, ENAMETOOLONG, "\"%s\" is no name for a socket", path);
	*ret_dir = fd_steal(&fd);
	return 0;
}

/* Remove an old socket; anything else at that name stays and makes bind() fail. */
static void remove_old(int dirfd, const char *name)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode))
		(void)sys_unlinkat(dirfd, name, 0); /* bind() reports it if this failed */
}

static int bind_at(int fd, int dirfd, const char *name, mode_t mode, struct err *e)
{
	struct sockaddr_un to;
	auto_close int dir = -1;
	int r = address(dirfd, name, &to, &dir, e);

	if (r < 0)
		return r;
	/* bind() gives the file the mode of the socket's inode less the umask: there is no moment at which it is open to others, and no second look at the name, which could be
	 * another file by then */
	if (sys_fchmod(fd, mode) < 0)
		return err_sys(e, "set the mode of \"%s\"", name);
	mode_t before = umask(0);

	r = bind(fd, (const struct sockaddr *)&to, sizeof(to)) < 0
		    ? err_sys(e, "bind to \"%s\"", name)
		    : 0;
	(void)umask(before);
	return r;
}

int sock_listen(int dirfd, const char *name, mode_t mode, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	remove_old(dirfd, name);
	int r = bind_at(fd, dirfd, name, mode, e);

	if (r < 0)
		return r;
	if (listen(fd, BACKLOG) < 0)
		return err_sys(e, "listen on \"%s\"", name);
	return fd_steal(&fd);
}

int sock_accept(int fd, struct ucred *ret_peer, struct err *e)
{
	auto_close int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred cred = { 0 };
	socklen_t size = sizeof(cred);

	if (peer < 0)
		return err_sys(e, "accept a connection");
	if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return err_sys(e, "ask who connects");
	if (ret_peer)
		*ret_peer = cred;
	return fd_steal(&peer);
}

int sock_bind_datagram(int dirfd, const char *name, mode_t mode, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	int r = bind_at(fd, dirfd, name, mode, e);

	return r < 0 ? r : fd_steal(&fd);
}

static int connect_to(int type, int dirfd, const char *path, struct err *e)
{
	struct sockaddr_un to;
	auto_close int dir = -1;
	auto_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? err_sys(e, "make a socket") : address(dirfd, path, &to, &dir, e);

	if (r < 0)
		return r;
	do {
		r = connect(fd, (const struct sockaddr *)&to, sizeof(to));
	} while (r < 0 && errno == EINTR);
	return r < 0 ? err_sys(e, "connect to \"%s\"", path) : fd_steal(&fd);
}

int sock_connect(int dirfd, const char *name, struct err *e)
{
	return connect_to(SOCK_SEQPACKET, dirfd, name, e);
}

int sock_connect_stream(const char *path, struct err *e)
{
	return connect_to(SOCK_STREAM, AT_FDCWD, path, e);
}

/* An abstract name begins with a zero byte, has no terminator, and its length counts. */
static int connect_abstract(const char *name, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	if (n + 1 > sizeof(to.sun_path))
		return err_set(e, ENAMETOOLONG, "\"@%s\" is no name for a socket", name);
	memcpy(to.sun_path + 1, name, n);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);

	if (connect(fd, (const struct sockaddr *)&to, size) < 0)
		return err_sys(e, "connect to \"@%s\"", name);
	return fd_steal(&fd);
}

int sock_connect_datagram(const char *name, struct err *e)
{
	return name[0] == '@' ? connect_abstract(name + 1, e)
			      : connect_to(SOCK_DGRAM, AT_FDCWD, name, e);
}

int sock_timeout(int fd, int ms, struct err *e)
{
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000L };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) < 0)
		return err_sys(e, "set a time limit on a socket");
	return 0;
}
