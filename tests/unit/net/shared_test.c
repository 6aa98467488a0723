/* Refusals with their reasons, and the host's end with its routes; the traffic: tests/zone/shared_ip.bats. */
#include "net/shared.h"

#include <errno.h>
#include <poll.h>

#include "net/neigh.h"
#include "net/route.h"
#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 7 };

static struct inet_addr address(const char *text)
{
	struct inet_addr a;

	CHECK(inet_parse(text, &a) == 0);
	return a;
}

static void check_links(struct netlink *nl)
{
	static const struct {
		const char *name, *says;
	} rows[] = {
		{ "nosuch0", "no link \"nosuch0\" exists" },
		{ "lo", "\"lo\" is a loopback" },
		{ "zbr0", "\"zbr0\" belongs to the links of zones" },
		{ "port0", "\"port0\" is a port of another link" },
		{ "down0", "the link \"down0\" is down: ip link set down0 up" },
	};
	const struct link_veth pair = { .host = "port0", .peer = "port1", .mac = mac };
	struct link_veth made = pair;
	struct link_change c = { .up = true };
	struct link_info l = { 0 };
	struct err e = { 0 };

	made.netns_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(link_add_bridge(nl, "zbr0", mac, &e) == 0 &&
	      link_add_bridge(nl, "down0", mac, &e) == 0);
	CHECK(link_add_veth(nl, &made, &e) == 0 && link_find(nl, "zbr0", &l, &e) == 0);
	c.master = l.index;
	CHECK(link_change(nl, "port0", &c, &e) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(shared_check_link(nl, rows[i].name, &l, &e) < 0);
		CHECK(strstr(e.text, rows[i].says) == e.text);
	}
	CHECK(shared_check_link(nl, "lan0", &l, &e) == 0);
	(void)close(made.netns_fd);
}

static void check_addresses(struct netlink *nl)
{
	static const struct {
		const char *text, *says; /* NULL: fine */
	} rows[] = {
		{ "192.0.2.7/24", NULL },
		{ "192.0.2.7/25", NULL },
		{ "198.51.100.7/32", NULL },
		{ "198.51.100.7/24",
		  "198.51.100.7/24: the host has no route to its subnet through \"lan0\"" },
		{ "2001:db8::7/64", "2001:db8::7/64: the host has no IPv6 address on \"lan0\"" },
	};
	auto_done(addr_list) struct addr_list addrs = { 0 };
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(link_find(nl, "lan0", &l, &e) == 0 && addr_all(nl, &addrs, &e) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct inet_addr a = address(rows[i].text);
		int r = shared_check_address(nl, &l, &addrs, &a, &e);

		CHECK((r == 0) == !rows[i].says);
		CHECK(!rows[i].says || strstr(e.text, rows[i].says) == e.text);
	}
}

static void check_connection(struct netlink *nl)
{
	struct inet_addr a = address("192.0.2.7/24"), taken = address("192.0.2.8/24");
	const struct link_veth pair = {
		.host = "zv00000000.0", .peer = "eth0", .netns_fd = own_zone_namespace(), .mac = mac
	};
	struct shared s = {
		.host = pair.host, .alias = "zones:x", .mac = mac, .addrs = &a, .n_addrs = 1
	};
	struct link_info l = { 0 }, lan = { 0 };
	uint32_t through = 0;
	struct err e = { 0 };

	CHECK(link_add_veth(nl, &pair, &e) == 0);
	CHECK(shared_connect(nl, &s, &e) == 0);
	CHECK(link_find(nl, pair.host, &l, &e) == 0 && link_find(nl, "lan0", &lan, &e) == 0);
	CHECK_STR(l.alias, "zones:x");
	CHECK(route_lookup(nl, &a, &through, &e) == 0 && through == l.index);
	CHECK(route_add_host(nl, lan.index, &taken, &e) == 0);
	s.addrs = &taken;
	CHECK(shared_connect(nl, &s, &e) == -EEXIST);
	CHECK(strstr(e.text, "the host has a route to 192.0.2.8 already") == e.text);
	/* its namespace stays until the test ends: with it the pair would go, whenever the kernel comes to it */
}

static bool whole(struct netlink *nl, const struct json *saved, const char *key)
{
	auto_done(link_list) struct link_list links = { 0 };
	auto_ptr(json) struct json *status = json_new_object();
	struct err e = { 0 };

	CHECK(link_all(nl, &links, &e) == 0);
	CHECK(shared_status(nl, &links, saved, status, &e) == 0);
	return json_get_bool(status, key, false);
}

/* The kernel tells of a link that came up or went down a little later. */
static bool becomes(struct netlink *nl, const struct json *saved, const char *key, bool wanted)
{
	for (int i = 0; i < 500; i++) {
		if (whole(nl, saved, key) == wanted)
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

static void check_status(struct netlink *nl)
{
	static const char text[] =
		"{\"host\":\"zv00000000.0\",\"shared\":[{\"link\":\"lan0\",\"address\":\"192.0.2.7\"}]}";
	auto_ptr(json) struct json *saved = NULL;
	struct inet_addr a = address("192.0.2.7");
	struct link_info lan = { 0 };
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &saved, &e) == 0);
	CHECK(link_find(nl, "lan0", &lan, &e) == 0);
	CHECK(!whole(nl, saved, "attached")); /* nobody answers */
	CHECK(neigh_proxy_add(nl, lan.index, &a, &e) == 0 && becomes(nl, saved, "attached", true));
	CHECK(becomes(nl, saved, "bridgeUp", true) && link_set_down(nl, "lan0", &e) == 0);
	CHECK(becomes(nl, saved, "bridgeUp", false) && becomes(nl, saved, "attached", false));
	CHECK(whole(nl, saved, "bridgePresent") && link_delete(nl, "lan0", &e) == 0);
	CHECK(!whole(nl, saved, "bridgePresent"));
}

static void test(void)
{
	const struct link_change up = { .up = true };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct inet_addr host = address("192.0.2.1/24");
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_bridge(&nl, "lan0", mac, &e) == 0 && link_change(&nl, "lan0", &up, &e) == 0);
	CHECK(link_find(&nl, "lan0", &l, &e) == 0 && addr_add(&nl, l.index, &host, &e) == 0);
	check_links(&nl);
	check_addresses(&nl);
	check_connection(&nl);
	check_status(&nl);
}

int main(void)
{
	return own_network_run(test);
}
