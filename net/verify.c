/* Judge a configuration against this host without changing anything. Every finding is one diagnostic; the plan's own checks come first. Leases are only read: an address that is still to be chosen cannot collide. */
#include "net/net.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/bridge.h"
#include "net/cni.h"
#include "net/guard.h"
#include "net/in_use.h"
#include "net/ipam.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/networks.h"
#include "net/plan.h"
#include "net/shape.h"
#include "net/share.h"
#include "net/shared.h"
#include "net/uplink.h"
#include "net/vlan.h"
#include "runtime/base/mem.h"

struct verify {
	const struct zone_spec *zone;
	const struct net_plan *plan;
	struct plan_subnets subnets;
	struct netlink nl;
	struct addr_list host;
	struct json *leases;
	const char *run_dir;
	struct diag_list *diags;
	size_t errors;
};

static void verify_done(struct verify *v)
{
	netlink_done(&v->nl);
	addr_list_done(&v->host);
	json_free(v->leases);
}

static void verify_report(struct verify *v, const char *path, const char *text)
{
	diag_add(v->diags, DIAG_AT(0, 0), path, "host", NULL, "%s", text);
	v->errors++;
}

/* The key that the zone's links stand under. */
static const char *verify_links(const struct verify *v)
{
	return str_eq(v->zone->ip_type, "shared") ? "net" : "anet";
}

/* What is no bridge; NULL when it is fine. */
static char *verify_uplink(struct verify *v, const struct plan_link *l,
			   const struct link_info *lower)
{
	struct err why = { 0 };

	if (uplink_check(lower, l->mtu, &why) < 0)
		return mem_strdup(why.text);
	if (!(lower->flags & IFF_UP))
		return mem_format("the link \"%s\" is down: ip link set %s up", lower->name,
				  lower->name);
	if (l->total || l->share)
		return mem_format("sharedbw and bwShare need a bridge, and \"%s\" is none",
				  lower->name);
	if (uplink_probe(&v->nl, lower, &why) < 0)
		return mem_format("this kernel cannot attach a zone to \"%s\": %s", lower->name,
				  why.text);
	return NULL;
}

static void verify_vlan(struct verify *v, size_t i, const char *text)
{
	auto_free char *path = mem_format("anet[%zu].vlanId", i);

	verify_report(v, path, text);
}

/* Each address of a shared zone on its link of the host; one bad link is told of once. */
static void verify_shared(struct verify *v, const struct plan_link *l)
{
	size_t told = v->zone->n_net;

	for (size_t k = 0; k < l->addrs.n; k++) {
		size_t net = l->lowers[k].net;
		auto_free char *physical = mem_format("net[%zu].physical", net);
		auto_free char *address = mem_format("net[%zu].address", net);
		struct link_info link = { 0 };
		struct err why = { 0 };

		if (shared_check_link(&v->nl, l->lowers[k].name, &link, &why) < 0) {
			if (told != net)
				verify_report(v, physical, why.text);
			told = net;
		} else if (shared_check_address(&v->nl, &link, &v->host, &l->addrs.items[k], &why) <
			   0) {
			verify_report(v, address, why.text);
		}
	}
}

static void verify_lower(struct verify *v, size_t i)
{
	const struct plan_link *l = &v->plan->links[i];
	auto_free char *path = mem_format("anet[%zu].lowerLink", i);
	auto_free char *text = NULL;
	struct link_info found = { 0 };
	struct err why = { 0 };
	int r;

	if (l->cni[0]) {
		const struct cni_want want = { .network = l->cni,
					       .runtime = l->cni_runtime,
					       .needs_guard = l->guards != 0 };

		if (cni_verify(&want, &why) < 0)
			verify_report(v, path, why.text);
		return;
	}
	if (l->is_shared) {
		verify_shared(v, l);
		return;
	}
	if (!l->bridge[0])
		return; /* no name: reported already */
	if (l->automatic) {
		if (bridge_check_name(&v->nl, v->run_dir, l->bridge, &why) < 0)
			verify_report(v, path, why.text);
		return;
	}
	r = link_find(&v->nl, l->bridge, &found, &why);
	if (r == -ENODEV)
		text = mem_format("no link \"%s\" exists", l->bridge);
	else if (r < 0)
		text = mem_strdup(why.text);
	else if (!str_eq(found.kind, "bridge"))
		text = verify_uplink(v, l, &found);
	else if (!(found.flags & IFF_UP))
		text = mem_format("the bridge \"%s\" is down: ip link set %s up", l->bridge,
				  l->bridge);
	if (text)
		verify_report(v, path, text);
	else if (l->vlan && vlan_check(&v->nl, &found, l->vlan, &why) < 0)
		verify_vlan(v, i, why.text);
}

