/* Carry a plan out, and take it away again.
 *
 * The host-wide operations run under RUN/net.lock; the lock is let go before the zone's side is configured. Whatever fails, net_detach() of the same record removes what was made:
 * it looks for everything by name and minds nothing that is missing, so undoing needs no account of how far the plan came. */
#include "net/attach.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/bridge.h"
#include "net/cni_attach.h"
#include "net/conntrack.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/in_use.h"
#include "net/link.h"
#include "net/names.h"
#include "net/plan.h"
#include "net/proxy.h"
#include "net/route.h"
#include "net/shape.h"
#include "net/share.h"
#include "net/shared.h"
#include "net/uplink.h"
#include "net/vlan.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"

struct attach {
	struct net_plan *plan; /* completed by what CNI plugins say */
	int netns_fd, lock;
	struct netlink host, zone;
};

static void attach_done(struct attach *a)
{
	netlink_done(&a->host);
	netlink_done(&a->zone);
	fd_close(&a->lock);
}

/* --- operations ------------------------------------------------------------------------------- */

static int attach_take(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct net_plan *p = a->plan;

	(void)op;
	return physical_take(&a->host, p->run_dir, p->zonename, &p->moved, a->netns_fd, e);
}

static int attach_settle(struct attach *a, const struct plan_op *op, struct err *e)
{
	return physical_settle(&a->zone, &a->plan->moved.items[op->link], e);
}

/* What a shared zone is answered for, on which links; freshly allocated. */
static struct proxy *attach_proxies(const struct net_plan *p, size_t *n)
{
	struct proxy *list = NULL;

	*n = 0;
	for (size_t i = 0; i < p->n_links; i++)
		for (size_t k = 0; p->links[i].is_shared && k < p->links[i].addrs.n; k++) {
			list = mem_grow(list, *n + 1, sizeof(*list));
			list[(*n)++] = (struct proxy){ .link = p->links[i].lowers[k].name,
						       .addr = p->links[i].addrs.items[k] };
		}
	return list;
}

static int attach_bridge(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct net_plan *p = a->plan;
	auto_free struct bridge_link *links = mem_array(p->n_links + 1, sizeof(*links));
	struct bridge_claim claim = { .zone = p->zonename, .links = links, .ports = &p->ports };
	auto_free struct proxy *proxies = attach_proxies(p, &claim.n_proxies);

	(void)op;
	for (size_t i = 0; i < p->n_links; i++) {
		const struct plan_link *l = &p->links[i];
		struct bridge_link *to = &links[claim.n_links];

		if (!l->automatic)
			continue;
		(void)!str_format(to->name, sizeof(to->name), "%s", l->bridge);
		to->gates = l->gates.items; /* borrowed */
		to->n_gates = l->gates.n;
		claim.n_links++;
	}
	claim.proxies = proxies;
	return bridge_join(&a->host, p->run_dir, &claim, e);
}

/* What is no bridge is shared with the zone by uplink.h. */
static int attach_find_lower(struct attach *a, struct plan_link *l, struct link_info *ret,
			     struct err *e)
{
	int r = link_find(&a->host, l->bridge, ret, e);

	if (l->is_shared)
		return r;
	l->is_uplink = r == 0 && !str_eq(ret->kind, "bridge");
	if (l->is_uplink && l->total)
		return err_set(e, EINVAL, "sharedbw needs a bridge, and \"%s\" is none", l->bridge);
	if (l->is_uplink)
		r = uplink_check(ret, l->mtu, e);
	return r == 0 && l->vlan ? vlan_check(&a->host, ret, l->vlan, e) : r;
}

