/* change_moved - links of the host that a running zone gets, has with other addresses, and gives back. Private to change.c; net/physical.h does the moving. */
#ifndef NET_CHANGE_MOVED_H
#define NET_CHANGE_MOVED_H

#include "net/change.h"
#include "runtime/base/err.h"

/* Those of the plan are in the zone, with addresses and default routes. What root inside has made of one that does not change is its own affair. */
MUST_CHECK int change_moved_take(const struct change_run *x, struct err *e);
/* The others go home. */
MUST_CHECK int change_moved_return(const struct change_run *x, struct err *e);

#endif
