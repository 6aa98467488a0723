/* change - one link of a running zone becomes what a plan says. Private to net/; net_change() is in net.h.
 *
 * A record is what plan_save() makes. While a change is under way, or after one that was killed, there are several: the newest first, and only of the last one it is certain that all of it
 * was made. What any of them names and the plan does not, goes. */
#ifndef NET_CHANGE_H
#define NET_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct change_records {
	const struct json **items; /* borrowed */
	size_t n;
};

struct change_run {
	struct netlink *host;
	int netns_fd;
	struct net_plan *plan;
	const struct json *now; /* plan_save() of it */
	const struct change_records *before;
};
/* Link number i of the plan, with its address, protection, bandwidth, bridge. Whatever the zone has done to its end, it is found by the kernel's word and not by its name; one that the zone
 * has taken away is made anew. */
MUST_CHECK int change_link(const struct change_run *x, size_t i, struct err *e);

/* The entry of a record for the link of that name on the host, or NULL. */
const struct json *change_entry(const struct json *record, const char *host);

#endif
