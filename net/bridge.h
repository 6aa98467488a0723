/* bridge - the automatic bridges "zbr0" and "zbr-NAME" (networks.h) and everything host-wide that hangs on them: their addresses, forwarding, address translation. Shared zones need some of it
 * without a bridge: forwarding, and that links of the host answer for them (proxy.h).
 *
 * All of it is a function of the bridges' USERS: which zones are attached to which and which addresses each needs a bridge to have, and which ports are published for it. The users stand in
 * RUN/net.json, written before anything is made; after every change what exists is brought in line. Without users nothing is left. The caller holds
 * RUN/net.lock and is in the host's network namespace. */
#ifndef NET_BRIDGE_H
#define NET_BRIDGE_H

#include <stddef.h>

#include "net/bridge_link.h"
#include "net/inet.h"
#include "net/netlink.h"
#include "net/proxy.h"
#include "net/publish.h"
#include "runtime/base/err.h"

#define BRIDGE_NAME  "zbr0"
#define BRIDGE_ALIAS "zones:" /* of the bridge; with a zone's name behind it that of its links */

/* RUN/net.lock; made with its directory when missing. Returns the descriptor that holds the lock. */
MUST_CHECK int bridge_lock(const char *run_dir, struct err *e);

struct bridge_claim {
	const char *zone;
	const struct bridge_link *
		links; /* bridges it hangs on, with the addresses it needs there; a name may come twice */
	size_t n_links;
	const struct proxy *proxies; /* addresses of a shared zone */
	size_t n_proxies;
	const struct publish_list *ports; /* of the host, that lead into it; NULL: none */
};
/* -EADDRINUSE, with the owner's name and nothing changed, when a port is another zone's or a program's. */
MUST_CHECK int bridge_join(struct netlink *nl, const char *run_dir, const struct bridge_claim *c,
			   struct err *e);
/* Would bridge_join() refuse the port? Changes nothing. */
MUST_CHECK int bridge_check_port(const char *run_dir, const char *zone, const struct publish *p,
				 struct err *e);
/* -EBUSY with the zone's name when a shared zone has addresses on that link of the host. */
MUST_CHECK int bridge_check_unshared(const char *run_dir, const char *link, struct err *e);
/* It needs none any more. */
MUST_CHECK int bridge_leave(struct netlink *nl, const char *run_dir, const char *zone,
			    struct err *e);
/* All users but those in the NULL-terminated list leave. */
MUST_CHECK int bridge_keep(struct netlink *nl, const char *run_dir, const char *const *alive,
			   struct err *e);

/* -EEXIST when a link of that name exists that is not ours, nor one that was being made when somebody died. */
MUST_CHECK int bridge_check_name(struct netlink *nl, const char *run_dir, const char *bridge,
				 struct err *e);
/* -EADDRINUSE when a route of the host that does not lead to the bridge overlaps a's network. */
MUST_CHECK int bridge_check_subnet(struct netlink *nl, const char *bridge,
				   const struct inet_addr *a, struct err *e);

#endif
