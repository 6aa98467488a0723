/* network_rows - what zones have said of a network, kept beside the leases in STORAGE/leases.json as long as one of them is there: lists of rows { "name", ..., "zones": [ ... ] }.
 * Private to net/; networks.h and share_total.h say what the rows mean. In memory only; the caller holds RUN/net.lock around load ... save. */
#ifndef NET_NETWORK_ROWS_H
#define NET_NETWORK_ROWS_H

#include <stdbool.h>

#include "runtime/base/json.h"

/* The list under `key`, or NULL. */
struct json *network_rows(const struct json *leases, const char *key);
/* The row of that name, or NULL. */
struct json *network_rows_find(const struct json *leases, const char *key, const char *name);
/* The same, made when missing. */
struct json *network_rows_make(struct json *leases, const char *key, const char *name);
/* A zone other than `zone` in the row (which may be NULL), or NULL. Borrowed. */
const char *network_rows_other(const struct json *row, const char *zone);
/* Returns false when it is there already. */
bool network_rows_join(struct json *row, const char *zone);

typedef bool (*network_rows_fn)(const char *name, const char *zone, const void *arg);
/* Keep the zones of rows that `keeps` agrees to; rows without zones go. Returns whether anything changed. */
bool network_rows_keep(struct json *leases, const char *key, network_rows_fn keeps,
		       const void *arg);
/* Add the rows that the zone is in in `from`, and the zone where only that is missing. */
void network_rows_add_missing(struct json *leases, const struct json *from, const char *key,
			      const char *zone);

#endif
