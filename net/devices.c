/* devices - linux.netDevices: existing links of the host are moved into a container.
 *
 * The kernel moves and renames in one request, so the link is never seen under a wrong name, and refuses a name that is taken; "eth%d" takes the first free number. Its index may
 * change on the way and with "%d" its name is not known before, so the link is found again as the one that was not there. Addresses do not survive the move: permanent ones of
 * global scope are set again (config-linux.md, "Network devices"). The link stays in there when the container ends: the kernel gives hardware back to the host by itself. */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/link.h"
#include "net/net.h"

struct move {
	struct netlink host, inside;
	int netns_fd;
};

static int move_one(struct move *m, const struct link_info *link, const char *name, struct err *e)
{
	struct netlink_request q;

	netlink_begin(&q, RTM_NEWLINK, 0);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(q.h, sizeof(*i));

	i->ifi_family = AF_UNSPEC;
	i->ifi_index = (int)link->index;
	mnl_attr_put_u32(q.h, IFLA_NET_NS_FD, (uint32_t)m->netns_fd);
	mnl_attr_put_strz(q.h, IFLA_IFNAME, name);
	return netlink_talk(&m->host, &q, NULL, NULL, e);
}

static bool was_there(const struct link_list *before, uint32_t index)
{
	for (size_t i = 0; i < before->n; i++) {
		if (before->items[i].index == index)
			return true;
	}
	return false;
}

static int find_new(struct move *m, const struct link_list *before, struct link_info *ret,
		    struct err *e)
{
	auto_done(link_list) struct link_list now = { 0 };
	int r = link_all(&m->inside, &now, e);

	for (size_t i = 0; r == 0 && i < now.n; i++) {
		if (was_there(before, now.items[i].index))
			continue;
		*ret = now.items[i];
		return 0;
	}
	return r < 0 ? r : err_set(e, ENODEV, "it did not arrive in the container");
}

static int give_addresses(struct move *m, const struct addr_list *all, uint32_t was, uint32_t is,
			  struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		const struct addr_entry *a = &all->items[i];

		if (a->index == was && a->scope == RT_SCOPE_UNIVERSE && a->flags & IFA_F_PERMANENT)
			r = addr_add(&m->inside, is, &a->addr, e);
	}
	return r;
}

static int move_device(struct move *m, const struct net_device_spec *d, struct err *e)
{
	auto_done(link_list) struct link_list before = { 0 };
	auto_done(addr_list) struct addr_list addresses = { 0 };
	const struct link_change up = { .up = true };
	struct link_info link = { 0 }, arrived = { 0 };
	int r = link_find(&m->host, d->host_name, &link, e);

	if (r == 0)
		r = addr_all(&m->host, &addresses, e);
	if (r == 0)
		r = link_all(&m->inside, &before, e);
	if (r == 0)
		r = move_one(m, &link, d->name && *d->name ? d->name : d->host_name, e);
	if (r == 0)
		r = find_new(m, &before, &arrived, e);
	if (r == 0)
		r = give_addresses(m, &addresses, link.index, arrived.index, e);
	return r < 0 ? r : link_change(&m->inside, arrived.name, &up, e);
}

int net_move_devices(const struct net_device_spec *devices, size_t n, int netns_fd, struct err *e)
{
	struct move m = { .host = NETLINK_CLOSED, .inside = NETLINK_CLOSED, .netns_fd = netns_fd };
	int r = netlink_open(&m.host, NETLINK_ROUTE, e);

	if (r == 0)
		r = enter_namespace(netns_fd, NULL, &m.inside, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = move_device(&m, &devices[i], e);
		if (r < 0)
			r = err_wrap(e, "linux.netDevices: \"%s\"", devices[i].host_name);
	}
	netlink_done(&m.inside);
	netlink_done(&m.host);
	return r;
}
