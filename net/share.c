/* What exists is brought in line with the state after each change of it: ifb links, classes, then the ways of frames to them. */
#include "net/share.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "net/bridge.h"
#include "net/guard.h"
#include "net/htb.h"
#include "net/link.h"
#include "net/nft.h"
#include "net/plan.h"
#include "net/qdisc.h"
#include "net/redirect.h"
#include "net/share_state.h"

enum { SHARE_PRIORITY = 1 }; /* behind the guard's 0, as shape.c's */
enum { TAKEN_IN_SHARE = 100, QUANTUM_PER_SECOND = 50, QUANTUM_MIN = 1600, QUANTUM_MAX = 65536 };
enum { QUANTUM_RATIO = 64 }; /* at most: turns of what others leave stay short */

enum { FROM_ZONES, TO_ZONES, DIRECTIONS };
static const char share_letters[DIRECTIONS] = { 'f', 't' };

/* "zs<8 hex digits>.f" */
static void share_ifb(const char *bridge, int direction, char buf[IFNAMSIZ])
{
	(void)snprintf(buf, IFNAMSIZ, "zs%08x.%c", (unsigned)inet_hash(bridge),
		       share_letters[direction]);
}

static bool share_is_ifb(const struct link_info *l)
{
	const char *hash = str_after(l->name, "zs");

	return hash && strspn(hash, "0123456789abcdef") == 8 && hash[8] == '.' &&
	       str_eq(l->kind, "ifb") && (!l->alias[0] || str_has_prefix(l->alias, BRIDGE_ALIAS));
}

/* --- the ways to the classes ------------------------------------------------------------------ */

static const struct nft_rule from_rules[] = {
	{ .comment = "bwShare", .verdict = NFT_VERDICT_PRIORITY },
	{ .comment = "bwShare", .verdict = NFT_VERDICT_FORWARD },
};
static const struct nft_rule to_rules[] = {
	{ .comment = "bwShare", .verdict = NFT_VERDICT_PRIORITY },
};

struct hook {
	const char *chain;
	uint32_t hook;
	const struct nft_rule *rules;
	size_t n;
	bool exists; /* of an interrupted attempt, or of shape.c */
};

static struct nft_batch *hook_batch(const struct hook *hooks, const char *device,
				    const struct nft_value values[2])
{
	struct nft_batch *b = nft_batch_new(NFPROTO_NETDEV, GUARD_TABLE);

	nft_batch_add_table(b);
	for (int i = 0; i < DIRECTIONS; i++) {
		const struct nft_chain c = { .name = hooks[i].chain,
					     .type = "filter",
					     .hook = hooks[i].hook,
					     .priority = SHARE_PRIORITY,
					     .device = device };

		if (hooks[i].exists)
			nft_batch_drop_chain(b, hooks[i].chain);
		nft_batch_add_chain(b, &c);
		nft_batch_rules(b, hooks[i].chain, hooks[i].rules, hooks[i].n, values, 0);
	}
	return b;
}

static void hook_fill(struct hook hooks[DIRECTIONS], const char *from, const char *to)
{
	hooks[FROM_ZONES] = (struct hook){ .chain = from,
					   .hook = NF_NETDEV_INGRESS,
					   .rules = from_rules,
					   .n = sizeof(from_rules) / sizeof(from_rules[0]) };
	hooks[TO_ZONES] = (struct hook){ .chain = to,
					 .hook = NF_NETDEV_EGRESS,
					 .rules = to_rules,
					 .n = sizeof(to_rules) / sizeof(to_rules[0]) };
}

/* The priority is set before the way leads to the classes. */
static int hook_link(struct netlink *nl, const struct share_link *l,
		     const uint32_t ifbs[DIRECTIONS], struct err *e)
{
	char from[IFNAMSIZ], to[IFNAMSIZ];
	uint32_t priority = htb_priority(l->minor);
	const struct nft_value values[2] = { { .data = &ifbs[FROM_ZONES], .n = 1 },
					     { .data = &priority, .n = 1 } };
	struct hook hooks[DIRECTIONS];
	struct link_info host = { 0 };
	int r = link_find(nl, l->host, &host, e);

	plan_ifb_name(l->host, from);
	plan_share_chain(l->host, to);
	hook_fill(hooks, from, to);
	for (int i = 0; r >= 0 && i < DIRECTIONS; i++) {
		r = nft_chain_exists(NFPROTO_NETDEV, GUARD_TABLE, hooks[i].chain, e);
		hooks[i].exists = r > 0;
	}
	if (r < 0)
		return r;
	auto_ptr(nft_batch) struct nft_batch *b = hook_batch(hooks, l->host, values);

	r = nft_batch_commit(b, e);
	return r < 0 ? r : redirect_add(nl, host.index, ifbs[TO_ZONES], e);
}

