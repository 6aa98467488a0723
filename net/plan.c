/* From configuration to operations. Nothing here touches the kernel: the tests compare the printed plan. */
#include "net/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bridge.h"
#include "net/cni_attach.h"
#include "net/guard.h"
#include "net/ipam.h"
#include "net/networks.h"
#include "net/sysctl.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

void plan_addrs_add(struct plan_addrs *v, const struct inet_addr *a)
{
	v->items = mem_grow(v->items, v->n + 1, sizeof(*v->items));
	v->items[v->n++] = *a;
}

void net_plan_free(struct net_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_links; i++) {
		free(p->links[i].addrs.items);
		free(p->links[i].routers.items);
		free(p->links[i].gates.items);
		free(p->links[i].lowers);
		json_free(p->links[i].cni_runtime);
	}
	free(p->links);
	physical_list_done(&p->moved);
	publish_list_done(&p->ports);
	free(p->ops);
	free(p->zonename);
	free(p->hostname);
	strv_done(&p->dns.nameservers);
	strv_done(&p->dns.search);
	strv_done(&p->dns.options);
	free(p->run_dir);
	free(p->storage_dir);
	free(p);
}

/* --- names ------------------------------------------------------------------------------------ */

void net_auto_mac(const char *zonename, size_t index, char *buf)
{
	auto_free char *text = mem_format("%s/%zu", zonename, index);
	uint64_t h = inet_hash(text);
	uint8_t mac[INET_MAC];

	for (size_t i = 0; i < INET_MAC; i++)
		mac[i] = (uint8_t)(h >> (i * 8));
	mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02); /* locally administered, not a group */
	inet_mac_text(mac, buf);
}

void plan_host_name(const char *zonename, size_t index, char buf[IFNAMSIZ])
{
	(void)snprintf(buf, IFNAMSIZ, "zv%08x.%u", (unsigned)inet_hash(zonename),
		       (unsigned)(index % 10000));
}

bool net_names_clash(const char *a, const char *b)
{
	return (uint32_t)inet_hash(a) == (uint32_t)inet_hash(b);
}

void plan_twin_name(const char *host, char letter, char buf[IFNAMSIZ])
{
	(void)snprintf(buf, IFNAMSIZ, "z%c%s", letter, host + strlen("zv"));
}

void plan_ifb_name(const char *host, char buf[IFNAMSIZ])
{
	plan_twin_name(host, 'i', buf);
}

void plan_share_chain(const char *host, char buf[IFNAMSIZ])
{
	plan_twin_name(host, 't', buf);
}

const char *plan_host_name_hash(const char *link)
{
	const char *hash = str_after(link, "z");

	hash = hash && *hash && strchr("vimot", *hash) ? hash + 1 : NULL;
	if (!hash || strspn(hash, "0123456789abcdef") != 8 || hash[8] != '.')
		return NULL;
	return hash[9] && strspn(hash + 9, "0123456789") == strlen(hash + 9) ? hash : NULL;
}

/* --- subnets ---------------------------------------------------------------------------------- */

static int plan_subnet(const char *variable, const char *otherwise, int family,
		       struct inet_addr *ret, struct err *e)
{
	const char *text = getenv(variable);
	struct inet_addr a;

	if (str_empty(text))
		text = otherwise;
	if (inet_parse(text, &a) < 0 || a.family != family || !a.has_prefix || a.prefix == 0 ||
	    a.prefix + 2 > inet_bits(&a))
		return err_set(e, EINVAL, "%s: \"%s\" is not a subnet", variable, text);
	*ret = inet_nth(&a, 1);
	return 0;
}

int plan_subnets_get(struct plan_subnets *ret, struct err *e)
{
	struct plan_subnets s = { 0 };
	int r = plan_subnet("ZONES_SUBNET4", "10.88.0.0/24", AF_INET, &s.four, e);

	if (r == 0 && sysctl_has_ipv6())
		r = plan_subnet("ZONES_SUBNET6", "fd00:88::/64", AF_INET6, &s.six, e);
	if (r == 0)
		*ret = s;
	return r;
}

