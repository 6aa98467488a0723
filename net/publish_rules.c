/* For each family in which the zone has an address: protocol, port and the host's address decide; the destination becomes the zone's. A range that keeps its numbers is one rule,
 * one that gets others a rule for each port. */
#include "net/publish_rules.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum publish_value {
	V_TARGET = NFT_DNAT_ADDRESS,
	V_TO = NFT_DNAT_PORT,
	V_FAMILY,
	V_PROTOCOL,
	V_PORTS,
	V_LOCAL,
	V_ADDRESS,
	V_LOOPBACK6,
	V_NEW,
	V_COUNT
};
enum { PUBLISH_4 = 1, PUBLISH_6 = 2, PUBLISH_ALL = 4, PUBLISH_ONE = 8 };

#define TO_PORT                                                             \
	{ NFT_LOAD_META, NFT_META_NFPROTO, 1, NFT_IS, V_FAMILY },           \
		{ NFT_LOAD_META, NFT_META_L4PROTO, 1, NFT_IS, V_PROTOCOL }, \
	{                                                                   \
		NFT_LOAD_TRANSPORT, 2, 2, NFT_BETWEEN, V_PORTS              \
	}
#define TO_LOCAL                                             \
	{                                                    \
		NFT_LOAD_ADDRESS_TYPE, 0, 4, NFT_IS, V_LOCAL \
	}

static const struct nft_rule publish_table[] = {
	{ "publish", NFT_VERDICT_DNAT4, { TO_PORT, TO_LOCAL }, PUBLISH_4 | PUBLISH_ALL },
	{ "publish",
	  NFT_VERDICT_DNAT4,
	  { TO_PORT, { NFT_LOAD_NETWORK, 16, 4, NFT_IS, V_ADDRESS } },
	  PUBLISH_4 | PUBLISH_ONE },
	/* the answer to ::1 could not come in by the bridge: better refused than waiting for ever */
	{ "publish",
	  NFT_VERDICT_DNAT6,
	  { TO_PORT, TO_LOCAL, { NFT_LOAD_NETWORK, 24, 16, NFT_IS_NOT, V_LOOPBACK6 } },
	  PUBLISH_6 | PUBLISH_ALL },
	{ "publish",
	  NFT_VERDICT_DNAT6,
	  { TO_PORT, { NFT_LOAD_NETWORK, 24, 16, NFT_IS, V_ADDRESS } },
	  PUBLISH_6 | PUBLISH_ONE },
};

#define IS_NEW                                                    \
	{                                                         \
		NFT_LOAD_CT, NFT_CT_STATE, 4, NFT_HAS_BITS, V_NEW \
	}

/* The same packets, not led away; an answer to what the host asked from such a port is none of them. */
static const struct nft_rule publish_noting[] = {
	{ "judged", NFT_VERDICT_NOTE4, { TO_PORT, TO_LOCAL, IS_NEW }, PUBLISH_4 | PUBLISH_ALL },
	{ "judged",
	  NFT_VERDICT_NOTE4,
	  { TO_PORT, { NFT_LOAD_NETWORK, 16, 4, NFT_IS, V_ADDRESS }, IS_NEW },
	  PUBLISH_4 | PUBLISH_ONE },
	{ "judged", NFT_VERDICT_NOTE6, { TO_PORT, TO_LOCAL, IS_NEW }, PUBLISH_6 | PUBLISH_ALL },
	{ "judged",
	  NFT_VERDICT_NOTE6,
	  { TO_PORT, { NFT_LOAD_NETWORK, 24, 16, NFT_IS, V_ADDRESS }, IS_NEW },
	  PUBLISH_6 | PUBLISH_ONE },
};

static void publish_rule(struct nft_batch *b, const char *chain, const struct publish *p,
			 const struct inet_addr *target, const uint16_t ports[2])
{
	static const uint32_t local = RTN_LOCAL;
	bool four = target->family == AF_INET;
	uint16_t to = htons((uint16_t)(p->to + (ntohs(ports[0]) - p->first)));
	const struct nft_value values[V_COUNT] = {
		[V_TARGET] = { .data = target->bytes, .n = 1 },
		[V_TO] = { .data = &to, .n = p->to == p->first ? 0 : 1 },
		[V_FAMILY] = { .data = four ? "\x02" : "\x0a", .n = 1 },
		[V_PROTOCOL] = { .data = &p->protocol, .n = 1 },
		[V_PORTS] = { .data = ports, .n = 2 },
		[V_LOCAL] = { .data = &local, .n = 1 },
		[V_ADDRESS] = { .data = p->address.bytes, .n = 1 },
		[V_LOOPBACK6] = { .data = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", .n = 1 },
	};

	nft_batch_rules(
		b, chain, publish_table, sizeof(publish_table) / sizeof(publish_table[0]), values,
		(four ? PUBLISH_4 : PUBLISH_6) | (p->address.family ? PUBLISH_ONE : PUBLISH_ALL));
}

void publish_rules(struct nft_batch *b, const char *chain, const struct publish *p)
{
	const struct inet_addr *targets[] = { &p->four, &p->six };

	for (size_t i = 0; i < 2; i++) {
		const struct inet_addr *t = targets[i];
		uint16_t ports[2] = { htons(p->first), htons(p->last) };

		if (!t->family || (p->address.family && p->address.family != t->family))
			continue;
		if (p->to == p->first) {
			publish_rule(b, chain, p, t, ports);
			continue;
		}
		for (unsigned port = p->first; port <= p->last; port++) {
			ports[0] = ports[1] = htons((uint16_t)port);
			publish_rule(b, chain, p, t, ports);
		}
	}
}

void publish_note_rules(struct nft_batch *b, const char *chain, const struct publish *p,
			const char *set4, const char *set6)
{
	static const uint32_t local = RTN_LOCAL, new = 1u << 3; /* NF_CT_STATE_BIT(IP_CT_NEW) */
	const uint16_t ports[2] = { htons(p->first), htons(p->last) };
	const struct inet_addr *targets[] = { &p->four, &p->six };

	for (size_t i = 0; i < 2; i++) {
		bool four = i == 0;
		const struct nft_value values[V_COUNT] = {
			[NFT_NOTE_SET] = { .data = four ? set4 : set6, .n = 1 },
			[V_FAMILY] = { .data = four ? "\x02" : "\x0a", .n = 1 },
			[V_PROTOCOL] = { .data = &p->protocol, .n = 1 },
			[V_PORTS] = { .data = ports, .n = 2 },
			[V_LOCAL] = { .data = &local, .n = 1 },
			[V_ADDRESS] = { .data = p->address.bytes, .n = 1 },
			[V_NEW] = { .data = &new, .n = 1 },
		};

		if (!targets[i]->family ||
		    (p->address.family && p->address.family != targets[i]->family))
			continue;
		nft_batch_rules(b, chain, publish_noting,
				sizeof(publish_noting) / sizeof(publish_noting[0]), values,
				(four ? PUBLISH_4 : PUBLISH_6) |
					(p->address.family ? PUBLISH_ONE : PUBLISH_ALL));
	}
}
