#include "net/probe.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "net/addr.h"
#include "net/in_use.h"
#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 9 };

/* In the other namespace: the machine's address. */
static void machine_has(int netns, const char *address)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	const struct link_change up = { .up = true };
	struct link_info l = { 0 };
	struct inet_addr a;
	struct err e = { 0 };
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	CHECK(setns(netns, CLONE_NEWNET) == 0 && netlink_open(&nl, NETLINK_ROUTE, &e) == 0 &&
	      setns(here, CLONE_NEWNET) == 0);
	CHECK(link_change(&nl, "eth0", &up, &e) == 0 && link_find(&nl, "eth0", &l, &e) == 0 &&
	      inet_parse(address, &a) == 0 && addr_add(&nl, l.index, &a, &e) == 0);
	(void)close(here);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct probe ask(const struct link_info *on, const char *address, const uint8_t *own)
{
	struct probe p = { .link = on->index, .own = own };
	struct err e = { 0 };

	memcpy(p.mac, on->mac, INET_MAC);
	CHECK(inet_parse(address, &p.addr) == 0);
	CHECK(probe_ask(&p, 1, &e) == 0);
	return p;
}

static void test_noting(struct netlink *nl)
{
	struct plan_link l = { .host = "zv00000000.0", .bridge = "lan0" };
	struct plan_addrs addrs = { 0 };
	auto_done(in_use) struct in_use u = { 0 };
	struct inet_addr a;
	struct err e = { 0 };

	CHECK(in_use_add(&u, nl, &l, 0, &addrs, &e) == 0 && u.n == 0); /* no address */
	CHECK(inet_parse("192.0.2.9/24", &a) == 0);
	plan_addrs_add(&addrs, &a);
	CHECK(inet_parse("192.0.2.10/24", &a) == 0);
	plan_addrs_add(&addrs, &a);
	CHECK(in_use_add(&u, nl, &l, 3, &addrs, &e) == 0 && u.n == 2);
	CHECK(u.items[1].link == 3 && u.items[1].address == 1 && !u.probes[1].own);
	CHECK(in_use_ask(&u, &e) == 0);
	auto_free char *taken = in_use_text(&u, 0);

	CHECK_STR(
		taken,
		"192.0.2.9 is in use by another machine: 02:00:00:00:00:09 answers for it on \"lan0\"; give the zone another address, or take this one from that machine (ZONES_PROBE_MS=0 asks nobody)");
	CHECK(in_use_text(&u, 1) == NULL);
	(void)snprintf(l.bridge, sizeof(l.bridge), "%s", "nix0");
	CHECK(in_use_add(&u, nl, &l, 0, &addrs, &e) == 0 && u.n == 2); /* no bridge */
	(void)snprintf(l.bridge, sizeof(l.bridge), "%s", "empty0");
	CHECK(in_use_add(&u, nl, &l, 0, &addrs, &e) == 0 && u.n == 2); /* nobody on it */
	free(addrs.items);
}

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	const struct link_change up = { .up = true };
	struct link_info lan = { 0 };
	auto_close int netns = own_zone_namespace();
	const struct link_veth cable = {
		.host = "plug0", .peer = "eth0", .netns_fd = netns, .mac = mac
	};
	struct err e = { 0 };
	int64_t begin;

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 &&
	      link_add_bridge(&nl, "lan0", (const uint8_t[]){ 2, 0, 0, 0, 0, 1 }, &e) == 0 &&
	      link_add_bridge(&nl, "empty0", (const uint8_t[]){ 2, 0, 0, 0, 0, 2 }, &e) == 0 &&
	      link_find(&nl, "lan0", &lan, &e) == 0);
	begin = now_ms();
	CHECK(!ask(&lan, "192.0.2.9/24", NULL).taken); /* down: nobody to wait for */
	CHECK(now_ms() - begin < PROBE_MS);
	const struct link_change port = { .master = lan.index, .up = true };

	CHECK(link_change(&nl, "lan0", &up, &e) == 0 && link_add_veth(&nl, &cable, &e) == 0 &&
	      link_change(&nl, "plug0", &port, &e) == 0);
	machine_has(netns, "192.0.2.9/24");
	machine_has(netns, "fd00:2::9/64");
	struct probe four = ask(&lan, "192.0.2.9/24", NULL), six = ask(&lan, "fd00:2::9/64", NULL);

	CHECK(four.taken && memcmp(four.holder, mac, INET_MAC) == 0);
	CHECK(six.taken && memcmp(six.holder, mac, INET_MAC) == 0);
	CHECK(!ask(&lan, "192.0.2.9/24", mac).taken); /* the zone itself */
	begin = now_ms();
	CHECK(!ask(&lan, "192.0.2.10/24", NULL).taken);
	CHECK(!ask(&lan, "fd00:2::10/64", NULL).taken);
	CHECK(now_ms() - begin >= 2 * PROBE_MS - 20);
	test_noting(&nl);
	CHECK(link_probe_kind(&nl, "veth", &e) == 0 && link_probe_kind(&nl, "bridge", &e) == 0);
	CHECK(link_probe_kind(&nl, "no-such-kind", &e) == -EOPNOTSUPP);
	CHECK(strstr(e.text, "it has no links of the kind no-such-kind: ") == e.text);
	lan.index = 999;
	CHECK(!ask(&lan, "192.0.2.9/24", NULL).taken); /* gone */
}

int main(void)
{
	return own_network_run(test);
}
