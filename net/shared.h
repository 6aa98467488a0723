/* shared - a zone with ipType shared: its addresses are on links of the host, the host's routes, packet filter and links carry its traffic, and nothing of them is in the zone's hands. Private to net/.
 *
 * The zone has a network namespace of its own all the same: in the host's it could reach the abstract sockets and the services on 127.0.0.1 of host and other zones. In the namespace is one
 * end of a veth with the zone's addresses, without routes to their subnets; the other end has no address. Host and zone know each other's MAC for good (neigh.h), so nobody asks on that veth:
 *
 *   zone   default via 169.254.1.1 and fe80::1, which are the host's end and nobody's address
 *   host   a route to each address, forwarding for that link, link protection (guard.h)
 *   link   answers for the address to those who are on it (proxy.h) */
#ifndef NET_SHARED_H
#define NET_SHARED_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/inet.h"
#include "net/link.h"
#include "net/netlink.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

/* The gateway of that family, as a zone sees it. */
struct inet_addr shared_gateway(int family);

/* Can zones share this link of the host? Says why not; changes nothing. */
MUST_CHECK int shared_check_link(struct netlink *host, const char *name, struct link_info *ret,
				 struct err *e);
/* Can the address be on that link? `addrs`: all of the host's. */
MUST_CHECK int shared_check_address(struct netlink *host, const struct link_info *link,
				    const struct addr_list *addrs, const struct inet_addr *a,
				    struct err *e);

struct shared {
	const char *host; /* the host's end */
	const char *alias;
	const uint8_t *mac; /* of the zone's end */
	const struct inet_addr *addrs;
	size_t n_addrs;
};
/* The host's end is protected already. On failure some of it is there, and goes with the link. */
MUST_CHECK int shared_connect(struct netlink *host, const struct shared *s, struct err *e);
/* One default route inside, through the host's end; `index` is the zone's. */
MUST_CHECK int shared_route(struct netlink *host, struct netlink *zone, const char *host_end,
			    uint32_t index, const struct inet_addr *gateway, struct err *e);

/* Into a link's live state: which of its links of the host it is that does not work, or the first, and whether routes and answers of all addresses are there. `saved`: as plan_save() describes the link. */
MUST_CHECK int shared_status(struct netlink *host, const struct link_list *links,
			     const struct json *saved, struct json *status, struct err *e);

#endif
