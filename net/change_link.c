/* A link is taken apart into what can be changed by itself. A part is done when one of the members that it depends on differs from the record; after an interrupted change, whatever
 * they say. Each sets what is to be there and takes away what a record names beyond that, so it may be repeated at will.
 *
 * Protection comes first and is replaced in one transaction: what the zone may send never depends on how far we came inside, where root of the zone may be in our way. New
 * addresses come before old ones go. */
#include "net/change_port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/attach.h"
#include "net/conntrack.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/link.h"
#include "net/route.h"
#include "net/share.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { MTU_IPV6 = 1280 };

static void relink_done(struct relink *x)
{
	netlink_done(&x->zone);
	free(x->olds.items);
}

const struct json *change_entry(const struct json *record, const char *host)
{
	const struct json *links = json_get(record, "links");

	for (size_t i = 0; links && links->type == JSON_ARRAY && i < links->n; i++)
		if (str_eq(json_get_string(links->items[i], "host", ""), host))
			return links->items[i];
	return NULL;
}

/* --- parts on the host ------------------------------------------------------------------------ */

static int relink_guard(struct relink *x, struct err *e)
{
	return x->link->guards ? attach_again(x->run->host, x->run->plan, x->index, PLAN_GUARD, e)
			       : guard_remove(x->link->host, e);
}

/* --- parts on both sides ---------------------------------------------------------------------- */

static int relink_mtu(struct relink *x, struct err *e)
{
	const char *const names[] = { x->inner.name, NULL };
	auto_done(netlink) struct netlink again = NETLINK_CLOSED;
	struct link_values v = { .mtu = x->link->mtu };
	struct link_info bridge = { 0 };
	struct err ignored = { 0 };
	int r = v.mtu ? 0 : link_find(x->run->host, x->link->bridge, &bridge, e);

	if (!v.mtu)
		v.mtu = bridge.mtu;
	if (r == 0)
		r = link_set_values(x->run->host, x->outer.index, &v, e);
	if (r == 0)
		r = link_set_values(&x->zone, x->inner.index, &v, e);
	if (r < 0)
		return r;
	/* a link that was too narrow for IPv6 begins with the kernel's own parameters; a zone that renames it at this moment has what it wants */
	if (x->inner.mtu < MTU_IPV6 && v.mtu >= MTU_IPV6)
		(void)!enter_namespace(x->run->netns_fd, names, &again, &ignored);
	return 0;
}

/* The link-local address goes with the MAC: protection knows no other. A zone may have switched IPv6 off on its link. */
static int relink_mac(struct relink *x, struct err *e)
{
	const struct link_values v = { .mac = x->link->mac };
	struct inet_addr own = inet_link_local(x->link->mac);
	struct err ignored = { 0 };
	int r = memcmp(x->inner.mac, v.mac, INET_MAC) != 0
			? link_set_values(&x->zone, x->inner.index, &v, e)
			: 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < x->olds.n; i++) {
		uint8_t mac[INET_MAC];

		if (inet_mac_parse(json_get_string(x->olds.items[i], "mac", ""), mac) < 0 ||
		    memcmp(mac, x->link->mac, INET_MAC) == 0)
			continue;
		struct inet_addr old = inet_link_local(mac);

		(void)!addr_remove(&x->zone, x->inner.index, &old, &ignored);
	}
	if ((x->inner.flags & IFF_UP))
		(void)!addr_add(&x->zone, x->inner.index, &own, &ignored);
	return 0;
}

static int relink_name(struct relink *x, struct err *e)
{
	const struct link_values v = { .name = x->link->name };
	struct err why = { 0 };
	int r = str_eq(x->inner.name, v.name) ? 0
					      : link_set_values(&x->zone, x->inner.index, &v, &why);

	if (r == -EBUSY)
		return err_set(
			e, EBUSY,
			"this kernel renames no link that is up (\"%s\" to \"%s\"): put the old name back, or reboot the zone",
			x->inner.name, v.name);
	if (r < 0)
		*e = why;
	return r < 0 ? err_wrap(e, "rename the zone's link \"%s\" to \"%s\"", x->inner.name, v.name)
		     : 0;
}

/* --- inside ----------------------------------------------------------------------------------- */

static bool plan_addrs_have(const struct plan_addrs *v, const struct inet_addr *a, bool exactly)
{
	for (size_t i = 0; i < v->n; i++)
		if (inet_same(&v->items[i], a) && (!exactly || v->items[i].prefix == a->prefix))
			return true;
	return false;
}

static int inside_add(struct relink *x, struct err *e)
{
	const struct plan_link *l = x->link;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->addrs.n; i++)
		r = addr_add(&x->zone, x->inner.index, &l->addrs.items[i], e);
	for (size_t i = 0; r == 0 && i < l->routers.n; i++)
		r = route_add_default(&x->zone, x->inner.index, &l->routers.items[i], e);
	return r;
}

/* Of one list of an old record, what the plan has no more. */
static int inside_remove(struct relink *x, const struct json *old, bool routers, struct err *e)
{
	const struct json *list = json_get(old, routers ? "routers" : "addresses");
	int r = 0;

	if (!json_get_bool(old, "configure", true)) /* the zone's own */
		return 0;
	for (size_t i = 0; r == 0 && list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr a;

		if (list->items[i]->type != JSON_STRING || inet_parse(list->items[i]->text, &a) < 0)
			continue;
		if (routers && !plan_addrs_have(&x->link->routers, &a, false))
			r = route_remove_default(&x->zone, x->inner.index, &a, e);
		else if (!routers && !plan_addrs_have(&x->link->addrs, &a, true))
			r = addr_remove(&x->zone, x->inner.index, &a, e);
	}
	return r;
}