static int attach_link(struct attach *a, const struct plan_op *op, struct err *e)
{
	struct plan_link *l = &a->plan->links[op->link];
	struct link_info lower = { 0 };
	auto_free char *alias = mem_format(BRIDGE_ALIAS "%s", a->plan->zonename);
	struct err why = { 0 };
	int r = attach_find_lower(a, l, &lower, e);
	const struct link_veth v = { .host = l->host,
				     .peer = l->name,
				     .netns_fd = a->netns_fd,
				     .mac = l->mac,
				     .mtu = l->mtu ? l->mtu : lower.mtu };

	if (r < 0)
		return r;
	r = link_add_veth(&a->host, &v, &why);
	if (r == -EEXIST && link_clear(&a->host, l->host, alias, &why) == 0)
		r = link_add_veth(&a->host, &v, &why);
	if (r < 0)
		*e = why;
	return r;
}

static int attach_guard(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct plan_link *l = &a->plan->links[op->link];
	const struct guard g = { .device = l->cni[0] ? l->device : l->host,
				 .chain = l->host,
				 .kinds = l->guards,
				 .mac = l->mac,
				 .addrs = l->addrs.items,
				 .n_addrs = l->addrs.n,
				 .gates = l->gates.items,
				 .n_gates = l->gates.n };

	return guard_add(&g, e);
}

static int attach_share(struct attach *a, size_t index, struct err *e)
{
	struct plan_link *l = &a->plan->links[index];
	const struct share s = { .bridge = l->bridge,
				 .host = l->host,
				 .total = l->total,
				 .maxbw = l->maxbw,
				 .weight = l->share };

	return share_join(&a->host, a->plan->run_dir, &s, &l->share_class, e);
}

static int attach_shape(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct plan_link *l = &a->plan->links[op->link];
	auto_free char *alias = mem_format(BRIDGE_ALIAS "%s", a->plan->zonename);
	char ifb[IFNAMSIZ];
	const struct shape s = { .host = l->host,
				 .ifb = l->is_uplink ? NULL
						     : ifb, /* uplink_add() does that direction */
				 .alias = alias,
				 .bits = l->maxbw };

	plan_ifb_name(l->host, ifb);
	return l->total ? attach_share(a, op->link, e) : shape_add(&a->host, &s, e);
}

static int attach_uplink(struct attach *a, const struct plan_link *l, const char *alias,
			 const struct link_info *lower, struct err *e)
{
	struct link_info vlan = { 0 };
	const struct uplink u = { .host = l->host,
				  .lower = l->vlan ? &vlan : lower,
				  .mac = l->mac,
				  .alias = alias,
				  .mtu = l->mtu,
				  .isolated = l->isolated,
				  .maxbw = l->maxbw };
	int r = l->vlan ? vlan_open(&a->host, lower, l->vlan, &vlan, e) : 0;

	return r < 0 ? r : uplink_add(&a->host, &u, e);
}

static int attach_shared(struct attach *a, const struct plan_link *l, const char *alias,
			 struct err *e)
{
	const struct shared s = { .host = l->host,
				  .alias = alias,
				  .mac = l->mac,
				  .addrs = l->addrs.items,
				  .n_addrs = l->addrs.n };

	int r = shared_connect(&a->host, &s, e);

	if (r == 0)
		in_use_announce(&a->host, l);
	return r;
}

static int attach_port(struct attach *a, const struct plan_op *op, struct err *e)
{
	struct plan_link *l = &a->plan->links[op->link];
	auto_free char *alias = mem_format(BRIDGE_ALIAS "%s", a->plan->zonename);
	struct link_info lower = { 0 };
	int r = l->is_shared ? 0 : attach_find_lower(a, l, &lower, e);
	const struct link_change up = { .up = true };
	const struct link_change c = { .alias = alias,
				       .no_link_local = true,
				       .master = lower.index,
				       .isolated = l->isolated,
				       .up = !l->vlan };

	if (l->is_shared)
		return attach_shared(a, l, alias, e);
	if (r == 0 && l->is_uplink)
		return attach_uplink(a, l, alias, &lower, e);
	if (r == 0)
		r = link_change(&a->host, l->host, &c, e);
	if (r < 0 || !l->vlan)
		return r;
	r = vlan_set_port(&a->host, l->host, l->vlan, e); /* before it carries anything */
	return r < 0 ? r : link_change(&a->host, l->host, &up, e);
}

