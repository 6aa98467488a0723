/* Rules as texts, to compare what was sent with what the kernel shows. Counters, and what only the kernel fills in, are left out. */
#include "net/nft_batch.h"

#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "net/netlink.h"
#include "runtime/base/mem.h"

enum { TEXT_MAX = 512 };

/* --- texts ------------------------------------------------------------------------------------ */

/* What the kernel adds to it (the end of a range that is one address, flags) is nobody's wish. */
static void nft_text_nat(const struct nftnl_expr *x, struct strbuf *b)
{
	static const uint16_t keys[] = { NFTNL_EXPR_NAT_TYPE, NFTNL_EXPR_NAT_FAMILY,
					 NFTNL_EXPR_NAT_REG_ADDR_MIN,
					 NFTNL_EXPR_NAT_REG_PROTO_MIN };

	strbuf_add(b, "nat");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		strbuf_format(b, " %u",
			      nftnl_expr_is_set(x, keys[i]) ? nftnl_expr_get_u32(x, keys[i]) : 0);
}

static void nft_text_lookup(const struct nftnl_expr *x, struct strbuf *b)
{
	const char *name = nftnl_expr_get_str(x, NFTNL_EXPR_LOOKUP_SET);
	bool is_named = name && !str_has_prefix(name, "__set");
	uint32_t flags = nftnl_expr_is_set(x, NFTNL_EXPR_LOOKUP_FLAGS)
				 ? nftnl_expr_get_u32(x, NFTNL_EXPR_LOOKUP_FLAGS)
				 : 0;

	strbuf_format(b, "lookup %s %u", is_named ? name : "", flags);
}

static int nft_text_expr(struct nftnl_expr *x, void *arg)
{
	const char *name = nftnl_expr_get_str(x, NFTNL_EXPR_NAME);
	struct strbuf *b = arg;
	char text[TEXT_MAX] = "";

	strbuf_add_char(b, '[');
	if (str_eq(name, "lookup")) {
		nft_text_lookup(x, b);
	} else if (str_eq(name, "nat")) {
		nft_text_nat(x, b);
	} else {
		strbuf_add(b, name);
		if (!str_eq(name, "counter") &&
		    nftnl_expr_snprintf(text, sizeof(text), x, NFTNL_OUTPUT_DEFAULT, 0) >= 0)
			strbuf_format(b, " %s", text);
	}
	strbuf_add_char(b, ']');
	return 0;
}

char *nft_rule_text(const struct nftnl_rule *rule, const char *sets)
{
	struct strbuf b = { 0 };

	(void)!nftnl_expr_foreach((struct nftnl_rule *)rule, nft_text_expr, &b);
	strbuf_add(&b, sets);
	return strbuf_steal(&b);
}

static int nft_by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void nft_set_text(const struct nftnl_set *set, struct strbuf *to)
{
	auto_done(strv) struct strv items = { 0 };
	struct nftnl_set_elems_iter *i = nft_must(nftnl_set_elems_iter_create(set));

	for (struct nftnl_set_elem *x = nftnl_set_elems_iter_next(i); x;
	     x = nftnl_set_elems_iter_next(i)) {
		uint32_t n = 0;
		const uint8_t *key = nftnl_set_elem_get(x, NFTNL_SET_ELEM_KEY, &n);
		struct strbuf hex = { 0 };

		for (uint32_t k = 0; key && k < n; k++)
			strbuf_format(&hex, "%02x", key[k]);
		strv_take(&items, strbuf_steal(&hex));
	}
	nftnl_set_elems_iter_destroy(i);
	if (items.n > 1)
		qsort(items.items, items.n, sizeof(*items.items), nft_by_text);
	auto_free char *all = strv_join(&items, " ");

	strbuf_format(to, "{%s}", items.n ? all : "");
}

void nft_batch_texts(struct nft_batch *b, struct strv *texts)
{
	b->texts = texts;
}

char *nft_hook_text(uint32_t hook, int32_t priority, const char *device)
{
	return mem_format("hook %u priority %d device %s policy %u", hook, priority,
			  device ? device : "", NF_ACCEPT);
}

/* --- what the kernel has ---------------------------------------------------------------------- */

struct nft_reading {
	struct netlink nl;
	uint32_t family;
	const char *table, *chain;
	struct strv *ret;
	struct nftnl_rule **rules;
	size_t n;
};

static void nft_reading_done(struct nft_reading *d)
{
	for (size_t i = 0; i < d->n; i++)
		nftnl_rule_free(d->rules[i]);
	free(d->rules);
	netlink_done(&d->nl);
}

static void nft_question(const struct nft_reading *d, struct netlink_request *q, uint16_t type)
{
	struct nfgenmsg *g;

	netlink_begin(q, (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | type), 0);
	g = mnl_nlmsg_put_extra_header(q->h, sizeof(*g));
	g->nfgen_family = (uint8_t)d->family;
	g->version = NFNETLINK_V0;
}

