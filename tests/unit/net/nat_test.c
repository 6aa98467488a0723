#include "net/nat.h"

#include "tests/unit/net/own_network.h"

static void test(void)
{
	auto_done(strv) struct strv closed = { 0 };
	struct inet_addr gates[2];
	const struct bridge_link links[] = { { "zbr0", gates, 2 }, { "zbr-ten-chars-", NULL, 0 } };
	const struct nat n = {
		.bridges = links, .n_bridges = 2, .closed4 = &closed, .closed6 = &closed
	};
	struct err e = { 0 };

	CHECK(inet_parse("10.88.0.1/24", &gates[0]) == 0);
	CHECK(inet_parse("fd00:88::1/64", &gates[1]) == 0);
	strv_add(&closed, "eth0");
	strv_add(&closed, "fifteen-letters");
	CHECK(nat_apply(&n, &e) == 0);
	CHECK(nat_exists(&e) == 1);
	CHECK(nat_apply(&n, &e) == 0); /* replaced */
	CHECK(nat_remove(&e) == 0);
	CHECK(nat_exists(&e) == 0);
	CHECK(nat_remove(&e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
