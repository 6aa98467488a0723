/* change_port - the host's side of a link of a running zone: what it hangs on and what holds it to its bandwidth, as parts of change_link.c. Private to that.
 *
 * The pair of links with the zone's end stays through all of it; what is behind the host's end is replaced: the port of a bridge, or the macvlan on a card (uplink.h), with its VLAN. */
#ifndef NET_CHANGE_PORT_H
#define NET_CHANGE_PORT_H

#include "net/change.h"
#include "net/link.h"
#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/err.h"

struct relink {
	const struct change_run *run;
	struct plan_link *link;
	size_t index;
	const struct json *now;     /* its entry in the new record */
	struct change_records olds; /* its entries in the old ones */
	struct netlink zone;
	struct link_info outer, inner;
};

/* In this order: off what it is not to be on any more, and down; its bandwidth; on what it is to be on, and up. What is so already stays up. */
MUST_CHECK int relink_unport(struct relink *x, struct err *e);
MUST_CHECK int relink_shape(struct relink *x, struct err *e);
MUST_CHECK int relink_port(struct relink *x, struct err *e);
MUST_CHECK int relink_isolate(struct relink *x, struct err *e);

#endif
