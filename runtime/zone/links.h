/* links - the links of a running zone as the kernel has them now. Private to runtime/zone; `zone list` gets them through zone_row_links() (zone.h). */
#ifndef RUNTIME_ZONE_LINKS_H
#define RUNTIME_ZONE_LINKS_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/zone.h"

/* net_status() of it. *ret is NULL when it does not run, or has come to its end meanwhile, or has the host's network. */
struct net_view; /* net.h; NULL: for this zone alone */
MUST_CHECK int zone_links(const struct zone *z, struct net_view *view, struct json **ret,
			  struct err *e);

#endif
