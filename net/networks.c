/* A network's row holds its subnets and the zones that count on them. While a zone is its only one it may change its mind; what it once had without saying it stays. */
#include "net/networks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bridge.h"
#include "net/network_rows.h"
#include "net/networks_pick.h"
#include "net/share_total.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static const char networks_key[] = "networks";

bool networks_is_automatic(const char *bridge)
{
	return str_eq(bridge, BRIDGE_NAME) || str_has_prefix(bridge, NETWORKS_BRIDGE);
}

/* anet[INDEX].KEY: message; returns 1, the number of mistakes. */
static size_t report(struct diag_list *diags, size_t index, const char *key, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
static size_t report(struct diag_list *diags, size_t index, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	plan_complain(diags, index, key, fmt, args);
	va_end(args);
	return 1;
}

/* --- subnets, as pairs ------------------------------------------------------------------------ */

static bool pair_is_empty(const struct plan_subnets *s)
{
	return !s->four.family && !s->six.family;
}

/* The network's address becomes the bridge's. False: there is one of that family already. */
static bool pair_add(struct plan_subnets *s, const struct inet_addr *a)
{
	struct inet_addr *to = a->family == AF_INET ? &s->four : &s->six;

	if (to->family)
		return false;
	*to = inet_nth(a, 1);
	return true;
}

static bool pair_equal(const struct plan_subnets *a, const struct plan_subnets *b)
{
	return inet_same(&a->four, &b->four) && a->four.prefix == b->four.prefix &&
	       inet_same(&a->six, &b->six) && a->six.prefix == b->six.prefix;
}

/* "10.88.1.0/24 fd00:88:0:1::/64" */
static void pair_text(const struct plan_subnets *s, char *buf, size_t size)
{
	const struct inet_addr *items[] = { &s->four, &s->six };
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < 2; i++) {
		struct inet_addr net = inet_net(items[i]);
		char text[INET_TEXT];

		if (!net.family)
			continue;
		inet_text(&net, text);
		(void)snprintf(buf + n, size - n, "%s%s", n ? " " : "", text);
		n = strlen(buf);
	}
}
enum { PAIR_TEXT = 2 * INET_TEXT };

static const struct inet_addr *pair_of(const struct plan_subnets *s, int family)
{
	return family == AF_INET ? &s->four : &s->six;
}

static bool pair_overlaps(const struct plan_subnets *a, const struct inet_addr *net)
{
	const struct inet_addr *own = pair_of(a, net->family);

	return net->family && own->family && inet_overlaps(own, net);
}

/* --- rows of the tree ------------------------------------------------------------------------- */

static struct plan_subnets row_subnets(const struct json *row)
{
	const struct json *list = json_get(row, "subnets");
	struct plan_subnets s = { 0 };

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr a;

		if (list->items[i]->type == JSON_STRING &&
		    inet_parse(list->items[i]->text, &a) == 0)
			(void)pair_add(&s, &a);
	}
	return s;
}

/* Returns whether anything changed. */
static bool row_set(struct json *leases, const char *name, const struct plan_subnets *s,
		    const char *zone)
{
	const struct inet_addr *items[] = { &s->four, &s->six };
	struct json *row = network_rows_make(leases, networks_key, name);
	const struct plan_subnets had = row_subnets(row);
	struct json *list;

	list = json_set(row, "subnets", json_new_array());
	for (size_t i = 0; i < 2; i++) {
		struct inet_addr net = inet_net(items[i]);
		char text[INET_TEXT];

		inet_text(&net, text);
		if (net.family)
			json_add(list, json_new_string(text));
	}
	return network_rows_join(row, zone) || !pair_equal(&had, s);
}

struct keep {
	const char *gone; /* this zone, unless `p` has a link on the network */
	const struct net_plan *p;
	const char *const *alive, *const *known;
};

static bool keep_listed(const char *const *list, const char *zone)
{
	for (; list && *list; list++)
		if (str_eq(*list, zone))
			return true;
	return false;
}

static bool keep_zone(const char *network, const char *zone, const void *arg)
{
	const struct keep *k = arg;

	if (!k->gone)
		return keep_listed(k->alive, zone) || keep_listed(k->known, zone);
	for (size_t i = 0; k->p && i < k->p->n_links; i++)
		if (str_eq(k->p->links[i].network, network))
			return true;
	return !str_eq(zone, k->gone);
}

static bool keep_all(struct json *leases, const struct keep *k)
{
	bool changed = network_rows_keep(leases, networks_key, keep_zone, k);

	return network_rows_keep(leases, SHARE_TOTALS, keep_zone, k) || changed;
}

