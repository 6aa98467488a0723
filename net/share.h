/* share - zones on one lower link share a bandwidth by weight, in both directions, where no zone can change it: on the host. For each direction the lower link has an ifb link with
 * classes (htb.h), one class for each link of a zone.
 *
 *   from zones  zone -> zv -> guard chain -> chain "zi...": priority = class, fwd -> zs....f [htb] -> back as if from zv -> bridge, host stack
 *   to zones    host stack, bridge -> zv: chain "zt...": priority = class; tc redirect -> zs....t [htb] -> back to zv -> zone
 *
 * A busy link gets its part of the total, what the others leave is for those who want it, maxbw is the ceiling of a link's class. When a link comes or goes all classes of the lower
 * link change. The class is set by these chains alone: what a zone writes into its packets or sockets (priority, type of service) does not choose one.
 * All links of zones on a lower link with a total take part; those that were there before the total was said are taken in with 100 shares.
 *
 * Who is there stands in RUN/shares.json, written before anything is made. The ifb links are named by a hash of the lower link's name and go with the last zone's link.
 * The caller holds RUN/net.lock and is in the host's network namespace. */
#ifndef NET_SHARE_H
#define NET_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

struct share {
	const char *bridge; /* the lower link, which exists */
	const char *host;   /* the zone's end on the host, which exists and is not up yet */
	uint64_t total;     /* bits per second of the lower link; the last one said holds for all */
	uint64_t maxbw;     /* of the link; 0: the total */
	uint32_t weight;
	bool joined; /* it takes part already: its way to the classes is not made again */
};
/* Also to change one of these. *ret_class is for share_rates(). */
MUST_CHECK int share_join(struct netlink *nl, const char *run_dir, const struct share *s,
			  uint32_t *ret_class, struct err *e);
/* Does it take part on any lower link? */
MUST_CHECK int share_has(const char *run_dir, const char *host, bool *ret, struct err *e);
/* `host` exists and takes part on no lower link any more, or only on `stays_on` (may be NULL). What it sends has another way already: the chain "zi..." is not touched. */
MUST_CHECK int share_leave(struct netlink *nl, const char *run_dir, const char *host,
			   const char *stays_on, struct err *e);
/* Links that are gone give their part back; with the last one of a lower link all of it goes. */
MUST_CHECK int share_drop_dead(struct netlink *nl, const char *run_dir, struct err *e);

/* Bits per second that are the link's own when all are busy, and the most it can get; 0 where the kernel has no such class. */
struct share_rates {
	uint64_t to_zone, from_zone, to_zone_most, from_zone_most;
};
MUST_CHECK int share_rates(struct netlink *nl, const char *bridge, uint32_t class_minor,
			   struct share_rates *ret, struct err *e);
/* Do links of zones on it share a bandwidth now? */
MUST_CHECK int share_is_on(struct netlink *nl, const char *bridge, bool *ret, struct err *e);
/* Would this kernel take it? Changes nothing. */
MUST_CHECK int share_probe(struct netlink *nl, struct err *e);

#endif
