/* publish_rules - published ports as rules of the packet filter. Private to net/, used by nat.c. */
#ifndef NET_PUBLISH_RULES_H
#define NET_PUBLISH_RULES_H

#include "net/nft.h"
#include "net/publish.h"

/* Append the rules that lead the port into its zone to a chain of type nat, at the hook prerouting (packets from outside and from zones) or output (from the host). */
void publish_rules(struct nft_batch *b, const char *chain, const struct publish *p);

/* Append rules to a chain of type filter at the hook input: new connections to the port, which nothing there has dropped, are noted in the sets of flows (nft.h) of their family, and dropped. */
void publish_note_rules(struct nft_batch *b, const char *chain, const struct publish *p,
			const char *set4, const char *set6);

#endif
