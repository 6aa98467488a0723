#include "net/addr.h"
#include "tests/unit/net/own_network.h"

/* Every finding, one a line. */
static char *findings(const struct zone_spec *z, const struct net_dirs *dirs)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_done(strbuf) struct strbuf b = { 0 };
	int r = net_verify(z, dirs, &diags);

	CHECK((r == 0) == (diags.n == 0));
	for (size_t i = 0; i < diags.n; i++) {
		auto_free char *text = diag_text(&diags, i);

		strbuf_format(&b, "%s\n", text);
	}
	return strbuf_steal(&b);
}

static void lan(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct link_change up = { .up = true };
	struct link_info l = { 0 };
	struct inet_addr a;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 &&
	      link_add_bridge(&nl, "lan0", mac, &e) == 0 &&
	      link_change(&nl, "lan0", &up, &e) == 0 && link_find(&nl, "lan0", &l, &e) == 0 &&
	      inet_parse("192.0.2.1/24", &a) == 0 && addr_add(&nl, l.index, &a, &e) == 0 &&
	      link_change(&nl, "lo", &up, &e) == 0 && link_add_bridge(&nl, "down0", mac, &e) == 0);
}

static void test(void)
{
	auto_ptr(zone_spec) struct zone_spec *good = own_zone("good", 1);
	auto_ptr(zone_spec) struct zone_spec *bad = own_zone("bad", 6);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	good->anet[0].maxbw = (struct opt_u64){ true, 1000000 };
	lan();
	CHECK(net_plan(good, &d.dirs, &p, &e) == 0);
	auto_free char *nothing = findings(good, &d.dirs);

	CHECK_STR(nothing, "");
	CHECK_INT(own_count_links("z"), 0); /* nothing was made */
	strv_add(&bad->anet[0].allowed_address, "10.88.0.2/24");
	strv_add(&bad->anet[1].allowed_address, "192.0.2.7/24");
	bad->anet[2].lower_link = mem_strdup("lo");
	strv_add(&bad->anet[2].allowed_address, "192.0.2.1/24");
	bad->anet[3].lower_link = mem_strdup("nix0");
	strv_add(&bad->anet[3].allowed_address, "192.0.2.8/24");
	strv_add(&bad->anet[4].allowed_address, "nonsense");
	bad->anet[5].lower_link = mem_strdup("down0");
	strv_add(&bad->anet[5].allowed_address, "198.51.100.8/24");
	strv_add(&bad->anet[5].defrouter, "198.51.101.1");
	auto_free char *all = findings(bad, &d.dirs);

	CHECK_STR(
		all,
		"anet[2].lowerLink: \"lo\" cannot be the name of a link\n"
		"anet[4].allowedAddress: \"nonsense\" is not an address\n"
		"anet[5].defrouter: 198.51.101.1 is in none of the link's subnets\n"
		"anet[0].allowedAddress[0]: 10.88.0.2 belongs to zone \"good\"\n"
		"anet[1].allowedAddress: the subnet 192.0.2.0/24 overlaps the host's route to 192.0.2.0/24\n"
		"anet[2].allowedAddress[0]: 192.0.2.1 is an address of the host\n"
		"anet[3].lowerLink: no link \"nix0\" exists\n"
		"anet[5].lowerLink: the bridge \"down0\" is down: ip link set down0 up\n");
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
