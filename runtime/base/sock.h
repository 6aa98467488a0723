/* sock - local sockets with message boundaries (SOCK_SEQPACKET), descriptors and credentials.
 *
 * Every receive states the size it expects: a message that is too short, too long (MSG_TRUNC) or carries more descriptors than asked for
 * is -EPROTO, and surplus descriptors are closed. Descriptors received are close-on-exec. */
#ifndef RUNTIME_BASE_SOCK_H
#define RUNTIME_BASE_SOCK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "runtime/base/err.h"

enum { SOCK_MAX_FDS = 16 };

struct sock_msg {
	void *data;            /* caller's buffer */
	size_t size;           /* send: bytes to send; receive: capacity before, length after */
	int fds[SOCK_MAX_FDS]; /* receive: owned by the caller afterwards */
	size_t n_fds;          /* receive: how many are allowed before, how many came after */
	struct ucred
		cred; /* receive: sender as the kernel tells it, pid 0 when SO_PASSCRED is off */
};

MUST_CHECK int sock_pair(int ret[2], struct err *e);                       /* seqpacket, cloexec */
MUST_CHECK int sock_pass_credentials(int fd, struct err *e);               /* SO_PASSCRED on */
MUST_CHECK int sock_send(int fd, const struct sock_msg *m, struct err *e); /* MSG_NOSIGNAL */
/* Returns 1 for a message, 0 for the end of the conversation, negative errno on failure (-EAGAIN when non-blocking). */
MUST_CHECK int sock_recv(int fd, struct sock_msg *m, struct err *e);

/* Listening seqpacket socket at dirfd/name, mode 0600 from birth. An old socket file is replaced. Long paths work (bound through /proc/self/fd/DIRFD). */
MUST_CHECK int sock_listen(int dirfd, const char *name, mode_t mode, struct err *e);
MUST_CHECK int sock_accept(int fd, struct ucred *ret_peer,
			   struct err *e); /* non-blocking cloexec descriptor; SO_PEERCRED */
/* Connect; -ECONNREFUSED / -ENOENT when nobody listens. */
MUST_CHECK int sock_connect(int dirfd, const char *name, struct err *e);
/* Connect to a SOCK_STREAM socket by host path (console sockets, seccomp agents). */
MUST_CHECK int sock_connect_stream(const char *path, struct err *e);
/* Non-blocking datagram socket at dirfd/name, with this mode from birth whatever the umask is; no symlink there is followed, nothing there is replaced (-EADDRINUSE). */
MUST_CHECK int sock_bind_datagram(int dirfd, const char *name, mode_t mode, struct err *e);
/* Connect to a datagram socket of the host by its path, or by "@NAME" in the abstract namespace. */
MUST_CHECK int sock_connect_datagram(const char *name, struct err *e);
MUST_CHECK int sock_timeout(int fd, int ms, struct err *e); /* SO_RCVTIMEO and SO_SNDTIMEO */

#endif
