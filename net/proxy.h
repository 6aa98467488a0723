/* proxy - links of the host answer for addresses of shared zones (shared.h), so that whoever is on such a link finds them. Private to net/; bridge.c keeps the state and calls.
 *
 * A function of the state: "shared": { ZONE: [ { "link": "eth0", "address": "192.0.2.10" } ] } says who is answered for where. ARP is answered by a link that forwards, which forward.h sees to.
 * Neighbour discovery is answered by a link that is a router and has proxy_ndp: both are set on that link only, it goes on to listen to router advertisements as it did, and what was there
 * before stands in "answers": { LINK: { "forwarding", "accept_ra", "proxy_ndp" } } until it is set back. The entries themselves are told by the protocol that the kernel keeps with them
 * (neigh.h): what is ours and of nobody goes, what an administrator has set stays. */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "net/inet.h"
#include "net/netlink.h"
#include "net/sysctl.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct proxy {
	const char *link; /* of the host */
	struct inet_addr addr;
};

/* What a zone wants answered; none: no more. Changes the state only. */
void proxy_claim(struct json *state, const char *zone, const struct proxy *proxies, size_t n);
/* The zone that is answered for on that link, NULL when none is; borrowed from the state. */
const char *proxy_sharer(const struct json *state, const char *link);
/* Is there anything to make or to take away? */
bool proxy_is_used(const struct json *state);
/* Note in the state what is to be changed about links. The caller saves it, then calls proxy_apply(), and saves what that leaves. */
MUST_CHECK int proxy_choose(struct json *state, struct err *e);
/* Make what exists agree with the state. A link that is gone is answered on no more, which is no error. */
MUST_CHECK int proxy_apply(struct netlink *nl, struct sysctl *proc, struct json *state,
			   struct err *e);

#endif
