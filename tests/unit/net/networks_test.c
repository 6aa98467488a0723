#include "net/networks.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/net/own_network.h"

static struct plan_subnets common(void)
{
	struct plan_subnets s = { 0 };

	CHECK(inet_parse("10.88.0.1/24", &s.four) == 0 && inet_parse("fd00:88::1/64", &s.six) == 0);
	return s;
}

/* The zone's row of one link: network, subnets, addresses; NULL: none. */
struct want {
	const char *zone, *network, *subnet, *subnet6, *address;
};

/* What becomes of the tree, or the first mistake. */
static char *settled(struct netlink *nl, struct json *leases, const struct want *w)
{
	const struct plan_subnets s = common();
	auto_ptr(zone_spec) struct zone_spec *z = own_zone(w->zone, 1);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_free char *before = json_print(leases, false);
	struct zone_anet *a = &z->anet[0];
	bool changed = false;
	size_t errors;

	a->lower_link = w->network ? mem_format("auto:%s", w->network) : NULL;
	if (w->subnet)
		strv_add(&a->subnet, w->subnet);
	if (w->subnet6)
		strv_add(&a->subnet, w->subnet6);
	if (w->address)
		strv_add(&a->allowed_address, w->address);
	errors = plan_build(z, &s, &p, &diags) < 0;
	if (!errors)
		errors = networks_settle(p, &s, nl, leases, &diags, &changed);
	CHECK_INT(errors, diags.n);
	auto_free char *after = json_print(leases, false);

	CHECK(changed == !str_eq(before, after));
	if (errors)
		return diag_text(&diags, 0);
	return mem_strdup(after);
}

static void test_settle(struct netlink *nl)
{
	static const struct {
		struct want w;
		const char *want;
	} rows[] = {
		{ { "a", "blue", NULL, NULL, NULL },
		  "{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.88.1.0/24\",\"fd00:88:0:1::/64\"],\"zones\":[\"a\"]}]}" },
		{ { "a", "blue", NULL, NULL, NULL }, /* again: the same */
		  "{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.88.1.0/24\",\"fd00:88:0:1::/64\"],\"zones\":[\"a\"]}]}" },
		{ { "a", "blue", "10.5.0.0/16", NULL, NULL }, /* alone it may change its mind */
		  "{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.5.0.0/16\"],\"zones\":[\"a\"]}]}" },
		{ { "b", "blue", NULL, NULL, "10.5.3.4/16" },
		  "{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.5.0.0/16\"],\"zones\":[\"a\",\"b\"]}]}" },
		{ { "a", "blue", "10.6.0.0/16", NULL, NULL },
		  "anet[0].subnet: lowerLink auto:blue has 10.5.0.0/16, which zone \"b\" uses; write the same or nothing" },
		{ { "c", "blue", "10.5.0.0/16", "fd00:5::/64", NULL },
		  "anet[0].subnet: lowerLink auto:blue has 10.5.0.0/16, which zone \"a\" uses; write the same or nothing" },
		{ { "c", "blue", NULL, NULL, "fd00::5/64" },
		  "anet[0].allowedAddress: fd00::5/64 is outside of 10.5.0.0/16, the subnets of lowerLink auto:blue" },
		{ { "c", "blue", NULL, NULL, "10.5.0.5/24" },
		  "anet[0].allowedAddress: 10.5.0.5/24 is outside of 10.5.0.0/16, the subnets of lowerLink auto:blue" },
		{ { "c", "red", "10.5.200.0/24", NULL, NULL },
		  "anet[0].subnet: 10.5.200.0/24 overlaps 10.5.0.0/16 of lowerLink auto:blue, which zone \"a\" uses" },
		{ { "c", "red", NULL, NULL, "10.88.0.9/25" },
		  "anet[0].allowedAddress: 10.88.0.0/25 overlaps 10.88.0.0/24 fd00:88::/64 of lowerLink auto" },
		{ { "c", NULL, NULL, NULL, "10.5.0.5/24" },
		  "anet[0].allowedAddress: 10.5.0.5/24 overlaps 10.5.0.0/16 of lowerLink auto:blue, which zone \"a\" uses" },
		{ { "c", NULL, "10.6.0.0/24", NULL, NULL },
		  "anet[0].subnet: belongs to lowerLink auto:NAME, a bridge of its own" },
		{ { "c", "red", "10.6.0.0/24", "10.7.0.0/24", NULL },
		  "anet[0].subnet: holds two subnets of one family; a bridge has one of each" },
		{ { "c", "elevenchars", NULL, NULL, NULL },
		  "anet[0].lowerLink: \"elevenchars\" cannot be the name of an automatic bridge" },
		{ { "b", "red", NULL, NULL, "fd00:6::6/64" }, /* its place in the other goes */
		  "{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.5.0.0/16\"],\"zones\":[\"a\"]},{\"name\":\"red\",\"subnets\":[\"fd00:6::/64\"],\"zones\":[\"b\"]}]}" },
		{ { "a", NULL, NULL, NULL, NULL },
		  "{\"leases\":[],\"networks\":[{\"name\":\"red\",\"subnets\":[\"fd00:6::/64\"],\"zones\":[\"b\"]}]}" },
		{ { "b", NULL, NULL, NULL, NULL }, "{\"leases\":[]}" },
	};
	auto_ptr(json) struct json *leases = json_new_object();

	json_set(leases, "leases", json_new_array());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *got = settled(nl, leases, &rows[i].w);

		test_str(got, rows[i].want, rows[i].want, __FILE__, __LINE__);
	}
}

