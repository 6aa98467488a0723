#include "net/enter.h"

#include "tests/unit/net/own_network.h"

static void test(void)
{
	auto_done(netlink) struct netlink zone = NETLINK_CLOSED;
	auto_done(netlink) struct netlink bad = NETLINK_CLOSED;
	auto_close int ns = own_zone_namespace();
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	static const char *const links[] = { "lo", NULL };
	static const uint8_t mac[INET_MAC] = { 2 };
	struct err e = { 0 };

	CHECK(enter_namespace(ns, links, &zone, &e) == 0);
	/* made in there, not here */
	CHECK(link_add_bridge(&zone, "inner0", mac, &e) == 0);
	CHECK_INT(own_count_links("inner0"), 0);
	/* what goes wrong in the child is told */
	CHECK(enter_namespace(null, NULL, &bad, &e) < 0);
	CHECK_STR(e.text, "enter the zone's network namespace: Invalid argument");
	CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* no child is left */
}

int main(void)
{
	return own_network_run(test);
}
