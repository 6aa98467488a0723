/* nat - how zones on the automatic bridges reach the world, and not each other from bridge to bridge: address translation and forwarding rules in our own table, inet "zones".
 *
 * The table is a function of its inputs and is replaced as a whole; rules of the administrator in other tables are never touched. */
#ifndef NET_NAT_H
#define NET_NAT_H

#include <stdbool.h>
#include <stddef.h>

#include "net/bridge_link.h"
#include "net/publish.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"

#define NAT_TABLE "zones"
/* Another one whenever the same inputs give other rules: a table of an older version of the program is made anew then. */
#define NAT_VERSION "2"

struct nat {
	const struct bridge_link *
		bridges; /* with their addresses, whose networks are translated when they leave the host */
	size_t n_bridges;
	/* Links on which forwarding was off until we switched it on: between two of them nothing is forwarded, as before. By family. */
	const struct strv *closed4, *closed6;
	const struct publish *ports; /* published ones of all zones */
	size_t n_ports;
	bool judged; /* input chains of others have their say on them (judge.h) */
};
MUST_CHECK int nat_apply(const struct nat *n, struct err *e);
MUST_CHECK int nat_remove(struct err *e); /* missing is fine */
MUST_CHECK int nat_exists(struct err *e); /* 1, 0 or negative errno */
MUST_CHECK int nat_probe(struct err *e);  /* would this kernel take it? Changes nothing. */

#endif
