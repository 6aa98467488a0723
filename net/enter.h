/* enter - a way to talk to a zone's network namespace without being in it. Private to net/. */
#ifndef NET_ENTER_H
#define NET_ENTER_H

#include <stddef.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

/* Sets kernel parameters of the named links (NULL-terminated, may be NULL) inside the namespace and opens a routing socket there. Done by a forked child that enters the
 * namespace and sends the socket back: the caller never leaves its own. */
MUST_CHECK int enter_namespace(int netns_fd, const char *const *links, struct netlink *ret,
			       struct err *e);

#endif
