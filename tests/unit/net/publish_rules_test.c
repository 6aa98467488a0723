#include "net/publish_rules.h"

#include <netinet/in.h>
/* behind it: the kernel's header would bring its own of the same names */
#include <linux/netfilter.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nat.h"
#include "tests/unit/net/own_network.h"

static void count(const char *comment, uint64_t packets, uint64_t bytes, void *arg)
{
	(void)packets;
	(void)bytes;
	*(unsigned *)arg += strcmp(comment, "publish") == 0;
}

/* How many rules a chain has for it, as the kernel took them. */
static unsigned rules(const char *chain, const struct publish *p)
{
	const struct bridge_link bridge = { .name = "zbr0" };
	struct nat n = { .bridges = &bridge, .n_bridges = 1, .ports = p, .n_ports = 1 };
	struct err e = { 0 };
	unsigned found = 0;

	CHECK(nat_apply(&n, &e) == 0);
	CHECK(nft_counters(NFPROTO_INET, "zones", chain, count, &found, &e) == 0);
	return found;
}

static void test(void)
{
	struct publish p = { .protocol = IPPROTO_TCP, .first = 80, .last = 89, .to = 80 };
	struct err e = { 0 };

	CHECK_INT(rules("prerouting", &p), 0); /* leads nowhere */
	CHECK(inet_parse("10.88.0.2", &p.four) == 0);
	CHECK_INT(rules("prerouting", &p), 1);
	CHECK(inet_parse("fd00:88::2", &p.six) == 0);
	CHECK_INT(rules("output", &p), 2);
	p.to = 8000; /* ten rules for each family */
	CHECK_INT(rules("prerouting", &p), 20);
	CHECK(inet_parse("fd00::1", &p.address) == 0); /* of one family */
	CHECK_INT(rules("prerouting", &p), 10);
	CHECK(inet_parse("127.0.0.1", &p.address) == 0);
	CHECK_INT(rules("output", &p), 10);
	CHECK(nat_remove(&e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
