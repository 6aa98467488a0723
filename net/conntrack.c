/* The kernel filters the list by an address of the one or the other direction (since 5.8); each entry found is then deleted by the tuple that names it and its number. */
#include "net/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>
#include <sys/socket.h>

#include "net/netlink.h"
#include "runtime/base/mem.h"

enum { FILTER_SOURCE = 1 /* CTA_FILTER_F_CTA_IP_SRC of the kernel, not in its public headers */ };
enum { TUPLE_MAX = 128 };

struct flow {
	uint8_t tuple[TUPLE_MAX]; /* contents of CTA_TUPLE_ORIG */
	size_t len;
	uint32_t id;
};
struct flow_list {
	struct flow *items;
	size_t n;
	const struct publish *led; /* only those that this port has led; NULL: all */
};

static void flow_list_done(struct flow_list *l)
{
	free(l->items);
	*l = (struct flow_list){ 0 };
}

/* One side of a flow: CTA_TUPLE_ORIG or CTA_TUPLE_REPLY. */
struct side {
	struct inet_addr from, to;
	uint16_t from_port, to_port;
	uint8_t protocol;
};

static void side_address(const struct nlattr *ip, uint16_t four, uint16_t six,
			 struct inet_addr *ret)
{
	const struct nlattr *a = netlink_nested(ip, four);

	ret->family = a ? AF_INET : AF_INET6;
	if (!a)
		a = netlink_nested(ip, six);
	if (a && mnl_attr_get_payload_len(a) == inet_len(ret))
		memcpy(ret->bytes, mnl_attr_get_payload(a), inet_len(ret));
	else
		ret->family = 0;
}

static uint16_t side_port(const struct nlattr *proto, uint16_t type)
{
	const struct nlattr *a = netlink_nested(proto, type);

	return a && mnl_attr_get_payload_len(a) == sizeof(uint16_t) ? ntohs(mnl_attr_get_u16(a))
								    : 0;
}

static bool side_read(const struct nlattr *tuple, struct side *ret)
{
	const struct nlattr *ip = tuple ? netlink_nested(tuple, CTA_TUPLE_IP) : NULL;
	const struct nlattr *proto = tuple ? netlink_nested(tuple, CTA_TUPLE_PROTO) : NULL;
	const struct nlattr *number = proto ? netlink_nested(proto, CTA_PROTO_NUM) : NULL;

	*ret = (struct side){ 0 };
	if (!ip || !number || mnl_attr_get_payload_len(number) != 1)
		return false;
	side_address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &ret->from);
	side_address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST, &ret->to);
	ret->from_port = side_port(proto, CTA_PROTO_SRC_PORT);
	ret->to_port = side_port(proto, CTA_PROTO_DST_PORT);
	ret->protocol = mnl_attr_get_u8(number);
	return true;
}

/* The destination was one of the port's and became the zone's. */
static bool flow_is_led(const struct nlmsghdr *h, const struct publish *p)
{
	struct side there, back;

	if (!side_read(netlink_attr(h, sizeof(struct nfgenmsg), CTA_TUPLE_ORIG), &there) ||
	    !side_read(netlink_attr(h, sizeof(struct nfgenmsg), CTA_TUPLE_REPLY), &back))
		return false;
	return there.protocol == p->protocol && there.to_port >= p->first &&
	       there.to_port <= p->last && back.from_port == p->to + (there.to_port - p->first) &&
	       !inet_same(&there.to, &back.from) &&
	       (!p->address.family || inet_same(&there.to, &p->address));
}

static void conntrack_begin(struct netlink_request *q, uint16_t message, int family)
{
	struct nfgenmsg *g;

	netlink_begin(q, (uint16_t)((NFNL_SUBSYS_CTNETLINK << 8) | message), 0);
	g = mnl_nlmsg_put_extra_header(q->h, sizeof(*g));
	g->nfgen_family = (uint8_t)family;
	g->version = NFNETLINK_V0;
}

