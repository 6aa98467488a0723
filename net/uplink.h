/* uplink - a zone's link on a link of the host that is no bridge: a network card, a VLAN, a bond. Private to net/.
 *
 *   from the zone   zone -> zv -> guard chain -> "zo" chain: fwd -> zm [tbf] -> lower link -> wire
 *   to the zone     wire -> lower link -> zm -> "zm" chain: fwd -> [tbf] zv -> zone
 *
 * "zm<hash>.<n>" is a macvlan on the lower link with the zone's MAC. It stays on the HOST: inside the zone there is the same veth as on a bridge, so link protection, counters and bandwidth
 * work the same way, and the zone cannot touch them - a macvlan handed to a zone would have no place left where its frames can be judged. Two chains in the guard's table send every frame
 * across; nothing of it reaches the host's own network stack, and neither link has an address. The macvlan takes all groups, because the groups that the zone joins are not known out here.
 *
 * Zones on one lower link reach each other (macvlan's mode "bridge"), isolated ones none of the others ("private"). As with every macvlan, the host's own addresses on the lower
 * link are not reached through it.
 *
 * The caller is in the host's network namespace and holds RUN/net.lock. */
#ifndef NET_UPLINK_H
#define NET_UPLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/link.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

/* What is no bridge and can carry a zone's link of this MTU: 0; else -EINVAL with the reason and the way out. Pure. */
MUST_CHECK int uplink_check(const struct link_info *lower, uint32_t mtu, struct err *e);
/* Would this kernel take it on this lower link? Changes nothing. */
MUST_CHECK int uplink_probe(struct netlink *nl, const struct link_info *lower, struct err *e);

struct uplink {
	const char *host; /* "zv..." exists, is not up yet, and is up afterwards */
	const struct link_info *lower;
	const uint8_t *mac; /* the zone's */
	const char *alias;
	uint32_t mtu;
	bool isolated;
	uint64_t maxbw; /* bits per second from the zone; 0: not limited */
};
/* What a crash left under these names is replaced. */
MUST_CHECK int uplink_add(struct netlink *nl, const struct uplink *u, struct err *e);
/* Missing is fine. `host` is removed before. */
MUST_CHECK int uplink_remove(struct netlink *nl, const char *host, struct err *e);
/* Are both chains and the macvlan on the lower link there, and is it up? `links` are the host's. */
MUST_CHECK int uplink_is_whole(const struct link_list *links, const char *host,
			       const struct link_info *lower, bool *ret, struct err *e);

#endif
