/* Strangers are told by their names: a link of ours has one that plan_host_name() makes. */
#include "net/in_use.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <string.h>

#include "net/bridge.h"
#include "net/link.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

void in_use_done(struct in_use *u)
{
	free(u->probes);
	free(u->items);
	*u = (struct in_use){ 0 };
}

/* 1 when somebody is there to ask, and then *ret is the bridge; 0 when not. */
static int in_use_look(struct netlink *nl, const struct plan_link *l, struct link_info *ret,
		       struct err *e)
{
	auto_done(link_list) struct link_list ports = { 0 };
	struct err why = { 0 };
	int r = link_find(nl, l->bridge, ret, &why);

	if (r == 0)
		r = link_ports(nl, ret->index, &ports, &why);
	if (r == -ENODEV) /* not made yet, or told of elsewhere */
		return 0;
	if (r < 0) {
		*e = why;
		return r;
	}
	for (size_t i = 0; i < ports.n; i++)
		if (!plan_host_name_hash(ports.items[i].name))
			return 1;
	return 0;
}

/* A shared zone's neighbours are those of the host's link, each address on its own. A link that has no Ethernet frames is not asked on. */
static int in_use_add_shared(struct in_use *u, struct netlink *nl, const struct plan_link *l,
			     size_t index, struct err *e)
{
	for (size_t k = 0; k < l->addrs.n; k++) {
		struct link_info lower = { 0 };
		struct err why = { 0 };
		int r = link_find(nl, l->lowers[k].name, &lower, &why);

		if (r < 0 && r != -ENODEV) {
			*e = why;
			return r;
		}
		if (r < 0 || lower.type != ARPHRD_ETHER || lower.flags & IFF_NOARP)
			continue;
		u->probes = mem_grow(u->probes, u->n + 1, sizeof(*u->probes));
		u->items = mem_grow(u->items, u->n + 1, sizeof(*u->items));
		u->probes[u->n] = (struct probe){ .addr = l->addrs.items[k], .link = lower.index };
		memcpy(u->probes[u->n].mac, lower.mac, INET_MAC);
		u->items[u->n++] = (struct in_use_item){ .link = index,
							 .address = k,
							 .lower = l->lowers[k].name };
	}
	u->nl = nl;
	return 0;
}

int in_use_add(struct in_use *u, struct netlink *nl, const struct plan_link *l, size_t index,
	       const struct plan_addrs *addrs, struct err *e)
{
	struct link_info lower = { 0 }, own = { 0 };
	struct err ignored = { 0 };
	int r;

	if (!l->bridge[0] || addrs->n == 0 || probe_time_ms() == 0)
		return 0;
	if (l->is_shared)
		return in_use_add_shared(u, nl, l, index, e);
	r = in_use_look(nl, l, &lower, e);
	if (r <= 0)
		return r;
	bool runs = link_find(nl, l->host, &own, &ignored) == 0;

	u->probes = mem_grow(u->probes, u->n + addrs->n, sizeof(*u->probes));
	u->items = mem_grow(u->items, u->n + addrs->n, sizeof(*u->items));
	for (size_t k = 0; k < addrs->n; k++, u->n++) {
		struct probe *p = &u->probes[u->n];

		*p = (struct probe){ .addr = addrs->items[k],
				     .link = lower.index,
				     .own = runs ? l->mac : NULL };
		memcpy(p->mac, lower.mac, INET_MAC);
		u->items[u->n] = (struct in_use_item){ .link = index,
						       .address = k,
						       .lower = l->bridge,
						       .port = runs ? own.index : 0 };
	}
	u->nl = nl;
	return 0;
}

void in_use_announce(struct netlink *nl, const struct plan_link *l)
{
	auto_done(in_use) struct in_use u = { 0 };
	struct err ignored = { 0 };

	if (in_use_add_shared(&u, nl, l, 0, &ignored) == 0)
		probe_announce(u.probes, u.n);
}

/* Is a zone behind that port? Leases keep zones apart; what one says of another's address is not true. */
static bool in_use_is_ours(struct netlink *nl, uint32_t port)
{
	struct link_info l = { 0 };
	struct err ignored = { 0 };

	return link_find_index(nl, port, &l, &ignored) == 0 && plan_host_name_hash(l.name) &&
	       str_has_prefix(l.alias, BRIDGE_ALIAS);
}

int in_use_ask(struct in_use *u, struct err *e)
{
	int r = u->n ? probe_ask(u->probes, u->n, e) : 0;

	for (size_t i = 0; r == 0 && i < u->n; i++) {
		struct probe *p = &u->probes[i];
		struct err ignored = { 0 };
		uint32_t port = 0;

		if (p->taken && link_port_of(u->nl, p->link, p->holder, &port, &ignored) == 0 &&
		    (port == u->items[i].port || in_use_is_ours(u->nl, port)))
			p->taken = false;
	}
	return r;
}

char *in_use_text(const struct in_use *u, size_t i)
{
	const struct probe *p = &u->probes[i];
	char address[INET_TEXT], mac[INET_MAC_TEXT];

	if (!p->taken)
		return NULL;
	inet_text_bare(&p->addr, address);
	inet_mac_text(p->holder, mac);
	return mem_format(
		"%s is in use by another machine: %s answers for it on \"%s\"; give the zone another address, or take this one from that machine (ZONES_PROBE_MS=0 asks nobody)",
		address, mac, u->items[i].lower);
}
