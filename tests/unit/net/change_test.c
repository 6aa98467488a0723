/* The network of a running zone changes, fails to, is interrupted; for real. Runs change_link.c as well. What connections make of it: tests/zone/apply_net.bats. */
#include "net/change.h"

#include <errno.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/guard.h"
#include "net/ipam.h"
#include "net/nat.h"
#include "net/plan.h"
#include "tests/unit/net/own_network.h"

struct world {
	struct own_dirs d;
	int ns;
	struct json *saved; /* what save() got last */
	int saves, fail_at; /* which save() fails; 0: none */
	bool fail_on;       /* and all behind it */
	bool ended;         /* check() says so */
	size_t noted;       /* leases at the first save() */
};

static size_t leases(const struct world *w)
{
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	return ipam_load(w->d.dirs.storage_dir, &j, &e) < 0 ? 999 : json_get(j, "leases")->n;
}

static int check(void *arg, struct err *e)
{
	const struct world *w = arg;

	return w->ended ? err_set(e, ECANCELED, "it has ended") : 0;
}

static int save(void *arg, const struct json *saved, struct err *e)
{
	struct world *w = arg;

	if (++w->saves == 1)
		w->noted = leases(w);
	if (w->saves == w->fail_at || (w->fail_on && w->saves > w->fail_at))
		return err_set(e, EIO, "no");
	json_free(w->saved);
	w->saved = json_clone(saved);
	return 0;
}

static int change(struct world *w, const struct zone_spec *from, const struct zone_spec *to,
		  struct err *e)
{
	auto_ptr(json) struct json *was = json_clone(w->saved);
	const struct net_change c = { .from = from,
				      .to = to,
				      .saved = was,
				      .netns_fd = w->ns,
				      .check = check,
				      .save = save,
				      .arg = w };

	w->saves = 0;
	return net_change(&c, &w->d.dirs, e);
}

/* "net0 10.88.0.2 net1 ..." as the kernel has them, link-local addresses left out */
static char *inside(int ns)
{
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_done(addr_list) struct addr_list addrs = { 0 };
	auto_done(link_list) struct link_list links = { 0 };
	struct strbuf b = { 0 };
	struct err e = { 0 };

	if (enter_namespace(ns, NULL, &nl, &e) < 0 || addr_all(&nl, &addrs, &e) < 0 ||
	    link_all(&nl, &links, &e) < 0)
		return mem_strdup(e.text);
	for (size_t i = 0; i < links.n; i++) {
		if (links.items[i].flags & IFF_LOOPBACK)
			continue;
		strbuf_format(&b, "%s%s", b.len ? " " : "", links.items[i].name);
		for (size_t k = 0; k < addrs.n; k++) {
			char text[INET_TEXT];

			inet_text_bare(&addrs.items[k].addr, text);
			if (addrs.items[k].index == links.items[i].index &&
			    !str_has_prefix(text, "fe80"))
				strbuf_format(&b, " %s", text);
		}
	}
	return strbuf_steal(&b);
}

static void check_inside(const struct world *w, const char *want, int line)
{
	auto_free char *got = inside(w->ns);

	test_str(got, want, "links and addresses inside", __FILE__, line);
}

static void check_guards(size_t want, int line)
{
	auto_done(strv) struct strv chains = { 0 };
	struct err e = { 0 };

	test_int(guard_list(&chains, &e) == 0 ? (long long)chains.n : -1, (long long)want, "chains",
		 __FILE__, line);
}

static void own_address(struct zone_anet *a, const char *four)
{
	strv_add(&a->allowed_address, four);
}

static struct zone_spec *first(void)
{
	struct zone_spec *z = own_zone("web", 2);

	own_address(&z->anet[0], "10.88.0.7/24");
	return z;
}

static struct zone_spec *second(void)
{
	struct zone_spec *z = own_zone("web", 3);

	own_address(&z->anet[0], "10.88.0.7/24");
	own_address(&z->anet[0], "10.77.0.7/24");
	z->anet[0].linkname = mem_strdup("lan");
	z->anet[0].mtu = (struct opt_u64){ true, 1400 };
	z->anet[0].maxbw = (struct opt_u64){ true, 50000000 };
	z->anet[0].isolated = (struct opt_bool){ true, true };
	z->anet[0].mac_address = mem_strdup("02:00:00:00:00:07");
	own_address(&z->anet[1], "10.66.0.7/24");
	own_address(&z->anet[2], "10.55.0.7/24");
	strv_add(&z->anet[2].link_protection, "none");
	return z;
}

