/* share_state - RUN/shares.json: which links share a lower link's bandwidth, and by which class. Private to share.c.
 *
 *   { "zbr0": { "total": 40000000, "links": { "zv1f2e3d4c.0": { "share": 100, "maxbw": 0, "class": 16, "hooked": true } } } }
 *
 * "hooked" is written when the link's frames take their way through the classes, so that an interruption before it is made good. */
#ifndef NET_SHARE_STATE_H
#define NET_SHARE_STATE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/err.h"

struct share_link {
	char host[IFNAMSIZ];
	uint64_t maxbw;
	uint32_t weight, minor;
	bool hooked;
};
struct share_lower {
	char bridge[IFNAMSIZ];
	uint64_t total;
	struct share_link *links;
	size_t n;
};
struct share_state {
	char *path, *saved; /* text of the state as it is on disk; NULL: there is none */
	struct share_lower *items;
	size_t n;
};
/* What cannot be understood is left out; what cannot be read is an error. */
MUST_CHECK int share_state_load(const char *run_dir, struct share_state *ret, struct err *e);
/* Lower links without links are left out; with none the file goes. */
MUST_CHECK int share_state_save(struct share_state *s, struct err *e);
void share_state_done(struct share_state *s);

/* The lower link's row, made when missing; valid until the next one is made. */
struct share_lower *share_state_lower(struct share_state *s, const char *bridge);
struct share_link *share_lower_find(const struct share_lower *l, const char *host);
/* A new row with a free class, or the one there is; NULL (ENOSPC) when all classes are taken. */
MUST_CHECK struct share_link *share_lower_add(struct share_lower *l, const char *host,
					      struct err *e);
void share_lower_remove(struct share_lower *l, size_t i);

#endif
