/* audit - the network of a running zone beside what it runs with.
 *
 * What the links should be is planned once more from the configuration, with the addresses that were saved; net_status() says what the kernel has, guard.c and publish_rules.c how the rules read. */
#include "net/net.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "net/change.h"
#include "net/guard.h"
#include "net/ipam.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/networks.h"
#include "net/nft.h"
#include "net/plan.h"
#include "net/publish_rules.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { BITS = 8 };

struct audit {
	const struct net_audit *of;
	struct findings *ret;
	struct net_plan *plan;
	struct json *status;
	struct netlink host;
	bool may; /* root inside has net_admin */
};
static void audit_done(struct audit *a)
{
	net_plan_free(a->plan);
	json_free(a->status);
	netlink_done(&a->host);
}

/* --- what should be --------------------------------------------------------------------------- */

static void take_saved(struct plan_link *l, const struct json *saved)
{
	const struct json *list = json_get(saved, "addresses");

	(void)!inet_mac_parse(json_get_string(saved, "mac", ""), l->mac);
	(void)!str_format(l->device, sizeof(l->device), "%s", json_get_string(saved, "device", ""));
	l->is_uplink = json_get_bool(saved, "uplink", false);
	l->addrs.n = 0;
	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr addr;

		if (list->items[i]->type == JSON_STRING &&
		    inet_parse(list->items[i]->text, &addr) == 0)
			plan_addrs_add(&l->addrs, &addr);
	}
}

static int plan_again(struct audit *a, const struct net_dirs *dirs, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(json) struct json *leases = NULL;
	struct plan_subnets subnets;
	bool changed = false;
	int r = plan_subnets_get(&subnets, e);

	if (r == 0 && plan_build(a->of->zone, &subnets, &a->plan, &diags) < 0)
		r = diag_err(&diags, e);
	if (r < 0)
		return r;
	a->plan->run_dir = mem_strdup(dirs->run_dir);
	a->plan->storage_dir = mem_strdup(dirs->storage_dir);
	r = ipam_load(dirs->storage_dir, &leases, e);
	if (r == 0 && networks_settle(a->plan, &subnets, &a->host, leases, &diags, &changed) > 0)
		r = diag_err(&diags, e);
	for (size_t i = 0; r == 0 && i < a->plan->n_links; i++) {
		struct plan_link *l = &a->plan->links[i];
		const struct json *saved = change_entry(a->of->saved, l->host);

		if (saved && !l->is_shared)
			take_saved(l, saved);
	}
	if (r == 0 && plan_finish(a->plan, &subnets, leases, &diags) < 0)
		r = diag_err(&diags, e);
	return r;
}

/* --- one link --------------------------------------------------------------------------------- */

struct line {
	struct audit *a;
	const struct plan_link *l;
	const struct json *saved, *is;
	char *base; /* "anet[0]" */
};

static void judge(const struct line *x, const char *key, const char *promised, const char *enforced,
		  enum finding_verdict otherwise)
{
	auto_free char *property = mem_format("%s.%s", x->base, key);

	(void)finding_judge(x->a->ret, property, promised, enforced, otherwise);
}

static void unknown(const struct line *x, const char *key, const char *promised,
		    const struct err *why)
{
	auto_free char *property = mem_format("%s.%s", x->base, key);

	(void)finding_unknown(x->a->ret, property, promised, why->text);
}

static enum finding_verdict at_its_end(const struct line *x)
{
	return x->a->may ? FINDING_CHANGED : FINDING_DIFFERS;
}

static void audit_addresses(const struct line *x)
{
	const struct json *list = json_get(x->is, "addresses");
	const struct json *wanted = json_get(x->saved, "addresses");

	for (size_t i = 0; wanted && wanted->type == JSON_ARRAY && i < wanted->n; i++) {
		const char *one = wanted->items[i]->text;
		bool found = false;

		for (size_t k = 0; list && k < list->n; k++)
			found = found || str_eq(list->items[k]->text, one);
		judge(x, "allowedAddress", one, found ? one : "not there", at_its_end(x));
	}
	wanted = json_get(x->is, "routesMissing");
	if (json_get(x->is, "routesMissing"))
		judge(x, "defrouter", "routed", wanted->n ? "no default route" : "routed",
		      at_its_end(x));
}

