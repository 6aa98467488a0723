/* A plan for people, one operation a line, and the record of it for net_detach(), as JSON. */
#include <inttypes.h>
#include <string.h>

#include "net/bridge.h"
#include "net/guard.h"
#include "net/plan.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static void plan_print_addrs(struct strbuf *b, const struct plan_addrs *v)
{
	for (size_t i = 0; i < v->n; i++) {
		char text[INET_TEXT];

		inet_text(&v->items[i], text);
		strbuf_format(b, " %s", text);
	}
}

/* Links of the host that answer for a shared zone. */
static void plan_print_answers(struct strbuf *b, const struct plan_link *l)
{
	for (size_t i = 0; l->is_shared && i < l->addrs.n; i++) {
		char text[INET_TEXT];

		inet_text_bare(&l->addrs.items[i], text);
		strbuf_format(b, "%sanswer for %s on %s", i ? "\n" : "forward\n", text,
			      l->lowers[i].name);
	}
}

static bool plan_is_first_on(const struct net_plan *p, size_t i)
{
	size_t first = 0;

	while (!str_eq(p->links[first].bridge, p->links[i].bridge))
		first++;
	return first == i;
}

static void plan_print_bridge(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const char *separator = "";

	(void)op;
	for (size_t i = 0; i < p->n_links; i++) {
		plan_print_answers(b, &p->links[i]);
		if (!p->links[i].automatic || !plan_is_first_on(p, i))
			continue;
		strbuf_format(b, "%sbridge %s forward masquerade", separator, p->links[i].bridge);
		for (size_t k = i; k < p->n_links; k++)
			if (str_eq(p->links[k].bridge, p->links[i].bridge))
				plan_print_addrs(b, &p->links[k].gates);
		separator = "\n";
	}
	for (size_t i = 0; i < p->ports.n; i++) {
		char text[PUBLISH_TEXT];

		publish_text(&p->ports.items[i], text);
		strbuf_format(b, "\npublish %s to %u", text, p->ports.items[i].to);
	}
}

static void plan_print_link(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct plan_link *l = &p->links[op->link];
	char mac[INET_MAC_TEXT];

	inet_mac_text(l->mac, mac);
	strbuf_format(b, "link %s zone:%s mac %s", l->host, l->name, mac);
	if (l->mtu)
		strbuf_format(b, " mtu %u", l->mtu);
}

static void plan_print_guard(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct plan_link *l = &p->links[op->link];
	auto_done(strv) struct strv words = { 0 };
	auto_free char *text = NULL;

	guard_words(l->guards, &words);
	text = strv_join(&words, " ");
	strbuf_format(b, "guard %s %s", l->host, text);
}

static void plan_print_shape(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct plan_link *l = &p->links[op->link];
	char ifb[IFNAMSIZ];

	if (l->total) {
		strbuf_format(b, "share %s %u of %" PRIu64 " bit/s on %s", l->host, l->share,
			      l->total, l->bridge);
		if (l->maxbw)
			strbuf_format(b, " up to %" PRIu64, l->maxbw);
		return;
	}
	plan_ifb_name(l->host, ifb);
	strbuf_format(b, "shape %s and %s to %" PRIu64 " bit/s each", l->host, ifb, l->maxbw);
}

static void plan_print_port(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct plan_link *l = &p->links[op->link];

	if (l->is_shared) {
		strbuf_format(b, "routes to %s:", l->host);
		plan_print_addrs(b, &l->addrs);
		return;
	}
	strbuf_format(b, "port %s of %s", l->host, l->bridge);
	if (l->vlan)
		strbuf_format(b, " vlan %u", l->vlan);
	strbuf_format(b, "%s up", l->isolated ? " isolated" : "");
}

static void plan_print_enter(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	(void)op;
	strbuf_add(b, "enter zone:");
	for (size_t i = 0; i < p->n_links; i++)
		strbuf_format(b, "%s%s", i ? "," : "", p->links[i].name);
}

static void plan_print_lo(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	(void)p;
	(void)op;
	strbuf_add(b, "up zone:lo");
}

static void plan_print_address(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	char text[INET_TEXT];

	inet_text(&op->addr, text);
	strbuf_format(b, "address zone:%s %s", p->links[op->link].name, text);
}

static void plan_print_up(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	strbuf_format(b, "up zone:%s", p->links[op->link].name);
}

static void plan_print_route(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	char text[INET_TEXT];

	inet_text_bare(&op->addr, text);
	strbuf_format(b, "route zone:%s default via %s", p->links[op->link].name, text);
}

static void plan_print_cni(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct plan_link *l = &p->links[op->link];
	auto_free char *runtime = json_print(l->cni_runtime, false);

	strbuf_format(b, "cni %s zone:%s", l->cni, l->name);
	if (l->cni_runtime->n)
		strbuf_format(b, " %s", runtime);
}

static void plan_print_take(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	(void)op;
	strbuf_add(b, "take");
	for (size_t i = 0; i < p->moved.n; i++)
		strbuf_format(b, " %s", p->moved.items[i].name);
}

