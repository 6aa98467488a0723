/* in_use - would a zone's address meet another machine's on the zone's network? Private to net/.
 *
 * Leases and link protection keep the addresses of zones apart; what else is plugged into a bridge is asked (probe.h). So nobody is asked, and nothing is waited for, on a bridge that has
 * links of zones only, as the automatic one nearly always does. On a link of the host that carries addresses of a shared zone the neighbours are asked always. A zone that runs already answers for itself: that does not count,
 * neither from the MAC that it is to have nor from another behind its port, which is the one that it has now. Nor does what comes from behind the port of another zone: root in there could keep
 * everybody else from booting. */
#ifndef NET_IN_USE_H
#define NET_IN_USE_H

#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "net/plan.h"
#include "net/probe.h"
#include "runtime/base/err.h"

struct in_use_item {
	size_t link, address; /* numbers of the plan's link and of its address */
	const char *lower;    /* borrowed from the plan: where it is asked */
	uint32_t port;        /* of the zone, which runs; else 0 */
};
struct in_use {
	struct probe *probes; /* set by in_use_ask(): `taken`, `holder` */
	struct in_use_item *items;
	size_t n;
	struct netlink *nl; /* borrowed from in_use_add() */
};
void in_use_done(struct in_use *u);

/* Note addresses that link number `index` of a plan is to get, where there is somebody to ask. `nl` and `l` are borrowed until in_use_done(). */
MUST_CHECK int in_use_add(struct in_use *u, struct netlink *nl, const struct plan_link *l,
			  size_t index, const struct plan_addrs *addrs, struct err *e);
/* Ask for all of them at once; takes PROBE_MS, no time when there are none. */
MUST_CHECK int in_use_ask(struct in_use *u, struct err *e);
/* Tell those who would have been asked that the addresses are behind the host now; for links of a shared zone. */
void in_use_announce(struct netlink *nl, const struct plan_link *l);
/* NULL when address number i of the noted ones is free; else a sentence with the holder and the way out, freshly allocated. */
char *in_use_text(const struct in_use *u, size_t i);

#endif
