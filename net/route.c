/* Routes by rtnetlink. The list serves one question: does a subnet that we want overlap one the host uses already? So default routes, link-local and multicast
 * ones and the kernel's own "local" table are left out. */
#include "net/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"

void route_list_done(struct route_list *l)
{
	free(l->items);
	*l = (struct route_list){ 0 };
}

static bool route_counts(const struct rtmsg *m)
{
	if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
		return false;
	if (m->rtm_dst_len == 0 || m->rtm_table == RT_TABLE_LOCAL || (m->rtm_flags & RTM_F_CLONED))
		return false;
	return m->rtm_type == RTN_UNICAST || m->rtm_type == RTN_BLACKHOLE ||
	       m->rtm_type == RTN_UNREACHABLE || m->rtm_type == RTN_PROHIBIT;
}

static int route_take(const struct nlmsghdr *h, void *arg)
{
	struct route_list *l = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct route_entry found = { 0 };
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return -EPROTO;
	if (!route_counts(m))
		return 0;
	found.net.family = m->rtm_family;
	found.net.prefix = m->rtm_dst_len;
	found.net.has_prefix = true;
	a = netlink_attr(h, sizeof(*m), RTA_DST);
	if (!a || mnl_attr_get_payload_len(a) != inet_len(&found.net))
		return 0;
	memcpy(found.net.bytes, mnl_attr_get_payload(a), inet_len(&found.net));
	a = netlink_attr(h, sizeof(*m), RTA_OIF);
	if (a && mnl_attr_get_payload_len(a) == sizeof(uint32_t))
		found.index = mnl_attr_get_u32(a);
	/* fe80::/10 and ff00::/8 are on every link */
	if (found.net.family == AF_INET6 &&
	    (found.net.bytes[0] == 0xff ||
	     (found.net.bytes[0] == 0xfe && found.net.bytes[1] >= 0x80)))
		return 0;
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = found;
	return 0;
}

int route_all(struct netlink *nl, struct route_list *ret, struct err *e)
{
	struct netlink_request q;
	int r;

	netlink_begin(&q, RTM_GETROUTE, 0);
	mnl_nlmsg_put_extra_header(q.h, sizeof(struct rtmsg)); /* AF_UNSPEC: all */
	r = netlink_dump(nl, &q, route_take, ret, &ret->n, e);
	return r < 0 ? err_wrap(e, "list the routes") : 0;
}

/* A route of the table "main" through a link. */
static struct rtmsg *route_begin(struct netlink_request *q, uint16_t flags, uint32_t index,
				 int family)
{
	struct rtmsg *m;

	netlink_begin(q, RTM_NEWROUTE, NLM_F_CREATE | flags);
	m = mnl_nlmsg_put_extra_header(q->h, sizeof(*m));
	m->rtm_family = (uint8_t)family;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = RT_SCOPE_UNIVERSE;
	m->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(q->h, RTA_OIF, index);
	return m;
}

static int route_put_default(struct netlink *nl, uint32_t index, const struct inet_addr *gateway,
			     unsigned flags, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	char text[INET_TEXT];
	int r;

	route_begin(&q, NLM_F_APPEND, index, gateway->family)->rtm_flags = flags;
	mnl_attr_put(q.h, RTA_GATEWAY, inet_len(gateway), gateway->bytes);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -EEXIST)
		return 0;
	*e = why;
	inet_text_bare(gateway, text);
	return err_wrap(e, "add the default route through %s", text);
}

int route_add_default(struct netlink *nl, uint32_t index, const struct inet_addr *gateway,
		      struct err *e)
{
	return route_put_default(nl, index, gateway, 0, e);
}

int route_add_default_onlink(struct netlink *nl, uint32_t index, const struct inet_addr *gateway,
			     struct err *e)
{
	return route_put_default(nl, index, gateway, RTNH_F_ONLINK, e);
}

int route_add_host(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	struct netlink_request q;
	char text[INET_TEXT];
	struct rtmsg *m = route_begin(&q, NLM_F_EXCL, index, a->family);
	int r;

	m->rtm_dst_len = (uint8_t)inet_bits(a);
	if (a->family == AF_INET)
		m->rtm_scope = RT_SCOPE_LINK;
	mnl_attr_put(q.h, RTA_DST, inet_len(a), a->bytes);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	if (r == 0)
		return 0;
	inet_text_bare(a, text);
	return err_wrap(e, "add the route to %s", text);
}

int route_remove_default(struct netlink *nl, uint32_t index, const struct inet_addr *gateway,
			 struct err *e)
{
	enum { SAME_MAX = 64 }; /* who makes them faster than we take them away is not waited for */
	struct err why = { 0 };
	char text[INET_TEXT];
	int r = 0;

	for (int n = 0; r == 0 && n < SAME_MAX; n++) {
		struct netlink_request q;
		struct rtmsg *m;

		netlink_begin(&q, RTM_DELROUTE, 0);
		m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
		m->rtm_family = (uint8_t)gateway->family;
		m->rtm_table = RT_TABLE_MAIN;
		m->rtm_scope = RT_SCOPE_NOWHERE; /* any */
		mnl_attr_put(q.h, RTA_GATEWAY, inet_len(gateway), gateway->bytes);
		mnl_attr_put_u32(q.h, RTA_OIF, index);
		r = netlink_talk(nl, &q, NULL, NULL, &why);
	}
	if (r == 0 || r == -ESRCH)
		return 0;
	*e = why;
	inet_text_bare(gateway, text);
	return err_wrap(e, "remove the default route through %s", text);
}

