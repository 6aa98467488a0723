/* postrouting: what comes from a bridge network and leaves by a link that is none of our bridges gets the host's address. forward: answers come back, zones of one bridge
 * reach each other (by way of the host where two subnets share it) and those of two bridges do not, whether they are known to each other by a published port or not at all: only
 * what is translated passes. Zones may go out; anything else from outside is dropped - the zones' addresses are private, a neighbour of the host that routes to them must not get in.
 * Shared zones (shared.h) are routed like the host's own neighbours: no rule lets them through or keeps them out, and only the last two of `forward` may be there without a bridge.
 * With published ports also: prerouting and output, where the destination becomes the zone's (publish_rules.c); in postrouting two cases in which the zone's answer would not come back
 * through the host and the source becomes the bridge's address, from 127.0.0.1 and from a zone of the same bridge; and raw, because the first of them needs the bridge's parameter
 * route_localnet: what arrives from zones FOR 127.0.0.0/8 is dropped before anything else sees it. Where others have rules for input also sets and a chain input (judge.c). */
#include "net/nat.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "net/judge.h"
#include "net/nft.h"
#include "net/publish_rules.h"
#include "runtime/base/mem.h"

enum nat_value {
	V_BRIDGE,  /* one of them */
	V_BRIDGES, /* all: the set's name */
	V_NET4,
	V_NET6,
	V_IP4,
	V_IP6,
	V_ANSWER,
	V_TRANSLATED,
	V_CLOSED4,
	V_CLOSED6,
	V_LOOPBACK,
	V_COUNT
};
enum { NAT_CLOSED4 = 1, NAT_CLOSED6 = 2, NAT_BRIDGES = 4 }; /* there are some */

/* Sent once: in each rule by itself they would be as many as bridges times bridges. */
#define NAT_BRIDGES_SET "bridges"

/* bits of the kernel's connection tracking, host order */
static const uint32_t nat_answer =
	1u << 1 | 1u << 2; /* NF_CT_STATE_BIT(IP_CT_ESTABLISHED, IP_CT_RELATED) */
static const uint32_t nat_translated = 1u << 5; /* IPS_DST_NAT: a published port */

#define FROM(how, v)                                              \
	{                                                         \
		NFT_LOAD_META, NFT_META_IIFNAME, IFNAMSIZ, how, v \
	}
#define TO(how, v)                                                \
	{                                                         \
		NFT_LOAD_META, NFT_META_OIFNAME, IFNAMSIZ, how, v \
	}
#define IS_FAMILY(v)                                          \
	{                                                     \
		NFT_LOAD_META, NFT_META_NFPROTO, 1, NFT_IS, v \
	}

