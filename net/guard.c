/* The rules are rows; what is the zone's own (MAC, addresses) are values beside them. The policy is accept, every rule is a reason to drop, so the rows are independent
 * of each other and each has its own counter.
 *
 * `meta protocol` is the type behind one VLAN tag (the kernel takes it off before this hook), the type in the link header is the tag's: the first keeps address
 * checks true for tagged frames, the second lets "restricted" refuse tags at all. */
#include "net/guard.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nft.h"
#include "runtime/base/mem.h"

enum { GUARD_NO_ADDR4 = 16, GUARD_WITH_ADDR4 = 32 };
enum { ISOLATED_4 = 1, ISOLATED_6 = 2 };

enum guard_value {
	V_MAC,
	V_ADDR4, /* the zone's IPv4 addresses */
	V_ARP4,  /* the same and 0.0.0.0, the sender of a probe for one of them */
	V_ADDR6, /* the zone's IPv6 addresses and the link-local one of its MAC */
	V_TYPES, /* Ethernet types: IPv4, ARP, IPv6 */
	V_IP4,
	V_ARP,
	V_IP6,
	V_ETHERNET, /* ARP's hardware type and the lengths of its addresses */
	V_LEN6,
	V_LEN4,
	V_UDP,
	V_ICMP6,
	V_DHCP4,     /* port 67 */
	V_DHCP6,     /* port 547 */
	V_ROUTER,    /* ICMPv6 134 router advertisement, 137 redirect */
	V_SOLICIT,   /* ICMPv6 135 neighbour solicitation */
	V_NEIGHBOUR, /* ICMPv6 136 neighbour advertisement */
	V_ANY6,      /* :: */
	V_ANY4,      /* 0.0.0.0 */
	V_ALL4,      /* 255.255.255.255 */
	V_DHCP_ASK,  /* from port 68 to port 67 */
	V_NET,       /* one subnet of the bridge */
	V_GATES4,    /* the bridge's addresses */
	V_GATES6,
	V_PROBE6, /* ICMPv6 that :: may send: 135 (duplicate address detection), 131 and 143 (group membership) */
	V_COUNT
};

#define IS_PROTOCOL(v)                                         \
	{                                                      \
		NFT_LOAD_META, NFT_META_PROTOCOL, 2, NFT_IS, v \
	}
#define IS_TRANSPORT(v)                                       \
	{                                                     \
		NFT_LOAD_META, NFT_META_L4PROTO, 1, NFT_IS, v \
	}

