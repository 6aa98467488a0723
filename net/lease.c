/* net_plan: the configuration, and the leases that belong to it. The one step of planning that writes something: the lease file, under the lock. */
#include "net/net.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/bridge.h"
#include "net/cni.h"
#include "net/in_use.h"
#include "net/ipam.h"
#include "net/networks.h"
#include "net/plan.h"
#include "runtime/base/mem.h"

enum { LEASE_TRIES = 8 };

/* Where free addresses are looked for. */
struct lease_search {
	struct netlink *nl;
	struct ipam_pool pool;
	struct addr_list busy; /* the host's addresses and those that other machines answer for */
};

/* Record what the configuration says; another zone's address and the host's are refused. */
static int lease_record(const struct net_plan *p, size_t index, const struct addr_list *host,
			struct json *leases, bool *changed, struct err *e)
{
	const struct plan_link *l = &p->links[index];

	for (size_t i = 0; i < l->addrs.n; i++) {
		const char *holder = ipam_holder(leases, &l->addrs.items[i], p->zonename);
		auto_free char *path = plan_address_path(p, index, i);
		char text[INET_TEXT];

		inet_text_bare(&l->addrs.items[i], text);
		if (holder)
			return err_set(e, EADDRINUSE, "%s: %s belongs to zone \"%s\"", path, text,
				       holder);
		for (size_t k = 0; k < host->n; k++)
			if (inet_same(&host->items[k].addr, &l->addrs.items[i]))
				return err_set(e, EADDRINUSE, "%s: %s is an address of the host",
					       path, text);
	}
	*changed |= ipam_assign(leases, p->zonename, index, l->addrs.items, l->addrs.n, false);
	return 0;
}

/* Does another machine on the bridge have one of the addresses? Those that are taken are noted in `busy`; 1 when there is one, with the last one's words in e. */
static int lease_is_taken(struct netlink *nl, const struct plan_link *l, const struct plan_addrs *a,
			  struct addr_list *busy, struct err *e)
{
	auto_done(in_use) struct in_use u = { 0 };
	int r = in_use_add(&u, nl, l, 0, a, e);

	if (r == 0)
		r = in_use_ask(&u, e);
	for (size_t i = 0; r >= 0 && i < u.n; i++) {
		auto_free char *text = in_use_text(&u, i);

		if (!text)
			continue;
		busy->items = mem_grow(busy->items, busy->n + 1, sizeof(*busy->items));
		busy->items[busy->n++] = (struct addr_entry){ .addr = a->items[i] };
		(void)err_set(e, EADDRINUSE, "%s", text);
		r = 1;
	}
	return r;
}

/* Does the zone, which runs, have them all? It may be to get another MAC, so it would not be known by its answer. */
static bool lease_is_own(const struct net_plan *p, const struct plan_addrs *a)
{
	size_t own = 0;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; p->own && k < p->own->n; k++)
			if (inet_same(&a->items[i], &p->own->items[k])) {
				own++;
				break;
			}
	return own == a->n;
}

/* The lowest free address that nobody answers for. */
static int lease_choose(struct net_plan *p, size_t index, struct lease_search *s,
			struct json *leases, bool *changed, struct err *e)
{
	struct plan_link *l = &p->links[index];
	struct inet_addr found[2];
	struct plan_addrs chosen = { .items = found };
	struct err why = { 0 };
	int r = 1;

	s->pool.link = index;
	s->pool.four = l->subnets.four.family ? inet_net(&l->subnets.four) : l->subnets.four;
	s->pool.six = l->subnets.six.family ? inet_net(&l->subnets.six) : l->subnets.six;
	for (int tries = 0; r == 1 && tries < LEASE_TRIES; tries++) {
		r = ipam_choose(leases, &s->pool, found, &chosen.n, &why);
		if (r == 0 && !lease_is_own(p, &chosen))
			r = lease_is_taken(s->nl, l, &chosen, &s->busy, &why);
	}
	if (r != 0) {
		*e = why;
		return err_wrap(e, "anet[%zu].allowedAddress", index);
	}
	for (size_t i = 0; i < chosen.n; i++)
		plan_addrs_add(&l->addrs, &found[i]);
	*changed |= ipam_assign(leases, p->zonename, index, found, chosen.n, true);
	return 0;
}

