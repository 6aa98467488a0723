/* share_total - anet.sharedbw and anet.bwShare of a configuration: what all zones on one lower link have together, and what part of it a link gets. Private to net/; share.h enforces it.
 *
 * The total belongs to the lower link: whoever says it says it for all zones there that boot afterwards, and for those that are attached. It is kept with those who say it in STORAGE/leases.json,
 *
 *   "totals": [ { "name": "zbr0", "bits": 40000000, "zones": [ "web" ] } ]
 *
 * until none of them is left. A second one that says something else is refused with the first one's name, and a share of an unknown total too. */
#ifndef NET_SHARE_TOTAL_H
#define NET_SHARE_TOTAL_H

#include <stdbool.h>
#include <stddef.h>

#include "net/plan.h"
#include "runtime/base/diag.h"
#include "runtime/base/json.h"

#define SHARE_TOTALS "totals"

/* Both return the number of mistakes, each with a diagnostic. Pure. */
size_t share_read(const struct zone_anet *a, size_t index, struct plan_link *l,
		  struct diag_list *diags);
/* Every link on a lower link with a total gets it; *changed becomes true when the tree is not what it was. */
size_t share_settle(struct net_plan *p, struct json *leases, struct diag_list *diags,
		    bool *changed);
/* For planning what a zone has: totals in its record that nobody says any more count until the end. */
void share_assume(struct json *leases, const struct json *record);
void share_assume_end(struct json *leases);

#endif