static const struct nft_rule guard_rules[] = {
	{ "mac-nospoof",
	  NFT_VERDICT_DROP,
	  { { NFT_LOAD_LINK, 6, 6, NFT_IS_NOT, V_MAC } },
	  GUARD_MAC },
	{ "restricted",
	  NFT_VERDICT_DROP,
	  { { NFT_LOAD_LINK, 12, 2, NFT_NOT_IN, V_TYPES } },
	  GUARD_RESTRICTED },
	{ "dhcp-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP4),
	    IS_TRANSPORT(V_UDP),
	    { NFT_LOAD_TRANSPORT, 0, 2, NFT_IS, V_DHCP4 } },
	  GUARD_DHCP },
	{ "dhcp-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6),
	    IS_TRANSPORT(V_UDP),
	    { NFT_LOAD_TRANSPORT, 0, 2, NFT_IS, V_DHCP6 } },
	  GUARD_DHCP },
	{ "dhcp-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6),
	    IS_TRANSPORT(V_ICMP6),
	    { NFT_LOAD_TRANSPORT, 0, 1, NFT_IN, V_ROUTER } },
	  GUARD_DHCP },
	/* with chaddr, so that nobody takes leases in another's name */
	{ "dhcp-client",
	  NFT_VERDICT_ACCEPT,
	  { IS_PROTOCOL(V_IP4),
	    { NFT_LOAD_NETWORK, 12, 4, NFT_IS, V_ANY4 },
	    { NFT_LOAD_NETWORK, 16, 4, NFT_IS, V_ALL4 },
	    IS_TRANSPORT(V_UDP),
	    { NFT_LOAD_TRANSPORT, 0, 4, NFT_IS, V_DHCP_ASK },
	    { NFT_LOAD_TRANSPORT, 36, 6, NFT_IS, V_MAC } },
	  GUARD_DHCP_CLIENT },
	/* four rows: ARP for IPv4 over Ethernet; the offsets of the two behind them hold for no other */
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 0, 2, NFT_IS_NOT, V_ETHERNET } },
	  GUARD_IP },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 2, 2, NFT_IS_NOT, V_IP4 } },
	  GUARD_IP },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 4, 1, NFT_IS_NOT, V_LEN6 } },
	  GUARD_IP },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 5, 1, NFT_IS_NOT, V_LEN4 } },
	  GUARD_IP },
	{ "mac-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 8, 6, NFT_IS_NOT, V_MAC } },
	  GUARD_MAC },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 14, 4, NFT_NOT_IN, V_ARP4 } },
	  GUARD_IP },
	/* who probes for an address that somebody else is about to take keeps him from it */
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP),
	    { NFT_LOAD_NETWORK, 14, 4, NFT_IS, V_ANY4 },
	    { NFT_LOAD_NETWORK, 24, 4, NFT_NOT_IN, V_ADDR4 } },
	  GUARD_IP | GUARD_WITH_ADDR4 },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_ARP), { NFT_LOAD_NETWORK, 14, 4, NFT_IS, V_ANY4 } },
	  GUARD_IP | GUARD_NO_ADDR4 },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP4), { NFT_LOAD_NETWORK, 12, 4, NFT_NOT_IN, V_ADDR4 } },
	  GUARD_IP | GUARD_WITH_ADDR4 },
	{ "ip-nospoof", NFT_VERDICT_DROP, { IS_PROTOCOL(V_IP4) }, GUARD_IP | GUARD_NO_ADDR4 },
	/* who claims another's address by a neighbour advertisement gets its traffic, whatever the sender address says */
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6),
	    IS_TRANSPORT(V_ICMP6),
	    { NFT_LOAD_TRANSPORT, 0, 1, NFT_IS, V_NEIGHBOUR },
	    { NFT_LOAD_TRANSPORT, 8, 16, NFT_NOT_IN, V_ADDR6 } },
	  GUARD_IP },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6),
	    { NFT_LOAD_NETWORK, 8, 16, NFT_IS, V_ANY6 },
	    IS_TRANSPORT(V_ICMP6),
	    { NFT_LOAD_TRANSPORT, 0, 1, NFT_IS, V_SOLICIT },
	    { NFT_LOAD_TRANSPORT, 8, 16, NFT_NOT_IN, V_ADDR6 } },
	  GUARD_IP },
	{ "probe",
	  NFT_VERDICT_ACCEPT,
	  { IS_PROTOCOL(V_IP6),
	    { NFT_LOAD_NETWORK, 8, 16, NFT_IS, V_ANY6 },
	    IS_TRANSPORT(V_ICMP6),
	    { NFT_LOAD_TRANSPORT, 0, 1, NFT_IN, V_PROBE6 } },
	  GUARD_IP },
	{ "ip-nospoof",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6), { NFT_LOAD_NETWORK, 8, 16, NFT_NOT_IN, V_ADDR6 } },
	  GUARD_IP },
};

/* For each of the bridge's subnets, before all others, because those may let a packet pass. */
static const struct nft_rule isolated_rules[] = {
	{ "isolated",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP4),
	    { NFT_LOAD_NETWORK, 16, 4, NFT_IS, V_NET },
	    { NFT_LOAD_NETWORK, 16, 4, NFT_NOT_IN, V_GATES4 } },
	  ISOLATED_4 },
	{ "isolated",
	  NFT_VERDICT_DROP,
	  { IS_PROTOCOL(V_IP6),
	    { NFT_LOAD_NETWORK, 24, 16, NFT_IS, V_NET },
	    { NFT_LOAD_NETWORK, 24, 16, NFT_NOT_IN, V_GATES6 } },
	  ISOLATED_6 },
};

