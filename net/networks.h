/* networks - automatic bridges with a name: lowerLink "auto:NAME" is the bridge "zbr-NAME" with subnets of its own, beside "zbr0" of lowerLink "auto". Private to net/.
 *
 * What subnets a network has is kept beside the leases, in STORAGE/leases.json, as long as a zone has a lease of it:
 *
 *   "networks": [ { "name": "blue", "subnets": [ "10.88.1.0/24", "fd00:88:0:1::/64" ], "zones": [ "web" ] } ]
 *
 * Its first zone decides; a second one that says something else is told the first one's name. Where nobody says anything free ones are taken: clear of the host's routes and addresses, of
 * all other networks and of every lease. The caller holds RUN/net.lock around load ... save; the functions change the tree in memory. */
#ifndef NET_NETWORKS_H
#define NET_NETWORKS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

#define NETWORKS_BRIDGE "zbr-" /* before the name */

/* Is a link of this name one of the automatic bridges, if it is ours at all? Pure. */
bool networks_is_automatic(const char *bridge);

/* Part of plan_build(): lowerLink, subnet and shares (share_total.h) of one link. Returns the number of mistakes. Pure. */
size_t networks_read(const struct zone_anet *a, size_t index, const struct plan_subnets *common,
		     struct plan_link *l, struct diag_list *diags);

/* Between plan_build() and the leases: every link on a named network gets the network's subnets, and the plan's zone a place in the tree's networks - those it has left forget it.
 * `common` are the subnets of lowerLink "auto". nl: the host's. Then share_settle(). Returns the number of mistakes, each with a diagnostic;
 * *changed becomes true when the tree is not what it was. */
size_t networks_settle(struct net_plan *p, const struct plan_subnets *common, struct netlink *nl,
		       struct json *leases, struct diag_list *diags, bool *changed);

/* The zone uses no network and says no total any more. Returns whether anything changed. */
bool networks_drop(struct json *leases, const char *zone);
/* Zones in neither of the NULL-terminated lists use and say none. */
bool networks_keep(struct json *leases, const char *const *alive, const char *const *known);
/* The networks and totals that the zone has in `from` and not in `leases` are added. */
void networks_add_missing(struct json *leases, const struct json *from, const char *zone);

#endif
