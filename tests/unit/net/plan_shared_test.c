/* `net` with ipType shared: the one link that it becomes, what is refused, and what is saved of it. */
#include "net/plan.h"

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct zone_spec *spec(const char *net)
{
	auto_free char *text =
		mem_format("{\"zonename\":\"web\",\"ipType\":\"shared\",\"net\":%s}", net);
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct zone_spec *z = NULL;

	CHECK(zone_spec_parse(text, strlen(text), &z, &diags) == 0);
	return z;
}

static char *planned(const char *net, struct net_plan **ret)
{
	auto_ptr(zone_spec) struct zone_spec *z = spec(net);
	auto_ptr(json) struct json *leases = json_new_object();
	auto_done(diag_list) struct diag_list diags = { 0 };
	const struct plan_subnets s = { 0 };

	json_set(leases, "leases", json_new_array());
	if (plan_build(z, &s, ret, &diags) < 0 || plan_finish(*ret, &s, leases, &diags) < 0)
		return mem_format("%s: %s", diags.items[0].path, diags.items[0].message);
	return net_plan_text(*ret);
}

static const struct {
	const char *net, *text;
} refused[] = {
	{ "[{\"physical\":\"eth0\",\"address\":\"169.254.7.7/16\"}]",
	  "net[0].address: \"169.254.7.7/16\" is link-local, which is not routed" },
	{ "[{\"physical\":\"eth0\",\"address\":\"192.0.2.9/24\"},{\"physical\":\"eth1\",\"address\":\"192.0.2.9/32\"}]",
	  "net[1].address: \"192.0.2.9/32\" is written twice" },
};

static void test_plan(void)
{
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_free char *text = planned(
		"[{\"physical\":\"eth0\",\"address\":[\"192.0.2.9/24\",\"192.0.2.10/24\"]},{\"physical\":\"eth1\",\"address\":\"198.51.100.9/32\"}]",
		&p);
	auto_ptr(json) struct json *saved = plan_save(p);
	const struct json *link = json_get(saved, "links")->items[0];
	auto_free char *answers = json_print(json_get(link, "shared"), false);
	auto_free char *first = plan_address_path(p, 0, 1);
	auto_free char *last = plan_address_path(p, 0, 2);

	CHECK_STR(text, "forward\n"
			"answer for 192.0.2.9 on eth0\n"
			"answer for 192.0.2.10 on eth0\n"
			"answer for 198.51.100.9 on eth1\n"
			"link zv7cbd25a9.0 zone:eth0 mac d6:95:75:cc:20:8d\n"
			"guard zv7cbd25a9.0 mac-nospoof ip-nospoof dhcp-nospoof restricted\n"
			"routes to zv7cbd25a9.0: 192.0.2.9/24 192.0.2.10/24 198.51.100.9/32\n"
			"enter zone:eth0\n"
			"up zone:lo\n"
			"address zone:eth0 192.0.2.9/24\n"
			"address zone:eth0 192.0.2.10/24\n"
			"address zone:eth0 198.51.100.9/32\n"
			"up zone:eth0\n"
			"route zone:eth0 default via 169.254.1.1\n");
	CHECK_STR(
		answers,
		"[{\"link\":\"eth0\",\"address\":\"192.0.2.9\"},{\"link\":\"eth0\",\"address\":\"192.0.2.10\"},{\"link\":\"eth1\",\"address\":\"198.51.100.9\"}]");
	CHECK_STR(json_get_string(link, "bridge", ""), "eth0");
	CHECK_STR(first, "net[0].address");
	CHECK_STR(last, "net[1].address");
}

int main(void)
{
	auto_ptr(net_plan) struct net_plan *none = NULL;

	test_plan();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		auto_ptr(net_plan) struct net_plan *p = NULL;
		auto_free char *text = planned(refused[i].net, &p);

		CHECK(str_has_prefix(text, refused[i].text));
		if (!str_has_prefix(text, refused[i].text))
			CHECK_STR(text, refused[i].text);
	}
	auto_free char *text = planned("[]", &none);

	CHECK_STR(text, "enter zone:\nup zone:lo\n");
	return test_done();
}