static const struct nft_value guard_constants[V_COUNT] = {
	[V_TYPES] = { "\x08\x00\x08\x06\x86\xdd", 3, false, 0 },
	[V_IP4] = { "\x08\x00", 1, false, 0 },
	[V_ARP] = { "\x08\x06", 1, false, 0 },
	[V_IP6] = { "\x86\xdd", 1, false, 0 },
	[V_ETHERNET] = { "\x00\x01", 1, false, 0 },
	[V_LEN6] = { "\x06", 1, false, 0 },
	[V_LEN4] = { "\x04", 1, false, 0 },
	[V_UDP] = { "\x11", 1, false, 0 },
	[V_ICMP6] = { "\x3a", 1, false, 0 },
	[V_DHCP4] = { "\x00\x43", 1, false, 0 },
	[V_DHCP6] = { "\x02\x23", 1, false, 0 },
	[V_ROUTER] = { "\x86\x89", 2, false, 0 },
	[V_SOLICIT] = { "\x87", 1, false, 0 },
	[V_NEIGHBOUR] = { "\x88", 1, false, 0 },
	[V_ANY4] = { "\0\0\0", 1, false, 0 },
	[V_ALL4] = { "\xff\xff\xff\xff", 1, false, 0 },
	[V_DHCP_ASK] = { "\0\x44\0\x43", 1, false, 0 },
	[V_ANY6] = { "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 1, false, 0 },
	[V_PROBE6] = { "\x87\x83\x8f", 3, false, 0 },
};

static const struct {
	const char *word;
	unsigned bit;
} guard_names[] = {
	{ "mac-nospoof", GUARD_MAC },   { "ip-nospoof", GUARD_IP },
	{ "dhcp-nospoof", GUARD_DHCP }, { "restricted", GUARD_RESTRICTED },
	{ "isolated", GUARD_ISOLATED },
};

unsigned guard_bit(const char *word)
{
	for (size_t i = 0; i < sizeof(guard_names) / sizeof(guard_names[0]); i++)
		if (str_eq(guard_names[i].word, word))
			return guard_names[i].bit;
	return 0;
}

void guard_words(unsigned kinds, struct strv *ret)
{
	for (size_t i = 0; i < sizeof(guard_names) / sizeof(guard_names[0]); i++)
		if (kinds & guard_names[i].bit)
			strv_add(ret, guard_names[i].word);
}

/* Append the addresses of one family as bare bytes. */
static void guard_collect(struct nft_value *v, struct strbuf *to, const struct inet_addr *addrs,
			  size_t n, int family)
{
	for (size_t i = 0; i < n; i++) {
		if (addrs[i].family != family)
			continue;
		strbuf_add_bytes(to, addrs[i].bytes, inet_len(&addrs[i]));
		v->n++;
	}
	v->data = to->text;
}

static const char *guard_chain(const struct guard *g)
{
	return g->chain ? g->chain : g->device;
}

static void guard_isolate(struct nft_batch *b, const struct guard *g)
{
	auto_done(strbuf) struct strbuf four = { 0 };
	auto_done(strbuf) struct strbuf six = { 0 };
	struct nft_value values[V_COUNT];

	memcpy(values, guard_constants, sizeof(values));
	guard_collect(&values[V_GATES4], &four, g->gates, g->n_gates, AF_INET);
	guard_collect(&values[V_GATES6], &six, g->gates, g->n_gates, AF_INET6);
	for (size_t i = 0; i < g->n_gates; i++) {
		struct inet_addr net = inet_net(&g->gates[i]);

		values[V_NET] = (struct nft_value){
			.data = net.bytes, .n = 1, .masked = true, .prefix = net.prefix
		};
		nft_batch_rules(b, guard_chain(g), isolated_rules,
				sizeof(isolated_rules) / sizeof(isolated_rules[0]), values,
				net.family == AF_INET ? ISOLATED_4 : ISOLATED_6);
	}
}

static void guard_fill(struct nft_batch *b, const struct guard *g)
{
	auto_done(strbuf) struct strbuf four = { 0 };
	auto_done(strbuf) struct strbuf arp = { 0 };
	auto_done(strbuf) struct strbuf six = { 0 };
	struct inet_addr local = inet_link_local(g->mac);
	struct nft_value values[V_COUNT];

	memcpy(values, guard_constants, sizeof(values));
	values[V_MAC] = (struct nft_value){ .data = g->mac, .n = 1 };
	if (g->kinds & GUARD_ISOLATED)
		guard_isolate(b, g);
	guard_collect(&values[V_ADDR4], &four, g->addrs, g->n_addrs, AF_INET);
	strbuf_add_bytes(&arp, "\0\0\0\0", 4);
	values[V_ARP4].n = 1;
	guard_collect(&values[V_ARP4], &arp, g->addrs, g->n_addrs, AF_INET);
	strbuf_add_bytes(&six, local.bytes, 16);
	values[V_ADDR6].n = 1;
	guard_collect(&values[V_ADDR6], &six, g->addrs, g->n_addrs, AF_INET6);
	nft_batch_rules(b, guard_chain(g), guard_rules,
			sizeof(guard_rules) / sizeof(guard_rules[0]), values,
			g->kinds | (values[V_ADDR4].n ? GUARD_WITH_ADDR4 : GUARD_NO_ADDR4));
}

static struct nft_batch *guard_batch(const struct guard *g, bool replace)
{
	struct nft_batch *b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);
	const struct nft_chain chain = { .name = guard_chain(g),
					 .type = "filter",
					 .hook = NF_NETDEV_INGRESS,
					 .priority = 0,
					 .device = g->device };

	nft_batch_add_table(b);
	if (replace)
		nft_batch_drop_chain(b, guard_chain(g));
	nft_batch_add_chain(b, &chain);
	guard_fill(b, g);
	return b;
}

