#include <errno.h>

#include "net/plan.h"
#include "tests/unit/net/own_network.h"

static char *first(const struct zone_spec *z, const struct net_dirs *dirs)
{
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	if (net_plan(z, dirs, &p, &e) < 0)
		return mem_strdup(e.text);
	j = plan_save(p);
	return net_first_address(j);
}

static void check_first(const struct zone_spec *z, const struct own_dirs *d, const char *want)
{
	auto_free char *got = first(z, &d->dirs);

	test_str(got, want, want, __FILE__, __LINE__);
}

static void test(void)
{
	auto_ptr(zone_spec) struct zone_spec *a = own_zone("a", 1);
	auto_ptr(zone_spec) struct zone_spec *b = own_zone("b", 1);
	auto_ptr(zone_spec) struct zone_spec *c = own_zone("c", 1);
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	check_first(a, &d, "10.88.0.2/24");
	check_first(b, &d, "10.88.0.3/24");
	check_first(a, &d, "10.88.0.2/24");
	strv_add(&c->anet[0].allowed_address, "10.88.0.3/24");
	check_first(c, &d, "anet[0].allowedAddress[0]: 10.88.0.3 belongs to zone \"b\"");
	CHECK(net_release("b", &d.dirs, &e) == 0);
	CHECK(net_release("b", &d.dirs, &e) == 0);
	check_first(c, &d, "10.88.0.3/24");
	check_first(b, &d, "10.88.0.4/24");
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