/* --- reading the configuration ---------------------------------------------------------------- */

struct plan_reader {
	const struct plan_subnets *subnets;
	const struct zone_anet *anet;
	size_t index;
	struct diag_list *diags;
	size_t errors;
};

void plan_complain(struct diag_list *diags, size_t index, const char *key, const char *fmt,
		   va_list args)
{
	auto_free char *path = mem_format("anet[%zu].%s", index, key);
	char text[400];

	(void)vsnprintf(text, sizeof(text), fmt, args);
	diag_add(diags, DIAG_AT(0, 0), path, "host", NULL, "%s", text);
}

static void plan_report(struct plan_reader *r, const char *key, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static void plan_report(struct plan_reader *r, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	plan_complain(r->diags, r->index, key, fmt, args);
	va_end(args);
	r->errors++;
}

/* The names "all" and "default" would be directories of the kernel's parameters, and the rest cannot be a link's name. */
static bool plan_name_ok(const char *name)
{
	static const char *const reserved[] = { "", ".", "..", "all", "default", "lo" };

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq(name, reserved[i]))
			return false;
	return strlen(name) < IFNAMSIZ && str_is_line_safe(name, "/: %\t");
}

static bool plan_is_cni(const struct zone_anet *a)
{
	return a->lower_link && str_has_prefix(a->lower_link, ZONE_LOWER_CNI);
}

static void plan_read_names(struct plan_reader *r, struct plan_link *l, const char *zonename)
{
	const struct zone_anet *a = r->anet;
	char name[IFNAMSIZ], mac[INET_MAC_TEXT];
	const char *linkname = name;

	(void)snprintf(name, sizeof(name), "net%u", (unsigned)(r->index % 10000));
	if (!str_empty(a->linkname))
		linkname = a->linkname;
	if (plan_name_ok(linkname))
		(void)!str_format(l->name, sizeof(l->name), "%s", linkname);
	else
		plan_report(r, "linkname", "\"%s\" cannot be the name of a link", linkname);
	plan_host_name(zonename, r->index, l->host);
	l->automatic = str_empty(a->lower_link) || str_eq(a->lower_link, "auto") ||
		       str_has_prefix(a->lower_link, ZONE_LOWER_AUTO);
	r->errors += networks_read(a, r->index, r->subnets, l, r->diags);
	if (plan_is_cni(a))
		r->errors += cni_attach_read(a, r->index, l, r->diags);
	else if (l->automatic && !l->network[0])
		(void)!str_format(l->bridge, sizeof(l->bridge), "%s", BRIDGE_NAME);
	else if (!l->automatic && plan_name_ok(a->lower_link))
		(void)!str_format(l->bridge, sizeof(l->bridge), "%s", a->lower_link);
	else if (!l->automatic)
		plan_report(r, "lowerLink", "\"%s\" cannot be the name of a link", a->lower_link);
	net_auto_mac(zonename, r->index, mac);
	if (inet_mac_parse(str_empty(a->mac_address) || str_eq(a->mac_address, "auto")
				   ? mac
				   : a->mac_address,
			   l->mac) < 0)
		plan_report(r, "macAddress", "\"%s\" is not a MAC address", a->mac_address);
	else if (l->mac[0] & 1)
		plan_report(r, "macAddress", "\"%s\" is a group address", a->mac_address);
}

static void plan_read_guards(struct plan_reader *r, struct plan_link *l)
{
	const struct strv *words = &r->anet->link_protection;

	if (words->n == 0)
		l->guards = GUARD_MAC | GUARD_IP | GUARD_DHCP | GUARD_RESTRICTED;
	for (size_t i = 0; i < words->n; i++) {
		unsigned bit = guard_bit(words->items[i]);

		if (!bit && !str_eq(words->items[i], "none"))
			plan_report(r, "linkProtection", "\"%s\" is not a kind of link protection",
				    words->items[i]);
		l->guards |= bit;
	}
}

