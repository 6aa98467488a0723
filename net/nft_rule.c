/* From rows to netlink messages, over libnftnl. A rule becomes: for each match a load into register 1, an optional mask, a compare; then a counter and the verdict.
 * "One of" and "none of" need an anonymous set, which is sent before its rule and vanishes with it. */
#include "net/nft_batch.h"

#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>

#include "runtime/base/mem.h"

enum { SET_ITEMS = 1024 };

/* nft's own number for a type of data (its datatype.h): it decides only how `nft list ruleset` prints a set. */
static uint32_t nft_set_type(const struct nft_match *m)
{
	enum { ETHERTYPE = 10, ICMP6_TYPE = 29, IPADDR = 7, IP6ADDR = 8, IFNAME = 41 };

	if (m->load == NFT_LOAD_META && m->len == 16)
		return IFNAME;
	if (m->len == 16)
		return IP6ADDR;
	if (m->len == 4)
		return IPADDR;
	return m->len == 2 ? ETHERTYPE : ICMP6_TYPE;
}

static struct nftnl_set *nft_set_new(const struct nft_batch *b, const char *name)
{
	struct nftnl_set *set = nft_must(nftnl_set_alloc());

	(void)!nftnl_set_set_str(set, NFTNL_SET_TABLE, b->table);
	(void)!nftnl_set_set_str(set, NFTNL_SET_NAME, name ? name : "__set%d");
	nftnl_set_set_u32(set, NFTNL_SET_ID, b->set_id);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, b->family);
	return set;
}

static void nft_set_fill(struct nftnl_set *set, const struct nft_match *m,
			 const struct nft_value *v, size_t from, size_t n)
{
	for (size_t i = from; i < v->n && i < from + n; i++) {
		struct nftnl_set_elem *item = nft_must(nftnl_set_elem_alloc());

		(void)!nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY,
					  (const char *)v->data + i * m->len, m->len);
		nftnl_set_elem_add(set, item);
	}
}

/* Send the items of a match as a set, anonymous without a name; returns its id in this batch. A list of netlink holds 64 KiB at most, so they go in portions. */
static uint32_t nft_add_set(struct nft_batch *b, const char *name, const struct nft_match *m,
			    const struct nft_value *v)
{
	struct nftnl_set *set;
	struct nlmsghdr *h;

	b->set_id++;
	set = nft_set_new(b, name);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, name ? 0 : NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, nft_set_type(m));
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, m->len);
	h = nft_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(h, set);
	nft_end(b, h);
	for (size_t from = 0; from < v->n; from += SET_ITEMS) {
		struct nftnl_set *portion = nft_set_new(b, name);

		nft_set_fill(portion, m, v, from, SET_ITEMS);
		h = nft_begin(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
		nftnl_set_elems_nlmsg_build_payload(h, portion);
		nft_end(b, h);
		nftnl_set_free(portion);
	}
	if (b->texts && !name) {
		nft_set_fill(set, m, v, 0, v->n);
		nft_set_text(set, &b->sets);
	}
	nftnl_set_free(set);
	return b->set_id;
}

/* What a flow is made of. The parts lie in registers of 4 bytes, one behind the other. */
struct nft_part {
	enum nft_load load;
	uint32_t at, len, type; /* of nft_set_type() */
};
static const struct nft_part nft_flow4[] = {
	{ NFT_LOAD_META, NFT_META_IIF, 4, 20 }, { NFT_LOAD_NETWORK, 12, 4, 7 },
	{ NFT_LOAD_NETWORK, 16, 4, 7 },         { NFT_LOAD_META, NFT_META_L4PROTO, 1, 12 },
	{ NFT_LOAD_TRANSPORT, 2, 2, 13 },
};
static const struct nft_part nft_flow6[] = {
	{ NFT_LOAD_META, NFT_META_IIF, 4, 20 }, { NFT_LOAD_NETWORK, 8, 16, 8 },
	{ NFT_LOAD_NETWORK, 24, 16, 8 },        { NFT_LOAD_META, NFT_META_L4PROTO, 1, 12 },
	{ NFT_LOAD_TRANSPORT, 2, 2, 13 },
};
enum { NFT_PARTS = sizeof(nft_flow4) / sizeof(nft_flow4[0]) };

void nft_batch_add_set(struct nft_batch *b, const struct nft_set *s)
{
	const struct nft_part *parts = s->load == NFT_LOAD_FLOW4 ? nft_flow4 : nft_flow6;
	struct nftnl_set *set = nft_must(nftnl_set_alloc());
	uint32_t type = 0, len = 0;
	struct nlmsghdr *h;

	for (size_t i = 0; i < NFT_PARTS; i++) {
		type = type << 6 | parts[i].type;
		len += (parts[i].len + 3) / 4 * 4;
	}
	(void)!nftnl_set_set_str(set, NFTNL_SET_TABLE, b->table);
	(void)!nftnl_set_set_str(set, NFTNL_SET_NAME, s->name);
	nftnl_set_set_u32(set, NFTNL_SET_ID, ++b->set_id);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, b->family);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_TIMEOUT | NFT_SET_EVAL);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, len);
	nftnl_set_set_u32(set, NFTNL_SET_DESC_SIZE, s->size);
	nftnl_set_set_u64(set, NFTNL_SET_TIMEOUT, s->timeout_ms);
	h = nft_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_set_nlmsg_build_payload(h, set);
	nft_end(b, h);
	nftnl_set_free(set);
}

