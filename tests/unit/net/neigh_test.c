#include "net/neigh.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 9 };

static struct inet_addr address(const char *text)
{
	struct inet_addr a;

	CHECK(inet_parse(text, &a) == 0);
	return a;
}

static size_t listed(struct netlink *nl, const struct inet_addr *a, bool *is_ours)
{
	auto_done(neigh_list) struct neigh_list all = { 0 };
	struct err e = { 0 };
	size_t n = 0;

	CHECK(neigh_proxies(nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		if (inet_same(&all.items[i].addr, a)) {
			n++;
			*is_ours = all.items[i].is_ours;
		}
	return n;
}

static void test(void)
{
	static const char *const texts[] = { "192.0.2.7", "2001:db8::7" };
	const struct link_change up = { .up = true };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(link_add_bridge(&nl, "lan0", mac, &e) == 0 && link_change(&nl, "lan0", &up, &e) == 0);
	CHECK(link_find(&nl, "lan0", &l, &e) == 0);
	for (size_t i = 0; i < 2; i++) {
		struct inet_addr a = address(texts[i]);
		bool is_ours = false;

		CHECK(neigh_set(&nl, l.index, &a, mac, &e) == 0);
		CHECK(neigh_set(&nl, l.index, &a, mac, &e) == 0); /* replaced */
		CHECK_INT(listed(&nl, &a, &is_ours), 0);          /* that is no proxy */
		CHECK(neigh_proxy_remove(&nl, l.index, &a, &e) == 0);
		CHECK(neigh_proxy_add(&nl, l.index, &a, &e) == 0);
		CHECK(neigh_proxy_add(&nl, l.index, &a, &e) == 0);
		CHECK(listed(&nl, &a, &is_ours) == 1 && is_ours);
		CHECK(neigh_proxy_remove(&nl, l.index, &a, &e) == 0);
		CHECK_INT(listed(&nl, &a, &is_ours), 0);
		CHECK(neigh_proxy_add(&nl, l.index + 100, &a, &e) == -ENODEV);
		CHECK(strstr(e.text, "answer for ") == e.text);
		CHECK(neigh_proxy_remove(&nl, l.index + 100, &a, &e) == 0);
	}
}

int main(void)
{
	return own_network_run(test);
}
