/* networks_pick - free subnets for an automatic bridge that was given none. Private to net/. */
#ifndef NET_NETWORKS_PICK_H
#define NET_NETWORKS_PICK_H

#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

/* A /24 and, where the host has IPv6, a /64 of the same number counted from the subnets of lowerLink "auto", which overlap no route or address of the host, no lease and no network of `leases`.
 * -ENOSPC when there is none. */
MUST_CHECK int networks_pick(const struct json *leases, const struct plan_subnets *common,
			     struct netlink *nl, struct plan_subnets *ret, struct err *e);

#endif
