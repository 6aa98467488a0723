/* Links are addressed by name, not by index: names are ours ("zbr0", "zv<hash>.<n>"), indices are reused by the kernel. */
#include "net/link.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

void link_list_done(struct link_list *l)
{
	free(l->items);
	*l = (struct link_list){ 0 };
}

static struct ifinfomsg *link_begin(struct netlink_request *q, uint16_t type, uint16_t flags)
{
	struct ifinfomsg *i;

	netlink_begin(q, type, flags);
	i = mnl_nlmsg_put_extra_header(q->h, sizeof(*i));
	i->ifi_family = AF_UNSPEC;
	return i;
}

/* Copy a text attribute, cut to the buffer. */
static void link_copy_text(const struct nlattr *a, char *buf, size_t size)
{
	size_t n;

	if (!a)
		return;
	n = strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	if (n >= size)
		n = size - 1;
	memcpy(buf, mnl_attr_get_payload(a), n);
	buf[n] = '\0';
}

static uint32_t link_u32(const struct nlattr *a)
{
	return a && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a) : 0;
}

static void link_read_counters(const struct nlattr *a, struct link_info *l)
{
	struct rtnl_link_stats64 s = { 0 };
	size_t n;

	if (!a)
		return;
	n = mnl_attr_get_payload_len(a);
	memcpy(&s, mnl_attr_get_payload(a), n < sizeof(s) ? n : sizeof(s));
	l->rx_bytes = s.rx_bytes;
	l->tx_bytes = s.tx_bytes;
	l->rx_packets = s.rx_packets;
	l->tx_packets = s.tx_packets;
	l->rx_dropped = s.rx_dropped;
	l->tx_dropped = s.tx_dropped;
}

static int link_read(const struct nlmsghdr *h, struct link_info *ret)
{
	const struct ifinfomsg *i = mnl_nlmsg_get_payload(h);
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*i))
		return -EPROTO;
	*ret = (struct link_info){ .index = (uint32_t)i->ifi_index,
				   .flags = i->ifi_flags,
				   .type = i->ifi_type,
				   .peer = link_u32(netlink_attr(h, sizeof(*i), IFLA_LINK)),
				   .peer_netns = -1 };
	a = netlink_attr(h, sizeof(*i), IFLA_LINK_NETNSID);
	if (a)
		ret->peer_netns = (int32_t)link_u32(a);
	link_copy_text(netlink_attr(h, sizeof(*i), IFLA_IFNAME), ret->name, sizeof(ret->name));
	link_copy_text(netlink_attr(h, sizeof(*i), IFLA_IFALIAS), ret->alias, sizeof(ret->alias));
	ret->mtu = link_u32(netlink_attr(h, sizeof(*i), IFLA_MTU));
	ret->master = link_u32(netlink_attr(h, sizeof(*i), IFLA_MASTER));
	a = netlink_attr(h, sizeof(*i), IFLA_ADDRESS);
	if (a && mnl_attr_get_payload_len(a) == INET_MAC)
		memcpy(ret->mac, mnl_attr_get_payload(a), INET_MAC);
	a = netlink_attr(h, sizeof(*i), IFLA_LINKINFO);
	if (a)
		link_copy_text(netlink_nested(a, IFLA_INFO_KIND), ret->kind, sizeof(ret->kind));
	link_read_counters(netlink_attr(h, sizeof(*i), IFLA_STATS64), ret);
	return 0;
}

static int link_take_one(const struct nlmsghdr *h, void *arg)
{
	return link_read(h, arg);
}

int link_find(struct netlink *nl, const char *name, struct link_info *ret, struct err *e)
{
	struct netlink_request q;
	struct link_info found = { 0 };
	int r;

	link_begin(&q, RTM_GETLINK, 0);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, link_take_one, &found, e);
	if (r < 0)
		return err_wrap(e, "link \"%s\"", name);
	*ret = found;
	return 0;
}

int link_find_index(struct netlink *nl, uint32_t index, struct link_info *ret, struct err *e)
{
	struct netlink_request q;
	struct link_info found = { 0 };
	int r;

	link_begin(&q, RTM_GETLINK, 0)->ifi_index = (int)index;
	r = netlink_talk(nl, &q, link_take_one, &found, e);
	if (r < 0)
		return err_wrap(e, "link number %u", index);
	*ret = found;
	return 0;
}

static int link_take_netns(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *a = netlink_attr(h, sizeof(struct rtgenmsg), NETNSA_NSID);

	if (h->nlmsg_type != RTM_NEWNSID || !a)
		return -EPROTO;
	*(int32_t *)arg = (int32_t)link_u32(a);
	return 0;
}