static int attach_enter(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct net_plan *p = a->plan;
	auto_free const char **names = mem_array(p->n_links + p->moved.n + 1, sizeof(*names));
	size_t n = 0;
	int r = p->n_links ? names_join(&a->host, p, e) : 0;

	(void)op;
	if (r < 0)
		return r;
	fd_close(&a->lock);
	for (size_t i = 0; i < p->moved.n; i++)
		names[n++] = p->moved.items[i].name;
	for (size_t i = 0; i < p->n_links; i++)
		if (!p->links[i].cni[0]) /* not there yet, and its parameters are the plugins' */
			names[n++] = p->links[i].name;
	return enter_namespace(a->netns_fd, names, &a->zone, e);
}

static int attach_raise(struct netlink *zone, const char *name, struct err *e)
{
	const struct link_change c = { .up = true };

	return link_change(zone, name, &c, e);
}

static int attach_lo(struct attach *a, const struct plan_op *op, struct err *e)
{
	(void)op;
	return attach_raise(&a->zone, "lo", e);
}

static int attach_up(struct attach *a, const struct plan_op *op, struct err *e)
{
	return attach_raise(&a->zone, a->plan->links[op->link].name, e);
}

static int attach_address(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct plan_link *p = &a->plan->links[op->link];
	struct link_info l = { 0 };
	int r = link_find(&a->zone, p->name, &l, e);

	if (r < 0)
		return r;
	return p->is_shared ? addr_add_alone(&a->zone, l.index, &op->addr, e)
			    : addr_add(&a->zone, l.index, &op->addr, e);
}

static int attach_route(struct attach *a, const struct plan_op *op, struct err *e)
{
	const struct plan_link *p = &a->plan->links[op->link];
	struct link_info l = { 0 };
	int r = link_find(&a->zone, p->name, &l, e);

	if (r < 0)
		return r;
	return p->is_shared ? shared_route(&a->host, &a->zone, p->host, l.index, &op->addr, e)
			    : route_add_default(&a->zone, l.index, &op->addr, e);
}

/* Plugins may take long, so the lock is not held meanwhile; for what follows it is. */
static int attach_cni(struct attach *a, const struct plan_op *op, struct err *e)
{
	int r;

	fd_close(&a->lock);
	r = cni_attach(&a->host, &a->zone, a->plan, op->link, a->netns_fd, e);
	if (r < 0)
		return r;
	a->lock = bridge_lock(a->plan->run_dir, e);
	return a->lock < 0 ? a->lock : names_join(&a->host, a->plan, e);
}

static int (*const attach_ops[])(struct attach *, const struct plan_op *, struct err *) = {
	[PLAN_BRIDGE] = attach_bridge, [PLAN_LINK] = attach_link,       [PLAN_GUARD] = attach_guard,
	[PLAN_SHAPE] = attach_shape,   [PLAN_PORT] = attach_port,       [PLAN_ENTER] = attach_enter,
	[PLAN_LO] = attach_lo,         [PLAN_ADDRESS] = attach_address, [PLAN_UP] = attach_up,
	[PLAN_ROUTE] = attach_route,   [PLAN_CNI] = attach_cni,         [PLAN_TAKE] = attach_take,
	[PLAN_SETTLE] = attach_settle,
};

static int attach_run(struct net_plan *p, int netns_fd, struct err *e)
{
	auto_done(attach) struct attach a = { .plan = p,
					      .netns_fd = netns_fd,
					      .lock = -1,
					      .host = NETLINK_CLOSED,
					      .zone = NETLINK_CLOSED };
	int r = netlink_open(&a.host, NETLINK_ROUTE, e);

	/* before the lock: the addresses are leased, nobody else can have them, and a host may remember many connections */
	for (size_t i = 0; r == 0 && i < p->n_links; i++)
		r = conntrack_forget(p->links[i].addrs.items, p->links[i].addrs.n, e);
	if (r == 0 && (p->n_links || p->moved.n)) {
		a.lock = bridge_lock(p->run_dir, e);
		r = a.lock < 0 ? a.lock : 0;
	}
	for (size_t i = 0; r == 0 && i < p->n_ops; i++)
		r = attach_ops[p->ops[i].kind](&a, &p->ops[i], e);
	return r;
}

