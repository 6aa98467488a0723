/* netlink - talk to the kernel over NETLINK_ROUTE and NETLINK_NETFILTER.
 *
 * Messages are built with libmnl in a buffer of the caller (struct netlink_request); this module sends them, waits for the answer, and accepts a reply only
 * when it comes from the kernel, carries our port id and the sequence number of the request. The kernel's own words (extended acknowledgement) become part of
 * the error. Any process may call it; a socket works in the network namespace it was opened in, wherever the caller is. */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/err.h"

struct netlink {
	int fd;
	uint32_t seq, portid;
};
#define NETLINK_CLOSED   \
	{                \
		.fd = -1 \
	}

struct netlink_request {
	_Alignas(8) char data[4096];
	struct nlmsghdr *h; /* set by netlink_begin(); points into data */
};

/* bus: NETLINK_ROUTE or NETLINK_NETFILTER. */
MUST_CHECK int netlink_open(struct netlink *nl, int bus, struct err *e);
/* Take over a bound or fresh socket (received from another process). Owns fd also on failure. */
MUST_CHECK int netlink_adopt(struct netlink *nl, int fd, struct err *e);
void netlink_done(struct netlink *nl);

/* Begin a message: type, NLM_F_* flags besides NLM_F_REQUEST. */
void netlink_begin(struct netlink_request *q, uint16_t type, uint16_t flags);

/* One reply message; return 0 to go on, negative errno to stop (recorded in e by the callee or not at all). */
typedef int (*netlink_reply_fn)(const struct nlmsghdr *h, void *arg);

/* Send, wait for the acknowledgement. `fn` gets the replies before it (may be NULL). Returns 0 or the kernel's errno, in words. */
MUST_CHECK int netlink_talk(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn,
			    void *arg, struct err *e);
/* The same for a dump (NLM_F_DUMP is added). The kernel says when a change interrupted a dump; it is then repeated, and *count, the length of the list that `fn` fills,
 * is set to 0 before each attempt. */
MUST_CHECK int netlink_dump(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn,
			    void *arg, size_t *count, struct err *e);

/* Send a finished nftables batch of `n` bytes and collect what comes back: 0, or the first error. Its first message must ask for an acknowledgement. */
MUST_CHECK int netlink_batch(struct netlink *nl, const void *data, size_t n, struct err *e);

/* Attributes: the one of `type` in a message behind a header of `skip` bytes, or NULL. */
const struct nlattr *netlink_attr(const struct nlmsghdr *h, size_t skip, uint16_t type);
const struct nlattr *netlink_nested(const struct nlattr *nest, uint16_t type);

#endif