static void audit_inside(const struct line *x)
{
	const char *name = json_get_string(x->saved, "name", "");
	bool there = json_get_bool(x->is, "present", false);

	judge(x, "linkname", name, there ? name : "not there", at_its_end(x));
	if (!there)
		return;
	judge(x, "macAddress", json_get_string(x->saved, "mac", ""),
	      json_get_string(x->is, "mac", ""), at_its_end(x));
	if (json_get_bool(x->saved, "configure", true))
		audit_addresses(x);
}

static void audit_mtu(const struct line *x)
{
	int64_t wanted = json_get_i64(x->saved, "mtu", 0);
	auto_free char *promised = mem_format("%" PRId64, wanted);
	auto_free char *inside = mem_format("%" PRId64, json_get_i64(x->is, "mtu", 0));
	struct link_info out = { 0 };
	struct err why = { 0 };

	if (wanted == 0)
		return;
	if (json_get_bool(x->is, "present", false))
		judge(x, "mtu", promised, inside, at_its_end(x));
	if (link_find(&x->a->host, x->l->host, &out, &why) < 0)
		return; /* that it is gone is said elsewhere */
	auto_free char *outside = mem_format("%u", out.mtu);

	judge(x, "mtu.host", promised, outside, FINDING_DIFFERS);
}

static void audit_host(const struct line *x)
{
	const char *bridge = json_get_string(x->saved, "bridge", "");
	const char *is = !json_get_bool(x->is, "hostPresent", false) ? "the host's end is gone"
			 : !json_get_bool(x->is, "hostUp", false)    ? "the host's end is down"
			 : !json_get_bool(x->is, "attached", false)  ? "not attached"
								     : bridge;
	struct err why = { 0 };
	bool isolated = false;

	judge(x, "lowerLink", bridge, is, FINDING_DIFFERS);
	if (!x->l->isolated || x->l->is_uplink || x->l->is_shared || x->l->cni[0])
		return;
	if (link_is_isolated(&x->a->host, x->l->host, &isolated, &why) < 0)
		unknown(x, "isolated", "true", &why);
	else
		judge(x, "isolated", "true", isolated ? "true" : "false", FINDING_DIFFERS);
}

static void audit_guard(const struct line *x)
{
	const struct plan_link *l = x->l;
	const struct guard g = { .device = l->cni[0] ? l->device : l->host,
				 .chain = l->host,
				 .kinds = l->guards,
				 .mac = l->mac,
				 .addrs = l->addrs.items,
				 .n_addrs = l->addrs.n,
				 .gates = l->gates.items,
				 .n_gates = l->gates.n };
	auto_done(strv) struct strv kinds = { 0 };
	auto_free char *promised = NULL;
	struct err why = { 0 };
	bool there = false, same = false;

	if (!l->guards)
		return;
	guard_words(l->guards, &kinds);
	promised = strv_join(&kinds, " ");
	if (guard_audit(&g, &there, &same, &why) < 0)
		unknown(x, "linkProtection", promised, &why);
	else
		judge(x, "linkProtection", promised,
		      same    ? promised
		      : there ? "other rules"
			      : "no rules",
		      FINDING_DIFFERS);
}

/* The kernel counts in bytes. */
static void audit_rate(const struct line *x, const char *key, const struct json *rates)
{
	int64_t wanted = json_get_i64(x->saved, "maxbw", 0);
	int64_t to = json_get_i64(rates, "toZone", 0), from = json_get_i64(rates, "fromZone", 0);
	bool same = to / BITS == wanted / BITS && from / BITS == wanted / BITS;
	auto_free char *promised = mem_format("%" PRId64 " bit/s each way", wanted);
	auto_free char *is =
		same ? mem_strdup(promised)
		     : mem_format("%" PRId64 " to the zone, %" PRId64 " from it", to, from);

	judge(x, key, promised, is, FINDING_DIFFERS);
}

static void audit_bandwidth(const struct line *x)
{
	const struct json *share = json_get(x->is, "bwShare");

	if (json_get(x->saved, "maxbw"))
		audit_rate(x, "maxbw", json_get(x->is, "maxbw"));
	if (json_get(x->saved, "share"))
		judge(x, "bwShare", "a share each way",
		      json_get_i64(share, "toZone", 0) > 0 && json_get_i64(share, "fromZone", 0) > 0
			      ? "a share each way"
			      : "none",
		      FINDING_DIFFERS);
}

