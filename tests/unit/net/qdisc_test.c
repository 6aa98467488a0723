/* Bucket sizes, and what the kernel makes of them. */
#include "net/qdisc.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static void test_sizes(void)
{
	static const struct {
		uint64_t bits;
		uint32_t mtu;
		struct qdisc_tbf want;
	} rows[] = {
		/* slow: whole frames, and room for what TCP hands over at once */
		{ 8000, 1500, { 1000, 6072, 256 << 10 } },
		{ 1000000, 1500, { 125000, 6072, 256 << 10 } },
		{ 1000000, 9000, { 125000, 36072, 256 << 10 } },
		{ 20000000, 1500, { 2500000, 25000, 256 << 10 } },
		{ 100000000, 1500, { 12500000, 125000, 1250000 } },
		/* fast: the queue is not the host's whole memory */
		{ 10000000000, 1500, { 1250000000, 12500000, 16 << 20 } },
		{ 1000000000000, 1500, { 125000000000, 1250000000, 16 << 20 } },
		{ 1, 1500, { 1, 6072, 256 << 10 } },
		{ UINT64_MAX, UINT32_MAX, { UINT64_MAX / 8, UINT32_MAX, 16 << 20 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct qdisc_tbf q = qdisc_tbf_for(rows[i].bits, rows[i].mtu);

		CHECK_INT(q.rate, rows[i].want.rate);
		CHECK_INT(q.burst, rows[i].want.burst);
		CHECK_INT(q.limit, rows[i].want.limit);
	}
}

static void test(void)
{
	static const uint64_t rates[] = { 8000, 1000000, 10000000000, 1000000000000 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct link_info l = { 0 };
	struct err e = { 0 };
	uint64_t rate = 99;

	test_sizes();
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(qdisc_probe(&nl, &e) == 0);
	CHECK(qdisc_rate(&nl, 1, &rate, &e) == 0 && rate == 0); /* the probe left nothing */
	CHECK(link_add_ifb(&nl, "x0", &e) == 0 && link_find(&nl, "x0", &l, &e) == 0);
	CHECK(qdisc_rate(&nl, l.index, &rate, &e) == 0 && rate == 0);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) { /* new, and changed */
		struct qdisc_tbf q = qdisc_tbf_for(rates[i], 1500);

		CHECK(qdisc_set_tbf(&nl, l.index, &q, &e) == 0);
		CHECK(qdisc_rate(&nl, l.index, &rate, &e) == 0);
		CHECK_INT(rate * 8, rates[i]);
	}
	CHECK(qdisc_set_tbf(&nl, 4711, &(struct qdisc_tbf){ 1, 2000, 2000 }, &e) == -ENODEV);
	CHECK(strstr(e.text, "limit the bandwidth of link number 4711: ") == e.text);
	CHECK(qdisc_rate(&nl, 4711, &rate, &e) == -ENODEV);
}

int main(void)
{
	return own_network_run(test);
}
