/* physical - `net`: links of the host that a zone has while it runs. Private to net/.
 *
 *   take      under RUN/net.lock: the journal RUN/.links/ZONE, then the namespace is held, then each link moves
 *   settle    inside: addresses, up, default routes
 *   give back under RUN/net.lock, when no process of the zone is left: each link comes back with the name, further names, MAC, MTU, flags and addresses it had
 *
 * The journal is written before the first move and goes last, so whoever finds one gives back what is still away; each part may be done again. The namespace is held by a mount of it on
 * RUN/.netns/ZONE: without it the kernel would give back hardware by itself when the last process ends, to the initial namespace and under whatever name it has then, and destroy virtual
 * links. Root in the zone may rename a link, enslave it, change its MAC and give it further names; identity.h knows it again. */
#ifndef NET_PHYSICAL_H
#define NET_PHYSICAL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/inet.h"
#include "net/net.h"
#include "net/netlink.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct physical {
	char name[IFNAMSIZ];
	struct inet_addr *addrs, *routers;
	size_t n_addrs, n_routers;
};
struct physical_list {
	struct physical *items;
	size_t n;
};
void physical_list_done(struct physical_list *l);

/* May the zone have this link? -ENODEV: no such link and no zone has it; -EBUSY: another zone has it; -EINVAL: the reason and the way out. Changes nothing. 0 also when the zone has it already. */
MUST_CHECK int physical_check(struct netlink *host, const char *run_dir, const char *zone,
			      const char *name, struct err *e);

/* Those that the zone has not yet. The caller holds RUN/net.lock. After a failure physical_give_back() or physical_return() undoes what was done. */
MUST_CHECK int physical_take(struct netlink *host, const char *run_dir, const char *zone,
			     const struct physical_list *links, int netns_fd, struct err *e);
/* zone: a socket in the zone's namespace; the links' kernel parameters are set. */
MUST_CHECK int physical_settle(struct netlink *zone, const struct physical *p, struct err *e);

/* Has the zone links that are to be given back? */
bool physical_is_noted(const char *run_dir, const char *zone);
/* The caller holds RUN/net.lock, and nobody is in the zone. Without a journal there is nothing to do. A link that cannot be found any more is a warning in the log. */
MUST_CHECK int physical_give_back(struct netlink *host, const char *run_dir, const char *zone,
				  struct err *e);
/* All but these, while the zone runs. The caller holds RUN/net.lock. One that cannot be found is a warning in the log, and looked for again by physical_give_back(). */
MUST_CHECK int physical_return(struct netlink *host, const char *run_dir, const char *zone,
			       const struct physical_list *keep, struct err *e);
/* physical_give_back() for all zones but those in the NULL-terminated list. */
MUST_CHECK int physical_sweep(struct netlink *host, const char *run_dir, const char *const *alive,
			      struct err *e);

#endif