static const struct json *status_of(const struct audit *a, const char *name)
{
	const struct json *links = json_get(a->status, "links");

	for (size_t i = 0; links && i < links->n; i++)
		if (str_eq(json_get_string(links->items[i], "name", ""), name))
			return links->items[i];
	return NULL;
}

static void audit_link(struct audit *a, size_t i)
{
	const struct plan_link *l = &a->plan->links[i];
	auto_free char *base = l->is_shared ? mem_strdup("net") : mem_format("anet[%zu]", i);
	struct line x = { .a = a, .l = l, .base = base };

	x.saved = change_entry(a->of->saved, l->host);
	x.is = x.saved ? status_of(a, json_get_string(x.saved, "name", "")) : NULL;
	if (!x.is) {
		judge(&x, "linkname", l->name, "not made", FINDING_DIFFERS);
		return;
	}
	audit_inside(&x);
	audit_mtu(&x);
	audit_host(&x);
	audit_guard(&x);
	audit_bandwidth(&x);
}

/* --- links of the host, published ports ------------------------------------------------------- */

static void audit_moved(struct audit *a)
{
	for (size_t i = 0; i < a->plan->moved.n; i++) {
		const char *name = a->plan->moved.items[i].name;
		const struct json *is = status_of(a, name);
		auto_free char *property = mem_format("net[%zu].physical", i);

		(void)finding_judge(a->ret, property, name,
				    json_get_bool(is, "present", false) ? name : "not there",
				    a->may ? FINDING_CHANGED : FINDING_DIFFERS);
	}
}

static void audit_port(struct audit *a, size_t i, const struct strv *before, const struct strv *out)
{
	const struct publish *p = &a->plan->ports.items[i];
	auto_ptr(nft_batch) struct nft_batch *b = nft_batch_new(NFPROTO_INET, NAT_TABLE);
	auto_free char *property = mem_format("publish[%zu]", i);
	auto_done(strv) struct strv wanted = { 0 };
	char text[PUBLISH_TEXT];
	bool all;

	publish_text(p, text);
	nft_batch_texts(b, &wanted);
	publish_rules(b, "prerouting", p);
	all = wanted.n > 0; /* an address that is nowhere is led nowhere */
	for (size_t k = 0; k < wanted.n; k++)
		all = all && strv_has(before, wanted.items[k]) && strv_has(out, wanted.items[k]);
	auto_free char *promised = mem_format("%s to %u", text, p->to);

	(void)finding_judge(a->ret, property, promised, all ? promised : "no such rule",
			    FINDING_DIFFERS);
}

static void audit_ports(struct audit *a)
{
	auto_done(strv) struct strv before = { 0 };
	auto_done(strv) struct strv out = { 0 };
	struct err why = { 0 };
	int r;

	if (a->plan->ports.n == 0)
		return;
	r = nft_chain_texts(NFPROTO_INET, NAT_TABLE, "prerouting", &before, &why);
	if (r == 0)
		r = nft_chain_texts(NFPROTO_INET, NAT_TABLE, "output", &out, &why);
	if (r < 0)
		(void)finding_unknown(a->ret, "publish", "its ports", why.text);
	for (size_t i = 0; r == 0 && i < a->plan->ports.n; i++)
		audit_port(a, i, &before, &out);
}

static bool may_configure(const struct zone_spec *z)
{
	auto_done(strv) struct strv caps = { 0 };
	char why[256];

	return zone_privileges(z->limitpriv, z->brand, &caps, why, sizeof(why)) == 0 &&
	       strv_has(&caps, "CAP_NET_ADMIN");
}

int net_audit(const struct net_audit *of, const struct net_dirs *dirs, struct findings *ret,
	      struct err *e)
{
	auto_done(audit) struct audit a = {
		.of = of, .ret = ret, .host = NETLINK_CLOSED, .may = may_configure(of->zone)
	};
	int r = netlink_open(&a.host, NETLINK_ROUTE, e);

	if (r == 0)
		r = plan_again(&a, dirs, e);
	if (r == 0)
		r = net_status(of->saved, of->netns_fd, NULL, &a.status, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < a.plan->n_links; i++)
		audit_link(&a, i);
	audit_moved(&a);
	audit_ports(&a);
	return 0;
}
