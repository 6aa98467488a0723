/* Addresses by rtnetlink. An IPv4 address needs IFA_LOCAL and IFA_ADDRESS (without the first the kernel takes it for a peer's), IPv6 the latter. */
#include "net/addr.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"

void addr_list_done(struct addr_list *l)
{
	free(l->items);
	*l = (struct addr_list){ 0 };
}

static int addr_take(const struct nlmsghdr *h, void *arg)
{
	struct addr_list *l = arg;
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct addr_entry found = { 0 };
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return -EPROTO;
	if (m->ifa_family != AF_INET && m->ifa_family != AF_INET6)
		return 0;
	found.index = m->ifa_index;
	found.scope = m->ifa_scope;
	a = netlink_attr(h, sizeof(*m), IFA_FLAGS);
	found.flags = a && mnl_attr_get_payload_len(a) >= sizeof(uint32_t) ? mnl_attr_get_u32(a)
									   : m->ifa_flags;
	found.addr.family = m->ifa_family;
	found.addr.prefix = m->ifa_prefixlen;
	found.addr.has_prefix = true;
	a = netlink_attr(h, sizeof(*m), IFA_LOCAL);
	if (!a)
		a = netlink_attr(h, sizeof(*m), IFA_ADDRESS);
	if (!a || mnl_attr_get_payload_len(a) != inet_len(&found.addr))
		return 0;
	memcpy(found.addr.bytes, mnl_attr_get_payload(a), inet_len(&found.addr));
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = found;
	return 0;
}

int addr_all(struct netlink *nl, struct addr_list *ret, struct err *e)
{
	struct netlink_request q;
	int r;

	netlink_begin(&q, RTM_GETADDR, 0);
	mnl_nlmsg_put_extra_header(q.h, sizeof(struct ifaddrmsg)); /* AF_UNSPEC: all */
	r = netlink_dump(nl, &q, addr_take, ret, &ret->n, e);
	return r < 0 ? err_wrap(e, "list the network addresses") : 0;
}

static void addr_begin(struct netlink_request *q, uint16_t type, uint16_t flags, uint32_t index,
		       const struct inet_addr *a)
{
	struct ifaddrmsg *m;

	netlink_begin(q, type, flags);
	m = mnl_nlmsg_put_extra_header(q->h, sizeof(*m));
	m->ifa_family = (uint8_t)a->family;
	m->ifa_prefixlen = (uint8_t)a->prefix;
	m->ifa_index = index;
	m->ifa_scope = RT_SCOPE_UNIVERSE;
	mnl_attr_put(q->h, IFA_LOCAL, inet_len(a), a->bytes);
	mnl_attr_put(q->h, IFA_ADDRESS, inet_len(a), a->bytes);
}

static int addr_put(struct netlink *nl, uint32_t index, const struct inet_addr *a, uint32_t flags,
		    struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	char text[INET_TEXT];
	int r;

	addr_begin(&q, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, a);
	if (a->family == AF_INET6)
		flags |= IFA_F_NODAD;
	if (flags)
		mnl_attr_put_u32(q.h, IFA_FLAGS, flags);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -EEXIST)
		return 0;
	*e = why;
	inet_text(a, text);
	return err_wrap(e, "add the address %s", text);
}

int addr_add(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	return addr_put(nl, index, a, 0, e);
}

int addr_add_alone(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	return addr_put(nl, index, a, IFA_F_NOPREFIXROUTE, e);
}

int addr_remove(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	char text[INET_TEXT];
	int r;

	addr_begin(&q, RTM_DELADDR, 0, index, a);
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -EADDRNOTAVAIL || r == -ENODEV)
		return 0;
	*e = why;
	inet_text(a, text);
	return err_wrap(e, "remove the address %s", text);
}
