/* `net` of a configuration: what is read, what is refused, and where it stands in the plan. */
#include "net/plan.h"

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct zone_spec *spec(const char *net)
{
	auto_free char *text = mem_format(
		"{\"zonename\":\"web\",\"anet\":[{\"linkname\":\"net0\",\"lowerLink\":\"br0\",\"allowedAddress\":[\"192.0.2.7/24\"]}],\"net\":%s}",
		net);
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	CHECK(zone_spec_parse(text, strlen(text), &z, &diags) == 0);
	return z;
}

static char *planned(const char *net)
{
	auto_ptr(zone_spec) struct zone_spec *z = spec(net);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_ptr(json) struct json *leases = json_new_object();
	auto_done(diag_list) struct diag_list diags = { 0 };
	const struct plan_subnets s = { 0 };

	json_set(leases, "leases", json_new_array());
	if (plan_build(z, &s, &p, &diags) < 0 || plan_finish(p, &s, leases, &diags) < 0)
		return mem_format("%s: %s", diags.items[0].path, diags.items[0].message);
	return net_plan_text(p);
}

static const struct {
	const char *net, *text;
} cases[] = {
	{ "[{\"physical\":\"eth1\",\"address\":[\"198.51.100.2/24\"],\"defrouter\":[\"198.51.100.1\"]},{\"physical\":\"eth2\"}]",
	  "take eth1 eth2\n"
	  "link zv7cbd25a9.0 zone:net0 mac" },
	{ "[{\"physical\":\"eth1\"},{\"physical\":\"eth1\"}]",
	  "net[1].physical: \"eth1\" is named twice" },
	{ "[{\"physical\":\"net0\"}]",
	  "net[0].physical: \"net0\" is the name of a link of anet in the zone too" },
	{ "[{\"physical\":\"eth1\",\"address\":[\"198.51.100.2/24\"],\"defrouter\":[\"192.0.2.1\"]}]",
	  "net[0].defrouter: \"192.0.2.1\" is in none of the link's subnets" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_free char *text = planned(cases[i].net);

		CHECK(str_has_prefix(text, cases[i].text));
		if (!str_has_prefix(text, cases[i].text))
			CHECK_STR(text, cases[i].text);
	}
	auto_free char *whole = planned(cases[0].net);

	CHECK(strstr(
		whole,
		"settle zone:eth1 198.51.100.2/24 default via 198.51.100.1\nsettle zone:eth2\n"));
	return test_done();
}
