/* publish - ports of the host that lead into zones, as values, and the checks on them. Private to net/.
 *
 * A published port is a rule of destination translation in our own table (publish_rules.c), before the host's routing decision. So the zone sees the client's own address, no
 * process of ours stands between them, and a packet that is led into a zone is FORWARDED by the host: the administrator's rules for forwarded packets judge it. Those for input do, too, where there are any (judge.h).
 * Who has which port stands in RUN/net.json (bridge.h) while the zone is attached. */
#ifndef NET_PUBLISH_H
#define NET_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "runtime/base/err.h"
#include "runtime/base/json.h"

struct publish {
	uint8_t protocol;           /* IPPROTO_TCP, IPPROTO_UDP */
	uint16_t first, last, to;   /* ports of the host; the first one inside */
	struct inet_addr address;   /* of the host; family 0: all */
	struct inet_addr four, six; /* where it leads; family 0: nowhere */
};
struct publish_list {
	struct publish *items;
	size_t n;
};
void publish_list_done(struct publish_list *l);
void publish_add(struct publish_list *l, const struct publish *p);

/* "tcp 127.0.0.1:8000-8010" ; buf of PUBLISH_TEXT. */
enum { PUBLISH_TEXT = 96 };
void publish_text(const struct publish *p, char *buf);

/* As it is kept in RUN/net.json. What cannot be understood is left out: false. */
struct json *publish_save(const struct publish *p);
bool publish_load(const struct json *j, struct publish *ret);

/* Would both want the same packet? */
bool publish_overlaps(const struct publish *a, const struct publish *b);
/* Does every packet that `b` wants go to `a`? */
bool publish_covers(const struct publish *a, const struct publish *b);
/* Is a packet of the host to itself on 127.0.0.1 led into the zone? */
bool publish_on_loopback(const struct publish *p);

/* -EADDRINUSE when a program of the host (this network namespace) listens on one of the ports; the text names it and its pid. Binds sockets for a moment, sends nothing. */
MUST_CHECK int publish_check_free(const struct publish *p, struct err *e);

#endif
