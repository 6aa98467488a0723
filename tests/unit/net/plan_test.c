#include "net/plan.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "net/guard.h"
#include "tests/unit/test.h"

static struct plan_subnets subnets(void)
{
	struct plan_subnets s = { 0 };

	if (inet_parse("10.88.0.1/24", &s.four) < 0 || inet_parse("fd00:88::1/64", &s.six) < 0)
		printf("# the subnets cannot be parsed\n");
	return s;
}

static struct zone_spec *zone(size_t n_anet)
{
	struct zone_spec *z = zone_spec_new();

	z->zonename = strdup("web");
	z->anet = calloc(n_anet, sizeof(*z->anet));
	z->n_anet = n_anet;
	return z;
}

static struct json *leases(const char *text)
{
	struct err e = { 0 };
	struct json *j = NULL;

	if (json_parse_simple(text, strlen(text), &j, &e) < 0)
		printf("# %s\n", e.text);
	return j;
}

/* The printed plan, or the first mistake. */
static char *planned(const struct zone_spec *z, const char *lease_text)
{
	const struct plan_subnets s = subnets();
	auto_ptr(json) struct json *l = leases(lease_text);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };

	if (plan_build(z, &s, &p, &diags) < 0 || plan_finish(p, &s, l, &diags) < 0)
		return diags.n ? diag_text(&diags, 0) : strdup("no reason");
	return net_plan_text(p);
}

#define NO_LEASES "{\"leases\":[]}"

static void check_plan(const struct zone_spec *z, const char *lease_text, const char *want,
		       const char *what)
{
	auto_free char *got = planned(z, lease_text);

	test_str(got, want, what, __FILE__, __LINE__);
}

static void test_text(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone(1);

	z->anet[0].mac_address = strdup("02:00:00:00:00:01");
	z->anet[0].mtu = (struct opt_u64){ true, 1400 };
	z->anet[0].maxbw = (struct opt_u64){ true, 100000000 };
	strv_add(&z->anet[0].allowed_address, "10.88.0.2/24");
	strv_add(&z->anet[0].allowed_address, "fd00:88::2");
	check_plan(z, NO_LEASES,
		   "bridge zbr0 forward masquerade 10.88.0.1/24 fd00:88::1/64\n"
		   "link zv7cbd25a9.0 zone:net0 mac 02:00:00:00:00:01 mtu 1400\n"
		   "guard zv7cbd25a9.0 mac-nospoof ip-nospoof dhcp-nospoof restricted\n"
		   "shape zv7cbd25a9.0 and zi7cbd25a9.0 to 100000000 bit/s each\n"
		   "port zv7cbd25a9.0 of zbr0 up\n"
		   "enter zone:net0\n"
		   "up zone:lo\n"
		   "address zone:net0 10.88.0.2/24\n"
		   "address zone:net0 fd00:88::2/64\n"
		   "up zone:net0\n"
		   "route zone:net0 default via 10.88.0.1\n"
		   "route zone:net0 default via fd00:88::1\n",
		   "an automatic link, addresses with and without prefix");
	z->anet[0].configure_allowed_address = (struct opt_bool){ true, false };
	strv_add(&z->anet[0].link_protection, "none");
	check_plan(z, NO_LEASES,
		   "bridge zbr0 forward masquerade 10.88.0.1/24 fd00:88::1/64\n"
		   "link zv7cbd25a9.0 zone:net0 mac 02:00:00:00:00:01 mtu 1400\n"
		   "shape zv7cbd25a9.0 and zi7cbd25a9.0 to 100000000 bit/s each\n"
		   "port zv7cbd25a9.0 of zbr0 up\n"
		   "enter zone:net0\n"
		   "up zone:lo\n"
		   "up zone:net0\n",
		   "unprotected, addresses left to the zone");
	z->anet[0].isolated = (struct opt_bool){ true, true };
	check_plan(z, NO_LEASES,
		   "bridge zbr0 forward masquerade 10.88.0.1/24 fd00:88::1/64\n"
		   "link zv7cbd25a9.0 zone:net0 mac 02:00:00:00:00:01 mtu 1400\n"
		   "guard zv7cbd25a9.0 isolated\n"
		   "shape zv7cbd25a9.0 and zi7cbd25a9.0 to 100000000 bit/s each\n"
		   "port zv7cbd25a9.0 of zbr0 isolated up\n"
		   "enter zone:net0\n"
		   "up zone:lo\n"
		   "up zone:net0\n",
		   "kept apart");
}

