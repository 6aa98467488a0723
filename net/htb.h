/* htb - a queue with classes (hierarchical token buckets): classes share a total by weight, each has a rate that is its own and may borrow what the others leave up to its ceiling.
 *
 * A frame's class is its priority (skb->priority), which packet filter rules of ours set. Class ids are HTB_MAJOR:MINOR with minors that are multiples of 16: the priority stays on
 * the frame when it leaves the queue, and simple queues behind it (pfifo_fast) look at its lowest four bits - this way none of ours is preferred there.
 * Works in the namespace of the socket it is given. */
#ifndef NET_HTB_H
#define NET_HTB_H

#include <stdint.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

enum { HTB_MAJOR = 0x5a42, HTB_STEP = 16, HTB_LAST = 0xfff0 };

/* The priority of frames of a class. */
uint32_t htb_priority(uint32_t minor);

struct htb_class {
	uint32_t minor;      /* HTB_STEP ... HTB_LAST in steps of HTB_STEP */
	uint64_t rate, ceil; /* bits per second, link headers included; rate <= ceil */
	uint32_t quantum;    /* bytes that it may send in its turn of what others leave */
};
/* Make the queue the root of the link with this index and its total `bits` per second, or change the total. */
MUST_CHECK int htb_set_total(struct netlink *nl, uint32_t index, uint64_t bits, struct err *e);
/* Make the class or change it. A new one holds up to a tenth of a second of its ceiling (at least 256 KiB); more is dropped. */
MUST_CHECK int htb_set_class(struct netlink *nl, uint32_t index, const struct htb_class *c,
			     struct err *e);
/* The class is empty or what it holds is lost; missing is fine. */
MUST_CHECK int htb_remove_class(struct netlink *nl, uint32_t index, uint32_t minor, struct err *e);
/* Bits per second; *rate and *ceil are 0 when there is no such class. */
MUST_CHECK int htb_rates(struct netlink *nl, uint32_t index, uint32_t minor, uint64_t *rate,
			 uint64_t *ceil, struct err *e);
/* Does this kernel have such queues? Changes nothing. */
MUST_CHECK int htb_probe(struct netlink *nl, struct err *e);

#endif
