/* Taken, refused to others, given back; what each moment of a death leaves is put right by the next who looks. The whole with a zone: tests/zone/physical.bats. */
#include "net/physical.h"

#include <errno.h>

#include "net/addr.h"
#include "net/enter.h"
#include "runtime/base/json.h"
#include "runtime/base/sys.h"
#include "tests/unit/net/own_network.h"

static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };

struct place {
	struct netlink nl;
	struct own_dirs d;
	int zone;
	struct physical card;
	struct physical_list list;
};

static void place_make(struct place *p)
{
	auto_close int outside = own_zone_namespace();
	const struct link_veth card = {
		.host = "card0", .peer = "wire", .netns_fd = outside, .mac = mac
	};
	const struct link_change up = { .up = true };
	struct link_info l = { 0 };
	struct inet_addr a;
	struct err e = { 0 };

	*p = (struct place){ .nl = NETLINK_CLOSED,
			     .zone = own_zone_namespace(),
			     .card = { .name = "card0" } };
	p->list = (struct physical_list){ &p->card, 1 };
	own_dirs_make(&p->d);
	CHECK(netlink_open(&p->nl, NETLINK_ROUTE, &e) == 0);
	CHECK(fcntl(outside, F_DUPFD_CLOEXEC, 200) >= 200); /* lives as long as the test */
	CHECK(link_add_veth(&p->nl, &card, &e) == 0 && link_find(&p->nl, "card0", &l, &e) == 0);
	CHECK(link_change(&p->nl, "card0", &up, &e) == 0);
	CHECK(inet_parse("192.0.2.99/24", &a) == 0 && addr_add(&p->nl, l.index, &a, &e) == 0);
}

static bool has_address(struct netlink *nl, const char *address)
{
	auto_done(addr_list) struct addr_list all = { 0 };
	struct inet_addr a;
	struct err e = { 0 };
	bool found = false;

	CHECK(inet_parse(address, &a) == 0 && addr_all(nl, &all, &e) == 0);
	for (size_t i = 0; i < all.n; i++)
		found |= inet_same(&all.items[i].addr, &a);
	return found;
}

static bool on_host(struct place *p)
{
	struct link_info l = { 0 };
	struct err e = { 0 };

	return link_find(&p->nl, "card0", &l, &e) == 0;
}

static void check_home(struct place *p)
{
	auto_free char *journal = mem_format("%s/.links/web", p->d.run);
	auto_free char *hold = mem_format("%s/.netns/web", p->d.run);

	CHECK(on_host(p) && has_address(&p->nl, "192.0.2.99/24"));
	CHECK(!file_exists(AT_FDCWD, journal) && !file_exists(AT_FDCWD, hold));
}

static void test_settle(struct place *p)
{
	auto_done(netlink) struct netlink inside = NETLINK_CLOSED;
	struct inet_addr addr, router;
	struct physical card = {
		.name = "card0", .addrs = &addr, .n_addrs = 1, .routers = &router, .n_routers = 1
	};
	struct err e = { 0 };

	CHECK(inet_parse("192.0.2.11/24", &addr) == 0 && inet_parse("192.0.2.1", &router) == 0);
	CHECK(enter_namespace(p->zone, NULL, &inside, &e) == 0);
	CHECK(physical_settle(&inside, &card, &e) == 0);
	CHECK(has_address(&inside, "192.0.2.11/24") && !has_address(&inside, "192.0.2.99/24"));
}

