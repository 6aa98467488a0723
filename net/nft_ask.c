/* Questions about what the kernel's packet filter has. A kernel without nftables has nothing. */
#include "net/nft_batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include "net/netlink.h"

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

static int nft_keep(const struct nlmsghdr *h, void *arg)
{
	strbuf_add_bytes(arg, h,
			 MNL_ALIGN(h->nlmsg_len)); /* whoever received it had room for that */
	return 0;
}

int nft_dump(struct netlink *nl, struct netlink_request *q, netlink_reply_fn fn, void *arg,
	     struct err *e)
{
	auto_done(strbuf) struct strbuf list = { 0 };
	int r = netlink_dump(nl, q, nft_keep, &list, &list.len, e);

	for (size_t at = 0; r == 0 && at < list.len;) {
		const struct nlmsghdr *h = (const void *)(list.text + at);

		r = fn(h, arg);
		if (r < 0)
			return err_ret(e, r, "understand the kernel's answer about the network");
		at += MNL_ALIGN(h->nlmsg_len);
	}
	return r;
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
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_ask(&q, NFT_MSG_GETCHAIN, family);
		r = nft_dump(&nl, &q, nft_take_chain, &s, &why);
	}
	if (r == 0 || nft_is_absent(r))
		return 0;
	*e = why;
	return err_wrap(e, "list the packet filter chains");
}

struct nft_hook_search {
	uint32_t hook;
	const char *except;
	bool drops;
};

static uint32_t nft_number(const struct nlattr *a)
{
	return a && mnl_attr_validate(a, MNL_TYPE_U32) == 0 ? ntohl(mnl_attr_get_u32(a)) : 0;
}

static int nft_take_hooked(const struct nlmsghdr *h, void *arg)
{
	struct nft_hook_search *s = arg;
	const size_t skip = sizeof(struct nfgenmsg);
	const struct nlattr *table = netlink_attr(h, skip, NFTA_CHAIN_TABLE);
	const struct nlattr *hook = netlink_attr(h, skip, NFTA_CHAIN_HOOK);
	const struct nlattr *policy = netlink_attr(h, skip, NFTA_CHAIN_POLICY);

	if (!table || mnl_attr_validate(table, MNL_TYPE_NUL_STRING) < 0)
		return -EPROTO;
	if (!hook || nft_number(netlink_nested(hook, NFTA_HOOK_HOOKNUM)) != s->hook ||
	    (s->except && str_eq(mnl_attr_get_str(table), s->except)))
		return 0;
	s->drops = s->drops || nft_number(netlink_attr(h, skip, NFTA_CHAIN_USE)) > 0 ||
		   (policy && nft_number(policy) == NF_DROP);
	return 0;
}

int nft_hook_drops(uint32_t family, uint32_t hook, const char *except, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct nft_hook_search s = { .hook = hook, .except = except };
	struct netlink_request q;
	struct err why = { 0 };
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_ask(&q, NFT_MSG_GETCHAIN, family);
		r = nft_dump(&nl, &q, nft_take_hooked, &s, &why);
	}
	if (r == 0)
		return s.drops;
	if (nft_is_absent(r))
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
	int r = netlink_open(&nl, NETLINK_NETFILTER, &why);

	if (r == 0) {
		nft_ask(&q, NFT_MSG_GETRULE, family);
		mnl_attr_put_strz(q.h, NFTA_RULE_TABLE, table);
		mnl_attr_put_strz(q.h, NFTA_RULE_CHAIN, chain);
		r = nft_dump(&nl, &q, nft_take_rule, &s, &why);
	}
	if (r == 0 || nft_is_absent(r))
		return 0;
	*e = why;
	return err_wrap(e, "read the counters of \"%s\"", chain);
}

struct nft_comment_search {
	const char *comment;
	bool found;
};

static void nft_take_comment(const char *comment, uint64_t packets, uint64_t bytes, void *arg)
{
	struct nft_comment_search *s = arg;

	(void)packets;
	(void)bytes;
	s->found = s->found || str_eq(comment, s->comment);
}

int nft_rule_exists(uint32_t family, const char *table, const char *chain, const char *comment,
		    struct err *e)
{
	struct nft_comment_search s = { .comment = comment };
	int r = nft_counters(family, table, chain, nft_take_comment, &s, e);

	return r < 0 ? r : s.found;
}
