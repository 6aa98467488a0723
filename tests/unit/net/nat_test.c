#include "net/nat.h"

#include <netinet/in.h>

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

enum { BRIDGES = 60, PORTS = 100 };

/* More than a socket's buffer takes at its default size. */
static void test_many(void)
{
	static struct bridge_link links[BRIDGES];
	static struct publish ports[PORTS];
	struct inet_addr gates[BRIDGES][2] = { 0 };
	struct nat n = { .bridges = links,
			 .n_bridges = BRIDGES,
			 .ports = ports,
			 .n_ports = PORTS,
			 .judged = true };
	struct err e = { 0 };

	for (size_t i = 0; i < BRIDGES; i++) {
		(void)snprintf(links[i].name, sizeof(links[i].name), "zbr-%zu", i);
		gates[i][0] = (struct inet_addr){ .family = AF_INET,
						  .prefix = 24,
						  .bytes = { 10, 90, (uint8_t)i, 1 } };
		gates[i][1] = (struct inet_addr){ .family = AF_INET6,
						  .prefix = 64,
						  .bytes = { 0xfd, 0, 0, (uint8_t)i } };
		links[i].gates = gates[i];
		links[i].n_gates = 2;
	}
	for (size_t i = 0; i < PORTS; i++)
		ports[i] = (struct publish){ .protocol = IPPROTO_TCP,
					     .first = (uint16_t)(1000 + i),
					     .last = (uint16_t)(1000 + i),
					     .to = (uint16_t)(2000 + i),
					     .four = gates[0][0],
					     .six = gates[0][1] };
	CHECK_INT(nat_apply(&n, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_INT(nat_apply(&n, &e), 0);
	CHECK(nat_remove(&e) == 0);
	n.n_bridges = 0;
	n.n_ports = 0;
	CHECK(nat_apply(&n, &e) == 0); /* shared zones alone */
	CHECK(nat_remove(&e) == 0);
}

static void test_all(void)
{
	test();
	test_many();
}

int main(void)
{
	return own_network_run(test_all);
}
