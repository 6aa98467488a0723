/* What the kernel says about a zone's links right now: the inner end from inside the zone's namespace, dropped packets from the guard on the host end. */
#include "net/net.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/link.h"
#include "net/nft.h"
#include "net/plan.h"
#include "net/redirect.h"
#include "net/route.h"
#include "net/shape.h"
#include "net/share.h"
#include "net/shared.h"
#include "net/uplink.h"
#include "net/vlan.h"
#include "runtime/base/mem.h"

/* The host's side, which all zones share. */
struct net_view {
	struct netlink host;
	struct link_list outside;
};

struct status {
	struct net_view *view;
	struct netlink zone;
	struct link_list inside;
	struct addr_list addrs;
};

static void status_done(struct status *s)
{
	netlink_done(&s->zone);
	link_list_done(&s->inside);
	addr_list_done(&s->addrs);
}

void net_view_free(struct net_view *v)
{
	if (!v)
		return;
	netlink_done(&v->host);
	link_list_done(&v->outside);
	free(v);
}

int net_view_open(struct net_view **ret, struct err *e)
{
	struct net_view *v = mem_zero(sizeof(*v));
	int r;

	v->host = (struct netlink)NETLINK_CLOSED;
	r = netlink_open(&v->host, NETLINK_ROUTE, e);
	if (r == 0)
		r = link_all(&v->host, &v->outside, e);
	if (r < 0) {
		net_view_free(v);
		return r;
	}
	*ret = v;
	return 0;
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

/* A bucket holds only what is led to it: by a rule of that comment in the chain. */
static int status_way(const char *chain, const char *comment, uint64_t *rate, uint64_t *most,
		      struct err *e)
{
	int r = nft_rule_exists(NFPROTO_NETDEV, GUARD_TABLE, chain, comment, e);

	if (r == 0)
		*rate = *most = 0;
	return r < 0 ? r : 0;
}

/* What the kernel holds the link to; 0 where somebody has taken the limit away. */
static int status_bandwidth(struct json *j, struct status *s, const char *host, bool is_uplink,
			    struct err *e)
{
	char from[IFNAMSIZ];
	struct shape_rates rates = { 0 };
	struct json *bandwidth;
	int r;

	if (!plan_host_name_hash(host))
		return 0;
	plan_twin_name(host, is_uplink ? 'm' : 'i', from);
	r = shape_rates(&s->view->host, host, from, &rates, e);
	if (r == 0 && !is_uplink) /* what crosses to the macvlan has no other way */
		r = status_way(from, "maxbw", &rates.from_zone, &rates.from_zone, e);
	if (r < 0)
		return r;
	bandwidth = json_set(j, "maxbw", json_new_object());
	json_set(bandwidth, "toZone", json_new_u64(rates.to_zone));
	json_set(bandwidth, "fromZone", json_new_u64(rates.from_zone));
	return 0;
}

static int status_share_ways(struct status *s, const char *host, struct share_rates *rates,
			     struct err *e)
{
	char from[IFNAMSIZ], to[IFNAMSIZ];
	struct link_info l = { 0 };
	struct err why = { 0 };
	bool on = false;
	int r;

	if (!plan_host_name_hash(host) || link_find(&s->view->host, host, &l, &why) < 0)
		return 0; /* no link: said elsewhere */
	plan_ifb_name(host, from);
	plan_share_chain(host, to);
	r = status_way(from, "bwShare", &rates->from_zone, &rates->from_zone_most, e);
	if (r == 0)
		r = status_way(to, "bwShare", &rates->to_zone, &rates->to_zone_most, e);
	if (r == 0)
		r = redirect_is_on(&s->view->host, l.index, &on, e);
	if (r == 0 && !on)
		rates->to_zone = rates->to_zone_most = 0;
	return r;
}

/* What is the link's own of a shared bandwidth, and with maxbw the most it can get; 0 where somebody has taken it away. */
static int status_share(struct json *j, struct status *s, const struct json *saved, struct err *e)
{
	struct share_rates rates = { 0 };
	uint32_t class_minor = (uint32_t)json_get_i64(saved, "shareClass", 0);
	struct json *share;
	int r = share_rates(&s->view->host, json_get_string(saved, "bridge", ""), class_minor,
			    &rates, e);

	if (r == 0)
		r = status_share_ways(s, json_get_string(saved, "host", ""), &rates, e);
	if (r < 0)
		return r;
	share = json_set(j, "bwShare", json_new_object());
	json_set(share, "toZone", json_new_u64(rates.to_zone));
	json_set(share, "fromZone", json_new_u64(rates.from_zone));
	if (!json_get(saved, "maxbw"))
		return 0;
	share = json_set(j, "maxbw", json_new_object());
	json_set(share, "toZone", json_new_u64(rates.to_zone_most));
	json_set(share, "fromZone", json_new_u64(rates.from_zone_most));
	return 0;
}

static void status_words(struct json *to, const struct json *words)
{
	for (size_t i = 0; words && words->type == JSON_ARRAY && i < words->n; i++)
		if (words->items[i]->type == JSON_STRING)
			json_add(to, json_new_string(words->items[i]->text));
}

/* What the plugins made: the end on the host where one is known; with a bridge or without is their affair. */
static void status_cni(struct json *j, const struct status *s, const struct json *saved)
{
	const char *device = json_get_string(saved, "device", "");
	const struct link_info *out = status_find(&s->view->outside, device);
	auto_free char *network =
		mem_format(ZONE_LOWER_CNI "%s", json_get_string(saved, "cni", ""));
	bool known = !str_empty(device);

	json_set(j, "host", json_new_string(device));
	json_set(j, "bridge", json_new_string(network));
	json_set(j, "hostPresent", json_new_bool(!known || out));
	json_set(j, "hostUp", json_new_bool(!known || (out && (out->flags & IFF_UP))));
	json_set(j, "attached", json_new_bool(true));
}

/* What the macvlan stands on: the lower link or its VLAN. */
static const struct link_info *status_below(const struct status *s, const struct json *saved,
					    const struct link_info *lower)
{
	int64_t vlan = json_get_i64(saved, "vlan", 0);
	char name[IFNAMSIZ];

	if (!lower || vlan <= 0)
		return lower;
	vlan_name(lower->name, (uint16_t)vlan, name);
	return status_find(&s->view->outside, name);
}

/* Both ends and the bridge or lower link: what is there, what is up. */
static int status_host(struct json *j, const struct status *s, const struct json *saved,
		       struct err *e)
{
	const char *name = json_get_string(saved, "bridge", "");
	const char *host = json_get_string(saved, "host", "");
	const struct link_info *out = status_find(&s->view->outside, host);
	const struct link_info *bridge = status_find(&s->view->outside, name);
	bool is_uplink = json_get_bool(saved, "uplink", false) && plan_host_name_hash(host);
	bool attached = false;

	if (bridge && !is_uplink && !str_eq(bridge->kind, "bridge"))
		bridge = NULL;
	json_set(j, "bridge", json_new_string(name));
	json_set(j, "bridgePresent", json_new_bool(bridge != NULL));
	json_set(j, "bridgeUp", json_new_bool(bridge && (bridge->flags & IFF_UP)));
	json_set(j, "hostPresent", json_new_bool(out != NULL));
	json_set(j, "hostUp", json_new_bool(out && (out->flags & IFF_UP)));
	attached = out && bridge && out->master == bridge->index;
	if (is_uplink) {
		json_set(j, "uplink", json_new_bool(true));
		json_set(j, "carrier", json_new_bool(bridge && (bridge->flags & IFF_RUNNING)));
		int r = uplink_is_whole(&s->view->outside, host, status_below(s, saved, bridge),
					&attached, e);

		if (r < 0)
			return r;
	}
	json_set(j, "attached", json_new_bool(attached));
	return 0;
}

/* The routers without the default route that they were given at the start. */
static int status_routes(struct json *j, struct status *s, const struct json *saved, uint32_t index,
			 struct err *e)
{
	const struct json *routers = json_get(saved, "routers");
	struct json *missing = json_set(j, "routesMissing", json_new_array());
	int r = 0;

	if (!routers || routers->type != JSON_ARRAY || !json_get_bool(saved, "configure", true))
		return 0;
	for (size_t i = 0; r == 0 && i < routers->n; i++) {
		const struct json *one = routers->items[i];
		struct inet_addr gateway;
		bool has = true;

		if (one->type != JSON_STRING || inet_parse(one->text, &gateway) < 0)
			continue;
		r = route_has_default(&s->zone, index, &gateway, &has, e);
		if (r == 0 && !has)
			json_add(missing, json_new_string(one->text));
	}
	return r;
}

static int status_link(struct status *s, const struct json *saved, struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	const char *name = json_get_string(saved, "name", "");
	const char *host = json_get_string(saved, "host", "");
	const struct link_info *in = status_find(&s->inside, name);
	struct json *dropped = NULL;
	int r = guard_dropped(host, &dropped, e);

	if (r < 0)
		return r;
	json_set(j, "name", json_new_string(name));
	json_set(j, "host", json_new_string(host));
	if (json_get(saved, "cni"))
		status_cni(j, s, saved);
	else
		r = status_host(j, s, saved, e);
	if (r == 0 && json_get(saved, "shared"))
		r = shared_status(&s->view->host, &s->view->outside, saved, j, e);
	if (r < 0)
		return r;
	json_set(j, "present", json_new_bool(in != NULL));
	status_words(json_set(j, "protection", json_new_array()), json_get(saved, "protection"));
	json_set(j, "dropped", dropped);
	if (json_get(saved, "share"))
		r = status_share(j, s, saved, e);
	else if (json_get(saved, "maxbw"))
		r = status_bandwidth(j, s, host, json_get_bool(saved, "uplink", false), e);
	if (r < 0)
		return r;
	if (in) {
		status_inside(j, s, in);
		r = status_routes(j, s, saved, in->index, e);
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&j);
	return 0;
}

/* A link of the host that the zone has. */
static int status_moved(struct status *s, const struct json *saved, struct json **ret,
			struct err *e)
{
	auto_ptr(json) struct json *j = json_new_object();
	const char *name = json_get_string(saved, "name", "");
	const struct link_info *in = status_find(&s->inside, name);
	int r = 0;

	json_set(j, "name", json_new_string(name));
	json_set(j, "host", json_new_string(""));
	json_set(j, "bridge", json_new_string(""));
	json_set(j, "physical", json_new_bool(true));
	json_set(j, "present", json_new_bool(in != NULL));
	json_set(j, "carrier",
		 json_new_bool(!in || in->flags & IFF_RUNNING || !(in->flags & IFF_UP)));
	json_set(j, "protection", json_new_array());
	json_set(j, "dropped", json_new_object());
	if (in) {
		status_inside(j, s, in);
		r = status_routes(j, s, saved, in->index, e);
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&j);
	return 0;
}

static int status_gather(struct status *s, int netns_fd, struct err *e)
{
	int r = enter_namespace(netns_fd, NULL, &s->zone, e);

	if (r == 0)
		r = link_all(&s->zone, &s->inside, e);
	return r < 0 ? r : addr_all(&s->zone, &s->addrs, e);
}

int net_status(const struct json *saved, int netns_fd, struct net_view *view, struct json **ret,
	       struct err *e)
{
	auto_ptr(net_view) struct net_view *own = NULL;
	auto_done(status) struct status s = { .view = view, .zone = NETLINK_CLOSED };
	auto_ptr(json) struct json *j = json_new_object();
	struct json *list = json_set(j, "links", json_new_array());
	static const struct {
		const char *key;
		int (*status)(struct status *, const struct json *, struct json **, struct err *);
	} parts[] = { { "links", status_link }, { "physical", status_moved } };
	int r = view ? 0 : net_view_open(&own, e);

	s.view = view ? view : own;
	if (r == 0)
		r = status_gather(&s, netns_fd, e);
	for (size_t p = 0; r == 0 && p < sizeof(parts) / sizeof(parts[0]); p++) {
		const struct json *links = json_get(saved, parts[p].key);

		for (size_t i = 0; r == 0 && links && links->type == JSON_ARRAY && i < links->n;
		     i++) {
			struct json *one = NULL;

			r = parts[p].status(&s, links->items[i], &one, e);
			if (r == 0)
				json_add(list, one);
		}
	}
	if (r < 0)
		return r;
	*ret = ptr_steal(&j);
	return 0;
}

static char *first_address(const struct json *links)
{
	const struct json *addresses;

	if (!links || links->type != JSON_ARRAY || links->n == 0)
		return NULL;
	addresses = json_get(links->items[0], "addresses");
	if (!addresses || addresses->type != JSON_ARRAY || addresses->n == 0 ||
	    addresses->items[0]->type != JSON_STRING)
		return NULL;
	return mem_strdup(addresses->items[0]->text);
}

char *net_first_address(const struct json *saved)
{
	char *a = first_address(json_get(saved, "links"));

	return a ? a : first_address(json_get(saved, "physical"));
}
