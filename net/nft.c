/* From rows to netlink messages, over libnftnl. A rule becomes: for each match a load into register 1, an optional mask, a compare; then a counter and the verdict.
 * "One of" and "none of" need an anonymous set, which is sent before its rule and vanishes with it.
 *
 * A batch is one buffer: BEGIN, messages, END. The kernel applies it as a whole at END; without END it checks and forgets. */
#include "net/nft.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/batch.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/netlink.h"
#include "runtime/base/mem.h"

enum { MESSAGE_ROOM = 65536, SET_ITEMS = 1024 };

struct nft_batch {
	uint32_t family;
	const char *table;
	char *data;
	size_t len, cap;
	uint32_t seq, set_id;
};

/* --- building --------------------------------------------------------------------------------- */

/* Room for one more message at the end of the buffer. */
static char *nft_room(struct nft_batch *b)
{
	if (b->cap - b->len < MESSAGE_ROOM) {
		b->cap = b->cap * 2 + MESSAGE_ROOM;
		b->data = mem_grow(b->data, b->cap, 1);
	}
	return b->data + b->len;
}

static struct nlmsghdr *nft_begin(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(nft_room(b), type, (uint16_t)b->family, NLM_F_ACK | flags,
				     ++b->seq);
}

static void nft_end(struct nft_batch *b, const struct nlmsghdr *h)
{
	b->len += MNL_ALIGN(h->nlmsg_len);
}

static void *nft_must(void *p)
{
	return p ? p : mem_zero(SIZE_MAX); /* libnftnl is out of memory: end as mem_* does */
}

struct nft_batch *nft_batch_new(uint32_t family, const char *table)
{
	struct nft_batch *b = mem_zero(sizeof(*b));

	b->family = family;
	b->table = table;
	nft_end(b, nftnl_batch_begin(nft_room(b), ++b->seq));
	return b;
}

void nft_batch_free(struct nft_batch *b)
{
	if (!b)
		return;
	free(b->data);
	free(b);
}

static void nft_table_message(struct nft_batch *b, uint16_t type, uint16_t flags)
{
	struct nftnl_table *t = nft_must(nftnl_table_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table);
	h = nft_begin(b, type, flags);
	nftnl_table_nlmsg_build_payload(h, t);
	nft_end(b, h);
	nftnl_table_free(t);
}

void nft_batch_add_table(struct nft_batch *b)
{
	nft_table_message(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
}

void nft_batch_drop_table(struct nft_batch *b)
{
	nft_table_message(b, NFT_MSG_DELTABLE, 0);
}

void nft_batch_add_chain(struct nft_batch *b, const struct nft_chain *c)
{
	struct nftnl_chain *chain = nft_must(nftnl_chain_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, b->table);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, c->name);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, c->type);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, c->hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, c->priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	if (c->device)
		(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_DEV, c->device);
	h = nft_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nftnl_chain_nlmsg_build_payload(h, chain);
	nft_end(b, h);
	nftnl_chain_free(chain);
}

void nft_batch_flush_chain(struct nft_batch *b, const char *name)
{
	struct nftnl_rule *rule = nft_must(nftnl_rule_alloc());
	struct nlmsghdr *h;

	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, b->table);
	(void)!nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, name);
	h = nft_begin(b, NFT_MSG_DELRULE, 0);
	nftnl_rule_nlmsg_build_payload(h, rule);
	nft_end(b, h);
	nftnl_rule_free(rule);
}

void nft_batch_drop_chain(struct nft_batch *b, const char *name)
{
	struct nftnl_chain *chain = nft_must(nftnl_chain_alloc());
	struct nlmsghdr *h;

	nft_batch_flush_chain(b, name);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, b->table);
	(void)!nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
	h = nft_begin(b, NFT_MSG_DELCHAIN, 0);
	nftnl_chain_nlmsg_build_payload(h, chain);
	nft_end(b, h);
	nftnl_chain_free(chain);
}

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

