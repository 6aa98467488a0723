/* bridge_link - one automatic bridge as a link of the host: is it ours, make it, its addresses and parameters. Private to net/; bridge.c decides which ones there are.
 *
 * The caller holds RUN/net.lock and is in the host's network namespace. */
#ifndef NET_BRIDGE_LINK_H
#define NET_BRIDGE_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/link.h"
#include "net/netlink.h"
#include "net/sysctl.h"
#include "runtime/base/err.h"

struct bridge_link {
	char name[IFNAMSIZ];
	struct inet_addr *gates; /* the addresses it is to have, each once; freed by the owner */
	size_t n_gates;
};

/* 1 it exists and is ours, 0 it does not exist; -EEXIST when somebody else's link has the name. Ours is told by the alias, or is `known`: we may have died before it got one. */
MUST_CHECK int bridge_link_look(struct netlink *nl, const char *name, bool known,
				struct link_info *ret, struct err *e);
/* Make it and bring it up; it may be there already, known to be ours. */
MUST_CHECK int bridge_link_make(struct netlink *nl, struct sysctl *proc, const char *name,
				struct err *e);
/* Add the gates that it lacks and take away what is none. -EADDRINUSE when a route of the host overlaps. */
MUST_CHECK int bridge_link_set_addresses(struct netlink *nl, const struct bridge_link *b,
					 struct err *e);
/* May packets with addresses of 127.0.0.0/8 pass the bridge? They do for ports that are published on 127.0.0.1. */
MUST_CHECK int bridge_link_route_loopback(struct sysctl *proc, const char *name, bool on,
					  struct err *e);

#endif
