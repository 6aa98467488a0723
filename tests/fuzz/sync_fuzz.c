#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/engine/sync.h"

/* libFuzzer target (make fuzz-sync): any packet, with any number of descriptors, as a message of the conversation between a container's parent and its children. A child is in the hands of the
 * container as soon as its program is, so nothing that comes from it is believed. The first byte tells how many descriptors go along, the rest is the packet. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PACKET_MAX = 8192 };

static int send_packet(int to, const uint8_t *data, size_t n, size_t n_fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * 32)] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > 0) {
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		for (size_t i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &to, sizeof(int));
	}
	return (int)sendmsg(to, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Descriptors that a refused message brought are closed. */
static int open_descriptors(void)
{
	int first = dup(0), n = first;

	if (first >= 0)
		(void)close(first);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct err e = { 0 };
	struct sync_msg in;
	int pair[2], before;

	if (n < 2 || n > PACKET_MAX || sock_pair(pair, &e) < 0)
		return 0;
	before = open_descriptors();
	if (send_packet(pair[0], data + 1, n - 1, data[0] % 32) >= 0) {
		int r = sync_recv(pair[1], &in, &e);

		assert(r == 1 || r < 0);
		if (r == 1) {
			assert(in.n_fds <= SOCK_MAX_FDS && sync_word(in.type));
			if (in.type == SYNC_FAILED)
				assert(strnlen(in.u.err.text, sizeof(in.u.err.text)) <
				       sizeof(in.u.err.text));
			sync_close_fds(&in);
		}
	}
	assert(open_descriptors() == before);
	(void)close(pair[0]);
	(void)close(pair[1]);
	return 0;
}
