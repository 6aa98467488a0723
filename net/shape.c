/* Three parts, made in an order in which nothing of the zone ever passes unshaped: the buckets first, then the way to them. */
#include "net/shape.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/guard.h"
#include "net/link.h"
#include "net/nft.h"
#include "net/qdisc.h"

enum { SHAPE_PRIORITY = 1 }; /* behind the guard's 0 */

static const struct nft_rule shape_rules[] = {
	{ .comment = "maxbw", .verdict = NFT_VERDICT_FORWARD },
};

static struct nft_batch *shape_batch(const char *chain, const char *device, uint32_t ifb,
				     bool replace)
{
	struct nft_batch *b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);
	const struct nft_value to = { .data = &ifb, .n = 1 };
	const struct nft_chain c = { .name = chain,
				     .type = "filter",
				     .hook = NF_NETDEV_INGRESS,
				     .priority = SHAPE_PRIORITY,
				     .device = device };

	nft_batch_add_table(b);
	if (replace)
		nft_batch_drop_chain(b, chain);
	nft_batch_add_chain(b, &c);
	nft_batch_rules(b, chain, shape_rules, sizeof(shape_rules) / sizeof(shape_rules[0]), &to,
			0);
	return b;
}

static int shape_chain(const struct shape *s, uint32_t ifb, struct err *e)
{
	struct err why = { 0 };
	int r = 0;

	for (int replace = 0; replace <= 1; replace++) {
		auto_ptr(nft_batch) struct nft_batch *b =
			shape_batch(s->ifb, s->host, ifb, replace);

		r = nft_batch_commit(b, &why);
		if (r != -EEXIST)
			break;
	}
	if (r < 0)
		*e = why;
	return r;
}

/* The ifb link, new and up, with its bucket. */
static int shape_ifb(struct netlink *nl, const struct shape *s, const struct qdisc_tbf *q,
		     uint32_t *ret, struct err *e)
{
	const struct link_change named = { .alias = s->alias, .no_link_local = true };
	const struct link_change up = { .up = true };
	struct link_info ifb = { 0 };
	struct err why = { 0 };
	int r = link_add_ifb(nl, s->ifb, &why);

	if (r == -EEXIST && link_clear(nl, s->ifb, s->alias, &why) == 0)
		r = link_add_ifb(nl, s->ifb, &why);
	if (r < 0) {
		*e = why;
		return r;
	}
	r = link_change(nl, s->ifb, &named, e);
	if (r == 0)
		r = link_find(nl, s->ifb, &ifb, e);
	if (r == 0)
		r = qdisc_set_tbf(nl, ifb.index, q, e);
	if (r == 0)
		r = link_change(nl, s->ifb, &up, e);
	*ret = ifb.index;
	return r;
}

int shape_add(struct netlink *nl, const struct shape *s, struct err *e)
{
	struct link_info host = { 0 };
	uint32_t ifb = 0;
	int r = link_find(nl, s->host, &host, e);
	struct qdisc_tbf q = qdisc_tbf_for(s->bits, host.mtu);

	if (r == 0)
		r = qdisc_set_tbf(nl, host.index, &q, e);
	if (r == 0 && s->ifb)
		r = shape_ifb(nl, s, &q, &ifb, e);
	if (r == 0 && s->ifb)
		r = shape_chain(s, ifb, e);
	return r < 0 ? err_wrap(e, "limit the bandwidth of the link \"%s\"", s->host) : 0;
}

int shape_change(struct netlink *nl, const struct shape *s, struct err *e)
{
	struct link_info host = { 0 }, ifb = { 0 };
	struct err ignored = { 0 };
	int r = nft_chain_exists(NFPROTO_NETDEV, GUARD_TABLE, s->ifb, e);

	if (r < 0)
		return r;
	if (r == 0 || link_find(nl, s->ifb, &ifb, &ignored) < 0 || !str_eq(ifb.alias, s->alias) ||
	    !(ifb.flags & IFF_UP))
		return shape_add(nl, s, e);
	r = link_find(nl, s->host, &host, e);
	struct qdisc_tbf q = qdisc_tbf_for(s->bits, host.mtu);

	if (r == 0)
		r = qdisc_set_tbf(nl, host.index, &q, e);
	return r < 0 ? r : qdisc_set_tbf(nl, ifb.index, &q, e);
}

/* The way to the ifb first: a frame that is sent to a link that is no more is lost. */
int shape_end(struct netlink *nl, const char *host, const char *ifb, struct err *e)
{
	struct link_info l = { 0 };
	int r = guard_remove(ifb, e);

	if (r == 0)
		r = link_delete(nl, ifb, e);
	if (r == 0)
		r = link_find(nl, host, &l, e);
	return r < 0 ? r : qdisc_clear(nl, l.index, e);
}

int shape_remove(struct netlink *nl, const char *ifb, struct err *e)
{
	struct err second = { 0 };
	int r = link_delete(nl, ifb, e);
	int s = guard_remove(ifb, &second);

	if (r == 0 && s < 0)
		*e = second;
	return r < 0 ? r : s;
}

static int shape_rate(struct netlink *nl, const char *name, uint64_t *ret, struct err *e)
{
	struct link_info l = { 0 };
	struct err why = { 0 };
	int r = link_find(nl, name, &l, &why);

	if (r == -ENODEV)
		return 0;
	if (r == 0)
		r = qdisc_rate(nl, l.index, ret, &why);
	*ret *= 8;
	if (r < 0)
		*e = why;
	return r;
}

int shape_rates(struct netlink *nl, const char *host, const char *ifb, struct shape_rates *ret,
		struct err *e)
{
	struct shape_rates found = { 0 };
	int r = shape_rate(nl, host, &found.to_zone, e);

	if (r == 0)
		r = shape_rate(nl, ifb, &found.from_zone, e);
	*ret = found;
	return r;
}

int shape_probe(struct netlink *nl, struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = shape_batch("probe", "lo", 1, false);
	int r = qdisc_probe(nl, e);

	if (r == 0)
		r = link_probe_kind(nl, "ifb", e);
	if (r < 0)
		return r;
	r = nft_batch_probe(b, e);
	return r < 0 ? err_wrap(e, "it cannot send frames to another link (nft_fwd_netdev)") : 0;
}
