/* The record that net_attach() saves; the printed plan is tested in plan_test.c. */
#include "net/plan.h"

#include <stdlib.h>

#include "net/guard.h"
#include "tests/unit/test.h"

int main(void)
{
	struct plan_link link = { .host = "zv00000001.0",
				  .name = "net0",
				  .bridge = "zbr0",
				  .automatic = true,
				  .mac = { 2, 0, 0, 0, 0, 1 },
				  .maxbw = 1000000,
				  .guards = GUARD_MAC | GUARD_DHCP };
	char name[] = "web";
	struct net_plan p = { .zonename = name, .links = &link, .n_links = 1 };
	struct inet_addr a, router;

	CHECK(inet_parse("10.88.0.2/24", &a) == 0 && inet_parse("10.88.0.1/24", &router) == 0);
	plan_addrs_add(&link.addrs, &a);
	plan_addrs_add(&link.routers, &router);

	auto_ptr(json) struct json *j = plan_save(&p);
	auto_free char *text = json_print(j, false);
	auto_free char *first = net_first_address(j);

	CHECK_STR(
		text,
		"{\"zone\":\"web\",\"links\":[{\"name\":\"net0\",\"host\":\"zv00000001.0\",\"bridge\":\"zbr0\","
		"\"automatic\":true,\"mac\":\"02:00:00:00:00:01\",\"maxbw\":1000000,\"addresses\":[\"10.88.0.2/24\"],"
		"\"routers\":[\"10.88.0.1\"],\"configure\":false,\"protection\":[\"mac-nospoof\",\"dhcp-nospoof\"]}]}");
	CHECK_STR(first, "10.88.0.2/24");
	link.configure = true; /* as usual: not said */

	auto_ptr(json) struct json *usual = plan_save(&p);

	CHECK(!json_get(json_get(usual, "links")->items[0], "configure"));
	CHECK(!json_get(json_get(usual, "links")->items[0], "share"));
	link.total = 4000000;
	link.share = 7;
	link.share_class = 32;
	struct plan_op op = { .kind = PLAN_SHAPE };

	p.ops = &op;
	p.n_ops = 1;
	auto_ptr(json) struct json *shared = plan_save(&p);
	auto_free char *printed = net_plan_text(&p);

	CHECK_INT(json_get_i64(json_get(shared, "links")->items[0], "share", 0), 7);
	CHECK_INT(json_get_i64(json_get(shared, "links")->items[0], "shareClass", 0), 32);
	CHECK_STR(printed, "share zv00000001.0 7 of 4000000 bit/s on zbr0 up to 1000000\n");
	free(link.addrs.items);
	free(link.routers.items);
	return test_done();
}
