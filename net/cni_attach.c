/* The plugins' word is not enough where protection depends on it: the link inside, its MAC address and the end on the host are read from the kernel. */
#include "net/cni_attach.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/cni.h"
#include "net/cni_conf.h"
#include "net/cni_result.h"
#include "net/conntrack.h"
#include "net/guard.h"
#include "net/link.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

/* --- configuration ------------------------------------------------------------------------------------------------ */

struct reader {
	size_t index, errors;
	struct diag_list *diags;
};

static void report(struct reader *r, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void report(struct reader *r, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	plan_complain(r->diags, r->index, key, fmt, args);
	va_end(args);
	r->errors++;
}

/* The plugins' configuration decides these. */
static void read_refused(struct reader *r, const struct zone_anet *a)
{
	const struct {
		const char *key;
		bool written;
	} rows[] = {
		{ "defrouter", a->defrouter.n > 0 },
		{ "mtu", a->mtu.set },
		{ "vlanId", a->vlan_id.set && a->vlan_id.value },
		{ "isolated", a->isolated.set && a->isolated.value },
		{ "configureAllowedAddress",
		  a->configure_allowed_address.set && !a->configure_allowed_address.value },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].written)
			report(r, rows[i].key,
			       "has no effect on a link that a CNI network makes: its configuration in \"%s\" decides that",
			       cni_conf_dir());
}

static void read_addresses(struct reader *r, const struct zone_anet *a, struct json *runtime)
{
	struct json *ips = a->allowed_address.n ? json_set(runtime, "ips", json_new_array()) : NULL;

	for (size_t i = 0; i < a->allowed_address.n; i++) {
		const char *text = a->allowed_address.items[i];
		struct inet_addr addr;

		if (inet_parse(text, &addr) < 0 || !addr.has_prefix)
			report(r, "allowedAddress", "\"%s\" is not an address with a prefix length",
			       text);
		else if (inet_unusable(&addr))
			report(r, "allowedAddress", "\"%s\" %s", text, inet_unusable(&addr));
		else
			json_add(ips, json_new_string(text));
	}
}

/* Bits a second, and what may come at once: a tenth of a second's worth, within what the plugin can hold. */
static void read_bandwidth(const struct zone_anet *a, struct json *runtime)
{
	static const char *const ways[] = { "ingress", "egress" };
	uint64_t burst = a->maxbw.value / 10;
	struct json *j;

	if (!a->maxbw.set || !a->maxbw.value)
		return;
	if (burst < 1 << 21)
		burst = 1 << 21;
	if (burst > UINT64_C(1) << 31)
		burst = UINT64_C(1) << 31;
	j = json_set(runtime, "bandwidth", json_new_object());
	for (size_t i = 0; i < 2; i++) {
		auto_free char *rate = mem_format("%sRate", ways[i]);
		auto_free char *most = mem_format("%sBurst", ways[i]);

		json_set(j, rate, json_new_u64(a->maxbw.value));
		json_set(j, most, json_new_u64(burst));
	}
}

size_t cni_attach_read(const struct zone_anet *a, size_t index, struct plan_link *l,
		       struct diag_list *diags)
{
	struct reader r = { .index = index, .diags = diags };
	const char *network = str_after(a->lower_link, ZONE_LOWER_CNI);

	l->cni_runtime = json_new_object();
	if (cni_name_ok(network))
		(void)!str_format(l->cni, sizeof(l->cni), "%s", network);
	else
		report(&r, "lowerLink", "\"%s\" cannot be the name of a CNI network", network);
	read_refused(&r, a);
	read_addresses(&r, a, l->cni_runtime);
	if (!str_empty(a->mac_address) && !str_eq(a->mac_address, "auto"))
		json_set(l->cni_runtime, "mac", json_new_string(a->mac_address));
	read_bandwidth(a, l->cni_runtime);
	return r.errors;
}

/* --- attach ------------------------------------------------------------------------------------------------------- */

static bool addrs_have(const struct plan_addrs *v, const char *text)
{
	struct inet_addr want;

	for (size_t i = 0; inet_parse(text, &want) == 0 && i < v->n; i++)
		if (inet_same(&v->items[i], &want))
			return true;
	return false;
}