static const struct nft_rule nat_leave4[] = {
	{ "masquerade",
	  NFT_VERDICT_MASQUERADE,
	  { IS_FAMILY(V_IP4),
	    { NFT_LOAD_NETWORK, 12, 4, NFT_IS, V_NET4 },
	    TO(NFT_NOT_IN_SET, V_BRIDGES) },
	  0 },
};
static const struct nft_rule nat_leave6[] = {
	{ "masquerade",
	  NFT_VERDICT_MASQUERADE,
	  { IS_FAMILY(V_IP6),
	    { NFT_LOAD_NETWORK, 8, 16, NFT_IS, V_NET6 },
	    TO(NFT_NOT_IN_SET, V_BRIDGES) },
	  0 },
};
static const struct nft_rule nat_return[] = {
	{ "loopback",
	  NFT_VERDICT_MASQUERADE,
	  { IS_FAMILY(V_IP4),
	    { NFT_LOAD_NETWORK, 12, 4, NFT_IS, V_LOOPBACK },
	    TO(NFT_IN_SET, V_BRIDGES) },
	  0 },
};
static const struct nft_rule nat_return_one[] = {
	{ "zone to zone",
	  NFT_VERDICT_MASQUERADE,
	  { FROM(NFT_IS, V_BRIDGE),
	    TO(NFT_IS, V_BRIDGE),
	    { NFT_LOAD_CT, NFT_CT_STATUS, 4, NFT_HAS_BITS, V_TRANSLATED } },
	  0 },
};
static const struct nft_rule nat_raw[] = {
	{ "loopback from zones",
	  NFT_VERDICT_DROP,
	  { FROM(NFT_IN_SET, V_BRIDGES),
	    IS_FAMILY(V_IP4),
	    { NFT_LOAD_NETWORK, 16, 4, NFT_IS, V_LOOPBACK } },
	  0 },
};
static const struct nft_rule nat_forward_answers[] = {
	{ "answers",
	  NFT_VERDICT_ACCEPT,
	  { TO(NFT_IN_SET, V_BRIDGES), { NFT_LOAD_CT, NFT_CT_STATE, 4, NFT_HAS_BITS, V_ANSWER } },
	  NAT_BRIDGES },
	{ "published",
	  NFT_VERDICT_ACCEPT,
	  { TO(NFT_IN_SET, V_BRIDGES),
	    { NFT_LOAD_CT, NFT_CT_STATUS, 4, NFT_HAS_BITS, V_TRANSLATED } },
	  NAT_BRIDGES },
};
static const struct nft_rule nat_forward_one[] = {
	{ "one bridge", NFT_VERDICT_ACCEPT, { FROM(NFT_IS, V_BRIDGE), TO(NFT_IS, V_BRIDGE) }, 0 },
};
static const struct nft_rule nat_forward[] = {
	{ "into zones", NFT_VERDICT_DROP, { TO(NFT_IN_SET, V_BRIDGES) }, NAT_BRIDGES },
	{ "from zones", NFT_VERDICT_ACCEPT, { FROM(NFT_IN_SET, V_BRIDGES) }, NAT_BRIDGES },
	{ "not a router",
	  NFT_VERDICT_DROP,
	  { IS_FAMILY(V_IP4), FROM(NFT_IN, V_CLOSED4), TO(NFT_IN, V_CLOSED4) },
	  NAT_CLOSED4 },
	{ "not a router",
	  NFT_VERDICT_DROP,
	  { IS_FAMILY(V_IP6), FROM(NFT_IN, V_CLOSED6), TO(NFT_IN, V_CLOSED6) },
	  NAT_CLOSED6 },
};

/* Link names as the kernel compares them: 16 bytes, filled with zeros. */
static void nat_names(const struct strv *names, struct strbuf *to)
{
	for (size_t i = 0; names && i < names->n; i++) {
		char padded[IFNAMSIZ] = "";
		size_t n = strnlen(names->items[i], IFNAMSIZ - 1);

		memcpy(padded, names->items[i], n);
		strbuf_add_bytes(to, padded, sizeof(padded));
	}
}

static void nat_add_chains(struct nft_batch *b, const struct nft_chain *chains, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nft_batch_add_chain(b, &chains[i]);
}

