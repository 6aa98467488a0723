/* A link is known again whatever was done to it, and put back as it was. */
#include "net/identity.h"

#include <errno.h>

#include "tests/unit/net/own_network.h"

static void add_name(struct netlink *nl, uint32_t index, const char *name)
{
	const struct identity one = { .names = { .items = (char *[]){ (char *)name }, .n = 1 } };
	struct err e = { 0 };

	/* the other properties of `one` are refused or change nothing that is looked at */
	(void)!identity_restore(nl, index, &one, &e);
}

static void check_back(struct netlink *nl, const struct identity *was, const struct identity *now)
{
	auto_done(identity) struct identity again = { 0 };
	struct err e = { 0 };

	CHECK(identity_drop_names(nl, now, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(identity_rename(nl, now->index, was->name, &e) == 0);
	CHECK(identity_restore(nl, now->index, was, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(identity_find(nl, "card0", &again, &e) == 0);
	auto_ptr(json) struct json *a = identity_save(was);
	auto_ptr(json) struct json *b = identity_save(&again);
	auto_free char *before = json_print(a, false);
	auto_free char *after = json_print(b, false);

	CHECK_STR(after, before);
}

static void test(void)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 },
			     other[INET_MAC] = { 2, 0, 0, 0, 0, 2 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int outside = own_zone_namespace();
	const struct link_veth card = {
		.host = "card0", .peer = "wire", .netns_fd = outside, .mac = mac, .mtu = 1450
	};
	const struct link_change named = { .alias = "the card" };
	auto_done(identity) struct identity was = { 0 };
	auto_done(identity) struct identity now = { 0 };
	auto_done(identity) struct identity loaded = { 0 };
	struct identity none = { 0 };
	char user[IFNAMSIZ];
	struct err e = { 0 };

	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0);
	CHECK(identity_find(&nl, "card0", &was, &e) == -ENODEV);
	CHECK(link_add_veth(&nl, &card, &e) == 0 && link_change(&nl, "card0", &named, &e) == 0);
	CHECK(identity_find(&nl, "card0", &was, &e) == 0);
	CHECK(was.numbers[0] == 1450 && was.has_mac && !was.has_hardware);
	CHECK_STR(was.kind, "veth");
	CHECK_STR(was.alias, "the card");
	/* to disk and back */
	auto_ptr(json) struct json *saved = identity_save(&was);

	CHECK(identity_load(saved, &loaded, &e) == 0);
	CHECK_STR(loaded.name, "card0");
	CHECK(loaded.index == was.index && loaded.lower == was.lower &&
	      memcmp(loaded.mac, was.mac, INET_MAC) == 0);
	json_set(saved, "name", json_new_string("a name that is too long"));
	CHECK(identity_load(saved, &loaded, &e) == -EINVAL);
	/* everything is changed */
	struct identity forged = { .numbers = { 700, 7, 9, 3000, 3, 3000 },
				   .has_mac = true,
				   .alias = (char *)"mine",
				   .flags = IFF_PROMISC | IFF_NOARP };

	memcpy(forged.mac, other, INET_MAC);
	CHECK(identity_restore(&nl, was.index, &forged, &e) == 0);
	CHECK(identity_rename(&nl, was.index, "foo", &e) == 0);
	for (unsigned i = 0; i < 400; i++) {
		char name[128];

		(void)snprintf(name, sizeof(name), "%0100u", i);
		add_name(&nl, was.index, name);
	}
	CHECK(identity_search(&nl, &was, false, &now, &e) == 1);
	CHECK_STR(now.name, "foo");
	CHECK_INT(now.names.n, 400);
	CHECK(identity_search(&nl, &was, true, &none, &e) ==
	      0); /* where others make links its name would have to be the same */
	check_back(&nl, &was, &now);
	/* another link in its place */
	CHECK(identity_used_by(&nl, was.index, user, &e) == 0);
	CHECK_STR(user, "");
	const struct link_macvlan on = { .name = "on0", .lower = was.index, .mac = other };

	CHECK(link_add_macvlan(&nl, &on, &e) == 0 &&
	      identity_used_by(&nl, was.index, user, &e) == 0);
	CHECK_STR(user, "on0");
	CHECK(link_delete(&nl, "card0", &e) == 0);
	CHECK(identity_search(&nl, &was, false, &none, &e) == 0);
	CHECK(link_add_ifb(&nl, "card0", &e) == 0);
	CHECK(identity_search(&nl, &was, true, &none, &e) == 0);
}

int main(void)
{
	return own_network_run(test);
}