/* Without a prefix an address takes that of the bridge's subnet it lies in. */
static bool plan_take_prefix(const struct plan_link *l, const struct plan_subnets *s,
			     struct inet_addr *a)
{
	const struct inet_addr *net = a->family == AF_INET ? &s->four : &s->six;

	if (a->has_prefix)
		return true;
	if (!l->automatic || !inet_contains(net, a))
		return false;
	a->prefix = net->prefix;
	a->has_prefix = true;
	return true;
}

static void plan_read_address(struct plan_reader *r, struct plan_link *l, const char *text)
{
	struct inet_addr a;
	const char *why;

	if (inet_parse(text, &a) < 0) {
		plan_report(r, "allowedAddress", "\"%s\" is not an address", text);
		return;
	}
	if (!plan_take_prefix(l, r->subnets, &a)) {
		plan_report(r, "allowedAddress", "\"%s\" has no prefix length", text);
		return;
	}
	why = inet_unusable(&a);
	if (why)
		plan_report(r, "allowedAddress", "\"%s\" %s", text, why);
	else if (l->automatic && a.prefix + 2 > inet_bits(&a))
		plan_report(r, "allowedAddress",
			    "the subnet of \"%s\" has no room for the bridge's address", text);
	else if (a.family == AF_INET6 && !r->subnets->six.family)
		plan_report(r, "allowedAddress", "\"%s\": this kernel runs without IPv6", text);
	else
		plan_addrs_add(&l->addrs, &a);
}

static void plan_read_addresses(struct plan_reader *r, struct plan_link *l)
{
	const struct zone_anet *a = r->anet;
	struct inet_addr router;

	l->configure = !a->configure_allowed_address.set || a->configure_allowed_address.value;
	if (!l->configure && (l->guards & GUARD_IP))
		l->guards |= GUARD_DHCP_CLIENT;
	l->isolated = a->isolated.set && a->isolated.value;
	if (l->isolated)
		l->guards |= GUARD_ISOLATED;
	for (size_t i = 0; i < a->allowed_address.n; i++)
		plan_read_address(r, l, a->allowed_address.items[i]);
	l->wants_lease = l->automatic && a->allowed_address.n == 0;
	if (!l->automatic && a->allowed_address.n == 0 && (l->guards & GUARD_IP))
		plan_report(
			r, "allowedAddress",
			"is empty, so with ip-nospoof the zone could send nothing through \"%s\"",
			l->bridge);
	for (size_t i = 0; i < a->defrouter.n; i++) {
		if (inet_parse(a->defrouter.items[i], &router) == 0)
			plan_addrs_add(&l->routers, &router);
		else
			plan_report(r, "defrouter", "\"%s\" is not an address",
				    a->defrouter.items[i]);
	}
}

static void plan_read_rest(struct plan_reader *r, struct plan_link *l)
{
	const struct zone_anet *a = r->anet;

	if (a->mtu.set && (a->mtu.value < 68 || a->mtu.value > 65535))
		plan_report(r, "mtu", "is not between 68 and 65535");
	else if (a->mtu.set)
		l->mtu = (uint32_t)a->mtu.value;
	l->vlan = a->vlan_id.set ? (uint16_t)a->vlan_id.value : 0;
	if (l->vlan && l->automatic)
		plan_report(
			r, "vlanId",
			"the automatic bridge has no VLANs; name a bridge that filters VLANs or another link as lowerLink");
	l->maxbw = a->maxbw.set ? a->maxbw.value : 0;
}

int plan_build(const struct zone_spec *z, const struct plan_subnets *s, struct net_plan **ret,
	       struct diag_list *diags)
{
	auto_ptr(net_plan) struct net_plan *p = mem_zero(sizeof(*p));
	size_t errors = 0;
	bool shared = str_eq(z->ip_type, "shared");

