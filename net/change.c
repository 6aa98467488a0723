/* The network of a running zone becomes that of another configuration.
 *
 *   plan    both configurations, on leases in memory: the new one to be made, the old one to go back to
 *   note    leases of both, and a record that names all that may be there from now on: whoever is killed leaves nothing that net_detach() does not find
 *   make    the bridge's claims (a port that is taken is refused here, before anything is touched), the links, the names; then what only the old record has goes
 *   note    leases and record of what is there now
 *
 * Making is not told how far anything came: it sets what the plan says and takes away what any record has beyond that. So going back, and finishing what a kill has interrupted, are
 * nothing but making again. All under RUN/net.lock. */
#include "net/change.h"

#include <errno.h>
#include <string.h>

#include "net/attach.h"
#include "net/bridge.h"
#include "net/change_moved.h"
#include "net/conntrack.h"
#include "net/ipam.h"
#include "net/link.h"
#include "net/names.h"
#include "net/networks.h"
#include "net/share.h"
#include "net/share_total.h"
#include "net/vlan.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { RECORDS_MAX = 16 }; /* of changes that could neither be made nor undone */

/* One of the two configurations. */
struct side {
	struct net_plan *plan;
	struct json *leases;
	struct json *record;
};

struct change {
	const struct net_change *ask;
	const struct net_dirs *dirs;
	struct netlink host;
	struct json *leases;           /* as they are on disk */
	struct json *old;              /* the newest record, alone */
	struct change_records records; /* it and those before it */
	struct plan_addrs own;         /* addresses of all records */
	struct side from, to;
};

static void side_done(struct side *s)
{
	net_plan_free(s->plan);
	json_free(s->leases);
	json_free(s->record);
}

static void change_done(struct change *x)
{
	netlink_done(&x->host);
	json_free(x->leases);
	json_free(x->old);
	free(x->records.items);
	free(x->own.items);
	side_done(&x->from);
	side_done(&x->to);
}

static void records_add(struct change_records *r, const struct json *one)
{
	r->items = mem_grow((void *)r->items, r->n + 1, sizeof(const struct json *));
	r->items[r->n++] = one;
}

/* --- planning --------------------------------------------------------------------------------- */

/* The addresses of a record. */
static void read_addresses(const struct json *record, struct plan_addrs *ret)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++) {
		const struct json *list = json_get(links->items[i], "addresses");

		for (size_t k = 0; list && list->type == JSON_ARRAY && k < list->n; k++) {
			struct inet_addr a;

			if (list->items[k]->type == JSON_STRING &&
			    inet_parse(list->items[k]->text, &a) == 0)
				plan_addrs_add(ret, &a);
		}
	}
}

static void read_records(struct change *x)
{
	const struct json *before = json_get(x->ask->saved, "before");

	x->old = json_clone(x->ask->saved);
	(void)json_unset(x->old, "before");
	records_add(&x->records, x->old);
	for (size_t i = 0; before && before->type == JSON_ARRAY && i < before->n; i++)
		records_add(&x->records, before->items[i]);
	for (size_t i = 0; i < x->records.n; i++)
		read_addresses(x->records.items[i], &x->own);
}

/* A link of a CNI network is what its plugins have made of it. */
static void keep_cni(struct plan_link *l, const struct json *old)
{
	const struct json *addresses = json_get(old, "addresses");

	(void)!str_format(l->device, sizeof(l->device), "%s", json_get_string(old, "device", ""));
	l->device_index = (uint32_t)json_get_i64(old, "deviceIndex", 0);
	(void)!inet_mac_parse(json_get_string(old, "mac", ""), l->mac);
	for (size_t i = 0; addresses && addresses->type == JSON_ARRAY && i < addresses->n; i++) {
		struct inet_addr a;

		if (addresses->items[i]->type == JSON_STRING &&
		    inet_parse(addresses->items[i]->text, &a) == 0)
			plan_addrs_add(&l->addrs, &a);
	}
}