/* --- classes ---------------------------------------------------------------------------------- */

/* There and up; its total is set. 1: it was not there. */
static int raise_ifb(struct netlink *nl, const struct share_lower *l, int direction, uint32_t *ret,
		     struct err *e)
{
	const struct link_change named = { .alias = BRIDGE_ALIAS, .no_link_local = true };
	const struct link_change up = { .up = true };
	struct link_info ifb = { 0 };
	struct err why = { 0 };
	char name[IFNAMSIZ];
	bool is_new;
	int r;

	share_ifb(l->bridge, direction, name);
	r = link_find(nl, name, &ifb, &why);
	is_new = r == -ENODEV;
	if (is_new) {
		r = link_add_ifb(nl, name, &why);
		if (r == 0)
			r = link_change(nl, name, &named, &why);
		if (r == 0)
			r = link_find(nl, name, &ifb, &why);
	} else if (r == 0 && !share_is_ifb(&ifb)) {
		r = err_set(&why, EEXIST, "a link \"%s\" exists already and is not of zones", name);
	}
	if (r < 0) {
		*e = why;
		return r;
	}
	*ret = ifb.index;
	r = htb_set_total(nl, ifb.index, l->total, e);
	if (r == 0 && !(ifb.flags & IFF_UP))
		r = link_change(nl, name, &up, e);
	return r < 0 ? r : is_new;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A link's own rate is its part of the total; its turns of what others leave are in the same proportion. */
static struct htb_class class_of(const struct share_lower *l, const struct share_link *one)
{
	uint64_t sum = 0, smallest = one->weight, base;
	struct htb_class c = { .minor = one->minor, .ceil = l->total };

	for (size_t i = 0; i < l->n; i++) {
		sum += l->links[i].weight;
		smallest = least(smallest, l->links[i].weight);
	}
	if (one->maxbw)
		c.ceil = least(one->maxbw, l->total);
	c.rate = least(l->total / sum * one->weight + l->total % sum * one->weight / sum, c.ceil);
	base = least(l->total / 8 / QUANTUM_PER_SECOND, QUANTUM_MAX);
	if (base < QUANTUM_MIN)
		base = QUANTUM_MIN;
	c.quantum = (uint32_t)least(base * one->weight / smallest, base * QUANTUM_RATIO);
	return c;
}

static int apply_lower(struct netlink *nl, struct share_lower *l, struct err *e)
{
	uint32_t ifbs[DIRECTIONS] = { 0 };
	int r = 0;

	for (int d = 0; r == 0 && d < DIRECTIONS; d++) {
		r = raise_ifb(nl, l, d, &ifbs[d], e);
		if (r > 0) /* somebody has taken it away: all ways to it lead nowhere */
			for (size_t i = 0; i < l->n; i++)
				l->links[i].hooked = false;
		r = r > 0 ? 0 : r;
		for (size_t i = 0; r == 0 && i < l->n; i++) {
			const struct htb_class c = class_of(l, &l->links[i]);

			r = htb_set_class(nl, ifbs[d], &c, e);
		}
	}
	for (size_t i = 0; r == 0 && i < l->n; i++) {
		if (!l->links[i].hooked)
			r = hook_link(nl, &l->links[i], ifbs, e);
		l->links[i].hooked = r == 0;
	}
	return r < 0 ? err_wrap(e, "share the bandwidth of \"%s\"", l->bridge) : 0;
}

/* --- who is there ----------------------------------------------------------------------------- */

static bool list_has(const struct link_list *links, const char *name)
{
	for (size_t i = 0; i < links->n; i++)
		if (str_eq(links->items[i].name, name))
			return true;
	return false;
}

/* The class of a link that is gone goes too, in both directions. */
static int drop_link(struct netlink *nl, struct share_lower *l, size_t at, struct err *e)
{
	int r = 0;

	for (int d = 0; r == 0 && d < DIRECTIONS; d++) {
		struct link_info ifb = { 0 };
		struct err why = { 0 };
		char name[IFNAMSIZ];

		share_ifb(l->bridge, d, name);
		r = link_find(nl, name, &ifb, &why);
		if (r == -ENODEV) {
			r = 0;
			continue;
		}
		if (r == 0)
			r = htb_remove_class(nl, ifb.index, l->links[at].minor, &why);
		if (r < 0)
			*e = why;
	}
	if (r == 0)
		share_lower_remove(l, at);
	return r;
}

/* *changed: some are gone. */
static int drop_dead(struct netlink *nl, struct share_lower *l, const struct link_list *links,
		     bool *changed, struct err *e)
{
	int r = 0;

	for (size_t i = l->n; r == 0 && i-- > 0;) {
		if (list_has(links, l->links[i].host))
			continue;
		*changed = true;
		r = drop_link(nl, l, i, e);
	}
	return r;
}

/* Links of zones that were on the lower link before it had a total. What holds them to a maxbw of their own is their ceiling from now on. */
static int take_in(struct netlink *nl, struct share_lower *l, const struct link_list *links,
		   struct err *e)
{
	struct link_info lower = { 0 };
	int r = link_find(nl, l->bridge, &lower, e);