	p->zonename = mem_strdup(z->zonename);
	p->links = mem_array(z->n_anet + 1, sizeof(*p->links));
	for (size_t i = 0; i < z->n_anet && !shared; i++) {
		struct plan_reader r = {
			.subnets = s, .anet = &z->anet[i], .index = i, .diags = diags
		};
		struct plan_link *l = &p->links[p->n_links++];

		plan_read_names(&r, l, z->zonename);
		plan_read_guards(&r, l);
		if (!plan_is_cni(r.anet)) {
			plan_read_addresses(&r, l);
			plan_read_rest(&r, l);
		}
		for (size_t k = 0; k < i; k++) {
			if (str_eq(p->links[k].name, l->name))
				plan_report(&r, "linkname", "\"%s\" is the name of anet[%zu] too",
					    l->name, k);
			if (memcmp(p->links[k].mac, l->mac, INET_MAC) == 0)
				plan_report(&r, "macAddress", "is that of anet[%zu] too", k);
		}
		errors += r.errors;
	}
	errors += shared ? plan_read_shared(z, p, diags) : plan_read_physical(z, p, diags);
	errors += plan_read_publish(z, p, diags);
	*ret = ptr_steal(&p);
	return errors ? -EINVAL : 0;
}

/* --- deriving the rest ------------------------------------------------------------------------ */

static const struct inet_addr *plan_router_in(const struct plan_link *l,
					      const struct inet_addr *net)
{
	for (size_t i = 0; i < l->routers.n; i++)
		if (inet_contains(net, &l->routers.items[i]))
			return &l->routers.items[i];
	return NULL;
}

static bool plan_has(const struct plan_addrs *v, const struct inet_addr *a)
{
	for (size_t i = 0; i < v->n; i++)
		if (inet_same(&v->items[i], a))
			return true;
	return false;
}

static bool plan_has_family(const struct plan_addrs *v, int family)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].family == family)
			return true;
	return false;
}

/* The bridge's address in the subnet of one of the zone's addresses: the router written for it, else the first one. A router that is another zone is
 * reached without the bridge. */
static void plan_derive_gate(struct plan_reader *r, struct plan_link *l, const struct inet_addr *a,
			     const struct json *leases, const char *zone)
{
	struct inet_addr net = inet_net(a);
	const struct inet_addr *router = plan_router_in(l, &net);
	struct inet_addr gate = router ? *router : inet_nth(&net, 1);
	char text[INET_TEXT];

	gate.prefix = net.prefix;
	gate.has_prefix = true;
	const char *holder = ipam_holder(leases, &gate, zone);

	if (router && holder)
		return;
	inet_text_bare(&gate, text);
	if (holder) {
		plan_report(r, "allowedAddress",
			    "%s, the bridge's address in this subnet, belongs to zone \"%s\"", text,
			    holder);
	} else if (inet_same(&gate, a)) {
		plan_report(
			r, router ? "defrouter" : "allowedAddress",
			router ? "%s is the zone's own address"
			       : "%s is the bridge's own address in this subnet, unless defrouter names another",
			text);
	} else if (!plan_has(&l->gates, &gate)) {
		plan_addrs_add(&l->gates, &gate);
	}
}

static void plan_check_router(struct plan_reader *r, const struct plan_link *l,
			      const struct inet_addr *router)
{
	char text[INET_TEXT];
	bool link_local = router->family == AF_INET6 && router->bytes[0] == 0xfe &&
			  (router->bytes[1] & 0xc0) == 0x80;

	for (size_t i = 0; i < l->addrs.n; i++)
		if (inet_contains(&l->addrs.items[i], router))
			return;
	inet_text_bare(router, text);
	if (!link_local)
		plan_report(r, "defrouter", "%s is in none of the link's subnets", text);
}