/* What net_attach() would find out of it. A lower link that is missing is told of by whoever needs it. */
static int look_at_lower(struct netlink *host, const struct json *old, struct plan_link *l,
			 struct err *e)
{
	struct link_info lower = { 0 };
	struct err why = { 0 };
	int r = link_find(host, l->bridge, &lower, &why);

	l->share_class = l->total ? (uint32_t)json_get_i64(old, "shareClass", 0) : 0;
	if (r == 0)
		l->is_uplink = !str_eq(lower.kind, "bridge");
	else if (str_eq(json_get_string(old, "bridge", ""), l->bridge))
		l->is_uplink = json_get_bool(old, "uplink", false);
	if (r == 0 || r == -ENODEV)
		return 0;
	*e = why;
	return r;
}

static int side_plan(struct change *x, const struct zone_spec *z, struct side *s, struct err *e)
{
	int r;

	s->leases = json_clone(x->leases);
	r = plan_lease(z, x->dirs, &x->own, s->leases, &s->plan, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < s->plan->n_links; i++) {
		struct plan_link *l = &s->plan->links[i];
		const struct json *old = change_entry(x->old, l->host);

		r = l->cni[0] ? 0 : look_at_lower(&x->host, old, l, e);
		if (r < 0)
			return r;
		if (l->cni[0] && !old)
			return err_set(
				e, EOPNOTSUPP,
				"anet[%s]: a link of a CNI network is made when the zone boots",
				l->name);
		if (l->cni[0])
			keep_cni(l, old);
	}
	s->record = plan_save(s->plan);
	return 0;
}

/* --- noting ----------------------------------------------------------------------------------- */

static int note_leases(struct change *x, const struct json *leases, struct err *e)
{
	auto_free char *was = json_print(x->leases, false);
	auto_free char *is = json_print(leases, false);
	int r = str_eq(was, is) ? 0 : ipam_save(x->dirs->storage_dir, leases, e);

	if (r < 0)
		return r;
	json_free(x->leases);
	x->leases = json_clone(leases);
	return 0;
}

/* An older one says the same: of two the older one stays, for of the oldest it is certain that the zone has had it. */
static bool is_noted(const struct change_records *r, size_t i)
{
	for (size_t k = i + 1; k < r->n; k++)
		if (json_is_same(r->items[i], r->items[k]))
			return true;
	return false;
}

static int note_begin(struct change *x, struct err *e)
{
	const char *zone = x->ask->to->zonename;
	auto_ptr(json) struct json *both = json_clone(x->to.leases);
	auto_ptr(json) struct json *record = json_clone(x->to.record);
	struct json *before = json_set(record, "before", json_new_array());

	for (size_t i = 0; i < x->records.n; i++) {
		if (is_noted(&x->records, i))
			continue;
		struct json *one = json_clone(x->records.items[i]);

		free(ptr_steal(&one->key));
		json_add(before, one);
	}
	ipam_add_missing(both, x->leases, zone);
	networks_add_missing(both, x->leases, zone);
	int r = note_leases(x, both, e);

	return r < 0 ? r : x->ask->save(x->ask->arg, record, e);
}

/* With what was known only when it was made. */
static int note_end(struct change *x, struct side *s, struct err *e)
{
	json_free(s->record);
	s->record = plan_save(s->plan);
	int r = x->ask->save(x->ask->arg, s->record, e);

	return r < 0 ? r : note_leases(x, s->leases, e);
}

/* --- making ----------------------------------------------------------------------------------- */

static bool is_automatic(const struct json *record)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++)
		if (json_get_bool(links->items[i], "automatic", false))
			return true;
	return false;
}

static bool has_member(const struct json *record, const char *key)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++)
		if (json_get(links->items[i], key))
			return true;
	return false;
}

static int make_links(const struct change_run *run, struct err *e)
{
	int r = change_moved_take(run, e);

	for (size_t i = 0; r == 0 && i < run->plan->n_links; i++)
		if (!run->plan->links[i].cni[0])
			r = change_link(run, i, e);
	return r;
}