/* While the zone runs: a second one comes, the first goes home, one that is not found stays noted. */
static void test_return(struct place *p)
{
	auto_close int outside = own_zone_namespace();
	const struct link_veth more = {
		.host = "card1", .peer = "wire1", .netns_fd = outside, .mac = mac
	};
	struct physical both[2] = { { .name = "card0" }, { .name = "card1" } };
	const struct physical_list two = { both, 2 }, second = { &both[1], 1 }, none = { 0 };
	auto_done(netlink) struct netlink inside = NETLINK_CLOSED;
	struct link_info l = { 0 };
	struct err e = { 0 };

	CHECK(!physical_is_noted(p->d.run, "web") && !physical_is_noted(p->d.run, ""));
	CHECK(physical_return(&p->nl, p->d.run, "web", &none, &e) == 0); /* nothing to do */
	CHECK(link_add_veth(&p->nl, &more, &e) == 0);
	CHECK(physical_take(&p->nl, p->d.run, "web", &p->list, p->zone, &e) == 0);
	CHECK(physical_take(&p->nl, p->d.run, "web", &two, p->zone, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(physical_is_noted(p->d.run, "web") && !on_host(p));
	CHECK(link_find(&p->nl, "card1", &l, &e) == -ENODEV);
	CHECK(physical_take(&p->nl, p->d.run, "web", &two, p->zone, &e) == 0); /* again */
	CHECK(physical_return(&p->nl, p->d.run, "web", &two, &e) == 0 && !on_host(p));
	CHECK(physical_return(&p->nl, p->d.run, "web", &second, &e) == 0 && on_host(p));
	CHECK(has_address(&p->nl, "192.0.2.99/24") && physical_is_noted(p->d.run, "web"));
	CHECK(link_find(&p->nl, "card1", &l, &e) == -ENODEV);
	CHECK(enter_namespace(p->zone, NULL, &inside, &e) == 0 &&
	      link_delete(&inside, "card1", &e) == 0);
	CHECK(physical_return(&p->nl, p->d.run, "web", &none, &e) == 0);
	CHECK(physical_is_noted(p->d.run, "web"));
	CHECK(physical_give_back(&p->nl, p->d.run, "web", &e) == 0);
	check_home(p);
}

static void test_death(struct place *p)
{
	static const char *const web[] = { "web", NULL }, *const none[] = { NULL };
	auto_free char *hold = mem_format("%s/.netns/web", p->d.run);
	struct err e = { 0 };

	/* whoever is alive keeps its links; the dead one's are swept */
	CHECK(physical_take(&p->nl, p->d.run, "web", &p->list, p->zone, &e) == 0);
	CHECK(physical_sweep(&p->nl, p->d.run, web, &e) == 0 && !on_host(p));
	CHECK(physical_sweep(&p->nl, p->d.run, none, &e) == 0);
	check_home(p);
	/* died between the journal and the first move: with and without the file of the mount */
	auto_free char *journal = mem_format("%s/.links/web", p->d.run);
	auto_free char *text = NULL;
	size_t n = 0;

	CHECK(physical_take(&p->nl, p->d.run, "web", &p->list, p->zone, &e) == 0);
	CHECK(file_read_all(AT_FDCWD, journal, 65536, &text, &n, &e) == 0);
	CHECK(physical_give_back(&p->nl, p->d.run, "web", &e) == 0);
	CHECK(file_replace(AT_FDCWD, journal, text, n, 0600, &e) == 0);
	CHECK(physical_give_back(&p->nl, p->d.run, "web", &e) == 0);
	check_home(p);
	CHECK(file_replace(AT_FDCWD, journal, text, n, 0600, &e) == 0 &&
	      file_replace(AT_FDCWD, hold, "", 0, 0600, &e) == 0);
	CHECK(physical_give_back(&p->nl, p->d.run, "web", &e) == 0);
	check_home(p);
}

static void test(void)
{
	struct place p;
	struct err e = { 0 };

	place_make(&p);
	CHECK(physical_check(&p.nl, p.d.run, "web", "card0", &e) == 0);
	CHECK(physical_check(&p.nl, p.d.run, "web", "nosuch0", &e) == -ENODEV);
	CHECK(physical_check(&p.nl, p.d.run, "web", "lo", &e) == -EINVAL);
	CHECK(physical_give_back(&p.nl, p.d.run, "web", &e) == 0); /* nothing to do */
	CHECK(physical_take(&p.nl, p.d.run, "web", &p.list, p.zone, &e) == 0);
	CHECK(!on_host(&p));
	CHECK(physical_check(&p.nl, p.d.run, "web", "card0", &e) == 0); /* its own */
	CHECK(physical_check(&p.nl, p.d.run, "two", "card0", &e) == -EBUSY);
	CHECK_STR(e.text, "zone \"web\" has the link \"card0\"; halt it first");
	CHECK(physical_take(&p.nl, p.d.run, "two", &p.list, p.zone, &e) == -EBUSY);
	CHECK(physical_give_back(&p.nl, p.d.run, "two", &e) == 0 && !on_host(&p));
	test_settle(&p);
	CHECK(physical_give_back(&p.nl, p.d.run, "web", &e) == 0);
	check_home(&p);
	CHECK(physical_give_back(&p.nl, p.d.run, "web", &e) == 0); /* again */
	test_return(&p);
	test_death(&p);
	netlink_done(&p.nl);
	own_dirs_done(&p.d);
	fd_close(&p.zone);
}

int main(void)
{
	return own_network_run(test);
}