static int route_take_link(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(struct rtmsg))
		return -EPROTO;
	a = netlink_attr(h, sizeof(struct rtmsg), RTA_OIF);
	if (a && mnl_attr_get_payload_len(a) == sizeof(uint32_t))
		*(uint32_t *)arg = mnl_attr_get_u32(a);
	return 0;
}

int route_lookup(struct netlink *nl, const struct inet_addr *to, uint32_t *ret, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	struct rtmsg *m;
	int r;

	*ret = 0;
	netlink_begin(&q, RTM_GETROUTE, 0);
	m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
	m->rtm_family = (uint8_t)to->family;
	m->rtm_dst_len = (uint8_t)inet_bits(to);
	mnl_attr_put(q.h, RTA_DST, inet_len(to), to->bytes);
	r = netlink_talk(nl, &q, route_take_link, ret, &why);
	if (r == 0 || r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL)
		return 0;
	*e = why;
	return err_wrap(e, "look up a route");
}

/* --- looking for one -------------------------------------------------------------------------- */

struct route_search {
	const struct inet_addr *gateway; /* NULL: any */
	uint32_t index;
	size_t found;
};

static bool route_is_gateway(const struct route_search *s, const struct nlattr *a, uint32_t index)
{
	if (!s->gateway) /* any will do, also none */
		return index == s->index;
	return a && index == s->index && mnl_attr_get_payload_len(a) == inet_len(s->gateway) &&
	       memcmp(mnl_attr_get_payload(a), s->gateway->bytes, inet_len(s->gateway)) == 0;
}

/* IPv6 default routes of one metric come as one route with several next hops. */
static bool route_is_hop(const struct route_search *s, const struct nlattr *hops)
{
	const char *at = mnl_attr_get_payload(hops);
	size_t left = mnl_attr_get_payload_len(hops);

	while (left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *h = (const void *)at;
		const struct nlattr *a;

		if (h->rtnh_len < sizeof(*h) || h->rtnh_len > left)
			return false;
		if (!s->gateway && (uint32_t)h->rtnh_ifindex == s->index)
			return true;
		int rest = (int)(h->rtnh_len - sizeof(*h));

		for (a = (const void *)(at + sizeof(*h)); mnl_attr_ok(a, rest);
		     rest -= (int)MNL_ALIGN(a->nla_len), a = mnl_attr_next(a))
			if (mnl_attr_get_type(a) == RTA_GATEWAY &&
			    route_is_gateway(s, a, (uint32_t)h->rtnh_ifindex))
				return true;
		size_t step = MNL_ALIGN(h->rtnh_len);

		if (step > left)
			return false;
		at += step;
		left -= step;
	}
	return false;
}

static int route_search(const struct nlmsghdr *h, void *arg)
{
	struct route_search *s = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	const struct nlattr *link, *hops;

	if (h->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return -EPROTO;
	if ((s->gateway && m->rtm_family != s->gateway->family) || m->rtm_dst_len != 0 ||
	    m->rtm_table != RT_TABLE_MAIN || m->rtm_type != RTN_UNICAST)
		return 0;
	link = netlink_attr(h, sizeof(*m), RTA_OIF);
	hops = netlink_attr(h, sizeof(*m), RTA_MULTIPATH);
	if (hops ? route_is_hop(s, hops)
		 : link && mnl_attr_get_payload_len(link) == sizeof(uint32_t) &&
			    route_is_gateway(s, netlink_attr(h, sizeof(*m), RTA_GATEWAY),
					     mnl_attr_get_u32(link)))
		s->found++;
	return 0;
}

int route_has_default(struct netlink *nl, uint32_t index, const struct inet_addr *gateway,
		      bool *ret, struct err *e)
{
	struct route_search s = { .gateway = gateway, .index = index };
	struct netlink_request q;
	struct rtmsg *m;
	int r;

	netlink_begin(&q, RTM_GETROUTE, 0);
	m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
	m->rtm_family = (uint8_t)gateway->family;
	r = netlink_dump(nl, &q, route_search, &s, &s.found, e);
	if (r < 0)
		return err_wrap(e, "list the routes");
	*ret = s.found > 0;
	return 0;
}

int route_carries_default(struct netlink *nl, uint32_t index, bool *ret, struct err *e)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };

	*ret = false;
	for (size_t i = 0; i < sizeof(families) && !*ret; i++) {
		struct route_search s = { .index = index };
		struct netlink_request q;
		struct rtmsg *m;
		int r;

		netlink_begin(&q, RTM_GETROUTE, 0);
		m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
		m->rtm_family = families[i];
		r = netlink_dump(nl, &q, route_search, &s, &s.found, e);
		if (r < 0)
			return err_wrap(e, "list the routes");
		*ret = s.found > 0;
	}
	return 0;
}
