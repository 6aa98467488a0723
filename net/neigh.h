/* neigh - entries of the kernel's neighbour tables that somebody sets: MAC addresses that are known for good, and addresses that a link answers for in another's place (proxy ARP and proxy NDP,
 * "ip neigh add proxy"). In the namespace of the socket. Private to net/. */
#ifndef NET_NEIGH_H
#define NET_NEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

/* The address is behind that link at that MAC; nobody is asked, and no answer changes it. An entry there already is replaced. The link is up. */
MUST_CHECK int neigh_set(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			 const uint8_t mac[INET_MAC], struct err *e);

/* An address that a link answers for. */
struct neigh_proxy {
	uint32_t index;
	struct inet_addr addr;
	bool is_ours; /* told by the protocol that the kernel keeps with it */
};
struct neigh_list {
	struct neigh_proxy *items;
	size_t n;
};
void neigh_list_done(struct neigh_list *l);

/* Of all links and both families. */
MUST_CHECK int neigh_proxies(struct netlink *nl, struct neigh_list *ret, struct err *e);
/* As one of ours; one there already becomes ours. */
MUST_CHECK int neigh_proxy_add(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			       struct err *e);
/* Missing is fine. */
MUST_CHECK int neigh_proxy_remove(struct netlink *nl, uint32_t index, const struct inet_addr *a,
				  struct err *e);

#endif