static void verify_addresses(struct verify *v, size_t i)
{
	const struct plan_link *l = &v->plan->links[i];

	for (size_t k = 0; k < l->addrs.n; k++) {
		auto_free char *path = plan_address_path(v->plan, i, k);
		const char *holder = ipam_holder(v->leases, &l->addrs.items[k], v->zone->zonename);
		auto_free char *text = NULL;
		char address[INET_TEXT];

		inet_text_bare(&l->addrs.items[k], address);
		if (holder)
			text = mem_format("%s belongs to zone \"%s\"", address, holder);
		for (size_t h = 0; h < v->host.n && !text; h++)
			if (inet_same(&v->host.items[h].addr, &l->addrs.items[k]))
				text = mem_format("%s is an address of the host", address);
		if (text)
			verify_report(v, path, text);
	}
}

/* The subnets that the automatic bridge would carry must be nowhere else on this host. */
static void verify_subnet(struct verify *v, size_t i, const struct inet_addr *gate)
{
	const struct plan_link *l = &v->plan->links[i];
	auto_free char *path = mem_format("anet[%zu].%s", i,
					  v->zone->anet[i].subnet.n ? "subnet" : "allowedAddress");
	struct err why = { 0 };

	if (gate->family && bridge_check_subnet(&v->nl, l->bridge, gate, &why) < 0)
		verify_report(v, path, why.text);
}

static void verify_subnets(struct verify *v, size_t i)
{
	const struct plan_link *l = &v->plan->links[i];

	for (size_t k = 0; k < l->gates.n; k++)
		verify_subnet(v, i, &l->gates.items[k]);
	if (l->wants_lease) {
		verify_subnet(v, i, &l->subnets.four);
		verify_subnet(v, i, &l->subnets.six);
	}
}

static void verify_bandwidth(struct verify *v)
{
	struct err why = { 0 };
	size_t i = 0;

	while (i < v->plan->n_links && !v->plan->links[i].maxbw)
		i++;
	if (i < v->plan->n_links && shape_probe(&v->nl, &why) < 0) {
		auto_free char *path = mem_format("anet[%zu].maxbw", i);
		auto_free char *text = mem_format(
			"this kernel cannot limit the bandwidth of a link: %s", why.text);

		verify_report(v, path, text);
	}
}

static void verify_shares(struct verify *v)
{
	struct err why = { 0 };
	size_t i = 0;

	while (i < v->plan->n_links && !v->plan->links[i].total)
		i++;
	if (i < v->plan->n_links && share_probe(&v->nl, &why) < 0) {
		auto_free char *path = mem_format("anet[%zu].sharedbw", i);
		auto_free char *text =
			mem_format("this kernel cannot share a bandwidth: %s", why.text);

		verify_report(v, path, text);
	}
}

static void verify_ports(struct verify *v, const char *run_dir)
{
	const struct publish_list *ports = &v->plan->ports;

	for (size_t i = 0; i < ports->n; i++) {
		auto_free char *path = mem_format("publish[%zu].port", i);
		struct err why = { 0 };

		if (ports->items[i].first &&
		    bridge_check_port(run_dir, v->zone->zonename, &ports->items[i], &why) < 0)
			verify_report(v, path, why.text);
	}
}

static void verify_moved_addresses(struct verify *v, size_t i)
{
	const struct physical *m = &v->plan->moved.items[i];

	for (size_t k = 0; k < m->n_addrs; k++) {
		const char *holder = ipam_holder(v->leases, &m->addrs[k], v->zone->zonename);
		auto_free char *path = mem_format("net[%zu].address", i);
		auto_free char *text = NULL;
		char address[INET_TEXT];

		inet_text_bare(&m->addrs[k], address);
		text = mem_format("%s belongs to zone \"%s\"", address, holder ? holder : "");
		if (holder)
			verify_report(v, path, text);
	}
}

