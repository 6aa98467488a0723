/* Neighbours by rtnetlink. */
#include "net/neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "runtime/base/mem.h"

/* Who has set an entry, in the numbers of rtnetlink that nobody has been given: 'z'. */
enum { NEIGH_PROTOCOL = 122 };

void neigh_list_done(struct neigh_list *l)
{
	free(l->items);
	*l = (struct neigh_list){ 0 };
}

static struct ndmsg *neigh_begin(struct netlink_request *q, uint16_t type, uint16_t flags,
				 uint32_t index, const struct inet_addr *a)
{
	struct ndmsg *m;

	netlink_begin(q, type, flags);
	m = mnl_nlmsg_put_extra_header(q->h, sizeof(*m));
	m->ndm_family = (uint8_t)a->family;
	m->ndm_ifindex = (int)index;
	mnl_attr_put(q->h, NDA_DST, inet_len(a), a->bytes);
	return m;
}

int neigh_set(struct netlink *nl, uint32_t index, const struct inet_addr *a,
	      const uint8_t mac[INET_MAC], struct err *e)
{
	struct netlink_request q;
	char text[INET_TEXT];
	int r;

	neigh_begin(&q, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, a)->ndm_state =
		NUD_PERMANENT;
	mnl_attr_put(q.h, NDA_LLADDR, INET_MAC, mac);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	if (r == 0)
		return 0;
	inet_text_bare(a, text);
	return err_wrap(e, "set the neighbour %s", text);
}

/* --- proxies ---------------------------------------------------------------------------------- */

static int neigh_take(const struct nlmsghdr *h, void *arg)
{
	struct neigh_list *l = arg;
	const struct ndmsg *m = mnl_nlmsg_get_payload(h);
	struct neigh_proxy found = { 0 };
	const struct nlattr *a;

	if (h->nlmsg_type != RTM_NEWNEIGH || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return -EPROTO;
	if (!(m->ndm_flags & NTF_PROXY) || (m->ndm_family != AF_INET && m->ndm_family != AF_INET6))
		return 0;
	found.index = (uint32_t)m->ndm_ifindex;
	found.addr.family = m->ndm_family;
	found.addr.prefix = inet_bits(&found.addr);
	a = netlink_attr(h, sizeof(*m), NDA_DST);
	if (!a || mnl_attr_get_payload_len(a) != inet_len(&found.addr))
		return 0;
	memcpy(found.addr.bytes, mnl_attr_get_payload(a), inet_len(&found.addr));
	a = netlink_attr(h, sizeof(*m), NDA_PROTOCOL);
	found.is_ours =
		a && mnl_attr_get_payload_len(a) == 1 && mnl_attr_get_u8(a) == NEIGH_PROTOCOL;
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = found;
	return 0;
}

int neigh_proxies(struct netlink *nl, struct neigh_list *ret, struct err *e)
{
	struct netlink_request q;
	struct ndmsg *m;
	int r;

	netlink_begin(&q, RTM_GETNEIGH, 0);
	m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m)); /* AF_UNSPEC: all */
	m->ndm_flags = NTF_PROXY;
	r = netlink_dump(nl, &q, neigh_take, ret, &ret->n, e);
	return r < 0 ? err_wrap(e, "list the addresses that links answer for") : 0;
}

int neigh_proxy_add(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	struct netlink_request q;
	char text[INET_TEXT];
	int r;

	neigh_begin(&q, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, a)->ndm_flags =
		NTF_PROXY;
	mnl_attr_put_u8(q.h, NDA_PROTOCOL, NEIGH_PROTOCOL);
	r = netlink_talk(nl, &q, NULL, NULL, e);
	if (r == 0)
		return 0;
	inet_text_bare(a, text);
	return err_wrap(e, "answer for %s", text);
}

int neigh_proxy_remove(struct netlink *nl, uint32_t index, const struct inet_addr *a, struct err *e)
{
	struct netlink_request q;
	struct err why = { 0 };
	char text[INET_TEXT];
	int r;

	neigh_begin(&q, RTM_DELNEIGH, 0, index, a)->ndm_flags = NTF_PROXY;
	r = netlink_talk(nl, &q, NULL, NULL, &why);
	if (r == 0 || r == -ENOENT || r == -ENODEV)
		return 0;
	*e = why;
	inet_text_bare(a, text);
	return err_wrap(e, "answer no more for %s", text);
}
