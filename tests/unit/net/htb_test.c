/* What the kernel makes of classes. That they share: tests/zone/shares.bats. */
#include "net/htb.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "net/qdisc.h"
#include "tests/unit/net/own_network.h"

/* -ENOENT when the class has none of ours. */
static int take_queue(struct netlink *nl, uint32_t index, uint32_t minor)
{
	struct netlink_request q;
	struct err e = { 0 };
	struct tcmsg *t;

	netlink_begin(&q, RTM_DELQDISC, 0);
	t = mnl_nlmsg_put_extra_header(q.h, sizeof(*t));
	t->tcm_ifindex = (int)index;
	t->tcm_parent = htb_priority(minor);
	return netlink_talk(nl, &q, NULL, NULL, &e);
}

static void test(void)
{
	static const uint64_t totals[] = { 8000, 40000000, 100000000000 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct htb_class c = { .minor = 32, .rate = 1000000, .ceil = 8000000, .quantum = 1600 };
	const struct qdisc_tbf bucket = qdisc_tbf_for(8000000, 1500);
	uint64_t rate = 9, ceil = 9;
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK_INT(htb_priority(16), 0x5a420010);
	CHECK_INT(htb_priority(HTB_LAST) & 15, 0); /* no band of pfifo_fast */
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(htb_probe(&nl, &e) == 0);
	CHECK(htb_rates(&nl, 1, 1, &rate, &ceil, &e) == 0 &&
	      rate == 0); /* the probe left nothing */
	CHECK(link_add_ifb(&nl, "x0", &e) == 0 && link_find(&nl, "x0", &l, &e) == 0);
	CHECK(htb_remove_class(&nl, l.index, 16, &e) == 0);
	for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) { /* new, and changed */
		CHECK(htb_set_total(&nl, l.index, totals[i], &e) == 0);
		CHECK(htb_rates(&nl, l.index, 1, &rate, &ceil, &e) == 0);
		CHECK(rate == totals[i] && ceil == totals[i]);
	}
	/* killed before the queue got its root class */
	CHECK(htb_remove_class(&nl, l.index, 1, &e) == 0);
	CHECK(htb_rates(&nl, l.index, 1, &rate, &ceil, &e) == 0 && rate == 0);
	CHECK(htb_set_total(&nl, l.index, 40000000, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(htb_set_class(&nl, l.index, &c, &e) == 0);
	/* killed before the class got its queue: the next one sees that */
	CHECK(take_queue(&nl, l.index, 32) == 0 && take_queue(&nl, l.index, 32) == -ENOENT);
	CHECK(htb_set_class(&nl, l.index, &c, &e) == 0 && take_queue(&nl, l.index, 32) == 0);
	c.ceil = 16000000;
	CHECK(htb_set_class(&nl, l.index, &c, &e) == 0);
	CHECK(htb_rates(&nl, l.index, 32, &rate, &ceil, &e) == 0);
	CHECK(rate == 1000000 && ceil == 16000000);
	CHECK(htb_rates(&nl, l.index, 16, &rate, &ceil, &e) == 0 && rate == 0 && ceil == 0);
	CHECK(htb_remove_class(&nl, l.index, 32, &e) == 0);
	CHECK(htb_remove_class(&nl, l.index, 32, &e) == 0);
	CHECK(htb_rates(&nl, l.index, 32, &rate, &ceil, &e) == 0 && rate == 0);
	CHECK(link_add_ifb(&nl, "x1", &e) == 0 && link_find(&nl, "x1", &l, &e) == 0);
	CHECK(qdisc_set_tbf(&nl, l.index, &bucket, &e) == 0); /* a queue of another kind */
	CHECK(htb_rates(&nl, l.index, 1, &rate, &ceil, &e) == 0 && rate == 0);
	CHECK(htb_set_total(&nl, 4711, 8000, &e) == -ENODEV);
	CHECK(strstr(e.text, "share the bandwidth of link number 4711: ") == e.text);
}

int main(void)
{
	return own_network_run(test);
}