static void test_other_subnet(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone(1);

	z->anet[0].mac_address = strdup("02:00:00:00:00:01");
	strv_add(&z->anet[0].link_protection, "mac-nospoof");
	strv_add(&z->anet[0].allowed_address, "10.9.0.5/24");
	strv_add(&z->anet[0].defrouter, "10.9.0.254");
	check_plan(z, NO_LEASES,
		   "bridge zbr0 forward masquerade 10.9.0.254/24\n"
		   "link zv7cbd25a9.0 zone:net0 mac 02:00:00:00:00:01\n"
		   "guard zv7cbd25a9.0 mac-nospoof\n"
		   "port zv7cbd25a9.0 of zbr0 up\n"
		   "enter zone:net0\n"
		   "up zone:lo\n"
		   "address zone:net0 10.9.0.5/24\n"
		   "up zone:net0\n"
		   "route zone:net0 default via 10.9.0.254\n",
		   "the bridge takes the router's address");
	check_plan(z, "{\"leases\":[{\"zone\":\"fw\",\"address\":\"10.9.0.254/24\"}]}",
		   "bridge zbr0 forward masquerade\n"
		   "link zv7cbd25a9.0 zone:net0 mac 02:00:00:00:00:01\n"
		   "guard zv7cbd25a9.0 mac-nospoof\n"
		   "port zv7cbd25a9.0 of zbr0 up\n"
		   "enter zone:net0\n"
		   "up zone:lo\n"
		   "address zone:net0 10.9.0.5/24\n"
		   "up zone:net0\n"
		   "route zone:net0 default via 10.9.0.254\n",
		   "unless another zone is the router");
}

static void test_two_links(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone(2);

	z->anet[0].lower_link = strdup("br0");
	z->anet[0].linkname = strdup("eth0");
	z->anet[0].mac_address = strdup("02:00:00:00:00:01");
	strv_add(&z->anet[0].allowed_address, "192.0.2.5/24");
	strv_add(&z->anet[0].defrouter, "192.0.2.1");
	strv_add(&z->anet[0].link_protection, "ip-nospoof");
	z->anet[1].mac_address = strdup("02:00:00:00:00:02");
	strv_add(&z->anet[1].allowed_address, "10.88.0.2/24");
	strv_add(&z->anet[1].link_protection, "none");
	check_plan(z, NO_LEASES,
		   "bridge zbr0 forward masquerade 10.88.0.1/24\n"
		   "link zv7cbd25a9.0 zone:eth0 mac 02:00:00:00:00:01\n"
		   "guard zv7cbd25a9.0 ip-nospoof\n"
		   "port zv7cbd25a9.0 of br0 up\n"
		   "link zv7cbd25a9.1 zone:net1 mac 02:00:00:00:00:02\n"
		   "port zv7cbd25a9.1 of zbr0 up\n"
		   "enter zone:eth0,net1\n"
		   "up zone:lo\n"
		   "address zone:eth0 192.0.2.5/24\n"
		   "up zone:eth0\n"
		   "route zone:eth0 default via 192.0.2.1\n"
		   "address zone:net1 10.88.0.2/24\n"
		   "up zone:net1\n",
		   "the first link's router is the zone's");
}

static void test_nothing(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = zone(0);
	auto_ptr(zone_spec) struct zone_spec *shared = zone(1);

	check_plan(z, NO_LEASES, "enter zone:\nup zone:lo\n", "no link: only lo");
	shared->ip_type = strdup("shared");
	check_plan(shared, NO_LEASES, "enter zone:\nup zone:lo\n", "shared network: no link");
}

struct mistake {
	const char *address, *router, *lower, *name, *mac, *want;
};

