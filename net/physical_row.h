/* physical_row - a link's row in the journal of a zone: what its identity (identity.h) does not say. Private to net/physical*.c.
 *
 *   "addresses": ["192.0.2.9/24"]   that the host had on it
 *   "node": 457958                  the number of its folder in sysfs
 *
 * The kernel gives that number at the link's birth, never again, and leaves it as it is when the link is renamed or changes its namespace. All else that tells one virtual link from another (its index, that
 * of a veth's other end) root of the namespace chooses for a link of its own. */
#ifndef NET_PHYSICAL_ROW_H
#define NET_PHYSICAL_ROW_H

#include "net/addr.h"
#include "net/identity.h"
#include "runtime/base/json.h"

/* The row of a link of our own namespace as it is now; `all` are its addresses. Freshly allocated. */
struct json *physical_row_new(const struct identity *link, const struct addr_list *all);
MUST_CHECK int physical_row_give_addresses(struct netlink *host, uint32_t index,
					   const struct json *row, struct err *e);
/* Can the link of our own namespace that is called `name` be the one of the row? False when it certainly is another; true too where sysfs cannot be asked. Hardware says enough about itself. */
bool physical_row_is(const struct json *row, const struct identity *was, const char *name);

#endif