/* A plugin may declare a capability and make nothing of it. */
static int check_given(const struct plan_link *l, struct err *e)
{
	const struct json *ips = json_get(l->cni_runtime, "ips");
	const char *mac = json_get_string(l->cni_runtime, "mac", NULL);
	uint8_t want[INET_MAC];

	for (size_t i = 0; ips && i < ips->n; i++)
		if (!addrs_have(&l->addrs, ips->items[i]->text))
			return err_set(e, EPROTO, "did not give the allowedAddress %s",
				       ips->items[i]->text);
	if (mac && (inet_mac_parse(mac, want) < 0 || memcmp(want, l->mac, INET_MAC) != 0))
		return err_set(e, EPROTO, "did not give the macAddress %s", mac);
	return 0;
}

/* Protection stands at the end on the host. */
static int check_guard(const struct plan_link *l, struct err *e)
{
	if (l->guards && !l->device[0])
		return err_set(
			e, EOPNOTSUPP,
			"made \"%s\" without a veth end on the host, where linkProtection could be enforced; only [\"none\"] is possible",
			l->name);
	if (l->guards & GUARD_IP && l->addrs.n == 0)
		return err_set(
			e, EPROTO,
			"gave \"%s\" no address, so with ip-nospoof the zone could send nothing",
			l->name);
	return 0;
}

static int take_link(struct netlink *host, struct netlink *zone, struct plan_link *l, int netns_fd,
		     struct err *e)
{
	struct link_info inside = { 0 }, outside = { 0 };
	struct err why = { 0 };
	int r = link_find(zone, l->name, &inside, &why);

	if (r == -ENODEV)
		return err_set(e, EPROTO, "made no link \"%s\" in the zone", l->name);
	if (r == 0)
		r = link_find_peer(host, netns_fd, &inside, &outside, &why);
	if (r < 0 && r != -ENODEV) {
		*e = why;
		return r;
	}
	memcpy(l->mac, inside.mac, INET_MAC);
	l->mtu = inside.mtu;
	if (r == 0) {
		(void)!str_format(l->device, sizeof(l->device), "%s", outside.name);
		l->device_index = outside.index;
	}
	return 0;
}

static int take_result(struct netlink *host, struct netlink *zone, struct net_plan *p, size_t index,
		       int netns_fd, struct err *e)
{
	struct plan_link *l = &p->links[index];
	int r = take_link(host, zone, l, netns_fd, e);

	if (r == 0)
		r = check_given(l, e);
	if (r == 0)
		r = check_guard(l, e);
	return r < 0 ? err_wrap(e, "anet[%zu]: cni network \"%s\"", index, l->cni) : 0;
}

int cni_attach(struct netlink *host, struct netlink *zone, struct net_plan *p, size_t index,
	       int netns_fd, struct err *e)
{
	struct plan_link *l = &p->links[index];
	const struct cni_link c = { .storage_dir = p->storage_dir,
				    .run_dir = p->run_dir,
				    .zone = p->zonename,
				    .index = index,
				    .network = l->cni,
				    .ifname = l->name,
				    .runtime = l->cni_runtime,
				    .netns_fd = netns_fd };
	auto_ptr(json) struct json *result = NULL;
	struct err undo = { 0 };
	int r = cni_add(&c, &result, e);

	if (r < 0)
		return err_wrap(e, "anet[%zu]", index);
	cni_result_addresses(result, l->name, &l->addrs);
	cni_result_dns(result, &p->dns);
	/* what the host remembers of those who had them before */
	r = conntrack_forget(l->addrs.items, l->addrs.n, e);
	if (r == 0)
		r = take_result(host, zone, p, index, netns_fd, e);
	/* now, while its namespace is still there */
	if (r < 0 && cni_del(p->storage_dir, p->zonename, index, netns_fd, &undo) < 0)
		log_warning("%s", undo.text);
	return r;
}

/* --- detach ------------------------------------------------------------------------------------------------------- */

/* It goes with the zone's namespace, which the kernel takes away a little later. Only the very link that was found then: names are the plugins' own, and numbers are used again. */
static int remove_device(struct netlink *host, const struct json *saved, struct err *e)
{
	const char *name = json_get_string(saved, "device", "");
	struct link_info l = { 0 };
	struct err ignored = { 0 };

	if (str_empty(name) || link_find(host, name, &l, &ignored) < 0 || !str_eq(l.kind, "veth") ||
	    l.index != (uint64_t)json_get_i64(saved, "deviceIndex", 0))
		return 0;
	return link_delete(host, name, e);
}

int cni_detach(struct netlink *host, const struct json *saved_link, const char *storage_dir,
	       const char *zone, size_t index, struct err *e)
{
	struct err why = { 0 };

	if (cni_del(storage_dir, zone, index, -1, &why) < 0)
		log_warning("what zone \"%s\" had in a CNI network is not given back yet: %s", zone,
			    why.text);
	return remove_device(host, saved_link, e);
}
