#include "net/bridge.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>

#include "net/addr.h"
#include "net/nat.h"
#include "net/nft.h"
#include "tests/unit/net/own_network.h"

static struct inet_addr addr(const char *text)
{
	struct inet_addr a = { 0 };

	CHECK(inet_parse(text, &a) == 0);
	return a;
}

static bool carries(struct netlink *nl, const char *text)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	struct inet_addr a = addr(text);
	struct err e = { 0 };

	if (addr_all(nl, &all, &e) < 0)
		return false;
	for (size_t i = 0; i < all.n; i++)
		if (inet_same(&all.items[i].addr, &a))
			return true;
	return false;
}

/* A zone that needs these addresses of one bridge. */
static int join(struct netlink *nl, const char *run, const char *zone, const char *bridge,
		const struct inet_addr *gates, size_t n, struct err *e)
{
	struct bridge_link l = { .gates = mem_array(n, sizeof(*gates)), .n_gates = n };
	const struct bridge_claim c = { .zone = zone, .links = &l, .n_links = 1 };
	int r;

	(void)snprintf(l.name, sizeof(l.name), "%s", bridge);
	memcpy(l.gates, gates, n * sizeof(*gates));
	r = bridge_join(nl, run, &c, e);
	free(l.gates);
	return r;
}

/* The bridge is what its users need, and nothing without users. */
static void test_users(struct netlink *nl, const char *run)
{
	const struct inet_addr one[] = { addr("10.88.0.1/24"), addr("fd00:88::1/64") };
	const struct inet_addr two[] = { addr("10.88.0.1/24"), addr("10.9.0.1/24") };
	static const char *const alive[] = { "b", NULL }, *const nobody[] = { NULL };
	struct inet_addr overlapping = addr("10.9.0.128/25");
	const struct link_change bare = { .alias = "" }, named = { .alias = BRIDGE_ALIAS };
	struct err e = { 0 };

	CHECK(join(nl, run, "a", "zbr0", one, 2, &e) == 0);
	CHECK(join(nl, run, "b", "zbr0", two, 2, &e) == 0);
	CHECK(carries(nl, "10.88.0.1") && carries(nl, "fd00:88::1") && carries(nl, "10.9.0.1"));
	CHECK(bridge_check_subnet(nl, "zbr0", &overlapping, &e) == 0); /* the bridge's own route */
	CHECK(bridge_check_name(nl, run, "zbr0", &e) == 0);
	CHECK(link_change(nl, "zbr0", &bare, &e) == 0); /* killed before it was named ours */
	CHECK(bridge_check_name(nl, run, "zbr0", &e) == 0);
	CHECK(link_change(nl, "zbr0", &named, &e) == 0);
	CHECK(bridge_leave(nl, run, "a", &e) == 0);
	CHECK(carries(nl, "10.88.0.1") && !carries(nl, "fd00:88::1") && carries(nl, "10.9.0.1"));
	CHECK(bridge_keep(nl, run, alive, &e) == 0);
	CHECK_INT(own_count_links("zbr0"), 1);
	CHECK(bridge_keep(nl, run, nobody, &e) == 0);
	CHECK_INT(own_count_links("zbr0"), 0);
	CHECK(nat_exists(&e) == 0);
	CHECK(bridge_leave(nl, run, "b", &e) == 0);
}

/* A table that another version of the program has made is not taken for this one's, whose state says so. */
static void test_version(struct netlink *nl, const char *run)
{
	const struct inet_addr one = addr("10.88.0.1/24");
	auto_free char *path = mem_format("%s/net.json", run);
	auto_free char *text = NULL;
	auto_free char *old = NULL;
	auto_free char *other = NULL;
	auto_ptr(json) struct json *state = NULL;
	auto_ptr(nft_batch) struct nft_batch *b = nft_batch_new(NFPROTO_INET, NAT_TABLE);
	struct err e = { 0 };
	size_t n = 0;

	CHECK(join(nl, run, "a", "zbr0", &one, 1, &e) == 0);
	CHECK(file_read_all(AT_FDCWD, path, 1 << 20, &text, &n, &e) == 0);
	CHECK(json_parse_simple(text, n, &state, &e) == 0);
	old = mem_strdup(json_get_string(state, "rules", ""));
	CHECK(str_has_prefix(old, NAT_VERSION " "));
	json_set(state, "rules", json_new_string(old + strlen(NAT_VERSION " ")));
	other = json_print(state, false);
	CHECK(file_replace(AT_FDCWD, path, other, strlen(other), 0600, &e) == 0);
	nft_batch_flush_chain(b, "forward"); /* what it had in it */
	CHECK(nft_batch_commit(b, &e) == 0);
	CHECK(nft_rule_exists(NFPROTO_INET, NAT_TABLE, "forward", "into zones", &e) == 0);
	CHECK(join(nl, run, "a", "zbr0", &one, 1, &e) == 0);
	CHECK(nft_rule_exists(NFPROTO_INET, NAT_TABLE, "forward", "into zones", &e) == 1);
	CHECK(bridge_leave(nl, run, "a", &e) == 0);
}