void nft_batch_add_names(struct nft_batch *b, const char *set, const char *names, size_t n)
{
	static const struct nft_match link = { NFT_LOAD_META, NFT_META_IIFNAME, IFNAMSIZ,
					       NFT_IN_SET, 0 };
	const struct nft_value v = { .data = names, .n = n };

	(void)nft_add_set(b, set, &link, &v);
}

static struct nftnl_expr *nft_expr(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *x = nft_must(nftnl_expr_alloc(name));

	nftnl_rule_add_expr(rule, x);
	return x;
}

static void nft_add_load(struct nftnl_rule *rule, const struct nft_part *m, uint32_t to)
{
	static const uint32_t bases[] = {
		[NFT_LOAD_LINK] = NFT_PAYLOAD_LL_HEADER,
		[NFT_LOAD_NETWORK] = NFT_PAYLOAD_NETWORK_HEADER,
		[NFT_LOAD_TRANSPORT] = NFT_PAYLOAD_TRANSPORT_HEADER,
	};
	struct nftnl_expr *x;

	if (m->load == NFT_LOAD_META) {
		x = nft_expr(rule, "meta");
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, m->at);
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, to);
	} else if (m->load == NFT_LOAD_CT) {
		x = nft_expr(rule, "ct");
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, m->at);
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, to);
	} else if (m->load == NFT_LOAD_ADDRESS_TYPE) {
		x = nft_expr(rule, "fib");
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, to);
	} else {
		x = nft_expr(rule, "payload");
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, bases[m->load]);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, m->at);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, m->len);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, to);
	}
}

static void nft_add_flow(struct nftnl_rule *rule, enum nft_load flow)
{
	const struct nft_part *parts = flow == NFT_LOAD_FLOW4 ? nft_flow4 : nft_flow6;
	uint32_t to = NFT_REG32_00; /* the first quarter of NFT_REG_1 */

	for (size_t i = 0; i < NFT_PARTS; i++) {
		nft_add_load(rule, &parts[i], to);
		to += (parts[i].len + 3) / 4;
	}
}

static void nft_add_mask(struct nftnl_rule *rule, const void *mask, uint32_t len)
{
	static const uint8_t zero[16];
	struct nftnl_expr *x = nft_expr(rule, "bitwise");

	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(x, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void nft_add_prefix_mask(struct nftnl_rule *rule, unsigned prefix, uint32_t len)
{
	uint8_t mask[16] = { 0 };

	for (unsigned i = 0; i < prefix && i < sizeof(mask) * 8; i++)
		mask[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	nft_add_mask(rule, mask, len);
}

static void nft_add_cmp(struct nftnl_rule *rule, uint32_t op, const void *data, uint32_t len)
{
	struct nftnl_expr *x = nft_expr(rule, "cmp");

	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(x, NFTNL_EXPR_CMP_DATA, data, len);
}

static void nft_add_match(struct nft_batch *b, struct nftnl_rule *rule, const struct nft_match *m,
			  const struct nft_value *v)
{
	static const uint32_t zero;
	const struct nft_part part = { m->load, m->at, m->len, 0 };
	struct nftnl_expr *x;
	uint32_t id;

	if (m->load == NFT_LOAD_FLOW4 || m->load == NFT_LOAD_FLOW6)
		nft_add_flow(rule, m->load);
	else
		nft_add_load(rule, &part, NFT_REG_1);
	if (v->masked)
		nft_add_prefix_mask(rule, v->prefix, m->len);
	switch (m->compare) {
	case NFT_IS:
		nft_add_cmp(rule, NFT_CMP_EQ, v->data, m->len);
		break;
	case NFT_IS_NOT:
		nft_add_cmp(rule, NFT_CMP_NEQ, v->data, m->len);
		break;
	case NFT_BETWEEN:
		nft_add_cmp(rule, NFT_CMP_GTE, v->data, m->len);
		nft_add_cmp(rule, NFT_CMP_LTE, (const char *)v->data + m->len, m->len);
		break;
	case NFT_HAS_BITS:
		nft_add_mask(rule, v->data, sizeof(zero));
		nft_add_cmp(rule, NFT_CMP_NEQ, &zero, sizeof(zero));
		break;
	case NFT_IN:
	case NFT_NOT_IN:
		id = nft_add_set(b, NULL, m, v);
		x = nft_expr(rule, "lookup");
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
		(void)!nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, "__set%d");
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, id);
		if (m->compare == NFT_NOT_IN)
			nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
		break;
	case NFT_IN_SET:
	case NFT_NOT_IN_SET:
		x = nft_expr(rule, "lookup");
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
		(void)!nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, v->data);
		if (m->compare == NFT_NOT_IN_SET)
			nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
		break;
	}
}

