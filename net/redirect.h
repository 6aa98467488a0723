/* redirect - what a link would send goes to another link first (tc's clsact, u32 and mirred). To an ifb link, which gives it back, so it is sent after all. Works in the namespace of the socket. */
#ifndef NET_REDIRECT_H
#define NET_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/netlink.h"
#include "runtime/base/err.h"

/* Everything; what is there already is replaced. It goes with either link. */
MUST_CHECK int redirect_add(struct netlink *nl, uint32_t from_index, uint32_t to_index,
			    struct err *e);
/* Is anything redirected, whereever to? A link that is gone redirects nothing. */
MUST_CHECK int redirect_is_on(struct netlink *nl, uint32_t from_index, bool *ret, struct err *e);
/* It is sent by the link itself again. None is fine. */
MUST_CHECK int redirect_end(struct netlink *nl, uint32_t from_index, struct err *e);

#endif
