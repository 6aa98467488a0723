#include "net/networks_pick.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/link.h"
#include "tests/unit/net/own_network.h"

/* What is picked beside `four` and `six` (NULL: none) and these leases, or the error. */
static char *picked(struct netlink *nl, const char *four, const char *six, const char *leases_text)
{
	auto_ptr(json) struct json *leases = NULL;
	struct plan_subnets common = { 0 }, got = { 0 };
	char a[INET_TEXT], b[INET_TEXT] = "";
	struct err e = { 0 };

	CHECK(inet_parse(four, &common.four) == 0 && (!six || inet_parse(six, &common.six) == 0));
	CHECK(json_parse_simple(leases_text, strlen(leases_text), &leases, &e) == 0);
	if (networks_pick(leases, &common, nl, &got, &e) < 0)
		return mem_format("%d", e.code == ENOSPC);
	inet_text(&got.four, a);
	if (got.six.family)
		inet_text(&got.six, b);
	return mem_format("%s %s", a, b);
}

static void expect(struct netlink *nl, const char *four, const char *six, const char *leases,
		   const char *want)
{
	auto_free char *got = picked(nl, four, six, leases);

	test_str(got, want, want, __FILE__, __LINE__);
}

#define NONE "{\"leases\":[]}"

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct link_info l = { 0 };
	struct inet_addr host;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	expect(&nl, "10.88.0.1/24", "fd00:88::1/64", NONE, "10.88.1.1/24 fd00:88:0:1::1/64");
	expect(&nl, "10.88.0.1/24", NULL, NONE, "10.88.1.1/24 ");
	/* a large one leaves its numbers out */
	expect(&nl, "10.80.0.1/13", NULL, NONE, "10.88.0.1/24 ");
	expect(&nl, "192.168.255.1/24", "fd00:88::1/112", NONE,
	       "192.168.0.1/24 fd00:88:0:1::1/64"); /* past the end of the range */
	expect(&nl, "203.0.113.1/24", "2001:db8::1/64", NONE, "10.88.1.1/24 fd00:88:0:1::1/64");
	expect(&nl, "10.88.0.1/24", "fd00:88::1/64",
	       "{\"leases\":[{\"address\":\"10.88.1.9/24\"},{\"address\":\"fd00:88:0:2::9/64\"}],"
	       "\"networks\":[{\"name\":\"a\",\"subnets\":[\"10.88.3.0/25\"]}]}",
	       "10.88.4.1/24 fd00:88:0:4::1/64");
	CHECK(link_add_bridge(&nl, "lan0", mac, &e) == 0);
	CHECK(inet_parse("10.88.1.200/28", &host) == 0);
	CHECK(link_find(&nl, "lan0", &l, &e) == 0 && addr_add(&nl, l.index, &host, &e) == 0);
	expect(&nl, "10.88.0.1/24", NULL, NONE, "10.88.2.1/24 "); /* no route: the link is down */
	expect(&nl, "10.88.0.1/24", NULL, "{\"leases\":[{\"address\":\"10.0.0.1/8\"}]}", "1");
}

int main(void)
{
	return own_network_run(test);
}