static void test_links_of_one_zone(struct netlink *nl)
{
	const struct plan_subnets s = common();
	auto_ptr(zone_spec) struct zone_spec *z = own_zone("a", 3);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(json) struct json *leases = json_new_object();
	bool changed = false;

	json_set(leases, "leases", json_new_array());
	z->anet[0].lower_link = mem_strdup("auto:blue");
	z->anet[1].lower_link = mem_strdup("auto:blue");
	z->anet[2].lower_link = mem_strdup("auto:blue");
	strv_add(&z->anet[1].subnet, "10.5.0.0/24");
	strv_add(&z->anet[2].subnet, "10.5.0.0/24");
	CHECK(plan_build(z, &s, &p, &diags) == 0);
	CHECK_INT(networks_settle(p, &s, nl, leases, &diags, &changed), 0);
	CHECK(p->links[0].subnets.four.family && p->links[0].subnets.four.bytes[1] == 5);
	CHECK_STR(p->links[0].bridge, "zbr-blue");
	CHECK(p->links[2].subnets.four.bytes[3] == 1 && p->links[2].automatic);
	net_plan_free(ptr_steal(&p));
	strv_add(&z->anet[2].subnet, "fd00:5::/64");
	CHECK(plan_build(z, &s, &p, &diags) == 0);
	CHECK_INT(networks_settle(p, &s, nl, leases, &diags, &changed), 1);
	CHECK_STR(diags.items[0].message, "is not what anet[1] says of the same bridge");
}

static void test_forget(void)
{
	static const char text[] =
		"{\"leases\":[],\"networks\":[{\"name\":\"blue\",\"subnets\":[\"10.5.0.0/16\"],\"zones\":[\"a\",\"b\"]},{\"name\":\"red\",\"zones\":[\"c\"]},{\"name\":\"x\"}]}";
	static const char *const alive[] = { "b", NULL }, *const known[] = { "a", NULL },
				 *const none[] = { NULL };
	auto_ptr(json) struct json *leases = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &leases, &e) == 0);
	CHECK(networks_keep(leases, alive, known));
	CHECK(!networks_keep(leases, alive, known));
	CHECK_INT(json_get(leases, "networks")->n, 1);
	CHECK(!networks_drop(leases, "c"));
	CHECK(networks_drop(leases, "a"));
	CHECK_STR(json_get(json_get(leases, "networks")->items[0], "zones")->items[0]->text, "b");
	CHECK(networks_keep(leases, none, none));
	CHECK(json_get(leases, "networks") == NULL);
}

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	test_settle(&nl);
	test_links_of_one_zone(&nl);
	test_forget();
	CHECK(networks_is_automatic("zbr0") && networks_is_automatic("zbr-a"));
	CHECK(!networks_is_automatic("zbr1") && !networks_is_automatic("br0"));
}

int main(void)
{
	return own_network_run(test);
}
