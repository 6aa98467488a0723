/* vlan - `vlanId`: a zone's link in a VLAN of the wire. The zone sees no tags; they are put on and taken off on the host. Private to net/.
 *
 *   on a bridge       the port's only VLAN, untagged towards the zone ("access port"); the bridge must filter VLANs, or the number would mean nothing
 *   on another link   a VLAN link "zl<8 hex digits>" between the lower link and the macvlans (uplink.h) of all zones in that VLAN; the last one takes it with it
 *
 * The caller is in the host's network namespace and, but for vlan_check(), holds RUN/net.lock. */
#ifndef NET_VLAN_H
#define NET_VLAN_H

#include <net/if.h>
#include <stdint.h>

#include "net/link.h"
#include "net/netlink.h"
#include "runtime/base/err.h"

/* Can a link on `lower` be in that VLAN? Else -EINVAL or -EOPNOTSUPP with the reason and the way out. Changes nothing. */
MUST_CHECK int vlan_check(struct netlink *nl, const struct link_info *lower, uint16_t id,
			  struct err *e);
/* The name of the VLAN link on the link of that name. */
void vlan_name(const char *lower, uint16_t id, char buf[IFNAMSIZ]);
/* Makes the VLAN link unless it is there, brings it up, and returns it. */
MUST_CHECK int vlan_open(struct netlink *nl, const struct link_info *lower, uint16_t id,
			 struct link_info *ret, struct err *e);
/* Away with VLAN links of ours that nothing stands on any more. */
MUST_CHECK int vlan_sweep(struct netlink *nl, struct err *e);
/* The port, on a bridge already and not up, is in that VLAN and no other. */
MUST_CHECK int vlan_set_port(struct netlink *nl, const char *port, uint16_t id, struct err *e);

#endif