static int nft_take_hook(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_chain *c = nft_must(nftnl_chain_alloc());
	struct nft_reading *d = arg;

	if (nftnl_chain_nlmsg_parse(h, c) == 0) {
		const char *const *devices = nftnl_chain_get_array(c, NFTNL_CHAIN_DEVICES);
		const char *device = nftnl_chain_is_set(c, NFTNL_CHAIN_DEV)
					     ? nftnl_chain_get_str(c, NFTNL_CHAIN_DEV)
				     : devices && devices[0] && !devices[1] ? devices[0]
									    : NULL;

		strv_format(d->ret, "hook %u priority %d device %s policy %u",
			    nftnl_chain_get_u32(c, NFTNL_CHAIN_HOOKNUM),
			    nftnl_chain_get_s32(c, NFTNL_CHAIN_PRIO), device ? device : "",
			    nftnl_chain_get_u32(c, NFTNL_CHAIN_POLICY));
	}
	nftnl_chain_free(c);
	return 0;
}

static int nft_take_whole(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_rule *rule = nft_must(nftnl_rule_alloc());
	struct nft_reading *d = arg;

	if (nftnl_rule_nlmsg_parse(h, rule) < 0 ||
	    !str_eq(nftnl_rule_get_str(rule, NFTNL_RULE_CHAIN), d->chain)) {
		nftnl_rule_free(rule);
		return 0;
	}
	d->rules = mem_grow(d->rules, d->n + 1, sizeof(struct nftnl_rule *));
	d->rules[d->n++] = rule;
	return 0;
}

static int nft_take_items(const struct nlmsghdr *h, void *arg)
{
	return nftnl_set_elems_nlmsg_parse(h, arg) < 0 ? -EPROTO : 0;
}

static int nft_read_set(struct nft_reading *d, const char *name, struct strbuf *to, struct err *e)
{
	struct nftnl_set *set = nft_must(nftnl_set_alloc());
	struct netlink_request q;
	int r;

	nft_question(d, &q, NFT_MSG_GETSETELEM);
	mnl_attr_put_strz(q.h, NFTA_SET_ELEM_LIST_TABLE, d->table);
	mnl_attr_put_strz(q.h, NFTA_SET_ELEM_LIST_SET, name);
	r = nft_dump(&d->nl, &q, nft_take_items, set, e);
	if (r == 0)
		nft_set_text(set, to);
	nftnl_set_free(set);
	return r;
}

static int nft_take_set_name(struct nftnl_expr *x, void *arg)
{
	const char *name = str_eq(nftnl_expr_get_str(x, NFTNL_EXPR_NAME), "lookup")
				   ? nftnl_expr_get_str(x, NFTNL_EXPR_LOOKUP_SET)
				   : NULL;

	if (name && str_has_prefix(name, "__set"))
		strv_add(arg, name);
	return 0;
}

static int nft_read_rule(struct nft_reading *d, struct nftnl_rule *rule, struct err *e)
{
	auto_done(strbuf) struct strbuf sets = { 0 };
	auto_done(strv) struct strv names = { 0 };
	int r = 0;

	(void)!nftnl_expr_foreach(rule, nft_take_set_name, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = nft_read_set(d, names.items[i], &sets, e);
	if (r == 0)
		strv_take(d->ret, nft_rule_text(rule, strbuf_text(&sets)));
	return r;
}

/* The chain or the whole table is not there, or this kernel has no such thing. */
static bool nft_is_nothing(int r)
{
	return r == -ENOENT || r == -EINVAL || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT;
}

int nft_chain_texts(uint32_t family, const char *table, const char *chain, struct strv *ret,
		    struct err *e)
{
	auto_done(nft_reading) struct nft_reading d = {
		.nl = NETLINK_CLOSED, .family = family, .table = table, .chain = chain, .ret = ret
	};
	struct netlink_request q;
	struct err why = { 0 };
	int r = netlink_open(&d.nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_question(&d, &q, NFT_MSG_GETCHAIN);
		mnl_attr_put_strz(q.h, NFTA_CHAIN_TABLE, table);
		mnl_attr_put_strz(q.h, NFTA_CHAIN_NAME, chain);
		r = netlink_talk(&d.nl, &q, nft_take_hook, &d, &why);
	}
	if (nft_is_nothing(r))
		return 0;
	if (r == 0) {
		nft_question(&d, &q, NFT_MSG_GETRULE);
		mnl_attr_put_strz(q.h, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(q.h, NFTA_RULE_CHAIN, chain);
		r = nft_dump(&d.nl, &q, nft_take_whole, &d, &why);
	}
	for (size_t i = 0; r == 0 && i < d.n; i++)
		r = nft_read_rule(&d, d.rules[i], &why);
	if (r == 0)
		return 0;
	*e = why;
	return err_wrap(e, "read the packet filter chain \"%s\"", chain);
}
