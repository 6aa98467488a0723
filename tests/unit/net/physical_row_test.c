/* A link that is another one with the same name, index and kind is told; addresses go to disk and back. Where nobody may mount a sysfs here, tests/zone/physical.bats is alone with the former. */
#include "net/physical_row.h"

#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };

static struct json *row_of(struct netlink *nl, struct identity *ret)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	struct err e = { 0 };

	CHECK(identity_find(nl, "card0", ret, &e) == 0 && addr_all(nl, &all, &e) == 0);
	return physical_row_new(ret, &all);
}

static void test_node(struct netlink *nl, const struct json *row, const struct identity *was)
{
	auto_ptr(json) struct json *other = json_clone(row);
	struct identity hardware = *was;
	struct err e = { 0 };
	int64_t node = json_get_i64(row, "node", 0);

	CHECK(physical_row_is(row, was, "card0"));
	CHECK(physical_row_is(row, was, "nosuch0")); /* nobody knows */
	CHECK(identity_rename(nl, was->index, "card1", &e) == 0);
	CHECK(physical_row_is(row, was, "card1"));
	CHECK(identity_rename(nl, was->index, "card0", &e) == 0);
	json_set(other, "node", json_new_u64((uint64_t)node + 1));
	CHECK(physical_row_is(other, was, "card0") == (node == 0));
	(void)!str_format(hardware.parent, sizeof(hardware.parent), "0000:00:1f.6");
	CHECK(physical_row_is(other, &hardware, "card0"));
	(void)json_unset(other, "node"); /* of an older version */
	CHECK(physical_row_is(other, was, "card0"));
	CHECK(physical_row_is(row, was, "lo") == (node == 0));
}

static void test_addresses(struct netlink *nl, const struct json *row, uint32_t index)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	auto_free char *text = json_print(json_get(row, "addresses"), false);
	struct inet_addr a;
	struct err e = { 0 };
	size_t found = 0;

	CHECK_STR(text, "[\"192.0.2.9/24\"]");
	CHECK(inet_parse("192.0.2.9/24", &a) == 0 && addr_remove(nl, index, &a, &e) == 0);
	CHECK(physical_row_give_addresses(nl, index, row, &e) == 0 && addr_all(nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		found += all.items[i].index == index && inet_same(&all.items[i].addr, &a);
	CHECK_INT(found, 1);
}

static void test(void)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(identity) struct identity was = { 0 };
	auto_close int outside = own_zone_namespace();
	const struct link_veth card = {
		.host = "card0", .peer = "wire", .netns_fd = outside, .mac = mac
	};
	struct link_info l = { 0 };
	struct inet_addr a;
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && link_add_veth(&nl, &card, &e) == 0);
	CHECK(link_find(&nl, "card0", &l, &e) == 0 && inet_parse("192.0.2.9/24", &a) == 0);
	CHECK(addr_add(&nl, l.index, &a, &e) == 0);
	auto_ptr(json) struct json *row = row_of(&nl, &was);

	test_node(&nl, row, &was);
	test_addresses(&nl, row, l.index);
}

int main(void)
{
	return own_network_run(test);
}