static int drop_links(struct change *x, const struct side *s, const struct json *old, struct err *e)
{
	const struct json *links = json_get(old, "links");
	int r = 0;

	for (size_t i = 0; r == 0 && links && links->type == JSON_ARRAY && i < links->n; i++) {
		const char *host = json_get_string(links->items[i], "host", "");

		if (!change_entry(s->record, host) && !json_get(links->items[i], "cni"))
			r = detach_link(&x->host, s->plan->zonename, links->items[i], e);
	}
	return r;
}

static bool plan_has_address(const struct net_plan *p, const struct inet_addr *a)
{
	for (size_t i = 0; i < p->n_links; i++)
		for (size_t k = 0; k < p->links[i].addrs.n; k++)
			if (inet_same(&p->links[i].addrs.items[k], a))
				return true;
	return false;
}

/* Connections of addresses that are the zone's no more: whoever gets them next must not get those. */
static int forget_addresses(const struct side *s, const struct json *old, struct err *e)
{
	struct plan_addrs had = { 0 };
	int r = 0;

	read_addresses(old, &had);
	for (size_t i = 0; r == 0 && i < had.n; i++)
		if (!plan_has_address(s->plan, &had.items[i]))
			r = conntrack_forget(&had.items[i], 1, e);
	free(had.items);
	return r;
}

/* And of those that become the zone's, as when it boots: somebody else may have had them. */
static int forget_new_addresses(const struct side *s, const struct change_records *before,
				struct err *e)
{
	struct plan_addrs had = { 0 }, has = { 0 };
	int r = 0;

	for (size_t i = 0; i < before->n; i++)
		read_addresses(before->items[i], &had);
	read_addresses(s->record, &has);
	for (size_t i = 0; r == 0 && i < has.n; i++) {
		size_t k = 0;

		while (k < had.n && !inet_same(&had.items[k], &has.items[i]))
			k++;
		if (k == had.n)
			r = conntrack_forget(&has.items[i], 1, e);
	}
	free(had.items);
	free(has.items);
	return r;
}

static bool same_port(const struct publish *a, const struct publish *b)
{
	return a->protocol == b->protocol && a->first == b->first && a->last == b->last &&
	       a->to == b->to && inet_same(&a->address, &b->address) &&
	       inet_same(&a->four, &b->four) && inet_same(&a->six, &b->six);
}

static int forget_ports(const struct side *s, const struct json *old, struct err *e)
{
	const struct json *ports = json_get(old, "publish");
	auto_done(publish_list) struct publish_list gone = { 0 };

	for (size_t i = 0; ports && ports->type == JSON_ARRAY && i < ports->n; i++) {
		struct publish p;
		size_t k = 0;

		if (!publish_load(ports->items[i], &p))
			continue;
		while (k < s->plan->ports.n && !same_port(&s->plan->ports.items[k], &p))
			k++;
		if (k == s->plan->ports.n)
			publish_add(&gone, &p);
	}
	return conntrack_forget_ports(gone.items, gone.n, e);
}

static bool has_bridge(const struct json *record, const char *bridge)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++)
		if (str_eq(json_get_string(links->items[i], "bridge", ""), bridge))
			return true;
	return false;
}

/* An automatic bridge beside those that the zone has now: unless others use it, it goes, which it could not while a link was on it. */
static int leave_bridges(struct change *x, const struct side *s,
			 const struct change_records *before, struct err *e)
{
	bool left = false;

	for (size_t i = 0; i < before->n; i++) {
		const struct json *links = json_get(before->items[i], "links");

		for (size_t k = 0; links && links->type == JSON_ARRAY && k < links->n; k++)
			left = left || (json_get_bool(links->items[k], "automatic", false) &&
					!has_bridge(s->record, json_get_string(links->items[k],
									       "bridge", "")));
	}
	return left ? attach_again(&x->host, s->plan, 0, PLAN_BRIDGE, e) : 0;
}

/* What links that are gone, or elsewhere now, had a part in. */
static int leave_lowers(struct change *x, const struct change_records *before, struct err *e)
{
	bool vlan = false;
	int r = share_drop_dead(&x->host, x->dirs->run_dir, e);

	for (size_t i = 0; i < before->n; i++)
		vlan = vlan || has_member(before->items[i], "vlan");
	return r == 0 && vlan ? vlan_sweep(&x->host, e) : r;
}