static int lease_links(struct net_plan *p, const struct plan_subnets *s, struct json *leases,
		       bool *changed, struct err *e)
{
	auto_done(addr_list) struct addr_list host = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = netlink_open(&nl, NETLINK_ROUTE, e);

	if (r == 0 && networks_settle(p, s, &nl, leases, &diags, changed) > 0)
		r = diag_err(&diags, e);
	if (r == 0)
		r = addr_all(&nl, &host, e);
	struct lease_search search = {
		.nl = &nl,
		.pool = { .host = &search.busy, .zone = p->zonename },
		.busy = { .items = mem_dup(host.items, host.n * sizeof(*host.items)), .n = host.n },
	};
	*changed |= ipam_drop(leases, p->zonename, p->n_links);
	for (size_t i = 0; r == 0 && i < p->n_links; i++)
		r = p->links[i].wants_lease ? lease_choose(p, i, &search, leases, changed, e)
					    : lease_record(p, i, &host, leases, changed, e);
	addr_list_done(&search.busy);
	return r;
}

static int lease_build(const struct zone_spec *z, const struct net_dirs *dirs,
		       const struct plan_subnets *s, struct net_plan **ret, struct err *e)
{
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };

	if (plan_build(z, s, &p, &diags) < 0)
		return diag_err(&diags, e);
	p->run_dir = mem_strdup(dirs->run_dir);
	p->storage_dir = mem_strdup(dirs->storage_dir);
	p->hostname = mem_strdup(z->hostname);
	*ret = ptr_steal(&p);
	return 0;
}

static int lease_finish(struct net_plan *p, const struct plan_subnets *s, struct json *leases,
			bool *changed, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	int r = 0;

	if (p->n_links)
		r = lease_links(p, s, leases, changed, e);
	else
		*changed |= ipam_drop(leases, p->zonename, 0);

	if (r == 0 && plan_finish(p, s, leases, &diags) < 0)
		r = diag_err(&diags, e);
	return r;
}

static int lease_and_finish(struct net_plan *p, const struct plan_subnets *s, struct err *e)
{
	auto_ptr(json) struct json *leases = NULL;
	auto_close int lock = bridge_lock(p->run_dir, e);
	bool changed = false;
	int r = lock;

	if (r >= 0)
		r = ipam_load(p->storage_dir, &leases, e);
	if (r == 0)
		r = lease_finish(p, s, leases, &changed, e);
	if (r == 0 && changed)
		r = ipam_save(p->storage_dir, leases, e);
	return r;
}

int plan_lease(const struct zone_spec *z, const struct net_dirs *dirs, const struct plan_addrs *own,
	       struct json *leases, struct net_plan **ret, struct err *e)
{
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct plan_subnets s;
	bool changed = false;
	int r = plan_subnets_get(&s, e);

	if (r == 0)
		r = lease_build(z, dirs, &s, &p, e);
	if (r < 0 || !p)
		return r;
	p->own = own;
	r = lease_finish(p, &s, leases, &changed, e);
	p->own = NULL;
	if (r == 0)
		*ret = ptr_steal(&p);
	return r;
}

int net_plan(const struct zone_spec *z, const struct net_dirs *dirs, struct net_plan **ret,
	     struct err *e)
{
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct plan_subnets s;
	int r = plan_subnets_get(&s, e);

	if (r == 0)
		r = lease_build(z, dirs, &s, &p, e);
	if (r < 0 || !p)
		return r;
	if (p->n_links ==
	    0) { /* nothing to lease; what an earlier configuration had is given back by net_release() */
		auto_ptr(json) struct json *none = json_new_object();
		bool changed = false;

		json_set(none, "leases", json_new_array());
		r = lease_finish(p, &s, none, &changed, e);
	} else {
		r = lease_and_finish(p, &s, e);
	}
	if (r == 0)
		*ret = ptr_steal(&p);
	return r;
}

int net_release(const char *zonename, const struct net_dirs *dirs, struct err *e)
{
	auto_ptr(json) struct json *leases = NULL;
	auto_close int lock = -1;
	int r = cni_del_zone(dirs->storage_dir, zonename, e);

	if (r < 0)
		return r;
	lock = bridge_lock(dirs->run_dir, e);
	r = lock;
	if (r >= 0)
		r = ipam_load(dirs->storage_dir, &leases, e);
	if (r == 0 && (ipam_drop(leases, zonename, 0) | networks_drop(leases, zonename)))
		r = ipam_save(dirs->storage_dir, leases, e);
	return r;
}
