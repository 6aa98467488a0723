/* route - routes. In the namespace of the socket. */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

struct route_entry {
	struct inet_addr net; /* default routes are left out */
	uint32_t index;       /* the link's; 0: several or none */
};
struct route_list {
	struct route_entry *items;
	size_t n;
};
void route_list_done(struct route_list *l);

/* Unicast, blackhole, unreachable and prohibit routes with a destination, of every table but "local". */
MUST_CHECK int route_all(struct netlink *nl, struct route_list *ret, struct err *e);
/* A default route through `gateway`; the same one there already is success. */
MUST_CHECK int route_add_default(struct netlink *nl, uint32_t index,
				 const struct inet_addr *gateway, struct err *e);
/* The same where the gateway is in no subnet of the link, which it is behind. */
MUST_CHECK int route_add_default_onlink(struct netlink *nl, uint32_t index,
					const struct inet_addr *gateway, struct err *e);
/* The one address is behind that link; -EEXIST when there is a route to it already. */
MUST_CHECK int route_add_host(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			      struct err *e);
/* The number of the link through which the host's rules and routes send packets for `to`; 0: none does. */
MUST_CHECK int route_lookup(struct netlink *nl, const struct inet_addr *to, uint32_t *ret,
			    struct err *e);

/* Does a default route of the table "main" lead through that link? */
MUST_CHECK int route_carries_default(struct netlink *nl, uint32_t index, bool *ret, struct err *e);
/* Those through it and that link in the table "main", however they were made; missing is fine. */
MUST_CHECK int route_remove_default(struct netlink *nl, uint32_t index,
				    const struct inet_addr *gateway, struct err *e);

/* Is there a default route through `gateway` and that link in the table "main"? The list is not kept: it may be a tenant's and of any length. */
MUST_CHECK int route_has_default(struct netlink *nl, uint32_t index,
				 const struct inet_addr *gateway, bool *ret, struct err *e);

#endif
