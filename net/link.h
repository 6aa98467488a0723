/* link - network interfaces: find, list, make, change, delete. Each call works in the namespace of the socket it is given. */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

enum { LINK_ALIAS = 96 };

struct link_info {
	char name[IFNAMSIZ];
	char kind[16];          /* "veth" "bridge" ...; "" for devices */
	char alias[LINK_ALIAS]; /* cut off when longer */
	uint32_t index, flags, mtu, master;
	uint16_t type; /* ARPHRD_* */
	uint32_t
		peer; /* number of a veth's other end, in the namespace that end is in; of a macvlan's lower link */
	int32_t peer_netns; /* that namespace's id in this one; -1: none, or this very one */
	uint8_t mac[INET_MAC];
	uint64_t rx_bytes, tx_bytes, rx_packets, tx_packets, rx_dropped, tx_dropped;
};
struct link_list {
	struct link_info *items;
	size_t n;
};
void link_list_done(struct link_list *l);

/* -ENODEV when there is none. */
MUST_CHECK int link_find(struct netlink *nl, const char *name, struct link_info *ret,
			 struct err *e);
MUST_CHECK int link_find_index(struct netlink *nl, uint32_t index, struct link_info *ret,
			       struct err *e);
/* The host's end of a veth whose other end `inside` was found in the namespace of netns_fd. Both ends and the namespace must agree; -ENODEV when there is no such link. */
MUST_CHECK int link_find_peer(struct netlink *host, int netns_fd, const struct link_info *inside,
			      struct link_info *ret, struct err *e);
MUST_CHECK int link_all(struct netlink *nl, struct link_list *ret, struct err *e);
/* The ports of a bridge, without counters. */
MUST_CHECK int link_ports(struct netlink *nl, uint32_t bridge, struct link_list *ret,
			  struct err *e);

MUST_CHECK int link_add_bridge(struct netlink *nl, const char *name, const uint8_t mac[INET_MAC],
			       struct err *e);

struct link_veth {
	const char *host,
		*peer; /* the peer is born in netns_fd under its final name: the host never sees it */
	int netns_fd;
	const uint8_t *mac; /* of the peer */
	uint32_t mtu;       /* both ends; 0: the kernel's default */
};
MUST_CHECK int link_add_veth(struct netlink *nl, const struct link_veth *v, struct err *e);

/* What is sent to it comes back as received by the link it came from. */
MUST_CHECK int link_add_ifb(struct netlink *nl, const char *name, struct err *e);
/* Does this kernel have links of the kind ("veth", "bridge", "ifb")? -EOPNOTSUPP when not. Changes nothing. */
MUST_CHECK int link_probe_kind(struct netlink *nl, const char *kind, struct err *e);

struct link_macvlan {
	const char *name;
	uint32_t lower;     /* index */
	const uint8_t *mac; /* frames for it come here */
	uint32_t mtu;       /* 0: the lower link's */
	bool is_private; /* no frames from and to others on the lower link; else they reach each other */
};
MUST_CHECK int link_add_macvlan(struct netlink *nl, const struct link_macvlan *m, struct err *e);
/* Does this kernel have such links, and does this lower link take them? Changes nothing. */
MUST_CHECK int link_probe_macvlan(struct netlink *nl, uint32_t lower, struct err *e);

/* Changes of one link, made in this order; what is not set stays. */
struct link_change {
	const char *alias;
	bool no_link_local; /* no IPv6 address by itself */
	uint32_t master;    /* index of a bridge */
	bool isolated; /* on the bridge: no frames from and to other isolated ports; needs master */
	bool relay; /* only hands frames on: takes those of all groups, and the host asks and answers no ARP on it */
	bool up;
};
MUST_CHECK int link_change(struct netlink *nl, const char *name, const struct link_change *c,
			   struct err *e);
/* The same for a link whose name somebody else decides, by its number; what is not set stays. A kernel before 6.3 renames no link that is up (-EBUSY). */
struct link_values {
	const char *name;
	const uint8_t *mac;
	uint32_t mtu;
	bool up;
};
MUST_CHECK int link_set_values(struct netlink *nl, uint32_t index, const struct link_values *v,
			       struct err *e);
/* The number of the port behind which a bridge has heard that MAC last; -ENOENT: behind none. */
MUST_CHECK int link_port_of(struct netlink *nl, uint32_t bridge, const uint8_t mac[INET_MAC],
			    uint32_t *ret, struct err *e);
MUST_CHECK int link_set_down(struct netlink *nl, const char *name, struct err *e);
/* No bridge's port any more. */
MUST_CHECK int link_set_free(struct netlink *nl, const char *name, struct err *e);
/* It is a bridge's port. */
MUST_CHECK int link_set_isolated(struct netlink *nl, const char *name, bool on, struct err *e);
MUST_CHECK int link_is_isolated(struct netlink *nl, const char *name, bool *ret, struct err *e);
/* A link of this name that a crash left goes, told by its alias; one of somebody else stays: -EEXIST. It exists. */
MUST_CHECK int link_clear(struct netlink *nl, const char *name, const char *alias, struct err *e);
/* Missing is fine. */
MUST_CHECK int link_delete(struct netlink *nl, const char *name, struct err *e);

#endif
