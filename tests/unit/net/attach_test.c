/* A zone's network from plan to nothing, for real. Runs enter.c and status.c as well. */
#include <errno.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/nat.h"
#include "net/route.h"
#include "tests/unit/net/own_network.h"

static bool inside_has(int ns, const char *address)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(addr_list) struct addr_list addrs = { 0 };
	struct inet_addr a;
	struct err e = { 0 };

	if (inet_parse(address, &a) < 0 || enter_namespace(ns, NULL, &nl, &e) < 0 ||
	    addr_all(&nl, &addrs, &e) < 0)
		return false;
	for (size_t i = 0; i < addrs.n; i++)
		if (inet_same(&addrs.items[i].addr, &a))
			return true;
	return false;
}

static void check_attached(const struct json *saved, int ns)
{
	auto_done(strv) struct strv chains = { 0 };
	auto_ptr(json) struct json *live = NULL;
	struct err e = { 0 };
	auto_free char *first = net_first_address(saved);

	CHECK_STR(first, "10.88.0.2/24");
	CHECK_INT(own_count_links("zbr0"), 1);
	CHECK_INT(own_count_links("zv"), 2);
	CHECK_INT(own_count_links("zi"), 1);
	CHECK(nat_exists(&e) == 1);
	CHECK(guard_list(&chains, &e) == 0 && chains.n == 3);
	CHECK(inside_has(ns, "10.88.0.2"));
	CHECK(inside_has(ns, "fd00:88::3"));
	CHECK(inside_has(ns, "127.0.0.1"));
	CHECK(net_status(saved, ns, NULL, &live, &e) == 0);
	const struct json *link = json_get(live, "links")->items[1];

	CHECK_STR(json_get_string(link, "name", ""), "net1");
	CHECK(json_get_bool(link, "up", false) && json_get_bool(link, "attached", false));
	CHECK_INT(json_get_i64(json_get(link, "dropped"), "mac-nospoof", -1), 0);
	CHECK_INT(json_get_i64(json_get(link, "maxbw"), "toZone", -1), 100000000);
	CHECK_INT(json_get_i64(json_get(link, "maxbw"), "fromZone", -1), 100000000);
	CHECK(!json_get(json_get(live, "links")->items[0], "maxbw"));
}

static void check_nothing(void)
{
	auto_done(strv) struct strv chains = { 0 };
	struct err e = { 0 };

	CHECK_INT(own_count_links("z"), 0);
	CHECK(nat_exists(&e) == 0);
	CHECK(guard_list(&chains, &e) == 0 && chains.n == 0);
}

/* Two names whose links are called the same: whoever is second is refused, and the first keeps what it has. */
static void test_same_names(void)
{
	auto_ptr(zone_spec) struct zone_spec *first = own_zone("victim139944", 2);
	auto_ptr(zone_spec) struct zone_spec *second = own_zone("web-558", 2);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_ptr(net_plan) struct net_plan *q = NULL;
	auto_ptr(json) struct json *saved = NULL;
	auto_ptr(json) struct json *none = NULL;
	auto_close int ns = own_zone_namespace();
	auto_close int other = own_zone_namespace();
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	first->anet[1].maxbw = (struct opt_u64){ true, 100000000 };
	CHECK(net_names_clash("victim139944", "web-558"));
	CHECK(!net_names_clash("victim139944", "web-559"));
	CHECK(net_plan(first, &d.dirs, &p, &e) == 0 && net_attach(p, ns, &saved, &e) == 0);
	CHECK(net_plan(second, &d.dirs, &q, &e) == 0);
	CHECK_INT(net_attach(q, other, &none, &e), -EEXIST);
	CHECK_INT(own_count_links("zv"), 2);
	CHECK_INT(own_count_links("zi"), 1);
	{
		auto_done(strv) struct strv chains = { 0 };

		CHECK(guard_list(&chains, &e) == 0);
		CHECK_INT(chains.n, 3);
	}
	CHECK(net_detach(saved, &d.dirs, &e) == 0);
	check_nothing();
	own_dirs_done(&d);
}

static void test(void)
{
	auto_ptr(zone_spec) struct zone_spec *z = own_zone("web", 2);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_ptr(json) struct json *saved = NULL;
	auto_ptr(json) struct json *none = NULL;
	auto_close int ns = own_zone_namespace();
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	z->anet[1].maxbw = (struct opt_u64){ true, 100000000 };
	CHECK(ns >= 0);
	CHECK(net_lo_up(ns, &e) == 0);
	CHECK(inside_has(ns, "127.0.0.1"));
	CHECK(net_plan(z, &d.dirs, &p, &e) == 0);
	CHECK(net_attach(p, ns, &saved, &e) == 0);
	test_str(e.text, "", "no error", __FILE__, __LINE__);
	check_attached(saved, ns);
	CHECK(net_detach(saved, &d.dirs, &e) == 0);
	check_nothing();
	CHECK(net_detach(saved, &d.dirs, &e) == 0);
	/* a failure behind the bridge takes the bridge away again */
	CHECK(net_attach(p, -1, &none, &e) < 0 && none == NULL);
	check_nothing();
	own_dirs_done(&d);
}

static void test_all(void)
{
	test();
	test_same_names();
}

int main(void)
{
	return own_network_run(test_all);
}