/* --- one link of a running zone --------------------------------------------------------------- */

static int attach_some(struct attach *a, size_t link, enum plan_kind from, enum plan_kind to,
		       struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->plan->n_ops; i++) {
		const struct plan_op *op = &a->plan->ops[i];

		if (op->link == link && op->kind >= from && op->kind <= to)
			r = attach_ops[op->kind](a, op, e);
	}
	return r;
}

int attach_again(struct netlink *host, struct net_plan *p, size_t link, enum plan_kind kind,
		 struct err *e)
{
	struct attach a = {
		.plan = p, .netns_fd = -1, .lock = -1, .host = *host, .zone = NETLINK_CLOSED
	};
	int r = attach_some(&a, link, kind, kind, e);

	*host = a.host; /* it counts its requests */
	return r;
}

int attach_new_link(struct netlink *host, struct net_plan *p, size_t link, int netns_fd,
		    struct err *e)
{
	auto_done(netlink) struct netlink zone = NETLINK_CLOSED;
	const char *const names[] = { p->links[link].name, NULL };
	struct attach a = { .plan = p, .netns_fd = netns_fd, .lock = -1, .host = *host };
	int r = attach_some(&a, link, PLAN_LINK, PLAN_PORT, e);

	if (r == 0)
		r = enter_namespace(netns_fd, names, &zone, e);
	a.zone = zone;
	if (r == 0)
		r = attach_some(&a, link, PLAN_ADDRESS, PLAN_ROUTE, e);
	zone = a.zone;
	*host = a.host;
	return r;
}

/* --- the facade ------------------------------------------------------------------------------- */

int net_attach(struct net_plan *p, int netns_fd, struct json **ret_saved, struct err *e)
{
	const struct net_dirs dirs = { .run_dir = p->run_dir, .storage_dir = p->storage_dir };
	int r = attach_run(p, netns_fd, e);
	auto_ptr(json) struct json *saved = plan_save(p);

	if (r < 0) {
		struct err undo = { 0 };

		if (net_detach(saved, &dirs, &undo) < 0)
			log_debug("undoing the network of \"%s\": %s", p->zonename, undo.text);
		return r;
	}
	*ret_saved = ptr_steal(&saved);
	return 0;
}

int net_lo_up(int netns_fd, struct err *e)
{
	auto_done(netlink) struct netlink zone = NETLINK_CLOSED;
	int r = enter_namespace(netns_fd, NULL, &zone, e);

	return r < 0 ? r : attach_raise(&zone, "lo", e);
}

/* 1: the host has a link of that name that is another zone's. One without an alias is ours: it is given a moment after the link's birth, under the lock. */
static int detach_is_foreign(struct netlink *host, const char *zone, const char *name,
			     struct err *e)
{
	struct link_info l = { 0 };
	struct err why = { 0 };
	int r = link_find(host, name, &l, &why);
	const char *owner = str_after(l.alias, BRIDGE_ALIAS);

	if (r == -ENODEV)
		return 0;
	if (r < 0)
		*e = why;
	return r < 0 ? r : owner && !str_eq(owner, zone);
}

