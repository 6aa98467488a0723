#include "net/addr.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static size_t count(struct netlink *nl, const struct inet_addr *a)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	CHECK(addr_all(nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		n += inet_same(&all.items[i].addr, a) && all.items[i].addr.prefix == a->prefix;
	return n;
}

static void test(void)
{
	static const char *const texts[] = { "10.88.0.2/24", "fd00:88::2/64" };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct inet_addr a;

		CHECK(inet_parse(texts[i], &a) == 0);
		CHECK(addr_add(&nl, 1, &a, &e) == 0);
		CHECK(addr_add(&nl, 1, &a, &e) == 0); /* there already */
		CHECK_INT(count(&nl, &a), 1);
		CHECK(addr_remove(&nl, 1, &a, &e) == 0);
		CHECK(addr_remove(&nl, 1, &a, &e) == 0);
		CHECK_INT(count(&nl, &a), 0);
		CHECK(addr_add(&nl, 4711, &a, &e) == -ENODEV);
	}
	CHECK(strstr(e.text, "add the address fd00:88::2/64: ") == e.text);
}

int main(void)
{
	return own_network_run(test);
}