static void plan_print_settle(struct strbuf *b, const struct net_plan *p, const struct plan_op *op)
{
	const struct physical *m = &p->moved.items[op->link];

	strbuf_format(b, "settle zone:%s", m->name);
	plan_print_addrs(b, &(struct plan_addrs){ .items = m->addrs, .n = m->n_addrs });
	for (size_t i = 0; i < m->n_routers; i++) {
		char text[INET_TEXT];

		inet_text_bare(&m->routers[i], text);
		strbuf_format(b, " default via %s", text);
	}
}

typedef void (*plan_print_fn)(struct strbuf *b, const struct net_plan *p, const struct plan_op *op);

char *net_plan_text(const struct net_plan *p)
{
	static const plan_print_fn print[] = {
		[PLAN_BRIDGE] = plan_print_bridge, [PLAN_LINK] = plan_print_link,
		[PLAN_GUARD] = plan_print_guard,   [PLAN_SHAPE] = plan_print_shape,
		[PLAN_PORT] = plan_print_port,     [PLAN_ENTER] = plan_print_enter,
		[PLAN_LO] = plan_print_lo,         [PLAN_ADDRESS] = plan_print_address,
		[PLAN_UP] = plan_print_up,         [PLAN_ROUTE] = plan_print_route,
		[PLAN_CNI] = plan_print_cni,       [PLAN_TAKE] = plan_print_take,
		[PLAN_SETTLE] = plan_print_settle,
	};
	auto_done(strbuf) struct strbuf b = { 0 };

	for (size_t i = 0; i < p->n_ops; i++) {
		print[p->ops[i].kind](&b, p, &p->ops[i]);
		strbuf_add_char(&b, '\n');
	}
	return strbuf_steal(&b);
}

static struct json *plan_save_addrs(const struct plan_addrs *v, bool bare)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < v->n; i++) {
		char text[INET_TEXT];

		if (bare)
			inet_text_bare(&v->items[i], text);
		else
			inet_text(&v->items[i], text);
		json_add(list, json_new_string(text));
	}
	return list;
}

static struct json *plan_save_shared(const struct plan_link *l)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < l->addrs.n; i++) {
		struct json *one = json_add(list, json_new_object());
		char text[INET_TEXT];

		inet_text_bare(&l->addrs.items[i], text);
		json_set(one, "link", json_new_string(l->lowers[i].name));
		json_set(one, "address", json_new_string(text));
	}
	return list;
}

static struct json *plan_save_link(const struct plan_link *l)
{
	struct json *j = json_new_object();
	auto_done(strv) struct strv words = { 0 };
	struct json *guards;
	char mac[INET_MAC_TEXT];

	inet_mac_text(l->mac, mac);
	json_set(j, "name", json_new_string(l->name));
	json_set(j, "host", json_new_string(l->host));
	json_set(j, "bridge", json_new_string(l->bridge));
	if (l->cni[0]) {
		json_set(j, "cni", json_new_string(l->cni));
		json_set(j, "device", json_new_string(l->device));
		json_set(j, "deviceIndex", json_new_u64(l->device_index));
	}
	if (l->is_shared)
		json_set(j, "shared", plan_save_shared(l));
	json_set(j, "automatic", json_new_bool(l->automatic));
	json_set(j, "mac", json_new_string(mac));
	if (l->mtu)
		json_set(j, "mtu", json_new_u64(l->mtu));
	if (l->is_uplink)
		json_set(j, "uplink", json_new_bool(true));
	if (l->vlan)
		json_set(j, "vlan", json_new_u64(l->vlan));
	if (l->maxbw)
		json_set(j, "maxbw", json_new_u64(l->maxbw));
	if (l->total) {
		json_set(j, "share", json_new_u64(l->share));
		json_set(j, "shareTotal", json_new_u64(l->total));
		json_set(j, "shareClass", json_new_u64(l->share_class));
	}
	json_set(j, "addresses", plan_save_addrs(&l->addrs, false));
	json_set(j, "routers", plan_save_addrs(&l->routers, true));
	if (!l->configure) /* the zone sets its addresses and routes itself */
		json_set(j, "configure", json_new_bool(false));
	guards = json_set(j, "protection", json_new_array());
	guard_words(l->guards, &words);
	for (size_t i = 0; i < words.n; i++)
		json_add(guards, json_new_string(words.items[i]));
	return j;
}

static struct json *plan_save_moved(const struct physical_list *moved)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < moved->n; i++) {
		const struct physical *m = &moved->items[i];
		const struct plan_addrs addrs = { .items = m->addrs, .n = m->n_addrs };
		const struct plan_addrs routers = { .items = m->routers, .n = m->n_routers };
		struct json *one = json_add(list, json_new_object());

		json_set(one, "name", json_new_string(m->name));
		json_set(one, "addresses", plan_save_addrs(&addrs, false));
		json_set(one, "routers", plan_save_addrs(&routers, true));
	}
	return list;
}

struct json *plan_save(const struct net_plan *p)
{
	struct json *j = json_new_object();
	struct json *links;

	json_set(j, "zone", json_new_string(p->zonename));
	links = json_set(j, "links", json_new_array());
	for (size_t i = 0; i < p->n_links; i++)
		json_add(links, plan_save_link(&p->links[i]));
	if (p->moved.n)
		json_set(j, "physical", plan_save_moved(&p->moved));
	if (p->ports.n) {
		struct json *ports = json_set(j, "publish", json_new_array());

		for (size_t i = 0; i < p->ports.n; i++)
			json_add(ports, publish_save(&p->ports.items[i]));
	}
	return j;
}
