/* Entries and the role of a link follow the state; what others have set stays. */
#include "net/proxy.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "net/neigh.h"
#include "net/sysctl.h"
#include "tests/unit/net/own_network.h"

struct own {
	struct netlink nl;
	struct sysctl proc;
	struct json *state;
	uint32_t link;
};

static uint32_t parameter(const char *name)
{
	struct err e = { 0 };
	uint32_t value = 99;

	CHECK(sysctl_get("ipv6", "lan0", name, &value, &e) == 0);
	return value;
}

static size_t entries(struct own *o, bool ours)
{
	auto_done(neigh_list) struct neigh_list all = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	CHECK(neigh_proxies(&o->nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		n += all.items[i].is_ours == ours;
	return n;
}

static void apply(struct own *o, const char *zone, const struct proxy *p, size_t n)
{
	struct err e = { 0 };

	proxy_claim(o->state, zone, p, n);
	CHECK(!proxy_is_used(o->state) || proxy_choose(o->state, &e) == 0);
	CHECK(proxy_apply(&o->nl, &o->proc, o->state, &e) == 0);
}

static void test_life(struct own *o)
{
	struct proxy two[2] = { { .link = "lan0" }, { .link = "lan0" } };
	struct proxy gone = { .link = "nosuch0" };

	CHECK(inet_parse("192.0.2.7", &two[0].addr) == 0);
	CHECK(inet_parse("2001:db8::7", &two[1].addr) == 0);
	gone.addr = two[1].addr;
	apply(o, "none", NULL, 0);
	CHECK(!proxy_is_used(o->state));
	apply(o, "four", two, 1);
	CHECK_INT(entries(o, true), 1);
	CHECK_INT(parameter("proxy_ndp"), 0); /* IPv4 needs no role */
	apply(o, "six", two + 1, 1);
	apply(o, "away", &gone, 1);
	CHECK_INT(entries(o, true), 2);
	CHECK(parameter("proxy_ndp") == 1 && parameter("forwarding") == 1 &&
	      parameter("accept_ra") == 2);
	apply(o, "six", two + 1, 1); /* what was there before is not what is there now */
	apply(o, "four", NULL, 0);
	CHECK_INT(entries(o, true), 1);
	apply(o, "six", NULL, 0);
	CHECK(entries(o, true) == 0 && proxy_is_used(o->state));
	CHECK(parameter("proxy_ndp") == 0 && parameter("forwarding") == 0 &&
	      parameter("accept_ra") == 1);
	apply(o, "away", NULL, 0);
	CHECK(!proxy_is_used(o->state));
}

/* An entry that nobody is on record for, as after a lost state, goes; the administrator's stays, also where a zone wants the same. */
static void test_strangers(struct own *o)
{
	static const uint8_t theirs = 4; /* "static" */
	struct proxy p = { .link = "lan0" };
	struct inet_addr lost;
	struct netlink_request q;
	struct err e = { 0 };
	struct ndmsg *m;

	CHECK(inet_parse("192.0.2.8", &p.addr) == 0 && inet_parse("192.0.2.66", &lost) == 0);
	netlink_begin(&q, RTM_NEWNEIGH, NLM_F_CREATE);
	m = mnl_nlmsg_put_extra_header(q.h, sizeof(*m));
	m->ndm_family = AF_INET;
	m->ndm_ifindex = (int)o->link;
	m->ndm_flags = NTF_PROXY;
	mnl_attr_put(q.h, NDA_DST, 4, p.addr.bytes);
	mnl_attr_put_u8(q.h, NDA_PROTOCOL, theirs);
	CHECK(netlink_talk(&o->nl, &q, NULL, NULL, &e) == 0);
	CHECK(neigh_proxy_add(&o->nl, o->link, &lost, &e) == 0);
	apply(o, "four", &p, 1);
	CHECK(entries(o, false) == 1 && entries(o, true) == 0);
	apply(o, "four", NULL, 0);
	CHECK_INT(entries(o, false), 1);
}

/* Who makes the whole host a router meanwhile keeps a router. */
static void test_routed(struct own *o)
{
	struct proxy p = { .link = "lan0" };
	struct err e = { 0 };

	CHECK(inet_parse("2001:db8::7", &p.addr) == 0);
	apply(o, "six", &p, 1);
	CHECK(sysctl_set(&o->proc, "ipv6", "all", "forwarding", 1, &e) == 0);
	apply(o, "six", NULL, 0);
	CHECK(parameter("forwarding") == 1 && parameter("proxy_ndp") == 0);
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct link_change up = { .up = true };
	struct own o = { .nl = NETLINK_CLOSED, .proc = SYSCTL_CLOSED, .state = json_new_object() };
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(netlink_open(&o.nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_bridge(&o.nl, "lan0", mac, &e) == 0);
	CHECK(link_change(&o.nl, "lan0", &up, &e) == 0 && link_find(&o.nl, "lan0", &l, &e) == 0);
	CHECK(sysctl_set(&o.proc, "ipv6", "lan0", "accept_ra", 1, &e) == 0);
	o.link = l.index;
	test_life(&o);
	test_strangers(&o);
	test_routed(&o);
	json_free(o.state);
	sysctl_done(&o.proc);
	netlink_done(&o.nl);
}

int main(void)
{
	return own_network_run(test);
}
