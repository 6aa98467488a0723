/* attach - single operations of a plan, for changes of a running zone's links (change.h). Private to net/.
 *
 * The caller is in the host's network namespace and holds RUN/net.lock, for as long as it likes: nothing here lets it go. */
#ifndef NET_ATTACH_H
#define NET_ATTACH_H

#include <stddef.h>

#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

/* Carry out all operations of that kind for a link; none is success. Of the kinds that are done on the host only. */
MUST_CHECK int attach_again(struct netlink *host, struct net_plan *p, size_t link,
			    enum plan_kind kind, struct err *e);
/* Make a link that is not there, with all that belongs to it on both sides. On failure some of it may be left: detach_link(). */
MUST_CHECK int attach_new_link(struct netlink *host, struct net_plan *p, size_t link, int netns_fd,
			       struct err *e);
/* Take one of `zone` away, as plan_save() describes it. Missing things are fine, and so is a link that is another zone's: names can have the same digits. The first failure is kept and
 * the rest is still tried. */
MUST_CHECK int detach_link(struct netlink *host, const char *zone, const struct json *link,
			   struct err *e);

#endif
