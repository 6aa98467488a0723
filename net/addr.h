/* addr - addresses of links. In the namespace of the socket. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

struct addr_entry {
	uint32_t index; /* the link's */
	uint8_t scope;  /* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
	struct inet_addr addr;
};
struct addr_list {
	struct addr_entry *items;
	size_t n;
};
void addr_list_done(struct addr_list *l);

/* All addresses of all links, both families. */
MUST_CHECK int addr_all(struct netlink *nl, struct addr_list *ret, struct err *e);
/* Add; the same address there already is success. IPv6 without duplicate address detection: leases and link protection give uniqueness, and it would cost a second. */
MUST_CHECK int addr_add(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			struct err *e);
/* The same without the route to its subnet: what is there is reached by other routes only. */
MUST_CHECK int addr_add_alone(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			      struct err *e);
/* Missing is fine. */
MUST_CHECK int addr_remove(struct netlink *nl, uint32_t index, const struct inet_addr *a,
			   struct err *e);

#endif