#define FIRST  "net0 10.88.0.7 net1 10.88.0.2 fd00:88::2"
#define SECOND "lan 10.88.0.7 10.77.0.7 net1 10.66.0.7 net2 10.55.0.7"

static void forth_and_back(struct world *w, const struct zone_spec *a, const struct zone_spec *b)
{
	struct link_info l = { 0 };
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_ptr(json) struct json *before = json_clone(w->saved);
	auto_free char *was = json_print(before, false);
	struct err e = { 0 };

	CHECK_INT(change(w, a, b, &e), 0);
	CHECK_STR(e.text, "");
	check_inside(w, SECOND, __LINE__);
	check_guards(3, __LINE__); /* two protections, one bandwidth */
	CHECK_INT(w->saves, 2);
	CHECK_INT(w->noted, 6); /* those of both, as long as both may be there */
	CHECK(!json_get(w->saved, "before"));
	CHECK_INT(leases(w), 4);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 &&
	      enter_namespace(w->ns, NULL, &nl, &e) == 0 && link_find(&nl, "lan", &l, &e) == 0);
	CHECK_INT(l.mtu, 1400);
	CHECK_INT(l.mac[5], 7);
	CHECK_INT(change(w, b, b, &e), 0); /* nothing to do is done as well */
	check_inside(w, SECOND, __LINE__);
	CHECK_INT(change(w, b, a, &e), 0);
	check_inside(w, FIRST, __LINE__);
	check_guards(2, __LINE__);
	CHECK_INT(own_count_links("zi"), 0);
	CHECK_INT(leases(w), 3);
	auto_free char *is = json_print(w->saved, false);

	CHECK_STR(is, was);
}

static void refused_and_undone(struct world *w, const struct zone_spec *a,
			       const struct zone_spec *b)
{
	auto_free char *was = json_print(w->saved, false);
	auto_free char *is = NULL;
	struct err e = { 0 };

	w->ended = true;
	CHECK_INT(change(w, a, b, &e), -ECANCELED);
	CHECK_INT(w->saves, 0);
	w->ended = false;
	e = (struct err){ 0 };
	w->fail_at = 1; /* nothing is made that is not noted */
	CHECK_INT(change(w, a, b, &e), -EIO);
	CHECK_STR(e.text, "no");
	check_inside(w, FIRST, __LINE__);
	e = (struct err){ 0 };
	w->fail_at = 2; /* all is made, and cannot be noted */
	CHECK_INT(change(w, a, b, &e), -EIO);
	CHECK_STR(e.text, "no");
	w->fail_at = 0;
	check_inside(w, FIRST, __LINE__);
	check_guards(2, __LINE__);
	CHECK_INT(leases(w), 3);
	is = json_print(w->saved, false);
	CHECK_STR(is, was);
}

/* Records that all say something else have an end as well. */
static void too_many(struct world *w, const struct zone_spec *a, const struct zone_spec *b)
{
	struct json *was = w->saved;
	struct err e = { 0 };

	w->saved = json_clone(was);
	for (unsigned i = 0; i < 20; i++)
		json_set(json_add(json_get(w->saved, "before"), json_new_object()), "zone",
			 json_new_u64(i));
	CHECK_INT(change(w, a, b, &e), -EBUSY);
	CHECK_STR(e.text,
		  "22 changes of the network could neither be made nor undone: boot the zone anew");
	CHECK_INT(w->saves, 0);
	json_free(w->saved);
	w->saved = was;
}

/* Neither the change nor its undoing can be noted: both stay on record, and the next change settles it. */
static void stuck(struct world *w, const struct zone_spec *a, const struct zone_spec *b)
{
	struct err e = { 0 };

	w->fail_at = 2;
	w->fail_on = true;
	for (int i = 0; i < 5; i++) { /* and again: not a record each time */
		CHECK_INT(change(w, a, b, &e), -ENOTRECOVERABLE);
		CHECK(str_has_prefix(e.text, "the network could not be set back"));
	}
	w->fail_at = 0;
	w->fail_on = false;
	CHECK(json_get(w->saved, "before"));
	CHECK_INT(json_get(w->saved, "before")->n, 2);
	too_many(w, a, b);
	CHECK_INT(leases(w), 6);
	CHECK_INT(change(w, a, a, &e), 0);
	check_inside(w, FIRST, __LINE__);
	check_guards(2, __LINE__);
	CHECK(!json_get(w->saved, "before"));
	CHECK_INT(leases(w), 3);
}