int detach_link(struct netlink *host, const char *zone, const struct json *link, struct err *e)
{
	const char *name = json_get_string(link, "host", "");
	struct err second = { 0 }, third = { 0 };
	char ifb[IFNAMSIZ], chain[IFNAMSIZ];
	int r, s, t;

	if (!plan_host_name_hash(name))
		return err_set(e, EINVAL, "the record of a zone's network names a link \"%s\"",
			       name);
	r = detach_is_foreign(host, zone, name, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = link_delete(host, name, e);
	s = guard_remove(name, &second);
	plan_share_chain(name, chain);
	if (s == 0)
		s = guard_remove(chain, &second);
	plan_ifb_name(name, ifb);
	t = json_get_bool(link, "uplink", false) ? uplink_remove(host, name, &third)
						 : shape_remove(host, ifb, &third);
	if (r == 0 && s < 0)
		*e = second;
	else if (r == 0 && t < 0)
		*e = third;
	if (r < 0)
		return r;
	return s < 0 ? s : t;
}

static const struct json *detach_list(const struct json *saved, const char *key)
{
	static const struct json none = { .type = JSON_ARRAY };
	const struct json *list = json_get(saved, key);

	return list && list->type == JSON_ARRAY ? list : &none;
}

/* Before the lock is taken: plugins may take long. */
static void detach_cni(struct netlink *host, const struct json *saved, const struct net_dirs *dirs)
{
	const struct json *links = detach_list(saved, "links");

	for (size_t i = 0; i < links->n; i++) {
		struct err why = { 0 };

		if (json_get(links->items[i], "cni") &&
		    cni_detach(host, links->items[i], dirs->storage_dir,
			       json_get_string(saved, "zone", ""), i, &why) < 0)
			log_warning("%s", why.text);
	}
}

struct detach_seen {
	bool joined, vlan; /* something host-wide is there for it: bridge_leave() */
};

/* The links of a record; the first failure is kept and the rest is still tried. */
static int detach_record(struct netlink *host, const struct json *record, struct detach_seen *seen,
			 struct err *e)
{
	const struct json *links = detach_list(record, "links");
	const char *zone = json_get_string(record, "zone", "");
	struct err why = { 0 };
	int result = 0;

	for (size_t i = 0; i < links->n; i++) {
		seen->joined |= json_get_bool(links->items[i], "automatic", false) ||
				json_get(links->items[i], "shared");
		seen->vlan |= json_get(links->items[i], "vlan") != NULL;
		int r = detach_link(host, zone, links->items[i], result ? &why : e);

		result = result ? result : r;
	}
	return result;
}

/* All of ours, also what an interrupted change (change.c) has left. */
static int detach_all(struct netlink *host, const struct json *saved, const struct net_dirs *dirs,
		      struct err *e)
{
	const struct json *before = detach_list(saved, "before");
	const char *zone = json_get_string(saved, "zone", "");
	struct detach_seen seen = { 0 };
	struct err why = { 0 };
	int result = detach_record(host, saved, &seen, e), r;

	for (size_t i = 0; i < before->n; i++) {
		r = detach_record(host, before->items[i], &seen, result ? &why : e);
		result = result ? result : r;
	}
	if (seen.vlan && result == 0)
		result = vlan_sweep(host, e);
	r = physical_give_back(host, dirs->run_dir, zone, result ? &why : e);
	result = result ? result : r;
	if (result == 0)
		result = share_drop_dead(host, dirs->run_dir, e);
	if (seen.joined && result == 0)
		result = bridge_leave(host, dirs->run_dir, zone, e);
	if (detach_list(saved, "links")->n || before->n) {
		r = names_leave(host, dirs, zone, result ? &why : e);
		result = result ? result : r;
	}
	return result;
}

int net_detach(const struct json *saved, const struct net_dirs *dirs, struct err *e)
{
	auto_done(netlink) struct netlink host = NETLINK_CLOSED;
	auto_close int lock = -1;
	int r;

	if (detach_list(saved, "links")->n == 0 && detach_list(saved, "before")->n == 0 &&
	    !physical_is_noted(dirs->run_dir, json_get_string(saved, "zone", "")))
		return 0;
	r = netlink_open(&host, NETLINK_ROUTE, e);
	if (r < 0)
		return r;
	detach_cni(&host, saved, dirs);
	lock = bridge_lock(dirs->run_dir, e);
	return lock < 0 ? lock : detach_all(&host, saved, dirs, e);
}
