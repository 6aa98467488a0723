/* What the kernel says about a zone's links right now: the inner end from inside the zone's namespace, dropped packets from the guard on the host end. */
#include "net/net.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/link.h"
#include "net/plan.h"
#include "net/shape.h"
#include "runtime/base/mem.h"

struct status {
	struct netlink host;
	struct link_list inside, outside;
	struct addr_list addrs;
};

static void status_done(struct status *s)
{
	netlink_done(&s->host);
	link_list_done(&s->inside);
	link_list_done(&s->outside);
	addr_list_done(&s->addrs);
}

static const struct link_info *status_find(const struct link_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

static struct json *status_addresses(const struct status *s, uint32_t index)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < s->addrs.n; i++) {
		char text[INET_TEXT];

		if (s->addrs.items[i].index != index)
			continue;
		inet_text(&s->addrs.items[i].addr, text);
		json_add(list, json_new_string(text));
	}
	return list;
}

/* As the zone sees it: received is what came to the zone. */
static void status_inside(struct json *j, const struct status *s, const struct link_info *l)
{
	char mac[INET_MAC_TEXT];

	inet_mac_text(l->mac, mac);
	json_set(j, "up", json_new_bool(l->flags & IFF_UP));
	json_set(j, "running", json_new_bool(l->flags & IFF_RUNNING));
	json_set(j, "mtu", json_new_u64(l->mtu));
	json_set(j, "mac", json_new_string(mac));
	json_set(j, "addresses", status_addresses(s, l->index));
	json_set(j, "rxBytes", json_new_u64(l->rx_bytes));
	json_set(j, "rxPackets", json_new_u64(l->rx_packets));
	json_set(j, "txBytes", json_new_u64(l->tx_bytes));
	json_set(j, "txPackets", json_new_u64(l->tx_packets));
}

/* What the kernel holds the link to; 0 where somebody has taken the limit away. */
static int status_bandwidth(struct json *j, struct status *s, const char *host, struct err *e)
{
	char ifb[IFNAMSIZ];
	struct shape_rates rates = { 0 };
	struct json *bandwidth;
	int r;

	if (!plan_host_name_hash(host))
		return 0;
	plan_ifb_name(host, ifb);
	r = shape_rates(&s->host, host, ifb, &rates, e);
	if (r < 0)
		return r;
	bandwidth = json_set(j, "maxbw", json_new_object());
	json_set(bandwidth, "toZone", json_new_u64(rates.to_zone));
	json_set(bandwidth, "fromZone", json_new_u64(rates.from_zone));
	return 0;
}

static int status_link(struct status *s, const struct json *saved, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	const char *name = json_get_string(saved, "name", "");
	const char *host = json_get_string(saved, "host", "");
	const struct link_info *in = status_find(&s->inside, name);
	const struct link_info *out = status_find(&s->outside, host);
	struct json *dropped = NULL;
	int r = guard_dropped(host, &dropped, e);

	if (r < 0)
		return r;
	json_set(j, "name", json_new_string(name));
	json_set(j, "host", json_new_string(host));
	json_set(j, "bridge", json_new_string(json_get_string(saved, "bridge", "")));
	json_set(j, "attached", json_new_bool(out && out->master != 0));
	json_set(j, "dropped", dropped);
	if (json_get(saved, "maxbw"))
		r = status_bandwidth(j, s, host, e);
	if (r < 0)
		return r;
	if (in)
		status_inside(j, s, in);
	*ret = ptr_steal(&j);
	return 0;
}

static int status_gather(struct status *s, int netns_fd, struct err *e)
{
	auto_done(netlink) struct netlink zone = NETLINK_CLOSED;
	int r = netlink_open(&s->host, NETLINK_ROUTE, e);

	if (r == 0)
		r = link_all(&s->host, &s->outside, e);
	if (r < 0 || netns_fd < 0)
		return r;
	r = enter_namespace(netns_fd, NULL, &zone, e);
	if (r == 0)
		r = link_all(&zone, &s->inside, e);
	return r < 0 ? r : addr_all(&zone, &s->addrs, e);
}

int net_status(const struct json *saved, int netns_fd, struct json **ret, struct err *e)
{
	auto_done(status) struct status s = { .host = NETLINK_CLOSED };
	auto_ptr(json) struct json *j = json_new_object();
	struct json *list = json_set(j, "links", json_new_array());
	const struct json *links = json_get(saved, "links");
	int r = status_gather(&s, netns_fd, e);

	for (size_t i = 0; r == 0 && links && links->type == JSON_ARRAY && i < links->n; i++) {
		struct json *one = NULL;

		r = status_link(&s, links->items[i], &one, e);
		if (r == 0)
			json_add(list, one);
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&j);
	return 0;
}

char *net_first_address(const struct json *saved)
{
	const struct json *links = json_get(saved, "links");
	const struct json *addresses;

	if (!links || links->type != JSON_ARRAY || links->n == 0)
		return NULL;
	addresses = json_get(links->items[0], "addresses");
	if (!addresses || addresses->type != JSON_ARRAY || addresses->n == 0 ||
	    addresses->items[0]->type != JSON_STRING)
		return NULL;
	return mem_strdup(addresses->items[0]->text);
}
