#include "net/guard.h"
#include "net/ipam.h"
#include "net/plan.h"
#include "tests/unit/net/own_network.h"

static struct json *attached(const char *zone, int ns, const struct net_dirs *dirs)
{
	auto_ptr(zone_spec) struct zone_spec *z = own_zone(zone, 1);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct json *saved = NULL;
	struct err e = { 0 };

	z->anet[0].maxbw = (struct opt_u64){ true, 1000000 };
	if (str_eq(zone, "c")) {
		z->anet[0].lower_link = mem_strdup("auto:blue");
		z->anet[0].shared_bw = (struct opt_u64){ true, 4000000 };
	}
	CHECK(net_plan(z, dirs, &p, &e) == 0);
	CHECK(net_attach(p, ns, &saved, &e) == 0);
	return saved;
}

/* The macvlan of a link on a card, made a moment before its zone was killed (uplink.h). */
static void add_macvlan(const char *zone, const char *lower)
{
	static const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 9 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct link_info l = { 0 };
	char host[IFNAMSIZ], name[IFNAMSIZ];
	struct err e = { 0 };

	plan_host_name(zone, 5, host);
	plan_twin_name(host, 'm', name);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && link_find(&nl, lower, &l, &e) == 0);
	const struct link_macvlan m = { .name = name, .lower = l.index, .mac = mac };

	CHECK(link_add_macvlan(&nl, &m, &e) == 0);
}

/* As whoever recovers does it: the lock is held already. */
static bool swept(const struct net_dirs *dirs, const char *const *alive, const char *const *known)
{
	struct err e = { 0 };
	auto_close int lock = net_lock(dirs, &e);

	return lock >= 0 && net_sweep(alive, known, dirs, &e) == 0;
}

static void test(void)
{
	static const char *const all[] = { "a", "b", NULL }, *const only_b[] = { "b", NULL },
				 *const none[] = { NULL };
	auto_close int one = own_zone_namespace();
	auto_close int two = own_zone_namespace();
	auto_close int three = own_zone_namespace();
	auto_done(strv) struct strv chains = { 0 };
	auto_ptr(json) struct json *leases = NULL;
	struct own_dirs d;
	struct err e = { 0 };

	own_dirs_make(&d);
	auto_ptr(json) struct json *a = attached("a", one, &d.dirs);
	auto_ptr(json) struct json *b = attached("b", two, &d.dirs);

	auto_ptr(json) struct json *c = attached("c", three, &d.dirs);

	CHECK(own_count_links("zbr-blue") == 1 && own_count_links("zs") == 2);
	CHECK(ipam_load(d.storage, &leases, &e) == 0 && json_get(leases, "networks") &&
	      json_get(leases, "totals"));
	json_free(leases);
	leases = NULL;
	add_macvlan("a", "zbr0");
	/* "c" is gone, and its configuration */
	CHECK(swept(&d.dirs, all, all));
	CHECK_INT(own_count_links("zm"), 1);
	CHECK(own_count_links("zbr-blue") == 0 && own_count_links("zs") == 0);
	CHECK(ipam_load(d.storage, &leases, &e) == 0 && !json_get(leases, "networks") &&
	      !json_get(leases, "totals"));
	json_free(leases);
	leases = NULL;
	CHECK_INT(own_count_links("zv"), 2);
	CHECK_INT(own_count_links("zi"), 2);
	/* "a" died without a word; it is still configured */
	CHECK(swept(&d.dirs, only_b, all));
	CHECK_INT(own_count_links("zv"), 1);
	CHECK_INT(own_count_links("zi"), 1);
	CHECK_INT(own_count_links("zm"), 0);
	CHECK(guard_list(&chains, &e) == 0 && chains.n == 2);
	CHECK(ipam_load(d.storage, &leases, &e) == 0 && json_get(leases, "leases")->n == 4);
	CHECK(swept(&d.dirs, none, none));
	CHECK_INT(own_count_links("z"), 0);
	json_free(leases);
	leases = NULL;
	CHECK(ipam_load(d.storage, &leases, &e) == 0 && json_get(leases, "leases")->n == 0);
	/* the records are still good for nothing worse than nothing */
	CHECK(net_detach(a, &d.dirs, &e) == 0 && net_detach(b, &d.dirs, &e) == 0 &&
	      net_detach(c, &d.dirs, &e) == 0);
	own_dirs_done(&d);
}

int main(void)
{
	return own_network_run(test);
}