/* Each bridge comes with its first user and goes with its last one, whatever becomes of the others. */
static void test_several(struct netlink *nl, const char *run)
{
	const struct inet_addr one = addr("10.88.0.1/24"), blue = addr("10.88.1.1/24");
	const struct inet_addr overlapping = addr("10.88.1.129/25");
	static const char *const alive[] = { "c", NULL };
	struct err e = { 0 };

	CHECK(join(nl, run, "a", "zbr0", &one, 1, &e) == 0);
	CHECK(join(nl, run, "b", "zbr-blue", &blue, 1, &e) == 0);
	CHECK_INT(own_count_links("zbr"), 2);
	CHECK(carries(nl, "10.88.0.1") && carries(nl, "10.88.1.1"));
	CHECK(join(nl, run, "c", "zbr-red", &overlapping, 1, &e) == -EADDRINUSE);
	CHECK(bridge_leave(nl, run, "c", &e) == 0);
	CHECK_INT(own_count_links("zbr"), 2);
	CHECK(join(nl, run, "c", "zbr-blue", &blue, 1, &e) == 0);
	CHECK(bridge_leave(nl, run, "a", &e) == 0);
	CHECK_INT(own_count_links("zbr0"), 0);
	CHECK(bridge_leave(nl, run, "b", &e) == 0);
	CHECK(carries(nl, "10.88.1.1") && nat_exists(&e) == 1);
	CHECK(join(nl, run, "a", "zbr0", &one, 1, &e) == 0);
	CHECK(bridge_keep(nl, run, alive, &e) == 0);
	CHECK(own_count_links("zbr0") == 0 && own_count_links("zbr-blue") == 1);
	CHECK(join(nl, run, "c", "zbr-red", &blue, 1, &e) == 0); /* moved with its subnet */
	CHECK(own_count_links("zbr-blue") == 0 && own_count_links("zbr-red") == 1);
	CHECK(bridge_leave(nl, run, "c", &e) == 0);
	CHECK_INT(own_count_links("zbr"), 0);
	CHECK(nat_exists(&e) == 0);
}

/* A link of that name that is not ours, and a subnet that the host uses. */
static void test_strangers(struct netlink *nl, const char *run)
{
	static const uint8_t mac[INET_MAC] = { 2 };
	const struct link_change up = { .up = true };
	struct inet_addr gate = addr("10.88.0.1/24"), host = addr("10.88.0.200/25");
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(link_add_bridge(nl, BRIDGE_NAME, mac, &e) == 0);
	CHECK(bridge_check_name(nl, run, "zbr0", &e) == -EEXIST);
	CHECK(join(nl, run, "a", "zbr0", &gate, 1, &e) == -EEXIST);
	CHECK(bridge_leave(nl, run, "a", &e) == 0);
	CHECK_INT(own_count_links("zbr0"), 1); /* not ours, so it stays */
	CHECK(link_delete(nl, BRIDGE_NAME, &e) == 0);

	CHECK(link_add_bridge(nl, "lan0", mac, &e) == 0 && link_change(nl, "lan0", &up, &e) == 0);
	CHECK(link_find(nl, "lan0", &l, &e) == 0 && addr_add(nl, l.index, &host, &e) == 0);
	CHECK(bridge_check_subnet(nl, "zbr0", &gate, &e) == -EADDRINUSE);
	CHECK_STR(e.text, "the subnet 10.88.0.0/24 overlaps the host's route to 10.88.0.128/25");
	CHECK(join(nl, run, "a", "zbr0", &gate, 1, &e) == -EADDRINUSE);
	CHECK(bridge_leave(nl, run, "a", &e) == 0);
	CHECK_INT(own_count_links("zbr0"), 0);
}

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	auto_close int lock = bridge_lock(d.run, &e);

	CHECK(lock >= 0);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	test_users(&nl, d.run);
	test_version(&nl, d.run);
	test_several(&nl, d.run);
	test_strangers(&nl, d.run);
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
