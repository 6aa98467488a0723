/* cni_attach - a link of a plan that CNI plugins make. Private to net/. */
#ifndef NET_CNI_ATTACH_H
#define NET_CNI_ATTACH_H

#include <stddef.h>

#include "config/zone_spec.h"
#include "net/netlink.h"
#include "net/plan.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"

/* Read an anet whose lowerLink is "cni:NETWORK": what has no effect on such a link is refused, what plugins can be told goes to l->cni_runtime. Returns the number of mistakes. Pure. */
size_t cni_attach_read(const struct zone_anet *a, size_t index, struct plan_link *l,
		       struct diag_list *diags);

/* Have link number `index` made and fill in what is known of it only now: addresses, MAC, the end on the host, name service. What was asked for and not given is an error, and so is a link whose protection is wanted and has no place. */
MUST_CHECK int cni_attach(struct netlink *host, struct netlink *zone, struct net_plan *p,
			  size_t index, int netns_fd, struct err *e);
/* Take it away: DEL, then the end on the host if it is still there. A DEL that fails is warned of; its record stays (net/cni.h). */
MUST_CHECK int cni_detach(struct netlink *host, const struct json *saved_link,
			  const char *storage_dir, const char *zone, size_t index, struct err *e);

#endif