/* The id that the socket's namespace has for another one; -1 when it has none. */
static int link_netns_id(struct netlink *nl, int netns_fd, int32_t *ret, struct err *e)
{
	struct netlink_request q;
	struct rtgenmsg *g;
	int r;

	netlink_begin(&q, RTM_GETNSID, 0);
	g = mnl_nlmsg_put_extra_header(q.h, sizeof(*g));
	g->rtgen_family = AF_UNSPEC;
	mnl_attr_put_u32(q.h, NETNSA_FD, (uint32_t)netns_fd);
	r = netlink_talk(nl, &q, link_take_netns, ret, e);
	return r < 0 ? err_wrap(e, "find the id of a network namespace") : 0;
}

int link_find_peer(struct netlink *host, int netns_fd, const struct link_info *inside,
		   struct link_info *ret, struct err *e)
{
	struct link_info found = { 0 };
	int32_t id = -1;
	int r;

	if (inside->peer == 0 || !str_eq(inside->kind, "veth"))
		return err_set(e, ENODEV, "link \"%s\" is no end of a veth", inside->name);
	r = link_find_index(host, inside->peer, &found, e);
	if (r == 0)
		r = link_netns_id(host, netns_fd, &id, e);
	if (r < 0)
		return r;
	/* its number could be another link's if the other end were in a third namespace */
	if (!str_eq(found.kind, "veth") || found.peer != inside->index || id < 0 ||
	    found.peer_netns != id)
		return err_set(e, ENODEV, "the other end of link \"%s\" is not here", inside->name);
	*ret = found;
	return 0;
}

static int link_take_port(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	uint32_t *port = arg;

	if (h->nlmsg_type == RTM_NEWNEIGH && mnl_nlmsg_get_payload_len(h) >= sizeof(*m))
		*port = (uint32_t)m->ndm_ifindex;
	return 0;
}

int link_port_of(struct netlink *nl, uint32_t bridge, const uint8_t mac[INET_MAC], uint32_t *ret,
		 struct err *e)
{
	struct netlink_request q;
	struct ndmsg *m;
	uint32_t found = 0;
	int r;

	netlink_begin(&q, RTM_GETNEIGH, 0);
	m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
	m->ndm_family = AF_BRIDGE;
	mnl_attr_put_u32(q.h, NDA_MASTER, bridge);
	mnl_attr_put(q.h, NDA_LLADDR, INET_MAC, mac);
	r = netlink_talk(nl, &q, link_take_port, &found, e);
	if (r == 0 && !found)
		r = err_set(e, ENOENT, "no port");
	if (r < 0)
		return err_wrap(e, "find a MAC behind bridge number %u", bridge);
	*ret = found;
	return 0;
}

static int link_take_next(const struct nlmsghdr *h, void *arg)
{
	struct link_list *l = arg;

	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	return link_read(h, &l->items[l->n++]);
}

