/* qdisc - the queue a link sends through: a token bucket (tbf) that holds it to a bandwidth. Works in the namespace of the socket it is given. */
#ifndef NET_QDISC_H
#define NET_QDISC_H

#include <stdint.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

struct qdisc_tbf {
	uint64_t rate; /* bytes per second, link headers included */
	uint32_t burst,
		limit; /* bytes: sent at once after a silence; waiting, the rest is dropped */
};
/* Bucket and queue for a bandwidth of `bits` per second on a link of this MTU. Pure. */
struct qdisc_tbf qdisc_tbf_for(uint64_t bits, uint32_t mtu);

/* Make it the root of the link with this index, or change the one that is there. */
MUST_CHECK int qdisc_set_tbf(struct netlink *nl, uint32_t index, const struct qdisc_tbf *q,
			     struct err *e);
/* The root goes, whatever it is; none is fine. */
MUST_CHECK int qdisc_clear(struct netlink *nl, uint32_t index, struct err *e);
/* What the kernel holds the link to, in bytes per second; 0 when its root is no token bucket. */
MUST_CHECK int qdisc_rate(struct netlink *nl, uint32_t index, uint64_t *ret, struct err *e);
/* Does this kernel have token buckets? Changes nothing. */
MUST_CHECK int qdisc_probe(struct netlink *nl, struct err *e);

#endif
