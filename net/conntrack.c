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
};

static void flow_list_done(struct flow_list *l)
{
	free(l->items);
	*l = (struct flow_list){ 0 };
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

int conntrack_forget(const struct inet_addr *addrs, size_t n, struct err *e)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	int r = n ? netlink_open(&nl, NETLINK_NETFILTER, e) : 0;

	for (size_t i = 0; r == 0 && i < 2 * n; i++) {
		auto_done(flow_list) struct flow_list flows = { 0 };
		const struct inet_addr *a = &addrs[i / 2];
		struct err why = { 0 };

		r = conntrack_find(&nl, a, i % 2, &flows, &why);
		if (conntrack_is_absent(r))
			return 0;
		for (size_t k = 0; r == 0 && k < flows.n; k++)
			r = conntrack_delete(&nl, a->family, &flows.items[k], &why);
		if (r < 0)
			*e = why;
	}
	return r < 0 ? err_wrap(e, "forget the connections of the zone's addresses") : 0;
}