bool networks_drop(struct json *leases, const char *zone)
{
	return keep_all(leases, &(const struct keep){ .gone = zone });
}

bool networks_keep(struct json *leases, const char *const *alive, const char *const *known)
{
	return keep_all(leases, &(const struct keep){ .alive = alive, .known = known });
}

void networks_add_missing(struct json *leases, const struct json *from, const char *zone)
{
	network_rows_add_missing(leases, from, networks_key, zone);
	network_rows_add_missing(leases, from, SHARE_TOTALS, zone);
}

/* --- reading ---------------------------------------------------------------------------------- */

size_t networks_read(const struct zone_anet *a, size_t index, const struct plan_subnets *common,
		     struct plan_link *l, struct diag_list *diags)
{
	const char *name = str_after(a->lower_link ? a->lower_link : "", ZONE_LOWER_AUTO);
	size_t errors = share_read(a, index, l, diags);

	if (!name) {
		if (l->automatic)
			l->subnets = *common;
		return errors +
		       (a->subnet.n ? report(diags, index, "subnet",
					     "belongs to lowerLink auto:NAME, a bridge of its own")
				    : 0);
	}
	if (str_format(l->network, sizeof(l->network), "%s", name) < 0 || !name[0])
		return errors + report(diags, index, "lowerLink",
				       "\"%s\" cannot be the name of an automatic bridge", name);
	(void)!str_format(l->bridge, sizeof(l->bridge), NETWORKS_BRIDGE "%s", l->network);
	for (size_t i = 0; i < a->subnet.n; i++) {
		struct inet_addr net;

		if (inet_parse(a->subnet.items[i], &net) < 0)
			errors += report(diags, index, "subnet", "\"%s\" is not a subnet",
					 a->subnet.items[i]);
		else if (net.family == AF_INET6 && !common->six.family)
			errors +=
				report(diags, index, "subnet",
				       "\"%s\": this kernel runs without IPv6", a->subnet.items[i]);
		else if (!pair_add(&l->subnets, &net))
			errors +=
				report(diags, index, "subnet",
				       "holds two subnets of one family; a bridge has one of each");
	}
	return errors;
}

/* --- settling --------------------------------------------------------------------------------- */

struct settle {
	struct net_plan *p;
	const struct plan_subnets *common;
	struct netlink *nl;
	struct json *leases;
	struct diag_list *diags;
	bool *changed;
};

/* A subnet that is used by lowerLink auto or another network: the reason as a text, or NULL. Freshly allocated. */
static char *settle_clash(const struct settle *s, const char *network, const struct inet_addr *net)
{
	const struct json *list = network_rows(s->leases, networks_key);
	char text[PAIR_TEXT];

	for (size_t i = 0; list && i < list->n; i++) {
		const struct json *row = list->items[i];
		const struct plan_subnets other = row_subnets(row);
		const char *zone = network_rows_other(row, "");

		if (str_eq(json_get_string(row, "name", ""), network) ||
		    !pair_overlaps(&other, net))
			continue;
		pair_text(&other, text, sizeof(text));
		return mem_format("overlaps %s of lowerLink auto:%s, which zone \"%s\" uses", text,
				  json_get_string(row, "name", ""), zone ? zone : "");
	}
	if (!network[0] || !pair_overlaps(s->common, net))
		return NULL;
	pair_text(s->common, text, sizeof(text));
	return mem_format("overlaps %s of lowerLink auto", text);
}

static size_t settle_check_new(const struct settle *s, size_t index, const char *key,
			       const struct plan_subnets *want)
{
	const struct inet_addr *items[] = { &want->four, &want->six };
	size_t errors = 0;

	for (size_t i = 0; i < 2; i++) {
		struct inet_addr net = inet_net(items[i]);
		auto_free char *why =
			net.family ? settle_clash(s, s->p->links[index].network, &net) : NULL;
		char text[INET_TEXT];

		if (!why)
			continue;
		inet_text(&net, text);
		errors += report(s->diags, index, key, "%s %s", text, why);
	}
	return errors;
}

/* The links of one network say one thing or nothing. */
static size_t settle_wanted(const struct settle *s, size_t first, struct plan_subnets *ret,
			    size_t *ret_index)
{
	const struct net_plan *p = s->p;
	size_t errors = 0;

	for (size_t i = first; i < p->n_links; i++) {
		const struct plan_link *l = &p->links[i];

		if (!str_eq(l->network, p->links[first].network) || pair_is_empty(&l->subnets))
			continue;
		if (pair_is_empty(ret)) {
			*ret = l->subnets;
			*ret_index = i;
		} else if (!pair_equal(ret, &l->subnets)) {
			errors +=
				report(s->diags, i, "subnet",
				       "is not what anet[%zu] says of the same bridge", *ret_index);
		}
	}
	return errors;
}