int guard_add(const struct guard *g, struct err *e)
{
	struct err why = { 0 };
	int r;

	if (g->kinds == 0)
		return 0;
	/* a chain that outlived its link by a crash is rare: look for it only when it is in the way */
	for (int replace = 0; replace <= 1; replace++) {
		auto_ptr(nft_batch) struct nft_batch *b = guard_batch(g, replace);

		r = nft_batch_commit(b, &why);
		if (r != -EEXIST)
			break;
	}
	if (r == 0)
		return 0;
	*e = why;
	return err_wrap(e, "protect the link \"%s\"", g->device);
}

int guard_audit(const struct guard *g, bool *ret_there, bool *ret_same, struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);
	auto_done(strv) struct strv wanted = { 0 };
	auto_done(strv) struct strv is = { 0 };
	int r = nft_chain_texts(NFPROTO_NETDEV, GUARD_TABLE, guard_chain(g), &is, e);

	strv_take(&wanted, nft_hook_text(NF_NETDEV_INGRESS, 0, g->device));
	nft_batch_texts(b, &wanted);
	guard_fill(b, g);
	*ret_there = is.n > 0;
	*ret_same = is.n == wanted.n;
	for (size_t i = 0; *ret_same && i < is.n; i++)
		*ret_same = str_eq(is.items[i], wanted.items[i]);
	return r;
}

int guard_list(struct strv *ret, struct err *e)
{
	return nft_chains(NFPROTO_NETDEV, GUARD_TABLE, ret, e);
}

int guard_remove(const char *device, struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = NULL;
	uint32_t chains = 0;
	int own, r = nft_table_exists(NFPROTO_NETDEV, GUARD_TABLE, &chains, e);

	if (r <= 0)
		return r;
	own = nft_chain_exists(NFPROTO_NETDEV, GUARD_TABLE, device, e);
	if (own < 0 || (own == 0 && chains > 0)) /* before 6.16 the chain goes with its link */
		return own;
	b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);
	if (chains > 1)
		nft_batch_drop_chain(b, device);
	else
		nft_batch_drop_table(b);
	r = nft_batch_commit(b, e);
	return r < 0 ? err_wrap(e, "remove the protection of the link \"%s\"", device) : 0;
}

int guard_probe(struct err *e)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct guard g = { .device = "lo", .kinds = 15, .mac = mac };
	auto_ptr(nft_batch) struct nft_batch *b = guard_batch(&g, false);

	return nft_batch_probe(b, e);
}

static void guard_take_counter(const char *comment, uint64_t packets, uint64_t bytes, void *arg)
{
	struct json *dropped = arg;

	(void)bytes;
	if (!guard_bit(comment))
		return;
	packets += (uint64_t)json_get_i64(dropped, comment, 0);
	json_set(dropped, comment, json_new_u64(packets));
}

int guard_dropped(const char *device, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *dropped = json_new_object();
	int r = nft_counters(NFPROTO_NETDEV, GUARD_TABLE, device, guard_take_counter, dropped, e);

	if (r < 0)
		return r;
	*ret = ptr_steal(&dropped);
	return 0;
}
