#include "net/bridge_link.h"

#include <errno.h>

#include "net/addr.h"
#include "tests/unit/net/own_network.h"

static size_t count_addresses(struct netlink *nl, const char *name)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	struct link_info l = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	CHECK(link_find(nl, name, &l, &e) == 0 && addr_all(nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		n += all.items[i].index == l.index && all.items[i].scope == 0;
	return n;
}

static uint32_t localnet(const char *name)
{
	struct err e = { 0 };
	uint32_t now = 9;

	CHECK(sysctl_get("ipv4", name, "route_localnet", &now, &e) == 0);
	return now;
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(sysctl) struct sysctl proc = SYSCTL_CLOSED;
	struct inet_addr gates[2];
	struct bridge_link b = { .name = "zbr-a", .gates = gates, .n_gates = 2 };
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(inet_parse("10.5.0.1/24", &gates[0]) == 0 &&
	      inet_parse("fd00:5::1/64", &gates[1]) == 0);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK_INT(bridge_link_look(&nl, "zbr-a", false, &l, &e), 0);
	CHECK(link_add_bridge(&nl, "zbr-a", mac, &e) == 0);
	CHECK_INT(bridge_link_look(&nl, "zbr-a", false, &l, &e), -EEXIST); /* no alias yet */
	CHECK_INT(bridge_link_look(&nl, "zbr-a", true, &l, &e), 1);
	CHECK(bridge_link_make(&nl, &proc, "zbr-a", &e) == 0); /* completed */
	CHECK(bridge_link_look(&nl, "zbr-a", false, &l, &e) == 1 && (l.flags & IFF_UP));
	CHECK(bridge_link_set_addresses(&nl, &b, &e) == 0);
	CHECK_INT(count_addresses(&nl, "zbr-a"), 2);
	b.n_gates = 1;
	CHECK(bridge_link_set_addresses(&nl, &b, &e) == 0);
	CHECK_INT(count_addresses(&nl, "zbr-a"), 1);
	CHECK(bridge_link_make(&nl, &proc, "zbr-b", &e) == 0);
	b = (struct bridge_link){ .name = "zbr-b", .gates = gates, .n_gates = 1 };
	CHECK(bridge_link_set_addresses(&nl, &b, &e) == -EADDRINUSE);
	CHECK_STR(e.text, "the subnet 10.5.0.0/24 overlaps the host's route to 10.5.0.0/24");
	CHECK(bridge_link_route_loopback(&proc, "zbr-b", true, &e) == 0);
	CHECK(localnet("zbr-b") == 1 && localnet("zbr-a") == 0);
	CHECK(bridge_link_route_loopback(&proc, "zbr-b", false, &e) == 0);
	CHECK_INT(localnet("zbr-b"), 0);
}

int main(void)
{
	return own_network_run(test);
}