static void nft_add_constant(struct nftnl_rule *rule, uint32_t reg, const struct nft_value *v,
			     uint32_t len)
{
	struct nftnl_expr *x = nft_expr(rule, "immediate");

	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(x, NFTNL_EXPR_IMM_DATA, v->data, len);
}

static void nft_add_dnat(struct nftnl_rule *rule, bool four, const struct nft_value *values)
{
	struct nftnl_expr *x;

	nft_add_constant(rule, NFT_REG_1, &values[NFT_DNAT_ADDRESS], four ? 4 : 16);
	if (values[NFT_DNAT_PORT].n)
		nft_add_constant(rule, NFT_REG_2, &values[NFT_DNAT_PORT], 2);
	x = nft_expr(rule, "nat");
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_FAMILY, four ? NFPROTO_IPV4 : NFPROTO_IPV6);
	nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	if (values[NFT_DNAT_PORT].n)
		nftnl_expr_set_u32(x, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
}

/* To another link, or into the packet's priority. */
static void nft_add_steering(struct nftnl_rule *rule, bool forward, const struct nft_value *to)
{
	struct nftnl_expr *x;

	nft_add_constant(rule, NFT_REG_1, to, sizeof(uint32_t));
	x = nft_expr(rule, forward ? "fwd" : "meta");
	if (!forward)
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_KEY, NFT_META_PRIORITY);
	nftnl_expr_set_u32(x, forward ? NFTNL_EXPR_FWD_SREG_DEV : NFTNL_EXPR_META_SREG, NFT_REG_1);
}

/* What is there already keeps its time: nobody stays in for ever. When the set is full the rule ends here, as one that does not match. */
static void nft_add_note(struct nftnl_rule *rule, enum nft_load flow, const char *set)
{
	struct nftnl_expr *x;

	nft_add_flow(rule, flow);
	x = nft_expr(rule, "dynset");
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_u32(x, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_ADD);
	(void)!nftnl_expr_set_str(x, NFTNL_EXPR_DYNSET_SET_NAME, set);
}

static void nft_add_verdict(struct nftnl_rule *rule, const struct nft_rule *row,
			    const struct nft_value *values)
{
	struct nftnl_expr *x;

	if (row->verdict == NFT_VERDICT_NOTE4)
		nft_add_note(rule, NFT_LOAD_FLOW4, values[NFT_NOTE_SET].data);
	if (row->verdict == NFT_VERDICT_NOTE6)
		nft_add_note(rule, NFT_LOAD_FLOW6, values[NFT_NOTE_SET].data);
	(void)nft_expr(rule, "counter");
	if (row->verdict == NFT_VERDICT_MASQUERADE) {
		(void)nft_expr(rule, "masq");
		return;
	}
	if (row->verdict == NFT_VERDICT_DNAT4 || row->verdict == NFT_VERDICT_DNAT6) {
		nft_add_dnat(rule, row->verdict == NFT_VERDICT_DNAT4, values);
		return;
	}
	if (row->verdict == NFT_VERDICT_FORWARD || row->verdict == NFT_VERDICT_PRIORITY) {
		bool forward = row->verdict == NFT_VERDICT_FORWARD;

		nft_add_steering(rule, forward, &values[forward ? 0 : 1]);
		return;
	}
	x = nft_expr(rule, "immediate");
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(x, NFTNL_EXPR_IMM_VERDICT,
			   row->verdict == NFT_VERDICT_ACCEPT ? NF_ACCEPT : NF_DROP);
}

static void nft_add_comment(struct nftnl_rule *rule, const char *comment)
{
	struct nftnl_udata_buf *u = nft_must(nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN));

	nftnl_udata_put_strz(u, NFTNL_UDATA_RULE_COMMENT, comment);
	nftnl_rule_set_data(rule, NFTNL_RULE_USERDATA, nftnl_udata_buf_data(u),
			    nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

static void nft_add_rule(struct nft_batch *b, const char *chain, const struct nft_rule *row,
			 const struct nft_value *values)
{
	struct nftnl_rule *rule = nft_must(nftnl_rule_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
	for (size_t i = 0; i < NFT_MATCHES && row->matches[i].load != NFT_LOAD_NONE; i++)
		nft_add_match(b, rule, &row->matches[i], &values[row->matches[i].value]);
	nft_add_verdict(rule, row, values);
	nft_add_comment(rule, row->comment);
	if (b->texts)
		strv_take(b->texts, nft_rule_text(rule, strbuf_text(&b->sets)));
	strbuf_clear(&b->sets);
	h = nft_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nftnl_rule_nlmsg_build_payload(h, rule);
	nft_end(b, h);
	nftnl_rule_free(rule);
}

void nft_batch_rules(struct nft_batch *b, const char *chain, const struct nft_rule *rules, size_t n,
		     const struct nft_value *values, unsigned when)
{
	for (size_t i = 0; i < n; i++)
		if ((rules[i].when & when) == rules[i].when)
			nft_add_rule(b, chain, &rules[i], values);
}
