#include "net/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "tests/unit/test.h"

static int count(const struct nlmsghdr *h, void *arg)
{
	(void)h;
	(*(size_t *)arg)++;
	return 0;
}

/* Attributes are found behind the header, and inside nests. */
static void test_attributes(void)
{
	struct netlink_request q;
	struct nlattr *nest;

	netlink_begin(&q, RTM_NEWLINK, NLM_F_CREATE);
	mnl_nlmsg_put_extra_header(q.h, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(q.h, 7, 70);
	nest = mnl_attr_nest_start(q.h, 8);
	mnl_attr_put_strz(q.h, 1, "inner");
	mnl_attr_nest_end(q.h, nest);
	CHECK(q.h->nlmsg_flags == (NLM_F_REQUEST | NLM_F_CREATE));
	CHECK_INT(mnl_attr_get_u32(netlink_attr(q.h, sizeof(struct ifinfomsg), 7)), 70);
	CHECK(netlink_attr(q.h, sizeof(struct ifinfomsg), 9) == NULL);
	CHECK_STR(
		mnl_attr_get_str(netlink_nested(netlink_attr(q.h, sizeof(struct ifinfomsg), 8), 1)),
		"inner");
}

/* An answer with another sequence number is not taken for ours. */
static void test_stale_answer(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct netlink_request q;
	struct err e = { 0 };
	size_t n = 0, unused;

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	netlink_begin(&q, RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(q.h, sizeof(*i));

	i->ifi_index = 1;
	q.h->nlmsg_seq = 4711;
	CHECK(send(nl.fd, q.h, q.h->nlmsg_len, 0) >
	      0); /* behind the module's back: its answer stays in the queue */
	netlink_begin(&q, RTM_GETLINK, 0);
	i = mnl_nlmsg_put_extra_header(q.h, sizeof(*i));
	i->ifi_index = 1;
	CHECK(netlink_talk(&nl, &q, count, &n, &e) == 0);
	CHECK_INT(n, 1);
	/* a refusal carries the kernel's errno */
	netlink_begin(&q, RTM_GETLINK, 0);
	i = mnl_nlmsg_put_extra_header(q.h, sizeof(*i));
	i->ifi_index = 0x7ffffff0;
	CHECK(netlink_talk(&nl, &q, NULL, NULL, &e) < 0);
	CHECK(e.code > 0 && e.text[0]);
	n = 0;
	netlink_begin(&q, RTM_GETLINK, 0);
	mnl_nlmsg_put_extra_header(q.h, sizeof(*i));
	CHECK(netlink_dump(&nl, &q, count, &n, &unused, &e) == 0);
	CHECK(n >= 1);
}

/* A list that ends with an error is a failure, not a short list: the kernel says it in the last message. */
static void test_ended(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct netlink_request q;
	struct err e = { 0 };
	size_t n = 0;
	int on = 1;

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(setsockopt(nl.fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) == 0);
	netlink_begin(&q, RTM_GETADDR, 0);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(q.h, sizeof(*a));

	a->ifa_family = AF_INET;
	a->ifa_index = 0x7ffffff0; /* no such link */
	CHECK_INT(netlink_dump(&nl, &q, count, &n, &n, &e), -ENODEV);
	CHECK(strstr(e.text, "ends too early") != NULL);
	a->ifa_index = 1;
	CHECK_INT(netlink_dump(&nl, &q, count, &n, &n, &e), 0);
}

int main(void)
{
	test_attributes();
	test_stale_answer();
	test_ended();
	return test_done();
}