/* Connections last: a packet that comes while the old rules hold would be remembered once more. */
static int drop_old(struct change *x, const struct side *s, const struct change_records *before,
		    struct err *e)
{
	bool had = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < before->n; i++) {
		had = had || is_automatic(before->items[i]);
		r = drop_links(x, s, before->items[i], e);
	}
	if (r == 0)
		r = leave_lowers(x, before, e);
	if (r == 0 && had)
		r = is_automatic(s->record)
			    ? leave_bridges(x, s, before, e)
			    : bridge_leave(&x->host, x->dirs->run_dir, s->plan->zonename, e);
	for (size_t i = 0; r == 0 && i < before->n; i++) {
		r = forget_addresses(s, before->items[i], e);
		if (r == 0)
			r = forget_ports(s, before->items[i], e);
	}
	return r;
}

static int make(struct change *x, const struct side *s, const struct change_records *before,
		struct err *e)
{
	const struct change_run run = { .host = &x->host,
					.netns_fd = x->ask->netns_fd,
					.plan = s->plan,
					.now = s->record,
					.before = before };
	int r = attach_again(&x->host, s->plan, 0, PLAN_BRIDGE, e);

	if (r == 0)
		r = forget_new_addresses(s, before, e);
	if (r == 0)
		r = make_links(&run, e);
	if (r == 0)
		r = names_join(&x->host, s->plan, e);
	if (r == 0)
		r = drop_old(x, s, before, e);
	return r < 0 ? r : change_moved_return(&run, e);
}

/* Going back: what the new configuration has may be there or not. */
static int undo(struct change *x, struct err *e)
{
	struct change_records all = { 0 };
	struct err why = { 0 };
	int r;

	records_add(&all, x->to.record);
	for (size_t i = 0; i < x->records.n; i++)
		records_add(&all, x->records.items[i]);
	r = make(x, &x->from, &all, &why);
	free(all.items);
	if (r == 0)
		r = note_end(x, &x->from, &why);
	if (r == 0)
		return -e->code;
	e->code = ENOTRECOVERABLE;
	return err_wrap(e, "the network could not be set back (%.120s)", why.text);
}

/* --- the facade ------------------------------------------------------------------------------- */

/* The configuration that runs may count on a total that nobody says any more. */
static int plan_from(struct change *x, struct err *e)
{
	int r;

	share_assume(x->leases, x->old);
	r = side_plan(x, x->ask->from, &x->from, e);
	share_assume_end(x->leases);
	if (r == 0)
		share_assume_end(x->from.leases);
	return r;
}

static int change_plan(struct change *x, struct err *e)
{
	int r = ipam_load(x->dirs->storage_dir, &x->leases, e);

	read_records(x);
	if (r == 0)
		r = netlink_open(&x->host, NETLINK_ROUTE, e);
	if (r == 0)
		r = side_plan(x, x->ask->to, &x->to, e);
	return r < 0 ? r : plan_from(x, e);
}

int net_change(const struct net_change *c, const struct net_dirs *dirs, struct err *e)
{
	auto_done(change) struct change x = { .ask = c, .dirs = dirs, .host = NETLINK_CLOSED };
	auto_close int lock = bridge_lock(dirs->run_dir, e);
	int r = lock < 0 ? lock : c->check(c->arg, e);

	r = r < 0 ? r : change_plan(&x, e);
	if (r == 0 && x.records.n > RECORDS_MAX)
		r = err_set(
			e, EBUSY,
			"%zu changes of the network could neither be made nor undone: boot the zone anew",
			x.records.n - 1);
	if (r == 0)
		r = names_check_macs(&x.host, x.to.plan, e);
	if (r < 0)
		return r;
	r = note_begin(&x, e);
	if (r == 0)
		r = make(&x, &x.to, &x.records, e);
	if (r == 0)
		r = note_end(&x, &x.to, e);
	return r < 0 ? undo(&x, e) : 0;
}