	for (size_t i = 0; r == 0 && i < links->n; i++) {
		const struct link_info *one = &links->items[i];
		struct share_link *row = NULL;
		uint64_t rate = 0;

		if (one->master != lower.index || !str_has_prefix(one->name, "zv") ||
		    !plan_host_name_hash(one->name) || !str_has_prefix(one->alias, BRIDGE_ALIAS) ||
		    share_lower_find(l, one->name))
			continue;
		row = share_lower_add(l, one->name, e);
		if (!row)
			return -e->code;
		r = qdisc_rate(nl, one->index, &rate, e);
		row->weight = TAKEN_IN_SHARE;
		row->maxbw = rate * 8;
	}
	return r;
}

int share_join(struct netlink *nl, const char *run_dir, const struct share *s, uint32_t *ret_class,
	       struct err *e)
{
	auto_done(share_state) struct share_state state = { 0 };
	auto_done(link_list) struct link_list links = { 0 };
	struct share_lower *l;
	struct share_link *own = NULL;
	bool changed = false;
	int r = share_state_load(run_dir, &state, e);

	if (r == 0)
		r = link_all(nl, &links, e);
	if (r < 0)
		return r;
	l = share_state_lower(&state, s->bridge);
	l->total = s->total;
	r = drop_dead(nl, l, &links, &changed, e);
	if (r == 0)
		r = take_in(nl, l, &links, e);
	if (r < 0)
		return r;
	own = share_lower_add(l, s->host, e);
	if (!own)
		return -e->code;
	own->weight = s->weight;
	own->maxbw = s->maxbw;
	/* a link that had the name before is another one */
	own->hooked = own->hooked && s->joined;
	*ret_class = own->minor;
	r = share_state_save(&state, e);
	if (r == 0)
		r = apply_lower(nl, l, e);
	return r < 0 ? r : share_state_save(&state, e);
}

static int remove_ifbs(struct netlink *nl, const struct share_state *state,
		       const struct link_list *links, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < links->n; i++) {
		bool used = false;

		if (!share_is_ifb(&links->items[i]))
			continue;
		for (size_t k = 0; k < state->n; k++)
			for (int d = 0; state->items[k].n && d < DIRECTIONS; d++) {
				char name[IFNAMSIZ];

				share_ifb(state->items[k].bridge, d, name);
				used = used || str_eq(name, links->items[i].name);
			}
		if (!used)
			r = link_delete(nl, links->items[i].name, e);
	}
	return r;
}

int share_has(const char *run_dir, const char *host, bool *ret, struct err *e)
{
	auto_done(share_state) struct share_state state = { 0 };
	int r = share_state_load(run_dir, &state, e);

	*ret = false;
	for (size_t i = 0; r == 0 && i < state.n; i++)
		*ret = *ret || share_lower_find(&state.items[i], host);
	return r;
}

/* What goes to the zone takes the direct way again. */
static int unhook_link(struct netlink *nl, const char *host, struct err *e)
{
	struct link_info l = { 0 };
	char to[IFNAMSIZ];
	int r = link_find(nl, host, &l, e);

	plan_share_chain(host, to);
	if (r == 0)
		r = redirect_end(nl, l.index, e);
	return r < 0 ? r : guard_remove(to, e);
}