static int conntrack_take(const struct nlmsghdr *h, void *arg)
{
	struct flow_list *l = arg;
	const struct nlattr *tuple = netlink_attr(h, sizeof(struct nfgenmsg), CTA_TUPLE_ORIG);
	const struct nlattr *id = netlink_attr(h, sizeof(struct nfgenmsg), CTA_ID);
	struct flow *f;

	if (!tuple || mnl_attr_get_payload_len(tuple) > TUPLE_MAX || !id ||
	    mnl_attr_validate(id, MNL_TYPE_U32) < 0)
		return -EPROTO;
	if (l->led && !flow_is_led(h, l->led))
		return 0;
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	f = &l->items[l->n++];
	f->len = mnl_attr_get_payload_len(tuple);
	f->id = mnl_attr_get_u32(id);
	memcpy(f->tuple, mnl_attr_get_payload(tuple), f->len);
	return 0;
}

/* All flows whose packets in one direction come from the address. */
static int conntrack_find(struct netlink *nl, const struct inet_addr *a, bool reply,
			  struct flow_list *ret, struct err *e)
{
	struct netlink_request q;
	struct nlattr *nest, *ip;

	conntrack_begin(&q, IPCTNL_MSG_CT_GET, a->family);
	nest = mnl_attr_nest_start(q.h, reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	ip = mnl_attr_nest_start(q.h, CTA_TUPLE_IP);
	mnl_attr_put(q.h, a->family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, inet_len(a),
		     a->bytes);
	mnl_attr_nest_end(q.h, ip);
	mnl_attr_nest_end(q.h, nest);
	nest = mnl_attr_nest_start(q.h, CTA_FILTER);
	mnl_attr_put_u32(q.h, CTA_FILTER_ORIG_FLAGS, reply ? 0 : FILTER_SOURCE);
	mnl_attr_put_u32(q.h, CTA_FILTER_REPLY_FLAGS, reply ? FILTER_SOURCE : 0);
	mnl_attr_nest_end(q.h, nest);
	return netlink_dump(nl, &q, conntrack_take, ret, &ret->n, e);
}

static int conntrack_delete(struct netlink *nl, int family, const struct flow *f, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	int r;

	conntrack_begin(&q, IPCTNL_MSG_CT_DELETE, family);
	mnl_attr_put(q.h, NLA_F_NESTED | CTA_TUPLE_ORIG, f->len, f->tuple);
	mnl_attr_put_u32(q.h, CTA_ID, f->id);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -ENOENT) /* it ended by itself */
		return 0;
	*e = why;
	return r;
}

static bool conntrack_is_absent(int r)
{
	return r == -EINVAL || r == -EOPNOTSUPP || r == -EPROTONOSUPPORT || r == -ENOENT;
}

/* Those of the list; 1 when the kernel tracks nothing. */
static int conntrack_end(struct netlink *nl, const struct inet_addr *a, bool reply,
			 struct flow_list *flows, struct err *e)
{
	struct err why = { 0 };
	int r = conntrack_find(nl, a, reply, flows, &why);

	if (conntrack_is_absent(r))
		return 1;
	for (size_t k = 0; r == 0 && k < flows->n; k++)
		r = conntrack_delete(nl, a->family, &flows->items[k], &why);
	if (r < 0)
		*e = why;
	return r;
}

int conntrack_forget(const struct inet_addr *addrs, size_t n, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = n ? netlink_open(&nl, NETLINK_NETFILTER, e) : 0;

	for (size_t i = 0; r == 0 && i < 2 * n; i++) {
		auto_done(flow_list) struct flow_list flows = { 0 };

		r = conntrack_end(&nl, &addrs[i / 2], i % 2, &flows, e);
	}
	return r < 0 ? err_wrap(e, "forget the connections of the zone's addresses") : 0;
}

int conntrack_forget_ports(const struct publish *ports, size_t n, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = n ? netlink_open(&nl, NETLINK_NETFILTER, e) : 0;

	for (size_t i = 0; r == 0 && i < 2 * n; i++) {
		const struct publish *p = &ports[i / 2];
		const struct inet_addr *to = i % 2 ? &p->six : &p->four;
		auto_done(flow_list) struct flow_list flows = { .led = p };

		if (to->family)
			r = conntrack_end(&nl, to, true, &flows, e);
	}
	return r < 0 ? err_wrap(e, "end the connections of published ports") : 0;
}
