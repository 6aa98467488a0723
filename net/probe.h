/* probe - does somebody on a link of the host have an address already? And: it is here now. Private to net/.
 *
 * Asked the way hosts ask before they take an address: for IPv4 by ARP probes (RFC 5227: requests whose sender is 0.0.0.0, so that nobody's table changes), for IPv6 by the neighbour
 * solicitations of duplicate address detection (RFC 4862: sender ::). All addresses are asked for at the same time, three times each, from the host's side of the link. Whoever answers, speaks as
 * if the address were its own, or asks for it in the same way, has it.
 *
 * The RFCs wait for seconds; here the whole takes PROBE_MS, or $ZONES_PROBE_MS (0 to 10000; 0 asks nobody). Who answers later is not noticed. */
#ifndef NET_PROBE_H
#define NET_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/inet.h"
#include "runtime/base/err.h"

enum { PROBE_MS = 250, PROBE_MS_MAX = 10000, PROBE_TIMES = 3 };

struct probe {
	struct inet_addr addr;
	uint32_t link;         /* index of the link on which it is asked */
	uint8_t mac[INET_MAC]; /* of that link: the sender of the question */
	const uint8_t
		*own; /* borrowed: what this MAC says does not count; NULL: everybody's word does */
	bool taken;   /* the answer */
	uint8_t holder[INET_MAC]; /* ... and whose it was */
};

/* $ZONES_PROBE_MS or PROBE_MS. */
uint32_t probe_time_ms(void);
/* Sets `taken` and `holder` of each. Waits for the whole time unless all are taken. A link that is down or gone is silent. Needs CAP_NET_RAW in the caller's network namespace. */
MUST_CHECK int probe_ask(struct probe *probes, size_t n, struct err *e);

/* Tell everybody on the links that the addresses are behind `mac` now: whoever knew another forgets it. Nobody is waited for, and what cannot be sent is not. */
void probe_announce(const struct probe *probes, size_t n);

/* The frames, pure (probe_frame.c). */
enum { PROBE_FRAME = 86 };
/* The question; returns its length. */
size_t probe_frame(const struct probe *p, uint8_t frame[PROBE_FRAME]);
/* What probe_announce() says: a request by ARP for what is the sender's own, a neighbour advertisement to all nodes. */
size_t probe_announcement(const struct probe *p, uint8_t frame[PROBE_FRAME]);
/* Does a frame that came in say that somebody has p's address? Then *holder is whose MAC says so: that of ARP's sender, for IPv6 that of the frame's. */
bool probe_is_answer(const struct probe *p, const uint8_t *frame, size_t n,
		     uint8_t holder[INET_MAC]);

#endif