static void nat_publish(struct nft_batch *b, const struct nat *n, const struct nft_value *values)
{
	static const struct nft_chain chains[] = {
		{ "raw", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW, NULL },
		{ "prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST, NULL },
		{ "output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST, NULL },
	};

	if (n->n_ports == 0)
		return;
	nat_add_chains(b, chains, sizeof(chains) / sizeof(chains[0]));
	nft_batch_rules(b, "raw", nat_raw, sizeof(nat_raw) / sizeof(nat_raw[0]), values, 0);
	if (n->judged)
		judge_rules(b, "prerouting", n->ports, n->n_ports);
	for (size_t i = 0; i < n->n_ports; i++) {
		publish_rules(b, "prerouting", &n->ports[i]);
		publish_rules(b, "output", &n->ports[i]);
	}
	nft_batch_rules(b, "postrouting", nat_return, 1, values, 0);
}

/* What is said of each bridge by itself. */
static void nat_bridge(struct nft_batch *b, const struct nat *n, const struct bridge_link *l,
		       struct nft_value *values)
{
	values[V_BRIDGE] = (struct nft_value){ .data = l->name, .n = 1 };
	for (size_t i = 0; i < l->n_gates; i++) {
		struct inet_addr net = inet_net(&l->gates[i]);
		bool four = net.family == AF_INET;

		values[four ? V_NET4 : V_NET6] = (struct nft_value){
			.data = net.bytes, .n = 1, .masked = true, .prefix = net.prefix
		};
		nft_batch_rules(b, "postrouting", four ? nat_leave4 : nat_leave6, 1, values, 0);
	}
	if (n->n_ports)
		nft_batch_rules(b, "postrouting", nat_return_one, 1, values, 0);
	nft_batch_rules(b, "forward", nat_forward_one, 1, values, 0);
}

static struct nft_batch *nat_batch(const struct nat *n, bool replace)
{
	static const struct nft_chain chains[] = {
		{ "postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC, NULL },
		{ "forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER, NULL },
	};
	auto_done(strbuf) struct strbuf closed4 = { 0 };
	auto_done(strbuf) struct strbuf closed6 = { 0 };
	auto_done(strbuf) struct strbuf names = { 0 };
	struct nft_batch *b = nft_batch_new(NFPROTO_INET, NAT_TABLE);
	unsigned when = n->n_bridges ? NAT_BRIDGES : 0;

	for (size_t i = 0; i < n->n_bridges; i++)
		strbuf_add_bytes(&names, n->bridges[i].name, IFNAMSIZ);
	nat_names(n->closed4, &closed4);
	nat_names(n->closed6, &closed6);
	if (closed4.len)
		when |= NAT_CLOSED4;
	if (closed6.len)
		when |= NAT_CLOSED6;
	struct nft_value values[V_COUNT] = {
		[V_BRIDGES] = { .data = NAT_BRIDGES_SET, .n = 1 },
		[V_IP4] = { .data = "\x02", .n = 1 }, /* NFPROTO_IPV4 */
		[V_IP6] = { .data = "\x0a", .n = 1 }, /* NFPROTO_IPV6 */
		[V_ANSWER] = { .data = &nat_answer, .n = 1 },
		[V_TRANSLATED] = { .data = &nat_translated, .n = 1 },
		[V_CLOSED4] = { .data = closed4.text, .n = closed4.len / IFNAMSIZ },
		[V_LOOPBACK] = { .data = "\x7f\0\0", .n = 1, .masked = true, .prefix = 8 },
		[V_CLOSED6] = { .data = closed6.text, .n = closed6.len / IFNAMSIZ },
	};

	nft_batch_add_table(b);
	if (replace) { /* in one batch, so no packet ever passes between the old rules and the new */
		nft_batch_drop_table(b);
		nft_batch_add_table(b);
	}
	nft_batch_add_names(b, NAT_BRIDGES_SET, names.text, n->n_bridges);
	nat_add_chains(b, chains, sizeof(chains) / sizeof(chains[0]));
	nft_batch_rules(b, "forward", nat_forward_answers,
			sizeof(nat_forward_answers) / sizeof(nat_forward_answers[0]), values, when);
	for (size_t i = 0; i < n->n_bridges; i++)
		nat_bridge(b, n, &n->bridges[i], values);
	nat_publish(b, n, values);
	nft_batch_rules(b, "forward", nat_forward, sizeof(nat_forward) / sizeof(nat_forward[0]),
			values, when);
	return b;
}

int nat_apply(const struct nat *n, struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = nat_batch(n, true);
	int r = nft_batch_commit(b, e);

	return r < 0 ? err_wrap(e, "translate the addresses of zones") : 0;
}

int nat_exists(struct err *e)
{
	return nft_table_exists(NFPROTO_INET, NAT_TABLE, NULL, e);
}

int nat_remove(struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = NULL;
	int r = nat_exists(e);

	if (r <= 0)
		return r;
	b = nft_batch_new(NFPROTO_INET, NAT_TABLE);
	nft_batch_drop_table(b);
	r = nft_batch_commit(b, e);
	return r < 0 ? err_wrap(e, "remove the packet filter table \"%s\"", NAT_TABLE) : 0;
}

int nat_probe(struct err *e)
{
	struct inet_addr gates[] = { { .family = AF_INET, .prefix = 24, .bytes = { 192, 0, 2, 1 } },
				     { .family = AF_INET6, .prefix = 64, .bytes = { 0xfd } } };
	const struct publish port = { .protocol = IPPROTO_TCP,
				      .first = 1,
				      .last = 1,
				      .to = 2,
				      .four = gates[0],
				      .six = gates[1] };
	const struct bridge_link lo = { .name = "lo", .gates = gates, .n_gates = 2 };
	const struct nat n = {
		.bridges = &lo, .n_bridges = 1, .ports = &port, .n_ports = 1, .judged = true
	};
	auto_ptr(nft_batch) struct nft_batch *b = nat_batch(&n, true);

	return nft_batch_probe(b, e);
}
