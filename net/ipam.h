/* ipam - which address belongs to which zone.
 *
 * STORAGE/leases.json: { "leases": [ { "zone": "web", "link": 0, "address": "10.88.0.2/24", "automatic": true } ] }. An automatic lease was chosen here and stays the zone's over
 * boots until it is released; the others record what configurations say, so that nobody else gets it. The tree is changed in memory and replaced on disk as a
 * whole; the caller holds RUN/net.lock around load ... save. */
#ifndef NET_IPAM_H
#define NET_IPAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/inet.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

MUST_CHECK int ipam_load(const char *storage_dir, struct json **ret,
			 struct err *e); /* missing: empty */
MUST_CHECK int ipam_save(const char *storage_dir, const struct json *leases, struct err *e);

/* Zones that have leases; some may be named twice. */
MUST_CHECK int ipam_zones(const char *storage_dir, struct strv *ret, struct err *e);

/* The zone other than `zone` that has the address, or NULL. Borrowed. */
const char *ipam_holder(const struct json *leases, const struct inet_addr *a, const char *zone);
/* The address leased automatically to a link; false when there is none. */
bool ipam_find(const struct json *leases, const char *zone, size_t link, int family,
	       struct inet_addr *ret);
/* Make these the link's leases, replacing what it had. Returns whether anything changed. */
bool ipam_assign(struct json *leases, const char *zone, size_t link, const struct inet_addr *addrs,
		 size_t n, bool automatic);
/* Add the leases that the zone has in `from` and not in `leases`. */
void ipam_add_missing(struct json *leases, const struct json *from, const char *zone);
/* Drop the leases of a zone's links from number `from` on. */
bool ipam_drop(struct json *leases, const char *zone, size_t from);
/* Drop the leases of zones in neither of the NULL-terminated lists. */
bool ipam_keep(struct json *leases, const char *const *alive, const char *const *known);

struct ipam_pool {
	struct inet_addr four, six;   /* networks; family 0: none of that kind */
	const struct addr_list *host; /* addresses of the host itself */
	const char *zone;             /* for whom */
	size_t link;
};
/* Choose the lowest number n >= 2 for which network+n is free in both families - so a link's two addresses look alike - and give the addresses. What the link
 * has already is kept when it still fits. -ENOSPC when the pool is empty. */
MUST_CHECK int ipam_choose(const struct json *leases, const struct ipam_pool *pool,
			   struct inet_addr ret[2], size_t *ret_n, struct err *e);

#endif
