#include "net/route.h"

#include <errno.h>

#include "net/addr.h"
#include "tests/unit/net/own_network.h"

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct link_change up = { .up = true };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(route_list) struct route_list routes = { 0 };
	struct inet_addr a, router, far;
	struct link_info l = { 0 };
	bool has = false;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_bridge(&nl, "lan0", mac, &e) == 0 && link_change(&nl, "lan0", &up, &e) == 0);
	CHECK(link_find(&nl, "lan0", &l, &e) == 0);
	CHECK(inet_parse("192.0.2.2/24", &a) == 0 && addr_add(&nl, l.index, &a, &e) == 0);
	CHECK(inet_parse("192.0.2.1", &router) == 0 && inet_parse("198.51.100.1", &far) == 0);
	CHECK(route_add_default(&nl, l.index, &router, &e) == 0);
	CHECK(route_add_default(&nl, l.index, &router, &e) == 0); /* there already */
	CHECK(route_add_default(&nl, l.index, &far, &e) < 0);
	CHECK(strstr(e.text, "add the default route through 198.51.100.1: ") == e.text);
	/* the subnet is listed; the default route, link-local and local ones are not */
	CHECK(route_all(&nl, &routes, &e) == 0);
	CHECK_INT(routes.n, 1);
	CHECK(inet_overlaps(&routes.items[0].net, &a) && routes.items[0].net.prefix == 24);
	CHECK_INT(routes.items[0].index, l.index);
	CHECK(route_has_default(&nl, l.index, &router, &has, &e) == 0 && has);
	CHECK(route_has_default(&nl, l.index + 1, &router, &has, &e) == 0 && !has);
	CHECK(route_has_default(&nl, l.index, &far, &has, &e) == 0 && !has);
	/* two of IPv6 come as one with two next hops */
	CHECK(inet_parse("2001:db8::2/64", &a) == 0 && addr_add(&nl, l.index, &a, &e) == 0);
	CHECK(inet_parse("2001:db8::1", &router) == 0 && inet_parse("2001:db8::fe", &far) == 0);
	CHECK(route_has_default(&nl, l.index, &router, &has, &e) == 0 && !has);
	CHECK(route_add_default(&nl, l.index, &router, &e) == 0);
	CHECK(route_add_default(&nl, l.index, &far, &e) == 0);
	CHECK(route_has_default(&nl, l.index, &router, &has, &e) == 0 && has);
	CHECK(route_has_default(&nl, l.index, &far, &has, &e) == 0 && has);
	CHECK(route_has_default(&nl, l.index, &a, &has, &e) == 0 && !has);
}

int main(void)
{
	return own_network_run(test);
}