static int leave_lower(struct netlink *nl, struct share_lower *l, const char *host, struct err *e)
{
	const struct share_link *own = share_lower_find(l, host);
	int r = own ? drop_link(nl, l, (size_t)(own - l->links), e) : 0;

	return r == 0 && own && l->n ? apply_lower(nl, l, e) : r;
}

int share_leave(struct netlink *nl, const char *run_dir, const char *host, const char *stays_on,
		struct err *e)
{
	auto_done(share_state) struct share_state state = { 0 };
	auto_done(link_list) struct link_list links = { 0 };
	int r = share_state_load(run_dir, &state, e);

	if (r < 0 || !state.saved)
		return r;
	if (!stays_on)
		r = unhook_link(nl, host, e);
	for (size_t i = 0; r == 0 && i < state.n; i++)
		if (!str_eq(state.items[i].bridge, stays_on))
			r = leave_lower(nl, &state.items[i], host, e);
	if (r == 0)
		r = link_all(nl, &links, e);
	if (r == 0)
		r = remove_ifbs(nl, &state, &links, e);
	return r < 0 ? r : share_state_save(&state, e);
}

int share_drop_dead(struct netlink *nl, const char *run_dir, struct err *e)
{
	auto_done(share_state) struct share_state state = { 0 };
	auto_done(link_list) struct link_list links = { 0 };
	int r = share_state_load(run_dir, &state, e);

	if (r < 0 || !state.saved) /* a bandwidth was never shared since the host started */
		return r;
	r = link_all(nl, &links, e);
	for (size_t i = 0; r == 0 && i < state.n; i++) {
		bool changed = false;

		r = drop_dead(nl, &state.items[i], &links, &changed, e);
		if (r == 0 && changed && state.items[i].n)
			r = apply_lower(nl, &state.items[i], e);
	}
	if (r == 0)
		r = remove_ifbs(nl, &state, &links, e);
	return r < 0 ? r : share_state_save(&state, e);
}

int share_rates(struct netlink *nl, const char *bridge, uint32_t class_minor,
		struct share_rates *ret, struct err *e)
{
	struct share_rates found = { 0 };
	uint64_t *own[DIRECTIONS] = { &found.from_zone, &found.to_zone };
	uint64_t *most[DIRECTIONS] = { &found.from_zone_most, &found.to_zone_most };
	int r = 0;

	for (int d = 0; r == 0 && d < DIRECTIONS; d++) {
		struct link_info ifb = { 0 };
		struct err why = { 0 };
		char name[IFNAMSIZ];

		share_ifb(bridge, d, name);
		r = link_find(nl, name, &ifb, &why);
		if (r == -ENODEV) {
			r = 0;
			continue;
		}
		if (r == 0)
			r = htb_rates(nl, ifb.index, class_minor, own[d], most[d], &why);
		if (r < 0)
			*e = why;
	}
	*ret = found;
	return r;
}

int share_is_on(struct netlink *nl, const char *bridge, bool *ret, struct err *e)
{
	struct link_info ifb = { 0 };
	struct err why = { 0 };
	char name[IFNAMSIZ];
	int r;

	share_ifb(bridge, FROM_ZONES, name);
	r = link_find(nl, name, &ifb, &why);
	*ret = r == 0;
	if (r == 0 || r == -ENODEV)
		return 0;
	*e = why;
	return r;
}

int share_probe(struct netlink *nl, struct err *e)
{
	static const uint32_t lo = 1, priority = 0;
	const struct nft_value values[2] = { { .data = &lo, .n = 1 },
					     { .data = &priority, .n = 1 } };
	struct hook hooks[DIRECTIONS];
	int r = htb_probe(nl, e);

	hook_fill(hooks, "probe-from", "probe-to");
	if (r == 0)
		r = link_probe_kind(nl, "ifb", e);
	if (r < 0)
		return r;
	auto_ptr(nft_batch) struct nft_batch *b = hook_batch(hooks, "lo", values);

	r = nft_batch_probe(b, e);
	return r < 0 ? err_wrap(
			       e,
			       "it cannot mark and redirect frames (netfilter's egress hook, nft_fwd_netdev)")
		     : 0;
}
