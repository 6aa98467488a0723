/* What makes a link a bridge of zones. Its parameters are set before it comes up. */
#include "net/bridge_link.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/bridge.h"
#include "net/forward.h"
#include "net/net.h"
#include "net/route.h"
#include "runtime/base/str.h"

static const struct sysctl_row bridge_sysctls[] = {
	{ "ipv4", "forwarding", 1 },
	{ "ipv4", "accept_redirects", 0 },
	{ "ipv4", "send_redirects", 0 }, /* zones of two subnets share the bridge on purpose */
	{ "ipv4", "rp_filter", 1 },
	{ "ipv4", "accept_source_route", 0 },
	{ "ipv4", "promote_secondaries", 1 }, /* one address less of a subnet is no address less */
	{ "ipv6", "disable_ipv6", 0 },
	{ "ipv6", "accept_ra", 0 }, /* a zone never configures the host */
	{ "ipv6", "autoconf", 0 },
	{ "ipv6", "accept_redirects", 0 },
	{ "ipv6", "accept_dad", 0 },
	{ "ipv6", "force_forwarding", 1 },
	{ NULL, NULL, 0 },
};

int bridge_link_look(struct netlink *nl, const char *name, bool known, struct link_info *ret,
		     struct err *e)
{
	struct err why = { 0 };
	int r = link_find(nl, name, ret, &why);

	if (r == -ENODEV)
		return 0;
	if (r < 0) {
		*e = why;
		return r;
	}
	if (!str_eq(ret->kind, "bridge") || (!known && !str_has_prefix(ret->alias, BRIDGE_ALIAS)))
		return err_set(e, EEXIST, "a link \"%s\" exists already and is not of zones", name);
	return 1;
}

int bridge_check_subnet(struct netlink *nl, const char *bridge, const struct inet_addr *a,
			struct err *e)
{
	auto_done(route_list) struct route_list routes = { 0 };
	struct err ignored = { 0 };
	struct link_info own = { 0 };
	char want[INET_TEXT], have[INET_TEXT];
	struct inet_addr net = inet_net(a);
	int r = route_all(nl, &routes, e);

	if (r < 0)
		return r;
	(void)!link_find(nl, bridge, &own,
			 &ignored); /* no bridge yet: index 0, which no route has */
	for (size_t i = 0; i < routes.n; i++) {
		const struct route_entry *route = &routes.items[i];

		if ((own.index && route->index == own.index) || !inet_overlaps(&net, &route->net))
			continue;
		inet_text(&net, want);
		inet_text(&route->net, have);
		return err_set(e, EADDRINUSE, "the subnet %s overlaps the host's route to %s", want,
			       have);
	}
	return 0;
}

int bridge_link_make(struct netlink *nl, struct sysctl *proc, const char *name, struct err *e)
{
	const struct link_change up = { .alias = BRIDGE_ALIAS, .up = true };
	struct link_info l = { 0 };
	uint8_t mac[INET_MAC];
	char text[INET_MAC_TEXT];
	int r = bridge_link_look(nl, name, true, &l, e);

	if (r == 0) {
		net_auto_mac(name, 0, text);
		r = inet_mac_parse(text, mac);
		if (r == 0)
			r = link_add_bridge(nl, name, mac, e);
	}
	if (r < 0)
		return r;
	if ((l.flags & IFF_UP) && str_has_prefix(l.alias, BRIDGE_ALIAS))
		return 0;
	r = sysctl_set_all(proc, name, bridge_sysctls, e);
	if (r ==
	    0) /* not just set: the host would lose the default routes it has learned from advertisements */
		r = forward_make_router(nl, proc, name, e);
	return r < 0 ? r : link_change(nl, name, &up, e);
}

static bool bridge_link_wants(const struct bridge_link *b, const struct inet_addr *a)
{
	for (size_t i = 0; i < b->n_gates; i++)
		if (inet_same(&b->gates[i], a) && b->gates[i].prefix == a->prefix)
			return true;
	return false;
}

static bool bridge_link_carries(uint32_t index, const struct addr_list *have,
				const struct inet_addr *a)
{
	for (size_t i = 0; i < have->n; i++)
		if (have->items[i].index == index && inet_same(&have->items[i].addr, a) &&
		    have->items[i].addr.prefix == a->prefix)
			return true;
	return false;
}

int bridge_link_set_addresses(struct netlink *nl, const struct bridge_link *b, struct err *e)
{
	auto_done(addr_list) struct addr_list have = { 0 };
	struct link_info l = { 0 };
	int r = link_find(nl, b->name, &l, e);

	if (r == 0)
		r = addr_all(nl, &have, e);
	for (size_t i = 0; r == 0 && i < b->n_gates; i++) {
		const struct inet_addr *gate = &b->gates[i];

		if (bridge_link_carries(l.index, &have, gate))
			continue;
		r = bridge_check_subnet(nl, b->name, gate, e);
		if (r == 0)
			r = addr_add(nl, l.index, gate, e);
	}
	for (size_t i = 0; r == 0 && i < have.n; i++) {
		const struct addr_entry *a = &have.items[i];
		bool own = a->addr.family == AF_INET6 && a->addr.bytes[0] == 0xfe; /* link-local */

		if (a->index == l.index && !own && !bridge_link_wants(b, &a->addr))
			r = addr_remove(nl, l.index, &a->addr, e);
	}
	/* a bridge of an older version does not promote: the others of that subnet went as well */
	for (size_t i = 0; r == 0 && i < b->n_gates; i++)
		r = addr_add(nl, l.index, &b->gates[i], e);
	return r;
}

int bridge_link_route_loopback(struct sysctl *proc, const char *name, bool on, struct err *e)
{
	uint32_t now = 0;
	int r = sysctl_get("ipv4", name, "route_localnet", &now, e);

	return r < 0 || now == (on ? 1 : 0)
		       ? r
		       : sysctl_set(proc, "ipv4", name, "route_localnet", on, e);
}
