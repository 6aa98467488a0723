/* conntrack - what the host remembers of an address's connections. Private to net/.
 *
 * An address goes from zone to zone over time. The host's connection tracking would go on leading a stranger's open flow on a published port, and the answers to what another zone
 * had asked, to whoever has the address now: established flows are not judged again by any rule. So all of them are forgotten before a zone's link is made. */
#ifndef NET_CONNTRACK_H
#define NET_CONNTRACK_H

#include <stddef.h>

#include "net/inet.h"
#include "net/publish.h"
#include "runtime/base/err.h"

/* Forget the flows that any of the addresses began or answers, in the caller's network namespace. A kernel without connection tracking, or without its netlink
 * interface, is taken to have none. */
MUST_CHECK int conntrack_forget(const struct inet_addr *addrs, size_t n, struct err *e);

/* Forget the flows that these published ports have led into zones; those to the same ports inside that came another way stay. */
MUST_CHECK int conntrack_forget_ports(const struct publish *ports, size_t n, struct err *e);

#endif