/* Killed with everything made; the record still names both. */
static void interrupted(struct world *w, const struct zone_spec *a, const struct zone_spec *b)
{
	auto_ptr(json) struct json *old = json_clone(w->saved);
	auto_ptr(json) struct json *both = NULL, *other = json_clone(old);
	struct err e = { 0 };

	CHECK_INT(change(w, a, b, &e), 0);
	both = json_clone(w->saved);
	json_add(json_set(both, "before", json_new_array()), json_clone(old));
	json_free(w->saved);
	w->saved = json_clone(both);
	CHECK_INT(change(w, a, a, &e), 0); /* the file has been put back meanwhile */
	CHECK_STR(e.text, "");
	check_inside(w, FIRST, __LINE__);
	check_guards(2, __LINE__);
	CHECK(!json_get(w->saved, "before"));
	CHECK_INT(change(w, a, b, &e), 0);
	json_add(json_set(other, "before", json_new_array()), json_clone(w->saved));
	CHECK(net_detach(other, &w->d.dirs, &e) == 0); /* or the zone is halted */
	CHECK_INT(own_count_links("z"), 0);
	check_guards(0, __LINE__);
	CHECK_INT(nat_exists(&e), 0);
}

static struct zone_spec *on_card(size_t n)
{
	struct zone_spec *z = own_zone("web", n);

	if (n > 1) {
		z->anet[1].lower_link = mem_strdup("low0");
		own_address(&z->anet[1], "192.0.2.7/24");
	}
	return z;
}