/* Neighbours may know the address as another zone's. The kernel tells them (arp_notify, ndisc_notify) when a link is given its MAC, also when it is the one it has. */
static int inside_tell(struct relink *x, struct err *e)
{
	const struct link_values v = { .mac = x->inner.mac };
	int r = link_find_index(&x->zone, x->inner.index, &x->inner, e);

	return r < 0 ? r : link_set_values(&x->zone, x->inner.index, &v, e);
}

static int relink_inside(struct relink *x, struct err *e)
{
	const struct link_values up = { .up = true };
	int r = x->link->configure ? link_set_values(&x->zone, x->inner.index, &up, e) : 0;

	if (r == 0 && x->link->configure)
		r = inside_add(x, e);
	for (size_t i = 0; r == 0 && i < x->olds.n; i++) {
		r = inside_remove(x, x->olds.items[i], true, e);
		if (r == 0)
			r = inside_remove(x, x->olds.items[i], false, e);
	}
	if (r < 0 || !x->link->configure)
		return r;
	/* without promote_secondaries (a zone of an older version, or one that switched it off) the others of a subnet went with its first address, and routes with them */
	r = inside_add(x, e);
	return r < 0 ? r : inside_tell(x, e);
}

/* --- the table -------------------------------------------------------------------------------- */

enum { PART_KEYS = 7 };
static const struct {
	const char *keys[PART_KEYS];
	int (*run)(struct relink *x, struct err *e);
} parts[] = {
	{ { "protection", "mac", "addresses", "routers", "configure" }, relink_guard },
	{ { "bridge", "uplink", "vlan" }, relink_unport },
	{ { "mtu", "bridge" }, relink_mtu },
	{ { "maxbw", "mtu", "bridge", "uplink", "share", "shareTotal" }, relink_shape },
	/* a macvlan is made anew for what it cannot be told */
	{ { "bridge", "uplink", "vlan", "mac", "mtu", "maxbw", "protection" }, relink_port },
	{ { "protection" }, relink_isolate },
	{ { "mac" }, relink_mac },
	{ { "name" }, relink_name },
	{ { "addresses", "routers", "configure", "mtu", "bridge" }, relink_inside },
};

static bool member_differs(const struct json *a, const struct json *b, const char *key)
{
	const struct json *x = json_get(a, key), *y = json_get(b, key);
	auto_free char *left = x ? json_print(x, false) : NULL;
	auto_free char *right = y ? json_print(y, false) : NULL;

	return x && y ? !str_eq(left, right) : x != y;
}

static bool part_is_due(const struct relink *x, const char *const keys[PART_KEYS])
{
	bool due = x->run->before->n != 1; /* not known how far something came */

	for (size_t i = 0; !due && i < PART_KEYS && keys[i]; i++)
		due = member_differs(x->olds.items[0], x->now, keys[i]);
	return due;
}

/* 1 both ends are where they belong, 0 not. The kernel is asked for the other end of ours: a name inside is whatever the zone likes it to be. */
static int relink_find(struct relink *x, struct err *e)
{
	struct netlink *host = x->run->host;
	struct link_info back = { 0 };
	struct err why = { 0 };
	int r = link_find(host, x->link->host, &x->outer, &why);

	if (r == 0)
		r = link_find_index(&x->zone, x->outer.peer, &x->inner, &why);
	if (r == 0)
		r = link_find_peer(host, x->run->netns_fd, &x->inner, &back, &why);
	if (r == 0)
		return back.index == x->outer.index;
	if (r == -ENODEV || r == -EINVAL)
		return 0;
	*e = why;
	return r;
}

static int relink_anew(struct relink *x, struct err *e)
{
	const char *zone = x->run->plan->zonename;
	int r = detach_link(x->run->host, zone, x->now, e);

	/* what stood beside it where it was before */
	for (size_t i = 0; r == 0 && i < x->olds.n; i++)
		r = detach_link(x->run->host, zone, x->olds.items[i], e);
	if (r == 0)
		r = share_drop_dead(x->run->host, x->run->plan->run_dir, e);
	if (r == 0)
		r = conntrack_forget(x->link->addrs.items, x->link->addrs.n, e);
	return r < 0 ? r
		     : attach_new_link(x->run->host, x->run->plan, x->index, x->run->netns_fd, e);
}

static void relink_collect(struct relink *x)
{
	const struct change_records *all = x->run->before;

	x->olds.items = mem_array(all->n + 1, sizeof(struct json *));
	for (size_t i = 0; i < all->n; i++) {
		const struct json *one = change_entry(all->items[i], x->link->host);

		if (one)
			x->olds.items[x->olds.n++] = one;
	}
}

int change_link(const struct change_run *run, size_t i, struct err *e)
{
	const struct change_records *all = run->before;
	auto_done(relink) struct relink x = { .run = run,
					      .link = &run->plan->links[i],
					      .index = i,
					      .now = json_get(run->now, "links")->items[i],
					      .zone = NETLINK_CLOSED };
	int r;

	relink_collect(&x);
	/* one that was new in an interrupted change may be half made */
	if (all->n == 0 || !change_entry(all->items[all->n - 1], x.link->host))
		return relink_anew(&x, e);
	r = enter_namespace(run->netns_fd, NULL, &x.zone, e);
	if (r == 0)
		r = relink_find(&x, e);
	if (r <= 0)
		return r < 0 ? r : relink_anew(&x, e);
	r = 0;
	for (size_t k = 0; r == 0 && k < sizeof(parts) / sizeof(parts[0]); k++)
		if (part_is_due(&x, parts[k].keys))
			r = parts[k].run(&x, e);
	return r < 0 ? err_wrap(e, "anet[%s]", x.link->name) : 0;
}
