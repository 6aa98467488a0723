/* Reading needs no privilege: the loopback link is in every network namespace. */
#include "net/link.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/route.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

int main(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(link_list) struct link_list links = { 0 };
	auto_done(addr_list) struct addr_list addrs = { 0 };
	auto_done(route_list) struct route_list routes = { 0 };
	struct link_info lo = { 0 };
	struct err e = { 0 };
	size_t los = 0;

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_find(&nl, "lo", &lo, &e) == 0);
	CHECK_STR(lo.name, "lo");
	CHECK(lo.flags & IFF_LOOPBACK);
	CHECK_INT(lo.index, 1);
	CHECK(link_find(&nl, "no-such-link", &lo, &e) == -ENODEV);
	CHECK(strstr(e.text, "link \"no-such-link\": ") == e.text);
	/* the socket is usable after an error, and twice */
	CHECK(link_all(&nl, &links, &e) == 0 && links.n > 0);
	CHECK(link_all(&nl, &links, &e) == 0);
	for (size_t i = 0; i < links.n; i++)
		los += str_eq(links.items[i].name, "lo");
	CHECK_INT(los, 1);
	CHECK(addr_all(&nl, &addrs, &e) == 0);
	CHECK(route_all(&nl, &routes, &e) == 0);
	for (size_t i = 0; i < routes.n; i++)
		CHECK(routes.items[i].net.prefix > 0);
	return test_done();
}