/* It changes, goes to a network and comes back, and goes. */
static void card_moves(struct world *w, const struct zone_spec *b)
{
	auto_ptr(zone_spec) struct zone_spec *wide = on_card(2), *blue = on_card(2),
					     *less = on_card(1);
	struct err e = { 0 };

	wide->anet[1].mtu = (struct opt_u64){ true, 1400 };
	free(blue->anet[1].lower_link);
	blue->anet[1].lower_link = mem_strdup("auto:blue");
	strv_done(&blue->anet[1].allowed_address);
	CHECK_INT(change(w, b, wide, &e), 0);
	CHECK_INT(json_get_i64(json_get(w->saved, "links")->items[1], "mtu", 0), 1400);
	CHECK_INT(change(w, wide, blue, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_INT(own_count_links("zm"), 0);
	CHECK_INT(own_count_links("zbr-blue"), 1);
	CHECK(!json_get(json_get(w->saved, "links")->items[1], "uplink"));
	/* back, and the network with it; it fails at the very end and is undone */
	w->fail_at = 2;
	CHECK_INT(change(w, blue, b, &e), -EIO);
	CHECK_INT(own_count_links("zm"), 0);
	CHECK_INT(own_count_links("zbr-blue"), 1);
	w->fail_at = 0;
	CHECK_INT(change(w, blue, b, &e), 0);
	CHECK_INT(own_count_links("zm"), 1);
	CHECK_INT(own_count_links("zbr-blue"), 0);
	CHECK_INT(change(w, b, less, &e), 0);
	CHECK_INT(own_count_links("zm"), 0);
}

/* A link on a card is left alone while the one beside it changes; then it changes, moves to a network and goes. */
static void on_cards(void)
{
	auto_ptr(zone_spec) struct zone_spec *a = on_card(2), *b = on_card(2);
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	struct world w = { .ns = own_zone_namespace() };
	const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
	const struct link_veth wire = {
		.host = "low0", .peer = "wire", .netns_fd = w.ns, .mac = mac
	};
	const struct link_change up = { .up = true };
	struct err e = { 0 };

	own_dirs_make(&w.d);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && link_add_veth(&nl, &wire, &e) == 0 &&
	      link_change(&nl, "low0", &up, &e) == 0);
	CHECK_STR(e.text, "");
	CHECK(net_plan(a, &w.d.dirs, &p, &e) == 0 && net_attach(p, w.ns, &w.saved, &e) == 0);
	CHECK_STR(e.text, "");
	b->anet[0].mtu = (struct opt_u64){ true, 1400 };
	auto_free char *was = json_print(json_get(w.saved, "links")->items[1], false);

	CHECK(strstr(was, "\"uplink\""));
	CHECK_INT(change(&w, a, b, &e), 0);
	CHECK_STR(e.text, "");
	CHECK_INT(json_get_i64(json_get(w.saved, "links")->items[0], "mtu", 0), 1400);
	auto_free char *is = json_print(json_get(w.saved, "links")->items[1], false);

	CHECK_STR(is, was);
	/* also while it is not known how far an interrupted change came, when all parts of other links are done again */
	auto_ptr(json) struct json *before = json_clone(w.saved);

	json_add(json_set(w.saved, "before", json_new_array()), ptr_steal(&before));
	CHECK_INT(change(&w, b, b, &e), 0);
	CHECK_STR(e.text, "");
	CHECK(!json_get(w.saved, "before"));
	auto_free char *still = json_print(json_get(w.saved, "links")->items[1], false);

	CHECK_STR(still, was);
	CHECK_INT(own_count_links("zm"), 1);
	card_moves(&w, b);
	CHECK(net_detach(w.saved, &w.d.dirs, &e) == 0);
	CHECK_INT(own_count_links("z"), 0);
	CHECK_INT(link_delete(&nl, "low0", &e), 0); /* with its namespace it would go later */
	json_free(w.saved);
	(void)close(w.ns);
	own_dirs_done(&w.d);
}

static struct zone_spec *with_moved(const char *address)
{
	struct zone_spec *z = own_zone("web", 1);

	if (!address)
		return z;
	z->net = mem_array(1, sizeof(*z->net));
	z->n_net = 1;
	z->net[0].physical = mem_strdup("low0");
	strv_add(&z->net[0].address, address);
	return z;
}

/* A link of the host comes, has another address, goes; a failure at the end undoes each. */
static void moved(void)
{
	auto_ptr(zone_spec) struct zone_spec *a = with_moved(NULL), *b = with_moved("192.0.2.7/24"),
					     *c = with_moved("192.0.2.8/24");
	auto_ptr(net_plan) struct net_plan *p = NULL;
	auto_done(netlink) struct netlink nl = NETLINK_CLOSED;
	auto_close int outside = own_zone_namespace();
	struct world w = { .ns = own_zone_namespace() };
	const uint8_t mac[INET_MAC] = { 2, 0, 0, 0, 0, 1 };
	const struct link_veth wire = {
		.host = "low0", .peer = "wire", .netns_fd = outside, .mac = mac
	};
	struct err e = { 0 };

	own_dirs_make(&w.d);
	CHECK(netlink_open(&nl, NETLINK_ROUTE, &e) == 0 && link_add_veth(&nl, &wire, &e) == 0);
	CHECK(net_plan(a, &w.d.dirs, &p, &e) == 0 && net_attach(p, w.ns, &w.saved, &e) == 0);
	w.fail_at = 2;
	CHECK_INT(change(&w, a, b, &e), -EIO);
	CHECK_INT(own_count_links("low0"), 1);
	w.fail_at = 0;
	CHECK_INT(change(&w, a, b, &e), 0);
	CHECK_INT(own_count_links("low0"), 0);
	check_inside(&w, "net0 10.88.0.2 fd00:88::2 low0 192.0.2.7", __LINE__);
	w.fail_at = 2;
	CHECK_INT(change(&w, b, c, &e), -EIO);
	check_inside(&w, "net0 10.88.0.2 fd00:88::2 low0 192.0.2.7", __LINE__);
	CHECK_INT(change(&w, b, a, &e), -EIO);
	check_inside(&w, "net0 10.88.0.2 fd00:88::2 low0 192.0.2.7", __LINE__);
	w.fail_at = 0;
	CHECK_INT(change(&w, b, c, &e), 0);
	check_inside(&w, "net0 10.88.0.2 fd00:88::2 low0 192.0.2.8", __LINE__);
	CHECK_INT(change(&w, c, a, &e), 0);
	CHECK_INT(own_count_links("low0"), 1);
	check_inside(&w, "net0 10.88.0.2 fd00:88::2", __LINE__);
	CHECK_INT(change(&w, a, c, &e), 0);
	CHECK(net_detach(w.saved, &w.d.dirs, &e) == 0);
	CHECK_INT(own_count_links("z"), 0);
	CHECK_INT(own_count_links("low0"), 1);
	CHECK_INT(link_delete(&nl, "low0", &e), 0);
	json_free(w.saved);
	(void)close(w.ns);
	own_dirs_done(&w.d);
}

static void test(void)
{
	auto_ptr(zone_spec) struct zone_spec *a = first(), *b = second();
	auto_ptr(net_plan) struct net_plan *p = NULL;
	struct world w = { .ns = own_zone_namespace() };
	struct err e = { 0 };

	own_dirs_make(&w.d);
	CHECK(w.ns >= 0);
	CHECK(net_plan(a, &w.d.dirs, &p, &e) == 0);
	CHECK(net_attach(p, w.ns, &w.saved, &e) == 0);
	CHECK_STR(e.text, "");
	check_inside(&w, FIRST, __LINE__);
	forth_and_back(&w, a, b);
	refused_and_undone(&w, a, b);
	stuck(&w, a, b);
	interrupted(&w, a, b);
	json_free(w.saved);
	(void)close(w.ns);
	own_dirs_done(&w.d);
	on_cards();
	moved();
}

int main(void)
{
	return own_network_run(test);
}