static void verify_moved(struct verify *v, const char *run_dir)
{
	for (size_t i = 0; i < v->plan->moved.n; i++) {
		const char *name = v->plan->moved.items[i].name;
		auto_free char *path = mem_format("net[%zu].physical", i);
		struct err why = { 0 };

		if (name[0] && physical_check(&v->nl, run_dir, v->zone->zonename, name, &why) < 0)
			verify_report(v, path, why.text);
		verify_moved_addresses(v, i);
	}
}

static void verify_kind(struct verify *v, const char *kind)
{
	struct err why = { 0 };

	if (link_probe_kind(&v->nl, kind, &why) < 0) {
		auto_free char *text = mem_format("this kernel cannot make links: %s", why.text);

		verify_report(v, verify_links(v), text);
	}
}

static void verify_kernel(struct verify *v)
{
	struct err why = { 0 };
	unsigned guards = 0;
	bool automatic = false, routed = false, pairs = false;

	for (size_t i = 0; i < v->plan->n_links; i++) {
		guards |= v->plan->links[i].guards;
		automatic |= v->plan->links[i].automatic;
		routed |= v->plan->links[i].automatic || v->plan->links[i].is_shared;
		pairs |= !v->plan->links[i].cni[0];
	}
	if (pairs)
		verify_kind(v, "veth");
	if (automatic)
		verify_kind(v, "bridge");
	if (guards && guard_probe(&why) < 0) {
		auto_free char *text = mem_format("this kernel cannot protect links: %s", why.text);

		verify_report(v, verify_links(v), text);
	}
	if (routed && nat_probe(&why) < 0) {
		auto_free char *text =
			mem_format("this kernel cannot translate addresses: %s", why.text);

		verify_report(v, verify_links(v), text);
	}
}

/* On bridges that carry more than zones: other machines are asked. */
static void verify_in_use(struct verify *v)
{
	auto_done(in_use) struct in_use u = { 0 };
	struct err why = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->plan->n_links; i++)
		r = in_use_add(&u, &v->nl, &v->plan->links[i], i, &v->plan->links[i].addrs, &why);
	if (r == 0)
		r = in_use_ask(&u, &why);
	if (r < 0) {
		auto_free char *text =
			mem_format("%s: ZONES_PROBE_MS=0 leaves the question out", why.text);

		verify_report(v, verify_links(v), text);
		return;
	}
	for (size_t i = 0; i < u.n; i++) {
		auto_free char *text = in_use_text(&u, i);
		auto_free char *path =
			plan_address_path(v->plan, u.items[i].link, u.items[i].address);

		if (text)
			verify_report(v, path, text);
	}
}

static int verify_gather(struct verify *v, const struct net_dirs *dirs, struct err *e)
{
	int r = netlink_open(&v->nl, NETLINK_ROUTE, e);

	if (r == 0)
		r = addr_all(&v->nl, &v->host, e);
	return r < 0 ? r : ipam_load(dirs->storage_dir, &v->leases, e);
}

int net_verify(const struct zone_spec *z, const struct net_dirs *dirs, struct diag_list *diags)
{
	auto_done(verify) struct verify v = {
		.zone = z, .run_dir = dirs->run_dir, .diags = diags, .nl = NETLINK_CLOSED
	};
	auto_ptr(net_plan) struct net_plan *p = NULL;
	bool changed = false; /* the tree, which is not saved */
	struct err why = { 0 };

	if (plan_subnets_get(&v.subnets, &why) < 0 || verify_gather(&v, dirs, &why) < 0) {
		verify_report(&v, "anet", why.text);
		return -EINVAL;
	}
	/* mistakes of one link do not hide those of the others */
	if (plan_build(z, &v.subnets, &p, diags) < 0)
		v.errors++;
	v.errors += networks_settle(p, &v.subnets, &v.nl, v.leases, diags, &changed);
	if (plan_finish(p, &v.subnets, v.leases, diags) < 0)
		v.errors++;
	v.plan = p;
	for (size_t i = 0; i < p->n_links; i++) {
		verify_lower(&v, i);
		verify_addresses(&v, i);
		verify_subnets(&v, i);
	}
	verify_moved(&v, dirs->run_dir);
	verify_ports(&v, dirs->run_dir);
	if (p->n_links)
		verify_kernel(&v);
	verify_bandwidth(&v);
	verify_shares(&v);
	if (v.errors == 0) /* it takes time, and sends packets */
		verify_in_use(&v);
	return v.errors ? -EINVAL : 0;
}
