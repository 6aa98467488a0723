/* Added, added again, gone with its link. That frames take the way: tests/zone/shares.bats. */
#include "net/redirect.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct link_info from = { 0 }, to = { 0 };
	struct err e = { 0 };
	bool on = true;

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_ifb(&nl, "x0", &e) == 0 && link_find(&nl, "x0", &from, &e) == 0);
	CHECK(link_add_ifb(&nl, "x1", &e) == 0 && link_find(&nl, "x1", &to, &e) == 0);
	CHECK(redirect_is_on(&nl, from.index, &on, &e) == 0 && !on);
	CHECK(redirect_add(&nl, from.index, to.index, &e) == 0);
	CHECK(redirect_is_on(&nl, from.index, &on, &e) == 0 && on);
	CHECK(redirect_add(&nl, from.index, to.index, &e) == 0);
	CHECK(redirect_is_on(&nl, from.index, &on, &e) == 0 && on);
	CHECK(redirect_end(&nl, from.index, &e) == 0);
	CHECK(redirect_is_on(&nl, from.index, &on, &e) == 0 && !on);
	CHECK(redirect_is_on(&nl, 4711, &on, &e) == 0 && !on);
	CHECK(redirect_add(&nl, from.index, to.index, &e) == 0);
	CHECK(redirect_add(&nl, from.index, 4711, &e) == -ENODEV);
	CHECK(strstr(e.text, "redirect link number") == e.text);
	CHECK(redirect_add(&nl, 4711, to.index, &e) == -ENODEV);
	CHECK(link_delete(&nl, "x0", &e) == 0 && link_delete(&nl, "x1", &e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
