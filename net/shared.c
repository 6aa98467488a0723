/* Routes and neighbours of the host's end go with it; what stays behind a link is proxy.h's. */
#include "net/shared.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/neigh.h"
#include "net/networks.h"
#include "net/plan.h"
#include "net/route.h"
#include "net/sysctl.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* IPv6's "forwarding" would make it a router, which drops what other links have learned from advertisements; with force_forwarding (6.17), or where the whole host forwards, it is not needed. */
static const struct sysctl_row shared_sysctls[] = {
	{ "ipv4", "forwarding", 1 },
	{ "ipv4", "rp_filter", 1 },
	{ "ipv4", "accept_redirects", 0 },
	{ "ipv4", "send_redirects", 0 }, /* two zones are behind links of their own */
	{ "ipv4", "accept_source_route", 0 },
	{ "ipv4", "proxy_arp", 0 },
	{ "ipv4", "route_localnet", 0 },
	{ "ipv6", "disable_ipv6", 0 },
	{ "ipv6", "accept_ra", 0 },
	{ "ipv6", "autoconf", 0 },
	{ "ipv6", "accept_redirects", 0 },
	{ "ipv6", "proxy_ndp", 0 },
	{ "ipv6", "force_forwarding", 1 },
	{ NULL, NULL, 0 },
};

struct inet_addr shared_gateway(int family)
{
	struct inet_addr a = { .family = AF_INET, .prefix = 32, .bytes = { 169, 254, 1, 1 } };

	if (family == AF_INET)
		return a;
	return (struct inet_addr){ .family = AF_INET6,
				   .prefix = 128,
				   .bytes = { [0] = 0xfe, [1] = 0x80, [15] = 1 } };
}

/* --- may it be? ------------------------------------------------------------------------------- */

int shared_check_link(struct netlink *host, const char *name, struct link_info *ret, struct err *e)
{
	struct err why = { 0 };
	int r = link_find(host, name, ret, &why);

	if (r == -ENODEV)
		return err_set(e, ENODEV, "no link \"%s\" exists", name);
	if (r < 0) {
		*e = why;
		return r;
	}
	if (ret->flags & IFF_LOOPBACK)
		return err_set(e, EINVAL, "\"%s\" is a loopback and leads nowhere", name);
	if (plan_host_name_hash(name) || networks_is_automatic(name))
		return err_set(e, EINVAL,
			       "\"%s\" belongs to the links of zones; ipType exclusive has them",
			       name);
	if (ret->master)
		return err_set(
			e, EINVAL,
			"\"%s\" is a port of another link, which has the host's addresses; name that bridge or bond instead",
			name);
	if (!(ret->flags & IFF_UP))
		return err_set(e, ENETDOWN, "the link \"%s\" is down: ip link set %s up", name,
			       name);
	return 0;
}

static bool shared_has_family(const struct addr_list *addrs, uint32_t index, int family)
{
	for (size_t i = 0; i < addrs->n; i++)
		if (addrs->items[i].index == index && addrs->items[i].addr.family == family &&
		    addrs->items[i].scope == RT_SCOPE_UNIVERSE)
			return true;
	return false;
}

int shared_check_address(struct netlink *host, const struct link_info *link,
			 const struct addr_list *addrs, const struct inet_addr *a, struct err *e)
{
	auto_done(route_list) struct route_list routes = { 0 };
	char text[INET_TEXT];
	int r;

	inet_text(a, text);
	if (!shared_has_family(addrs, link->index, a->family))
		return err_set(
			e, EINVAL,
			"%s: the host has no %s address on \"%s\" itself, so it speaks with nobody there",
			text, a->family == AF_INET ? "IPv4" : "IPv6", link->name);
	if (a->prefix == inet_bits(a)) /* a single address, wherever its neighbours are */
		return 0;
	r = route_all(host, &routes, e);
	for (size_t i = 0; r == 0 && i < routes.n; i++)
		if (routes.items[i].index == link->index && inet_contains(&routes.items[i].net, a))
			return 0;
	if (r < 0)
		return r;
	return err_set(
		e, EINVAL,
		"%s: the host has no route to its subnet through \"%s\"; give the host an address or a route there, or write it with /%u",
		text, link->name, inet_bits(a));
}

/* --- making ----------------------------------------------------------------------------------- */

