/* Made, made again over what a crash left, removed, removed again. That the bandwidth is kept: tests/zone/bandwidth.bats. */
#include "net/shape.h"

#include <errno.h>

#include "net/guard.h"
#include "tests/unit/net/own_network.h"

static size_t chains(void)
{
	auto_done(strv) struct strv v = { 0 };
	struct err e = { 0 };

	return guard_list(&v, &e) < 0 ? 999 : v.n;
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
	const struct shape s = {
		.host = "zv00000001.0", .ifb = "zi00000001.0", .alias = "zones:a", .bits = 8000000
	};
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int ns = own_zone_namespace();
	const struct link_veth v = { .host = s.host, .peer = "net0", .netns_fd = ns, .mac = mac };
	const struct link_change foreign = { .alias = "somebody" };
	struct shape_rates rates = { 0 };
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(shape_probe(&nl, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK_INT(own_count_links("z"), 0);
	CHECK_INT(chains(), 0);
	CHECK(shape_add(&nl, &s, &e) == -ENODEV);
	CHECK(link_add_veth(&nl, &v, &e) == 0);
	for (int i = 0; i < 2; i++) { /* the second time all of it is there already */
		CHECK(shape_add(&nl, &s, &e) == 0);
		CHECK(link_find(&nl, s.ifb, &l, &e) == 0);
		CHECK_STR(l.kind, "ifb");
		CHECK_STR(l.alias, "zones:a");
		CHECK(l.flags & IFF_UP);
		CHECK_INT(chains(), 1);
		CHECK(shape_rates(&nl, s.host, s.ifb, &rates, &e) == 0);
		CHECK(rates.to_zone == 8000000 && rates.from_zone == 8000000);
	}
	CHECK(link_delete(&nl, s.host, &e) == 0);
	CHECK(shape_rates(&nl, s.host, s.ifb, &rates, &e) == 0);
	CHECK(rates.to_zone == 0 && rates.from_zone == 8000000);
	for (int i = 0; i < 2; i++) {
		CHECK(shape_remove(&nl, s.ifb, &e) == 0);
		CHECK_INT(own_count_links("z"), 0);
		CHECK_INT(chains(), 0);
	}
	/* a link of that name that is not ours is left alone, and the zone does not come up */
	CHECK(link_add_veth(&nl, &v, &e) == 0 && link_add_ifb(&nl, s.ifb, &e) == 0 &&
	      link_change(&nl, s.ifb, &foreign, &e) == 0);
	CHECK(shape_add(&nl, &s, &e) == -EEXIST);
	CHECK(strstr(e.text, "a link \"zi00000001.0\" exists already (\"somebody\")"));
}

int main(void)
{
	return own_network_run(test);
}
