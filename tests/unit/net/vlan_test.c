/* Names, refusals, and what this kernel can: where it has VLAN links one is made, shared and swept; the frames themselves: tests/vm/links.bats. */
#include "net/vlan.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static void test_bridge(struct netlink *nl)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 7 };
	struct link_info bridge = { 0 };
	struct err e = { 0 };

	CHECK(link_add_bridge(nl, "br7", mac, &e) == 0 && link_find(nl, "br7", &bridge, &e) == 0);
	CHECK(vlan_check(nl, &bridge, 5, &e) == -EINVAL);
	CHECK_STR(
		e.text,
		"the bridge \"br7\" does not filter VLANs, so the number would mean nothing: ip link set br7 type bridge vlan_filtering 1");
}

/* Somebody else's link that has the name of ours stays as it is. */
static void test_taken(struct netlink *nl, const struct link_info *lower, int outside)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 3 };
	char name[IFNAMSIZ];
	const struct link_veth foreign = {
		.host = name, .peer = "more", .netns_fd = outside, .mac = mac
	};
	struct link_info l = { 0 };
	struct err e = { 0 };

	vlan_name("card0", 9, name);
	CHECK(link_add_veth(nl, &foreign, &e) == 0);
	CHECK(vlan_check(nl, lower, 9, &e) == -EEXIST &&
	      vlan_open(nl, lower, 9, &l, &e) == -EEXIST);
	CHECK(strstr(e.text, "exists already and is not VLAN 9 on \"card0\"") != NULL);
	CHECK(link_find(nl, name, &l, &e) == 0 && !l.alias[0] && !(l.flags & IFF_UP));
	CHECK(link_delete(nl, name, &e) == 0);
}

static void test_made(struct netlink *nl, const struct link_info *lower)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 2 };
	struct link_info one = { 0 }, same = { 0 };
	struct err e = { 0 };

	CHECK(vlan_open(nl, lower, 5, &one, &e) == 0 && vlan_open(nl, lower, 5, &same, &e) == 0);
	CHECK(one.index == same.index && one.peer == lower->index);
	const struct link_macvlan on = { .name = "zm00000001.0", .lower = one.index, .mac = mac };

	CHECK(link_add_macvlan(nl, &on, &e) == 0 && vlan_sweep(nl, &e) == 0);
	CHECK_INT(own_count_links("zl"), 1);
	CHECK(link_delete(nl, on.name, &e) == 0 && vlan_sweep(nl, &e) == 0);
	CHECK_INT(own_count_links("zl"), 0);
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int outside = own_zone_namespace();
	const struct link_veth card = {
		.host = "card0", .peer = "wire", .netns_fd = outside, .mac = mac
	};
	const struct link_change up = { .up = true };
	struct link_info lower = { 0 }, ret = { 0 };
	char a[IFNAMSIZ], b[IFNAMSIZ];
	struct err e = { 0 };

	vlan_name("card0", 5, a);
	vlan_name("card0", 6, b);
	CHECK_INT(strlen(a), 10);
	CHECK(str_has_prefix(a, "zl") && !str_eq(a, b));
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_veth(&nl, &card, &e) == 0 && link_change(&nl, "card0", &up, &e) == 0);
	CHECK(link_find(&nl, "card0", &lower, &e) == 0);
	test_bridge(&nl);
	test_taken(&nl, &lower, outside);
	CHECK(vlan_sweep(&nl, &e) == 0);
	if (vlan_check(&nl, &lower, 5, &e) == 0) {
		test_made(&nl, &lower);
		return;
	}
	CHECK(str_has_prefix(e.text, "this kernel has no VLAN links (8021q): "));
	CHECK(vlan_open(&nl, &lower, 5, &ret, &e) == -EOPNOTSUPP);
	CHECK_INT(own_count_links("zl"), 0);
}

int main(void)
{
	return own_network_run(test);
}