/* Send the items of a match as an anonymous set; returns its id in this batch. */
static uint32_t nft_add_set(struct nft_batch *b, const struct nft_match *m,
			    const struct nft_value *v)
{
	struct nftnl_set *set = nft_must(nftnl_set_alloc());
	struct nlmsghdr *h;

	b->set_id++;
	(void)!nftnl_set_set_str(set, NFTNL_SET_TABLE, b->table);
	(void)!nftnl_set_set_str(set, NFTNL_SET_NAME, "__set%d");
	nftnl_set_set_u32(set, NFTNL_SET_ID, b->set_id);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, b->family);
	nftnl_set_set_u32(set, NFTNL_SET_FLAGS, NFT_SET_ANONYMOUS | NFT_SET_CONSTANT);
	nftnl_set_set_u32(set, NFTNL_SET_KEY_TYPE, nft_set_type(m));
	nftnl_set_set_u32(set, NFTNL_SET_KEY_LEN, m->len);
	for (size_t i = 0; i < v->n && i < SET_ITEMS; i++) {
		struct nftnl_set_elem *item = nft_must(nftnl_set_elem_alloc());

		(void)!nftnl_set_elem_set(item, NFTNL_SET_ELEM_KEY,
					  (const char *)v->data + i * m->len, m->len);
		nftnl_set_elem_add(set, item);
	}
	h = nft_begin(b, NFT_MSG_NEWSET, NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(h, set);
	nft_end(b, h);
	h = nft_begin(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	nftnl_set_elems_nlmsg_build_payload(h, set);
	nft_end(b, h);
	nftnl_set_free(set);
	return b->set_id;
}

static struct nftnl_expr *nft_expr(struct nftnl_rule *rule, const char *name)
{
	struct nftnl_expr *x = nft_must(nftnl_expr_alloc(name));

	nftnl_rule_add_expr(rule, x);
	return x;
}

static void nft_add_load(struct nftnl_rule *rule, const struct nft_match *m)
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
		nftnl_expr_set_u32(x, NFTNL_EXPR_META_DREG, NFT_REG_1);
	} else if (m->load == NFT_LOAD_CT) {
		x = nft_expr(rule, "ct");
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_KEY, m->at);
		nftnl_expr_set_u32(x, NFTNL_EXPR_CT_DREG, NFT_REG_1);
	} else if (m->load == NFT_LOAD_ADDRESS_TYPE) {
		x = nft_expr(rule, "fib");
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_FLAGS, NFTA_FIB_F_DADDR);
		nftnl_expr_set_u32(x, NFTNL_EXPR_FIB_DREG, NFT_REG_1);
	} else {
		x = nft_expr(rule, "payload");
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_BASE, bases[m->load]);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_OFFSET, m->at);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_LEN, m->len);
		nftnl_expr_set_u32(x, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
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
	struct nftnl_expr *x;
	uint32_t id;

	nft_add_load(rule, m);
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
		id = nft_add_set(b, m, v);
		x = nft_expr(rule, "lookup");
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
		(void)!nftnl_expr_set_str(x, NFTNL_EXPR_LOOKUP_SET, "__set%d");
		nftnl_expr_set_u32(x, NFTNL_EXPR_LOOKUP_SET_ID, id);
		if (m->compare == NFT_NOT_IN)
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

static void nft_add_forward(struct nftnl_rule *rule, const struct nft_value *to)
{
	struct nftnl_expr *x;

	nft_add_constant(rule, NFT_REG_1, to, sizeof(uint32_t));
	x = nft_expr(rule, "fwd");
	nftnl_expr_set_u32(x, NFTNL_EXPR_FWD_SREG_DEV, NFT_REG_1);
}

static void nft_add_verdict(struct nftnl_rule *rule, const struct nft_rule *row,
			    const struct nft_value *values)
{
	struct nftnl_expr *x;

	(void)nft_expr(rule, "counter");
	if (row->verdict == NFT_VERDICT_MASQUERADE) {
		(void)nft_expr(rule, "masq");
		return;
	}
	if (row->verdict == NFT_VERDICT_DNAT4 || row->verdict == NFT_VERDICT_DNAT6) {
		nft_add_dnat(rule, row->verdict == NFT_VERDICT_DNAT4, values);
		return;
	}
	if (row->verdict == NFT_VERDICT_FORWARD) {
		nft_add_forward(rule, &values[0]);
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

/* --- sending ---------------------------------------------------------------------------------- */

int nft_batch_probe(struct nft_batch *b, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = netlink_open(&nl, NETLINK_NETFILTER, e);

	return r < 0 ? r : netlink_batch(&nl, b->data, b->len, e);
}

int nft_batch_commit(struct nft_batch *b, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r;

	nft_end(b, nftnl_batch_end(nft_room(b), ++b->seq));
	r = netlink_open(&nl, NETLINK_NETFILTER, e);
	return r < 0 ? r : netlink_batch(&nl, b->data, b->len, e);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The thing asked for does not exist: no such table, or no nftables in this kernel at all. */
static bool nft_is_absent(int r)
{
	return r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT;
}

static void nft_ask(struct netlink_request *q, uint16_t type, uint32_t family)
{
	struct nfgenmsg *g;

	netlink_begin(q, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | type), 0);
	g = mnl_nlmsg_put_extra_header(q->h, sizeof(*g));
	g->nfgen_family = (uint8_t)family;
	g->version = NFNETLINK_V0;
}

/* Ask for one object; 1 it is there, 0 not. */
static int nft_look(struct netlink_request *q, netlink_reply_fn fn, void *arg, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct err why = { 0 };
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0)
		r = netlink_talk(&nl, q, fn, arg, &why);
	if (r == 0)
		return 1;
	if (nft_is_absent(r))
		return 0;
	*e = why;
	return r;
}

static int nft_take_use(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *use = netlink_attr(h, sizeof(struct nfgenmsg), NFTA_TABLE_USE);

	if (!use || mnl_attr_validate(use, MNL_TYPE_U32) < 0)
		return -EPROTO;
	*(uint32_t *)arg = ntohl(mnl_attr_get_u32(use));
	return 0;
}

int nft_table_exists(uint32_t family, const char *table, uint32_t *ret_chains, struct err *e)
{
	struct netlink_request q;
	uint32_t chains = 0;
	int r;

	nft_ask(&q, NFT_MSG_GETTABLE, family);
	mnl_attr_put_strz(q.h, NFTA_TABLE_NAME, table);
	r = nft_look(&q, nft_take_use, &chains, e);
	if (r > 0 && ret_chains)
		*ret_chains = chains;
	return r < 0 ? err_wrap(e, "look for the packet filter table \"%s\"", table) : r;
}

int nft_chain_exists(uint32_t family, const char *table, const char *chain, struct err *e)
{
	struct netlink_request q;
	int r;

	nft_ask(&q, NFT_MSG_GETCHAIN, family);
	mnl_attr_put_strz(q.h, NFTA_CHAIN_TABLE, table);
	mnl_attr_put_strz(q.h, NFTA_CHAIN_NAME, chain);
	r = nft_look(&q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "look for the packet filter chain \"%s\"", chain) : r;
}

struct nft_chain_search {
	const char *table;
	struct strv *names;
};

static int nft_take_chain(const struct nlmsghdr *h, void *arg)
{
	struct nft_chain_search *s = arg;
	const struct nlattr *table = netlink_attr(h, sizeof(struct nfgenmsg), NFTA_CHAIN_TABLE);
	const struct nlattr *name = netlink_attr(h, sizeof(struct nfgenmsg), NFTA_CHAIN_NAME);

	if (!table || !name || mnl_attr_validate(table, MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_validate(name, MNL_TYPE_NUL_STRING) < 0)
		return -EPROTO;
	if (str_eq(mnl_attr_get_str(table), s->table))
		strv_add(s->names, mnl_attr_get_str(name));
	return 0;
}

int nft_chains(uint32_t family, const char *table, struct strv *ret, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct nft_chain_search s = { .table = table, .names = ret };
	struct netlink_request q;
	struct err why = { 0 };
	size_t unused;
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_ask(&q, NFT_MSG_GETCHAIN, family);
		r = netlink_dump(&nl, &q, nft_take_chain, &s, &unused, &why);
	}
	if (r == 0 || nft_is_absent(r))
		return 0;
	*e = why;
	return err_wrap(e, "list the packet filter chains");
}

struct nft_counter_search {
	const char *chain;
	nft_counter_fn fn;
	void *arg;
	uint64_t packets, bytes;
	bool found;
};

static int nft_take_expr(struct nftnl_expr *x, void *arg)
{
	struct nft_counter_search *s = arg;

	if (str_eq(nftnl_expr_get_str(x, NFTNL_EXPR_NAME), "counter")) {
		s->packets = nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_PACKETS);
		s->bytes = nftnl_expr_get_u64(x, NFTNL_EXPR_CTR_BYTES);
		s->found = true;
	}
	return 0;
}

/* The comment in a rule's user data: one byte type, one byte length, text with NUL. */
static const char *nft_comment(const struct nftnl_rule *rule)
{
	uint32_t n = 0;
	const char *u = nftnl_rule_get_data(rule, NFTNL_RULE_USERDATA, &n);

	if (!u || n < 3 || u[0] != NFTNL_UDATA_RULE_COMMENT || (uint8_t)u[1] + 2u > n)
		return "";
	return u[(uint8_t)u[1] + 1] == '\0' ? u + 2 : "";
}

static int nft_take_rule(const struct nlmsghdr *h, void *arg)
{
	struct nft_counter_search *s = arg;
	struct nftnl_rule *rule = nft_must(nftnl_rule_alloc());

	s->found = false;
	if (nftnl_rule_nlmsg_parse(h, rule) == 0 &&
	    str_eq(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), s->chain))
		(void)!nftnl_expr_foreach(rule, nft_take_expr, s);
	if (s->found)
		s->fn(nft_comment(rule), s->packets, s->bytes, s->arg);
	nftnl_rule_free(rule);
	return 0;
}

int nft_counters(uint32_t family, const char *table, const char *chain, nft_counter_fn fn,
		 void *arg, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct nft_counter_search s = { .chain = chain, .fn = fn, .arg = arg };
	struct netlink_request q;
	struct err why = { 0 };
	size_t unused;
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_ask(&q, NFT_MSG_GETRULE, family);
		mnl_attr_put_strz(q.h, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(q.h, NFTA_RULE_CHAIN, chain);
		r = netlink_dump(&nl, &q, nft_take_rule, &s, &unused, &why);
	}
	if (r == 0 || nft_is_absent(r))
		return 0;
	*e = why;
	return err_wrap(e, "read the counters of \"%s\"", chain);
}
