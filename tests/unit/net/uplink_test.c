/* Made, made again over what a crash left, seen when a part is missing, removed, removed again. What passes and what does not: tests/zone/uplink.bats. */
#include "net/uplink.h"

#include <errno.h>
#include <linux/if_arp.h>

#include "net/guard.h"
#include "net/qdisc.h"
#include "net/sysctl.h"
#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };

static size_t chains(void)
{
	auto_done(strv) struct strv v = { 0 };
	struct err e = { 0 };

	return guard_list(&v, &e) < 0 ? 999 : v.n;
}

static bool whole(struct netlink *nl, const struct link_info *lower)
{
	auto_done(link_list) struct link_list links = { 0 };
	struct err e = { 0 };
	bool is_whole = false;

	CHECK(link_all(nl, &links, &e) == 0);
	CHECK(uplink_is_whole(&links, "zv00000001.0", lower, &is_whole, &e) == 0);
	return is_whole;
}

static void test_refused(void)
{
	static const struct {
		struct link_info lower;
		uint32_t mtu;
		const char *why;
	} cases[] = {
		{ { .name = "a", .type = ARPHRD_ETHER, .mtu = 1500 }, 1500, "" },
		{ { .name = "a", .type = ARPHRD_ETHER, .mtu = 1500 }, 0, "" },
		{ { .name = "a", .type = ARPHRD_ETHER, .mtu = 1500 },
		  1501,
		  "the MTU 1501 is above the 1500 of \"a\"; set mtu to that" },
		{ { .name = "lo", .type = ARPHRD_LOOPBACK, .mtu = 65536, .flags = IFF_LOOPBACK },
		  0,
		  "\"lo\" is a loopback and leads nowhere" },
		{ { .name = "tun0", .type = ARPHRD_NONE, .mtu = 1500 },
		  0,
		  "\"tun0\" is no Ethernet link; make a bridge and route to it" },
		{ { .name = "a", .type = ARPHRD_ETHER, .mtu = 1500, .master = 7 },
		  0,
		  "\"a\" is a port of another link, which gets all its frames; name that bridge or bond instead" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };

		CHECK_INT(uplink_check(&cases[i].lower, cases[i].mtu, &e),
			  cases[i].why[0] ? -EINVAL : 0);
		CHECK_STR(e.text, cases[i].why);
	}
}

static void check_made(struct netlink *nl, const struct link_info *lower)
{
	struct link_info l = { 0 };
	struct err e = { 0 };
	uint64_t rate = 0;
	uint32_t filter = 0;

	CHECK(link_find(nl, "zm00000001.0", &l, &e) == 0);
	CHECK_STR(l.kind, "macvlan");
	CHECK_STR(l.alias, "zones:a");
	CHECK(l.peer == lower->index && l.flags & IFF_UP && l.flags & IFF_ALLMULTI &&
	      l.flags & IFF_NOARP);
	CHECK(memcmp(l.mac, mac, INET_MAC) == 0);
	CHECK(qdisc_rate(nl, l.index, &rate, &e) == 0 && rate == 1000000);
	CHECK(sysctl_get("ipv4", "zm00000001.0", "rp_filter", &filter, &e) == 0 && filter == 1);
	CHECK(sysctl_get("ipv4", "zv00000001.0", "rp_filter", &filter, &e) == 0 && filter == 1);
	CHECK(link_find(nl, "zv00000001.0", &l, &e) == 0);
	CHECK(l.flags & IFF_UP && l.flags & IFF_NOARP);
	CHECK_INT(chains(), 2);
	CHECK(whole(nl, lower));
	CHECK(!whole(nl, &l)); /* on another link */
	CHECK(!whole(nl, NULL));
}

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int ns = own_zone_namespace();
	auto_close int outside = own_zone_namespace();
	struct link_info lower = { 0 };
	const struct link_veth wire = {
		.host = "low0", .peer = "wire", .netns_fd = outside, .mac = mac
	};
	const struct link_veth v = {
		.host = "zv00000001.0", .peer = "net0", .netns_fd = ns, .mac = mac
	};
	struct uplink u = {
		.host = v.host, .lower = &lower, .mac = mac, .alias = "zones:a", .maxbw = 8000000
	};
	const struct link_change up = { .up = true }, foreign = { .alias = "somebody" };
	struct err e = { 0 };

	test_refused();
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_veth(&nl, &wire, &e) == 0 && link_change(&nl, "low0", &up, &e) == 0 &&
	      link_find(&nl, "low0", &lower, &e) == 0);
	CHECK(uplink_probe(&nl, &lower, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK_INT(own_count_links("z"), 0);
	CHECK_INT(chains(), 0);
	CHECK(link_add_veth(&nl, &v, &e) == 0);
	for (int i = 0; i < 2; i++) { /* the second time all of it is there already */
		CHECK(uplink_add(&nl, &u, &e) == 0);
		check_made(&nl, &lower);
	}
	CHECK(guard_remove("zo00000001.0", &e) == 0);
	CHECK(!whole(&nl, &lower));
	CHECK(uplink_add(&nl, &u, &e) == 0 && guard_remove("zm00000001.0", &e) == 0);
	CHECK(!whole(&nl, &lower));
	CHECK(link_delete(&nl, v.host, &e) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(uplink_remove(&nl, v.host, &e) == 0);
		CHECK_INT(own_count_links("z"), 0);
		CHECK_INT(chains(), 0);
	}
	/* a link of that name that is not ours is left alone, and the zone does not come up */
	CHECK(link_add_veth(&nl, &v, &e) == 0 && link_add_ifb(&nl, "zm00000001.0", &e) == 0 &&
	      link_change(&nl, "zm00000001.0", &foreign, &e) == 0);
	CHECK(uplink_add(&nl, &u, &e) == -EEXIST);
	CHECK(strstr(e.text, "connect the link \"zv00000001.0\" to \"low0\"") &&
	      strstr(e.text, "\"zm00000001.0\" exists already (\"somebody\")"));
}

int main(void)
{
	return own_network_run(test);
}