/* The first address of each family brings its subnet. */
static void settle_by_addresses(const struct settle *s, size_t first, struct plan_subnets *ret)
{
	const struct net_plan *p = s->p;

	for (size_t i = first; i < p->n_links; i++)
		for (size_t k = 0; str_eq(p->links[i].network, p->links[first].network) &&
				   k < p->links[i].addrs.n;
		     k++)
			(void)pair_add(ret, &p->links[i].addrs.items[k]);
}

static size_t settle_give(const struct settle *s, size_t first, const struct plan_subnets *have)
{
	struct net_plan *p = s->p;
	char text[PAIR_TEXT], address[INET_TEXT];
	size_t errors = 0;

	pair_text(have, text, sizeof(text));
	for (size_t i = first; i < p->n_links; i++) {
		struct plan_link *l = &p->links[i];

		if (!str_eq(l->network, p->links[first].network))
			continue;
		l->subnets = *have;
		for (size_t k = 0; k < l->addrs.n; k++) {
			const struct inet_addr *a = &l->addrs.items[k];
			const struct inet_addr *net = pair_of(have, a->family);

			if (net->family && inet_contains(net, a) && a->prefix == net->prefix)
				continue;
			inet_text(a, address);
			errors += report(s->diags, i, "allowedAddress",
					 "%s is outside of %s, the subnets of lowerLink auto:%s",
					 address, text, l->network);
		}
	}
	return errors;
}

/* One network of the plan; `first` is its first link. */
static size_t settle_network(const struct settle *s, size_t first)
{
	const char *name = s->p->links[first].network, *zone = s->p->zonename;
	const struct json *row = network_rows_find(s->leases, networks_key, name);
	const char *other = row ? network_rows_other(row, zone) : NULL;
	struct plan_subnets have = row_subnets(row), want = { 0 };
	size_t at = first, errors = settle_wanted(s, first, &want, &at);
	struct err why = { 0 };
	char text[PAIR_TEXT];

	if (other && !pair_is_empty(&want) && !pair_equal(&want, &have)) {
		pair_text(&have, text, sizeof(text));
		errors += report(
			s->diags, at, "subnet",
			"lowerLink auto:%s has %s, which zone \"%s\" uses; write the same or nothing",
			name, text, other);
	} else if (!other && !pair_is_empty(&want)) {
		errors += settle_check_new(s, at, "subnet", &want);
		have = want;
	} else if (pair_is_empty(&have)) {
		settle_by_addresses(s, first, &have);
		errors += settle_check_new(s, first, "allowedAddress", &have);
	}
	if (pair_is_empty(&have) && networks_pick(s->leases, s->common, s->nl, &have, &why) < 0)
		errors += report(s->diags, first, "lowerLink", "%s", why.text);
	if (errors == 0)
		errors += settle_give(s, first, &have);
	if (errors == 0 && row_set(s->leases, name, &have, zone))
		*s->changed = true;
	return errors;
}

/* Addresses of other subnets than its own are possible on the common bridge, but not those of a network. */
static size_t settle_common(const struct settle *s, size_t index)
{
	const struct plan_link *l = &s->p->links[index];
	size_t errors = 0;

	for (size_t i = 0; i < l->addrs.n; i++) {
		auto_free char *why = settle_clash(s, "", &l->addrs.items[i]);
		char text[INET_TEXT];

		if (!why)
			continue;
		inet_text(&l->addrs.items[i], text);
		errors += report(s->diags, index, "allowedAddress", "%s %s", text, why);
	}
	return errors;
}

size_t networks_settle(struct net_plan *p, const struct plan_subnets *common, struct netlink *nl,
		       struct json *leases, struct diag_list *diags, bool *changed)
{
	const struct settle s = { .p = p,
				  .common = common,
				  .nl = nl,
				  .leases = leases,
				  .diags = diags,
				  .changed = changed };
	size_t errors = 0;

	*changed |= network_rows_keep(leases, networks_key, keep_zone,
				      &(const struct keep){ .gone = p->zonename, .p = p });
	for (size_t i = 0; i < p->n_links; i++) {
		size_t first = 0;

		if (p->links[i].automatic && !p->links[i].network[0])
			errors += settle_common(&s, i);
		if (!p->links[i].network[0])
			continue;
		while (!str_eq(p->links[first].network, p->links[i].network))
			first++;
		if (first == i)
			errors += settle_network(&s, i);
	}
	return errors + share_settle(p, leases, diags, changed);
}