int link_all(struct netlink *nl, struct link_list *ret, struct err *e)
{
	struct netlink_request q;
	int r;

	link_begin(&q, RTM_GETLINK, 0);
	/* with any mask the kernel makes room for the longest entry; without, a link with hundreds of names ends its list */
	mnl_attr_put_u32(q.h, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	r = netlink_dump(nl, &q, link_take_next, ret, &ret->n, e);
	return r < 0 ? err_wrap(e, "list the network links") : 0;
}

int link_ports(struct netlink *nl, uint32_t bridge, struct link_list *ret, struct err *e)
{
	struct netlink_request q;
	int r;

	link_begin(&q, RTM_GETLINK, 0);
	mnl_attr_put_u32(q.h, IFLA_MASTER, bridge); /* the kernel leaves the others out */
	mnl_attr_put_u32(q.h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	r = netlink_dump(nl, &q, link_take_next, ret, &ret->n, e);
	return r < 0 ? err_wrap(e, "list the ports of a bridge") : 0;
}

int link_add_bridge(struct netlink *nl, const char *name, const uint8_t mac[INET_MAC],
		    struct err *e)
{
	struct netlink_request q;
	struct nlattr *info;
	int r;

	link_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	/* with a MAC of its own the bridge keeps it when ports come and go, and neighbours' caches stay true */
	mnl_attr_put(q.h, IFLA_ADDRESS, INET_MAC, mac);
	info = mnl_attr_nest_start(q.h, IFLA_LINKINFO);
	mnl_attr_put_strz(q.h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(q.h, info);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "make the bridge \"%s\"", name) : 0;
}

int link_add_veth(struct netlink *nl, const struct link_veth *v, struct err *e)
{
	struct netlink_request q;
	struct nlattr *info, *data, *peer;
	int r;

	link_begin(&q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, v->host);
	if (v->mtu)
		mnl_attr_put_u32(q.h, IFLA_MTU, v->mtu);
	info = mnl_attr_nest_start(q.h, IFLA_LINKINFO);
	mnl_attr_put_strz(q.h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(q.h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(q.h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(q.h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(q.h, IFLA_IFNAME, v->peer);
	mnl_attr_put(q.h, IFLA_ADDRESS, INET_MAC, v->mac);
	mnl_attr_put_u32(q.h, IFLA_NET_NS_FD, (uint32_t)v->netns_fd);
	if (v->mtu)
		mnl_attr_put_u32(q.h, IFLA_MTU, v->mtu);
	mnl_attr_nest_end(q.h, peer);
	mnl_attr_nest_end(q.h, data);
	mnl_attr_nest_end(q.h, info);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "make the link \"%s\" with its other end \"%s\" in the zone",
				v->host, v->peer)
		     : 0;
}

static void link_begin_kind(struct netlink_request *q, const char *name, const char *kind)
{
	struct nlattr *info;

	link_begin(q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(q->h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(q->h, IFLA_LINKINFO);
	mnl_attr_put_strz(q->h, IFLA_INFO_KIND, kind);
	mnl_attr_nest_end(q->h, info);
}

int link_add_ifb(struct netlink *nl, const char *name, struct err *e)
{
	struct netlink_request q;
	int r;

	link_begin_kind(&q, name, "ifb");
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "make the link \"%s\"", name) : 0;
}

int link_probe_kind(struct netlink *nl, const char *kind, struct err *e)
{
	static const uint8_t group[INET_MAC] = { 1 };
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	/* with a MAC that no link can have: a kernel that knows the kind refuses the address, one that does not the kind */
	link_begin_kind(&q, "zones-probe", kind);
	mnl_attr_put(q.h, IFLA_ADDRESS, sizeof(group), group);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == -EADDRNOTAVAIL)
		return 0;
	return err_set(e, EOPNOTSUPP, "it has no links of the kind %s: %s", kind, why.text);
}

static void link_begin_macvlan(struct netlink_request *q, const struct link_macvlan *m)
{
	struct nlattr *info, *data;

	link_begin(q, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(q->h, IFLA_IFNAME, m->name);
	mnl_attr_put_u32(q->h, IFLA_LINK, m->lower);
	mnl_attr_put(q->h, IFLA_ADDRESS, INET_MAC, m->mac);
	if (m->mtu)
		mnl_attr_put_u32(q->h, IFLA_MTU, m->mtu);
	info = mnl_attr_nest_start(q->h, IFLA_LINKINFO);
	mnl_attr_put_strz(q->h, IFLA_INFO_KIND, "macvlan");
	data = mnl_attr_nest_start(q->h, IFLA_INFO_DATA);
	mnl_attr_put_u32(q->h, IFLA_MACVLAN_MODE,
			 m->is_private ? MACVLAN_MODE_PRIVATE : MACVLAN_MODE_BRIDGE);
	mnl_attr_nest_end(q->h, data);
	mnl_attr_nest_end(q->h, info);
}

int link_add_macvlan(struct netlink *nl, const struct link_macvlan *m, struct err *e)
{
	struct netlink_request q;
	int r;

	link_begin_macvlan(&q, m);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "make the macvlan \"%s\"", m->name) : 0;
}

int link_probe_macvlan(struct netlink *nl, uint32_t lower, struct err *e)
{
	static const uint8_t group[INET_MAC] = { 1 };
	const struct link_macvlan m = { .name = "zm-probe", .lower = lower, .mac = group };
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	/* a MAC that no link can have, as above */
	link_begin_macvlan(&q, &m);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == -EADDRNOTAVAIL)
		return 0;
	return err_set(e, EOPNOTSUPP, "it has no macvlan links: %s", why.text);
}

static int link_set(struct netlink *nl, struct netlink_request *q, const char *name, struct err *e)
{
	int r;

	mnl_attr_put_strz(q->h, IFLA_IFNAME, name);
	r = netlink_talk(nl, q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "change the link \"%s\"", name) : 0;
}

/* A request of its own: the link must be the bridge's port already. */
static int link_take_isolated(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *a = netlink_attr(h, sizeof(struct ifinfomsg), IFLA_LINKINFO);

	a = a ? netlink_nested(a, IFLA_INFO_SLAVE_DATA) : NULL;
	a = a ? netlink_nested(a, IFLA_BRPORT_ISOLATED) : NULL;
	*(bool *)arg = a && mnl_attr_get_payload_len(a) == 1 && mnl_attr_get_u8(a);
	return 0;
}

int link_is_isolated(struct netlink *nl, const char *name, bool *ret, struct err *e)
{
	struct netlink_request q;
	int r;

	link_begin(&q, RTM_GETLINK, 0);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, link_take_isolated, ret, e);
	return r < 0 ? err_wrap(e, "link \"%s\"", name) : 0;
}

int link_set_isolated(struct netlink *nl, const char *name, bool on, struct err *e)
{
	struct netlink_request q;
	struct nlattr *info, *data;

	link_begin(&q, RTM_NEWLINK, 0);
	info = mnl_attr_nest_start(q.h, IFLA_LINKINFO);
	mnl_attr_put_strz(q.h, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(q.h, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(q.h, IFLA_BRPORT_ISOLATED, on);
	mnl_attr_nest_end(q.h, data);
	mnl_attr_nest_end(q.h, info);
	return link_set(nl, &q, name, e);
}

int link_change(struct netlink *nl, const char *name, const struct link_change *c, struct err *e)
{
	struct netlink_request q;
	struct ifinfomsg *i;
	int r;

	if (c->no_link_local) {
		struct nlattr *spec, *inet6;

		/* a request of its own: the kernel brings a link up before it looks at IFLA_AF_SPEC of the same message */
		link_begin(&q, RTM_NEWLINK, 0);
		spec = mnl_attr_nest_start(q.h, IFLA_AF_SPEC);
		inet6 = mnl_attr_nest_start(q.h, AF_INET6);
		mnl_attr_put_u8(q.h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
		mnl_attr_nest_end(q.h, inet6);
		mnl_attr_nest_end(q.h, spec);
		r = link_set(nl, &q, name, e);
		if (r < 0 && r != -EAFNOSUPPORT) /* no IPv6 in this kernel: nothing to prevent */
			return r;
	}
	i = link_begin(&q, RTM_NEWLINK, 0);
	if (c->alias)
		mnl_attr_put_str(q.h, IFLA_IFALIAS, c->alias);
	if (c->master)
		mnl_attr_put_u32(q.h, IFLA_MASTER, c->master);
	if (c->isolated) { /* before it is up and carries anything */
		r = link_set(nl, &q, name, e);
		if (r == 0)
			r = link_set_isolated(nl, name, true, e);
		if (r < 0)
			return r;
		i = link_begin(&q, RTM_NEWLINK, 0);
	}
	i->ifi_flags = (c->up ? IFF_UP : 0) | (c->relay ? IFF_ALLMULTI | IFF_NOARP : 0);
	i->ifi_change = i->ifi_flags;
	return link_set(nl, &q, name, e);
}

int link_set_values(struct netlink *nl, uint32_t index, const struct link_values *v, struct err *e)
{
	struct netlink_request q;
	struct ifinfomsg *i = link_begin(&q, RTM_NEWLINK, 0);
	int r;

	i->ifi_index = (int)index;
	if (v->up)
		i->ifi_flags = i->ifi_change = IFF_UP;
	if (v->mac)
		mnl_attr_put(q.h, IFLA_ADDRESS, INET_MAC, v->mac);
	if (v->mtu)
		mnl_attr_put_u32(q.h, IFLA_MTU, v->mtu);
	if (v->name)
		mnl_attr_put_strz(q.h, IFLA_IFNAME, v->name);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	return r < 0 ? err_wrap(e, "change the link number %u", index) : 0;
}

int link_set_down(struct netlink *nl, const char *name, struct err *e)
{
	struct netlink_request q;

	link_begin(&q, RTM_NEWLINK, 0)->ifi_change = IFF_UP;
	return link_set(nl, &q, name, e);
}

int link_set_free(struct netlink *nl, const char *name, struct err *e)
{
	struct netlink_request q;

	link_begin(&q, RTM_NEWLINK, 0);
	mnl_attr_put_u32(q.h, IFLA_MASTER, 0);
	return link_set(nl, &q, name, e);
}

int link_clear(struct netlink *nl, const char *name, const char *alias, struct err *e)
{
	struct link_info old = { 0 };
	int r = link_find(nl, name, &old, e);

	if (r < 0)
		return r;
	if (old.alias[0] && !str_eq(old.alias, alias))
		return err_set(e, EEXIST, "a link \"%s\" exists already (\"%s\")", name, old.alias);
	return link_delete(nl, name, e);
}

int link_delete(struct netlink *nl, const char *name, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	link_begin(&q, RTM_DELLINK, 0);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -ENODEV)
		return 0;
	*e = why;
	return err_wrap(e, "remove the link \"%s\"", name);
}