static void test_mistakes(void)
{
	static const struct mistake rows[] = {
		{ "10.88.0.300/24", NULL, NULL, NULL, NULL,
		  "anet[0].allowedAddress: \"10.88.0.300/24\" is not an address" },
		{ "10.9.0.2", NULL, NULL, NULL, NULL,
		  "anet[0].allowedAddress: \"10.9.0.2\" has no prefix length" },
		{ "10.88.0.255/24", NULL, NULL, NULL, NULL,
		  "anet[0].allowedAddress: \"10.88.0.255/24\" is the broadcast address of its network" },
		{ "10.9.0.2/31", NULL, NULL, NULL, NULL,
		  "anet[0].allowedAddress: the subnet of \"10.9.0.2/31\" has no room for the bridge's address" },
		{ "10.88.0.1/24", NULL, NULL, NULL, NULL,
		  "anet[0].allowedAddress: 10.88.0.1 is the bridge's own address in this subnet, unless defrouter names another" },
		{ "10.88.0.2/24", "10.88.0.2", NULL, NULL, NULL,
		  "anet[0].defrouter: 10.88.0.2 is the zone's own address" },
		{ "10.88.0.2/24", "10.9.0.1", NULL, NULL, NULL,
		  "anet[0].defrouter: 10.9.0.1 is in none of the link's subnets" },
		{ "fd00:88::2/64", "fec0::1", NULL, NULL, NULL,
		  "anet[0].defrouter: fec0::1 is in none of the link's subnets" },
		{ NULL, NULL, "br0", NULL, NULL,
		  "anet[0].allowedAddress: is empty, so with ip-nospoof the zone could send nothing through \"br0\"" },
		{ NULL, NULL, "a/b", NULL, NULL,
		  "anet[0].lowerLink: \"a/b\" cannot be the name of a link" },
		{ NULL, NULL, NULL, "all", NULL,
		  "anet[0].linkname: \"all\" cannot be the name of a link" },
		{ NULL, NULL, NULL, "sixteen-letters-", NULL,
		  "anet[0].linkname: \"sixteen-letters-\" cannot be the name of a link" },
		{ NULL, NULL, NULL, NULL, "03:00:00:00:00:01",
		  "anet[0].macAddress: \"03:00:00:00:00:01\" is a group address" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_ptr(zone_spec) struct zone_spec *z = zone(1);
		struct zone_anet *a = &z->anet[0];

		if (rows[i].address)
			strv_add(&a->allowed_address, rows[i].address);
		if (rows[i].router)
			strv_add(&a->defrouter, rows[i].router);
		a->lower_link = rows[i].lower ? strdup(rows[i].lower) : NULL;
		a->linkname = rows[i].name ? strdup(rows[i].name) : NULL;
		a->mac_address = rows[i].mac ? strdup(rows[i].mac) : NULL;
		check_plan(z, NO_LEASES, rows[i].want, rows[i].want);
	}
}

/* All mistakes of all links in one go. */
static void test_all_at_once(void)
{
	const struct plan_subnets s = subnets();
	auto_ptr(zone_spec) struct zone_spec *z = zone(3);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };

	z->anet[0].vlan_id = (struct opt_u64){ true, 5 };
	z->anet[1].vlan_id = (struct opt_u64){ true, 6 };
	z->anet[1].linkname = strdup("net0");
	z->anet[2].mac_address = strdup("nonsense");
	CHECK(plan_build(z, &s, &p, &diags) < 0);
	CHECK_INT(diags.n, 4);
	CHECK(p != NULL);
}

static void test_names(void)
{
	char a[IFNAMSIZ], b[18], c[18];

	plan_host_name("web", 12, a);
	CHECK_STR(a, "zv7cbd25a9.12");
	CHECK_STR(plan_host_name_hash(a), "7cbd25a9.12");
	plan_ifb_name(a, b);
	CHECK_STR(b, "zi7cbd25a9.12");
	CHECK_STR(plan_host_name_hash(b), "7cbd25a9.12");
	plan_twin_name(a, 'm', b);
	CHECK_STR(b, "zm7cbd25a9.12");
	CHECK_STR(plan_host_name_hash(b), "7cbd25a9.12");
	CHECK_STR(plan_host_name_hash("zo7cbd25a9.12"), "7cbd25a9.12");
	CHECK(!plan_host_name_hash("z"));
	CHECK(!plan_host_name_hash("zb7cbd25a9.0"));
	CHECK(!plan_host_name_hash("zv9e04bd1.0"));
	CHECK(!plan_host_name_hash("zv7cbd25a9."));
	CHECK(!plan_host_name_hash("zv7cbd25a9.0x"));
	CHECK(!plan_host_name_hash("eth0"));
	net_auto_mac("web", 0, b);
	net_auto_mac("web", 0, c);
	CHECK_STR(b, c);
	CHECK(b[1] == '2' || b[1] == '6' || b[1] == 'a' || b[1] == 'e');
	net_auto_mac("web", 1, c);
	CHECK(strcmp(b, c) != 0);
}

static void test_subnets(void)
{
	struct plan_subnets s;
	struct err e = { 0 };
	char text[INET_TEXT];

	CHECK(setenv("ZONES_SUBNET4", "172.30.9.77/22", 1) == 0 && plan_subnets_get(&s, &e) == 0);
	inet_text(&s.four, text);
	CHECK_STR(text, "172.30.8.1/22");
	CHECK(setenv("ZONES_SUBNET4", "172.30.9.77/31", 1) == 0 && plan_subnets_get(&s, &e) < 0);
	CHECK_STR(e.text, "ZONES_SUBNET4: \"172.30.9.77/31\" is not a subnet");
	CHECK(setenv("ZONES_SUBNET4", "fd00::/64", 1) == 0 && plan_subnets_get(&s, &e) < 0);
}

int main(void)
{
	test_text();
	test_other_subnet();
	test_two_links();
	test_nothing();
	test_mistakes();
	test_all_at_once();
	test_names();
	test_subnets();
	return test_done();
}