static int shared_lead(struct netlink *host, uint32_t index, const struct inet_addr *a,
		       const uint8_t mac[INET_MAC], struct err *e)
{
	struct err why = { 0 };
	char text[INET_TEXT];
	int r = neigh_set(host, index, a, mac, e);

	if (r < 0)
		return r;
	r = route_add_host(host, index, a, &why);
	if (r == -EEXIST) {
		inet_text_bare(a, text);
		return err_set(
			e, EEXIST,
			"the host has a route to %s already, which leads elsewhere; take it away first (ip route get %s)",
			text, text);
	}
	if (r < 0)
		*e = why;
	return r;
}

int shared_connect(struct netlink *host, const struct shared *s, struct err *e)
{
	const struct link_change quiet = { .alias = s->alias, .no_link_local = true };
	const struct link_change up = { .up = true };
	auto_done(sysctl) struct sysctl proc = SYSCTL_CLOSED;
	struct link_info l = { 0 };
	int r = link_change(host, s->host, &quiet, e);

	if (r == 0)
		r = sysctl_set_all(&proc, s->host, shared_sysctls, e);
	if (r == 0)
		r = link_change(host, s->host, &up, e);
	if (r == 0)
		r = link_find(host, s->host, &l, e);
	for (size_t i = 0; r == 0 && i < s->n_addrs; i++)
		r = shared_lead(host, l.index, &s->addrs[i], s->mac, e);
	return r;
}

int shared_route(struct netlink *host, struct netlink *zone, const char *host_end, uint32_t index,
		 const struct inet_addr *gateway, struct err *e)
{
	struct link_info l = { 0 };
	int r = link_find(host, host_end, &l, e);

	if (r == 0)
		r = neigh_set(zone, index, gateway, l.mac, e);
	return r < 0 ? r : route_add_default_onlink(zone, index, gateway, e);
}

/* --- what is there ---------------------------------------------------------------------------- */

struct shared_look {
	struct netlink *host;
	const struct link_list *links;
	struct neigh_list proxies;
	const struct link_info *end; /* the host's; NULL: gone */
	const struct link_info *bad; /* a link of the host that does not work */
	const char *missing;         /* one that is not there */
	bool is_whole;
};

static void shared_look_done(struct shared_look *x)
{
	neigh_list_done(&x->proxies);
}

static const struct link_info *shared_find(const struct link_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

static bool shared_is_answered(const struct shared_look *x, uint32_t link,
			       const struct inet_addr *a)
{
	for (size_t i = 0; i < x->proxies.n; i++)
		if (x->proxies.items[i].index == link && inet_same(&x->proxies.items[i].addr, a))
			return true;
	return false;
}

/* One address, and the link it is on. */
static int shared_look_at(struct shared_look *x, const struct json *one, struct err *e)
{
	const char *name = json_get_string(one, "link", "");
	const struct link_info *l = shared_find(x->links, name);
	struct inet_addr a;
	uint32_t through = 0;
	int r;

	if (!l && !x->missing)
		x->missing = name;
	if (l && !x->bad && (l->flags & (IFF_UP | IFF_RUNNING)) != (IFF_UP | IFF_RUNNING))
		x->bad = l;
	if (inet_parse(json_get_string(one, "address", ""), &a) < 0)
		return 0;
	r = route_lookup(x->host, &a, &through, e);
	if (r == 0)
		x->is_whole &= l && x->end && through == x->end->index &&
			       shared_is_answered(x, l->index, &a);
	return r;
}

int shared_status(struct netlink *host, const struct link_list *links, const struct json *saved,
		  struct json *status, struct err *e)
{
	const struct json *list = json_get(saved, "shared");
	auto_done(shared_look) struct shared_look x = {
		.host = host,
		.links = links,
		.end = shared_find(links, json_get_string(saved, "host", "")),
		.is_whole = true,
	};
	int r = neigh_proxies(host, &x.proxies, e);

	for (size_t i = 0; r == 0 && list && list->type == JSON_ARRAY && i < list->n; i++)
		r = shared_look_at(&x, list->items[i], e);
	if (r < 0)
		return r;
	json_set(status, "shared", json_new_bool(true));
	if (x.missing || x.bad)
		json_set(status, "bridge", json_new_string(x.missing ? x.missing : x.bad->name));
	json_set(status, "bridgePresent", json_new_bool(!x.missing));
	json_set(status, "bridgeUp",
		 json_new_bool(!x.missing && (!x.bad || x.bad->flags & IFF_UP)));
	json_set(status, "carrier", json_new_bool(!x.bad || x.bad->flags & IFF_RUNNING));
	json_set(status, "attached", json_new_bool(x.is_whole));
	return 0;
}
