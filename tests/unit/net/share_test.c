/* Who takes part and which classes follow. That traffic is shared: tests/zone/shares.bats. */
#include "net/share.h"

#include <errno.h>

#include "net/bridge.h"
#include "net/guard.h"
#include "net/shape.h"
#include "tests/unit/net/own_network.h"

static void add_link(struct netlink *nl, int ns, const char *host, const char *peer,
		     uint32_t master)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct link_veth v = { .host = host, .peer = peer, .netns_fd = ns, .mac = mac };
	const struct link_change c = { .alias = BRIDGE_ALIAS "x", .master = master };
	struct err e = { 0 };

	CHECK(link_add_veth(nl, &v, &e) == 0 && link_change(nl, host, &c, &e) == 0);
}

static size_t chains(void)
{
	auto_done(strv) struct strv v = { 0 };
	struct err e = { 0 };

	return guard_list(&v, &e) < 0 ? 999 : v.n;
}

static void check_rates(struct netlink *nl, uint32_t minor, uint64_t rate, uint64_t most)
{
	struct share_rates r = { 0 };
	struct err e = { 0 };

	CHECK(share_rates(nl, "br0", minor, &r, &e) == 0);
	CHECK_INT(r.to_zone, rate);
	CHECK_INT(r.from_zone, rate);
	CHECK_INT(r.to_zone_most, most);
	CHECK_INT(r.from_zone_most, most);
}

/* One that is there goes from the classes and comes back, while another's values change and its way stays. */
static void test_leaving(struct netlink *nl, const char *run, uint32_t two)
{
	struct share s = { "br0", "zv00000002.0", 16000000, 2000000, 100, true };
	bool has = false;
	uint32_t minor = 0;
	struct err e = { 0 };

	CHECK(share_has(run, s.host, &has, &e) == 0 && has);
	CHECK(share_has(run, "zv00000009.0", &has, &e) == 0 && !has);
	CHECK(share_join(nl, run, &s, &minor, &e) == 0 && minor == two);
	check_rates(nl, two, 2000000, 2000000);
	CHECK(share_leave(nl, run, s.host, "br0", &e) == 0); /* that is where it stays */
	CHECK(share_has(run, s.host, &has, &e) == 0 && has && chains() == 6);
	CHECK(share_leave(nl, run, s.host, NULL, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(share_has(run, s.host, &has, &e) == 0 && !has);
	check_rates(nl, two, 0, 0);
	check_rates(nl, 16, 8000000, 16000000); /* its part is the others' */
	CHECK_INT(chains(), 5);
	CHECK(share_leave(nl, run, s.host, NULL, &e) == 0); /* again is fine */
	CHECK(share_join(nl, run, &s, &minor, &e) == 0 && minor == two && chains() == 6);
	check_rates(nl, 16, 5333333 / 8 * 8, 16000000);
}

static void test_members(struct netlink *nl, const char *run, int ns, uint32_t master)
{
	const struct share one = { "br0", "zv00000001.0", 8000000, 0, 100, false };
	const struct share two = { "br0", "zv00000002.0", 16000000, 1000000, 300, false };
	const struct shape alone = { "zv00000003.0", "zi00000003.0", BRIDGE_ALIAS "x", 800000 };
	uint32_t minor = 0;
	struct err e = { 0 };

	add_link(nl, ns, one.host, "net1", 0);
	CHECK(share_join(nl, run, &one, &minor, &e) == 0 && minor == 16);
	CHECK(own_count_links("zs") == 2 && chains() == 2);
	check_rates(nl, 16, 8000000, 8000000);
	add_link(nl, ns, two.host, "net2", master);
	add_link(nl, ns, alone.host, "net3", master);
	add_link(nl, ns, "zv-stranger", "net4", master);
	CHECK(shape_add(nl, &alone, &e) == 0);
	CHECK(share_join(nl, run, &two, &minor, &e) == 0); /* and zv00000003.0 is taken in */
	check_rates(nl, 16, 3200000, 16000000);            /* the total last said holds */
	check_rates(nl, minor, 1000000, 1000000);          /* maxbw is less than its part */
	check_rates(nl, minor == 32 ? 48 : 32, 800000, 800000);
	check_rates(nl, 64, 0, 0);
	CHECK_INT(chains(), 6); /* the one of shape.c is replaced */
	CHECK(share_join(nl, run, &two, &minor, &e) == 0);
	test_leaving(nl, run, minor);
	CHECK(link_delete(nl, two.host, &e) == 0 && link_delete(nl, alone.host, &e) == 0);
	CHECK(share_drop_dead(nl, run, &e) == 0);
	check_rates(nl, minor, 0, 0);
	check_rates(nl, 16, 16000000, 16000000);
	CHECK(link_delete(nl, one.host, &e) == 0 && share_drop_dead(nl, run, &e) == 0);
	CHECK_INT(own_count_links("zs"), 0);
	CHECK(share_drop_dead(nl, run, &e) == 0);
	CHECK(link_delete(nl, "zv-stranger", &e) == 0);
}

static void test_failures(struct netlink *nl, const char *run, int ns)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct share one = { "br0", "zv00000001.0", 8000000, 0, 100, false };
	const struct link_change foreign = { .alias = "somebody" };
	auto_done(link_list) struct link_list links = { 0 };
	char name[IFNAMSIZ] = "";
	uint32_t minor = 0;
	struct err e = { 0 };

	CHECK(share_join(nl, run, &one, &minor, &e) == -ENODEV);
	CHECK(share_drop_dead(nl, run, &e) == 0 && own_count_links("zs") == 0);
	add_link(nl, ns, one.host, "net1", 0);
	CHECK(share_join(nl, run, &one, &minor, &e) == 0 && link_all(nl, &links, &e) == 0);
	for (size_t i = 0; i < links.n; i++)
		if (str_has_prefix(links.items[i].name, "zs"))
			(void)snprintf(name, sizeof(name), "%s", links.items[i].name);
	CHECK(link_delete(nl, name, &e) ==
	      0); /* somebody takes one away: the next one brings it back */
	CHECK(share_join(nl, run, &one, &minor, &e) == 0 && own_count_links("zs") == 2);
	CHECK(link_delete(nl, name, &e) == 0 && link_add_bridge(nl, name, mac, &e) == 0 &&
	      link_change(nl, name, &foreign, &e) == 0);
	CHECK(share_join(nl, run, &one, &minor, &e) == -EEXIST);
	CHECK(link_delete(nl, one.host, &e) == 0 && share_drop_dead(nl, run, &e) == 0);
	CHECK_INT(own_count_links("zs"), 1); /* not ours */
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int ns = own_zone_namespace();
	struct link_info bridge = { 0 };
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	auto_close int lock = bridge_lock(d.run, &e);

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && share_probe(&nl, &e) == 0);
	CHECK(own_count_links("z") == 0 && chains() == 0);
	CHECK(link_add_bridge(&nl, "br0", mac, &e) == 0 && link_find(&nl, "br0", &bridge, &e) == 0);
	test_members(&nl, d.run, ns, bridge.index);
	test_failures(&nl, d.run, ns);
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
