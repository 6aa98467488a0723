/* shape - hold one zone's link to a bandwidth, in both directions, where the zone cannot undo it: on the host.
 *
 *   to the zone     host stack, bridge -> [tbf] zv -> zone
 *   from the zone   zone -> zv -> guard chain -> shape chain: fwd -> zi [tbf] -> back as if from zv -> bridge, host stack
 *
 * "zi<hash>.<n>" is an ifb link beside "zv<hash>.<n>": what is sent to it comes back as received. The shape chain stands in the guard's table under the ifb's name, hooked to
 * zv's ingress behind the guard; guard_remove() of that name takes it. A tc filter (ingress qdisc and mirred) would be the usual way to the ifb, but the kernel runs tc before
 * nftables and lets a frame that comes back from an ifb pass neither a second time: the guard would never see a frame of the zone. This way it judges every frame first, what it
 * drops costs the zone no bandwidth, and what it accepts early (address probes) is held to the bandwidth too, because accept in one chain goes on with the next.
 *
 * The caller is in the host's network namespace and holds RUN/net.lock. */
#ifndef NET_SHAPE_H
#define NET_SHAPE_H

#include <stdint.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

struct shape {
	const char *host, *ifb; /* ifb NULL: only the direction to the zone */
	const char *alias;      /* of the ifb link */
	uint64_t bits;          /* per second, in each direction */
};
/* `host` exists and is not up yet. An ifb link or a chain that a crash left under that name is replaced. */
MUST_CHECK int shape_add(struct netlink *nl, const struct shape *s, struct err *e);
/* The same for a `host` that may be up: frames that wait are kept where it is held to a bandwidth already, and none passes unshaped where it was. */
MUST_CHECK int shape_change(struct netlink *nl, const struct shape *s, struct err *e);
/* `host` stays and is not held to a bandwidth any more. Missing is fine. */
MUST_CHECK int shape_end(struct netlink *nl, const char *host, const char *ifb, struct err *e);
/* Missing is fine. `host` is removed before, so that nothing of the zone passes meanwhile. */
MUST_CHECK int shape_remove(struct netlink *nl, const char *ifb, struct err *e);
/* Bits per second the kernel holds the link to now, 0 where it does not. */
struct shape_rates {
	uint64_t to_zone, from_zone;
};
MUST_CHECK int shape_rates(struct netlink *nl, const char *host, const char *ifb,
			   struct shape_rates *ret, struct err *e);
/* Would this kernel take it? Changes nothing. */
MUST_CHECK int shape_probe(struct netlink *nl, struct err *e);

#endif
