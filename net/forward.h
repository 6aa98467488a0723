/* forward - let the host forward packets of zones, and of nobody else.
 *
 * Linux decides on the link a packet comes IN by. Zones' packets come in by the bridges, their answers by the host's own links; so forwarding is switched on for
 * those of the host's links that have addresses, link by link, never for the whole host, and what was switched is remembered in the host state and switched back. Where
 * forwarding is on for all links already (the administrator's or another program's decision), nothing is touched.
 * IPv6 before 6.17 knows the switch for the whole host only; there it is used in a way that keeps every link's own role: accepting router advertisements goes on. */
#ifndef NET_FORWARD_H
#define NET_FORWARD_H

#include <stdbool.h>

#include "net/netlink.h"
#include "net/sysctl.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* `ours` are the automatic bridges. Decide what must be switched and write it into `state`: "forward4" and "forward6" (names of links), "forward6All". Changes nothing else. */
MUST_CHECK int forward_choose(struct netlink *nl, const struct strv *ours, struct json *state,
			      struct err *e);
/* Switch what `state` says on (idempotent) or off. */
MUST_CHECK int forward_switch(struct netlink *nl, struct sysctl *proc, const struct json *state,
			      bool on, struct err *e);
/* Make one link a router in IPv6, as answering for others needs it (proxy.h). It goes on to accept router advertisements where it did (accept_ra becomes 2), and so do all others. */
MUST_CHECK int forward_make_router(struct netlink *nl, struct sysctl *proc, const char *link,
				   struct err *e);
/* Has somebody else than we made the whole host an IPv6 router? */
MUST_CHECK int forward_all_six(const struct json *state, bool *ret, struct err *e);
/* The names in state's "forward4" or "forward6". */
void forward_names(const struct json *state, const char *key, struct strv *ret);

#endif
