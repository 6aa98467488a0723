/* The macvlan first, then the two ways across, and only then are the links brought up: no frame is ever seen by the host's own stack. Should somebody flush the chains later, the
 * kernel parameters keep the host deaf on both links. */
#include "net/uplink.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "net/guard.h"
#include "net/nft.h"
#include "net/plan.h"
#include "net/qdisc.h"
#include "net/sysctl.h"

enum { UPLINK_PRIORITY = 1 }; /* behind the guard's 0 */

/* With no route through the link a strict reverse path lets no IPv4 packet in. */
static const struct sysctl_row uplink_sysctls[] = {
	{ "ipv4", "rp_filter", 1 },        { "ipv4", "forwarding", 0 },
	{ "ipv4", "accept_redirects", 0 }, { "ipv4", "accept_source_route", 0 },
	{ "ipv6", "disable_ipv6", 1 },     { NULL, NULL, 0 },
};

static const struct nft_rule uplink_rules[] = {
	{ .comment = "uplink", .verdict = NFT_VERDICT_FORWARD },
};

int uplink_check(const struct link_info *lower, uint32_t mtu, struct err *e)
{
	if (lower->flags & IFF_LOOPBACK)
		return err_set(e, EINVAL, "\"%s\" is a loopback and leads nowhere", lower->name);
	if (lower->type != ARPHRD_ETHER)
		return err_set(e, EINVAL,
			       "\"%s\" is no Ethernet link; make a bridge and route to it",
			       lower->name);
	if (lower->master)
		return err_set(
			e, EINVAL,
			"\"%s\" is a port of another link, which gets all its frames; name that bridge or bond instead",
			lower->name);
	if (mtu > lower->mtu)
		return err_set(e, EINVAL, "the MTU %u is above the %u of \"%s\"; set mtu to that",
			       mtu, lower->mtu, lower->name);
	return 0;
}

/* A chain that sends what comes in by `device` out by the link with this number. */
static struct nft_batch *uplink_batch(const char *chain, const char *device, uint32_t to,
				      bool replace)
{
	struct nft_batch *b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);
	const struct nft_value value = { .data = &to, .n = 1 };
	const struct nft_chain c = { .name = chain,
				     .type = "filter",
				     .hook = NF_NETDEV_INGRESS,
				     .priority = UPLINK_PRIORITY,
				     .device = device };

	nft_batch_add_table(b);
	if (replace)
		nft_batch_drop_chain(b, chain);
	nft_batch_add_chain(b, &c);
	nft_batch_rules(b, chain, uplink_rules, sizeof(uplink_rules) / sizeof(uplink_rules[0]),
			&value, 0);
	return b;
}

static int uplink_chain(const char *chain, const char *device, uint32_t to, struct err *e)
{
	struct err why = { 0 };
	int r = 0;

	for (int replace = 0; replace <= 1; replace++) {
		auto_ptr(nft_batch) struct nft_batch *b = uplink_batch(chain, device, to, replace);

		r = nft_batch_commit(b, &why);
		if (r != -EEXIST)
			break;
	}
	if (r < 0)
		*e = why;
	return r;
}

int uplink_probe(struct netlink *nl, const struct link_info *lower, struct err *e)
{
	auto_ptr(nft_batch) struct nft_batch *b = uplink_batch("probe", "lo", 1, false);
	int r = link_probe_macvlan(nl, lower->index, e);

	if (r < 0)
		return r;
	r = nft_batch_probe(b, e);
	return r < 0 ? err_wrap(e, "it cannot send frames to another link (nft_fwd_netdev)") : 0;
}

static int uplink_macvlan(struct netlink *nl, const struct uplink *u, const char *name,
			  struct err *e)
{
	const struct link_macvlan m = { .name = name,
					.lower = u->lower->index,
					.mac = u->mac,
					.mtu = u->mtu,
					.is_private = u->isolated };
	struct err why = { 0 };
	int r = link_add_macvlan(nl, &m, &why);

	if (r == -EEXIST && link_clear(nl, name, u->alias, &why) == 0)
		r = link_add_macvlan(nl, &m, &why);
	if (r < 0)
		*e = why;
	return r;
}

/* Everything about one of the two links but its being up. */
static int uplink_prepare(struct netlink *nl, const char *name, const char *alias, struct err *e)
{
	const struct link_change c = { .alias = alias, .no_link_local = true, .relay = true };
	auto_done(sysctl) struct sysctl s = SYSCTL_CLOSED;
	int r = link_change(nl, name, &c, e);

	return r < 0 ? r : sysctl_set_all(&s, name, uplink_sysctls, e);
}

static int uplink_make(struct netlink *nl, const struct uplink *u, const char *way,
		       const char *macvlan, struct err *e)
{
	const struct link_change up = { .up = true };
	struct link_info out = { 0 }, in = { 0 };
	int r = uplink_macvlan(nl, u, macvlan, e);

	if (r == 0)
		r = uplink_prepare(nl, macvlan, u->alias, e);
	if (r == 0)
		r = uplink_prepare(nl, u->host, u->alias, e);
	if (r == 0)
		r = link_find(nl, macvlan, &out, e);
	if (r == 0)
		r = link_find(nl, u->host, &in, e);
	if (r == 0 && u->maxbw) {
		const struct qdisc_tbf q = qdisc_tbf_for(u->maxbw, out.mtu);

		r = qdisc_set_tbf(nl, out.index, &q, e);
	}
	if (r == 0)
		r = uplink_chain(way, u->host, out.index, e);
	if (r == 0)
		r = uplink_chain(macvlan, macvlan, in.index, e);
	if (r == 0)
		r = link_change(nl, u->host, &up, e);
	return r < 0 ? r : link_change(nl, macvlan, &up, e);
}

int uplink_add(struct netlink *nl, const struct uplink *u, struct err *e)
{
	char way[IFNAMSIZ], macvlan[IFNAMSIZ];
	int r;

	plan_twin_name(u->host, 'o', way);
	plan_twin_name(u->host, 'm', macvlan);
	r = uplink_make(nl, u, way, macvlan, e);
	return r < 0 ? err_wrap(e, "connect the link \"%s\" to \"%s\"", u->host, u->lower->name)
		     : 0;
}

int uplink_remove(struct netlink *nl, const char *host, struct err *e)
{
	char way[IFNAMSIZ], macvlan[IFNAMSIZ];
	struct err other = { 0 };
	int r, s;

	plan_twin_name(host, 'o', way);
	plan_twin_name(host, 'm', macvlan);
	r = link_delete(nl, macvlan, e);
	s = guard_remove(way, r < 0 ? &other : e);
	r = r < 0 ? r : s;
	s = guard_remove(macvlan, r < 0 ? &other : e);
	return r < 0 ? r : s;
}

int uplink_is_whole(const struct link_list *links, const char *host, const struct link_info *lower,
		    bool *ret, struct err *e)
{
	char way[IFNAMSIZ], macvlan[IFNAMSIZ];
	bool is_up = false;
	int r, s;

	plan_twin_name(host, 'o', way);
	plan_twin_name(host, 'm', macvlan);
	for (size_t i = 0; lower && i < links->n; i++) {
		const struct link_info *l = &links->items[i];

		is_up |= str_eq(l->name, macvlan) && l->peer == lower->index && (l->flags & IFF_UP);
	}
	r = nft_chain_exists(NFPROTO_NETDEV, GUARD_TABLE, way, e);
	s = r < 0 ? r : nft_chain_exists(NFPROTO_NETDEV, GUARD_TABLE, macvlan, e);
	if (s < 0)
		return s;
	*ret = is_up && r && s;
	return 0;
}