/* Where no router of a family is written and no earlier link has one, the bridge is it. */
static void plan_derive_routers(struct net_plan *p, size_t index)
{
	struct plan_link *l = &p->links[index];

	for (size_t i = 0; i < l->gates.n; i++) {
		bool taken = false;

		for (size_t k = 0; k <= index; k++)
			taken = taken ||
				plan_has_family(&p->links[k].routers, l->gates.items[i].family);
		if (!taken)
			plan_addrs_add(&l->routers, &l->gates.items[i]);
	}
}

static void plan_add_op(struct net_plan *p, enum plan_kind kind, size_t link,
			const struct inet_addr *a)
{
	p->ops = mem_grow(p->ops, p->n_ops + 1, sizeof(*p->ops));
	p->ops[p->n_ops] = (struct plan_op){ .kind = kind, .link = link };
	if (a)
		p->ops[p->n_ops].addr = *a;
	p->n_ops++;
}

/* What is done once there is a way to talk to the zone's namespace. */
static void plan_list_inside(struct net_plan *p, size_t i)
{
	const struct plan_link *l = &p->links[i];

	if (l->cni[0]) {
		plan_add_op(p, PLAN_CNI, i, NULL);
		if (l->guards) /* the zone's own programs have not been started */
			plan_add_op(p, PLAN_GUARD, i, NULL);
		return;
	}
	for (size_t k = 0; l->configure && k < l->addrs.n; k++)
		plan_add_op(p, PLAN_ADDRESS, i, &l->addrs.items[k]);
	plan_add_op(p, PLAN_UP, i, NULL);
	for (size_t k = 0; l->configure && k < l->routers.n; k++)
		plan_add_op(p, PLAN_ROUTE, i, &l->routers.items[k]);
}

static void plan_list_ops(struct net_plan *p)
{
	bool is_joined = false;

	for (size_t i = 0; i < p->n_links; i++)
		is_joined = is_joined || p->links[i].automatic || p->links[i].is_shared;
	if (p->moved.n)
		plan_add_op(p, PLAN_TAKE, 0, NULL);
	if (is_joined)
		plan_add_op(p, PLAN_BRIDGE, 0, NULL);
	for (size_t i = 0; i < p->n_links; i++) {
		if (p->links[i].cni[0])
			continue;
		plan_add_op(p, PLAN_LINK, i, NULL);
		if (p->links[i].guards) /* before the link can carry anything */
			plan_add_op(p, PLAN_GUARD, i, NULL);
		if (p->links[i].maxbw || p->links[i].total)
			plan_add_op(p, PLAN_SHAPE, i, NULL);
		plan_add_op(p, PLAN_PORT, i, NULL);
	}
	plan_add_op(p, PLAN_ENTER, 0, NULL);
	plan_add_op(p, PLAN_LO, 0, NULL);
	for (size_t i = 0; i < p->n_links; i++)
		plan_list_inside(p, i);
	for (size_t i = 0; i < p->moved.n; i++)
		plan_add_op(p, PLAN_SETTLE, i, NULL);
}

int plan_finish(struct net_plan *p, const struct plan_subnets *s, const struct json *leases,
		struct diag_list *diags)
{
	size_t errors = 0;

	for (size_t i = 0; i < p->n_links; i++) {
		struct plan_link *l = &p->links[i];
		struct plan_reader r = { .subnets = s, .index = i, .diags = diags };

		/* an address that is still to be leased has no subnet to check a router against; a shared zone's is the host's end */
		for (size_t k = 0; l->addrs.n && !l->is_shared && k < l->routers.n; k++)
			plan_check_router(&r, l, &l->routers.items[k]);
		for (size_t k = 0; l->automatic && k < l->addrs.n; k++)
			plan_derive_gate(&r, l, &l->addrs.items[k], leases, p->zonename);
		plan_derive_routers(p, i);
		errors += r.errors;
	}
	errors += plan_finish_publish(p, diags);
	if (errors)
		return -EINVAL;
	plan_list_ops(p);
	return 0;
}
