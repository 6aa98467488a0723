/* RUN/net.json: { "bridge": true, "users": { "web": ["10.88.0.1/24", "fd00:88::1/64"] }, "publish": { "web": [...] },
 *                 "forward4": ["eth0"], "forward6": [...], "rules": "..." }
 *
 * "bridge" says that a bridge of that name is ours, also if we died before it got its alias. "rules" is the input from which the packet filter table was made last;
 * while it stays the same and the table exists, the table is left alone. */
#include "net/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/forward.h"
#include "net/judge.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/net.h"
#include "net/route.h"
#include "net/sysctl.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { STATE_MAX = 16 << 20, LOCK_WAIT_MS = 60000 };

static const struct sysctl_row bridge_sysctls[] = {
	{ "ipv4", "forwarding", 1 },
	{ "ipv4", "accept_redirects", 0 },
	{ "ipv4", "send_redirects", 0 }, /* zones of two subnets share the bridge on purpose */
	{ "ipv4", "rp_filter", 1 },
	{ "ipv4", "accept_source_route", 0 },
	{ "ipv6", "disable_ipv6", 0 },
	{ "ipv6", "accept_ra", 0 }, /* a zone never configures the host */
	{ "ipv6", "autoconf", 0 },
	{ "ipv6", "accept_redirects", 0 },
	{ "ipv6", "accept_dad", 0 },
	{ "ipv6", "forwarding", 1 },
	{ "ipv6", "force_forwarding", 1 },
	{ NULL, NULL, 0 },
};

struct bridge {
	struct netlink *nl;
	char *state_path;
	struct json *state;
	char *saved; /* text of the state as it is on disk */
	struct sysctl proc;
	struct inet_addr *gates; /* wanted, each once */
	size_t n_gates;
	struct publish_list ports; /* of all users */
	uint32_t index;
};

static void bridge_done(struct bridge *b)
{
	free(b->state_path);
	json_free(b->state);
	free(b->saved);
	free(b->gates);
	publish_list_done(&b->ports);
	sysctl_done(&b->proc);
}

int bridge_lock(const char *run_dir, struct err *e)
{
	auto_free char *path = mem_format("%s/net.lock", run_dir);
	int fd = -1;
	int r = file_mkdir_p(AT_FDCWD, run_dir, 0755, e);

	if (r == 0)
		r = file_lock(AT_FDCWD, path, true, LOCK_WAIT_MS, &fd, e);
	return r < 0 ? r : fd;
}

/* A missing state is empty, and so is one that cannot be understood: everything in it is harmless to forget. One that cannot be READ is an error - for want of a
 * descriptor the other users must not be forgotten. */
static int bridge_load(struct bridge *b, struct netlink *nl, const char *run_dir, struct err *e)
{
	struct err why = { 0 };
	size_t n = 0;
	int r;

	b->nl = nl;
	b->state_path = mem_format("%s/net.json", run_dir);
	r = file_read_all(AT_FDCWD, b->state_path, STATE_MAX, &b->saved, &n, &why);
	if (r < 0 && r != -ENOENT) {
		*e = why;
		return r;
	}
	if (r == 0 && json_parse_simple(b->saved, n, &b->state, &why) < 0)
		log_debug("%s is not used: %s", b->state_path, why.text);
	if (!b->state || b->state->type != JSON_OBJECT) {
		json_free(b->state);
		b->state = json_new_object();
	}
	const struct json *users = json_get(b->state, "users");

	if (!users || users->type != JSON_OBJECT)
		json_set(b->state, "users", json_new_object());
	const struct json *ports = json_get(b->state, "publish");

	if (!ports || ports->type != JSON_OBJECT)
		json_set(b->state, "publish", json_new_object());
	return 0;
}

static int bridge_save(struct bridge *b, struct err *e)
{
	auto_free char *text = json_print(b->state, false);
	int r;

	if (str_eq(text, b->saved))
		return 0;
	r = file_replace(AT_FDCWD, b->state_path, text, strlen(text), 0600, e);
	if (r < 0)
		return r;
	free(b->saved);
	b->saved = ptr_steal(&text);
	return 0;
}

static struct json *bridge_users(const struct bridge *b)
{
	return json_get(b->state, "users");
}

/* The union of what the users need. */
static void bridge_collect_gates(struct bridge *b)
{
	const struct json *users = bridge_users(b);

	b->n_gates = 0;
	for (size_t i = 0; i < users->n; i++) {
		const struct json *list = users->items[i];

		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++) {
			struct inet_addr a;
			size_t same = 0;

			if (list->items[k]->type != JSON_STRING ||
			    inet_parse(list->items[k]->text, &a) < 0)
				continue;
			while (same < b->n_gates && !inet_same(&b->gates[same], &a))
				same++;
			if (same < b->n_gates)
				continue;
			b->gates = mem_grow(b->gates, b->n_gates + 1, sizeof(*b->gates));
			b->gates[b->n_gates++] = a;
		}
	}
}

/* The published ports of all zones but `except` (may be NULL); the zones' names in the same order go to `owners` (may be NULL). */
static void bridge_collect_ports(const struct json *state, const char *except,
				 struct publish_list *ret, struct strv *owners)
{
	const struct json *zones = json_get(state, "publish");

	for (size_t i = 0; i < zones->n; i++) {
		const struct json *list = zones->items[i];

		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++) {
			struct publish p;

			if ((except && str_eq(list->key, except)) ||
			    !publish_load(list->items[k], &p))
				continue;
			publish_add(ret, &p);
			if (owners)
				strv_add(owners, list->key);
		}
	}
}

static int bridge_check_ports(const struct json *state, const char *zone,
			      const struct publish *ports, size_t n, struct err *e)
{
	auto_done(publish_list) struct publish_list taken = { 0 };
	auto_done(strv) struct strv owners = { 0 };
	int r = 0;

	bridge_collect_ports(state, zone, &taken, &owners);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < taken.n; k++) {
			char text[PUBLISH_TEXT];

			if (!publish_overlaps(&ports[i], &taken.items[k]))
				continue;
			publish_text(&taken.items[k], text);
			return err_set(e, EADDRINUSE, "port %s is published by zone \"%s\"", text,
				       owners.items[k]);
		}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = publish_check_free(&ports[i], e);
	return r;
}

/* 1 it exists and is ours, 0 it does not exist. */
static int bridge_look(struct netlink *nl, bool known, struct link_info *ret, struct err *e)
{
	struct err why = { 0 };
	int r = link_find(nl, BRIDGE_NAME, ret, &why);

	if (r == -ENODEV)
		return 0;
	if (r < 0) {
		*e = why;
		return r;
	}
	if (!str_eq(ret->kind, "bridge") || (!known && !str_has_prefix(ret->alias, BRIDGE_ALIAS)))
		return err_set(e, EEXIST, "a link \"%s\" exists already and is not of zones",
			       BRIDGE_NAME);
	return 1;
}

int bridge_check_name(struct netlink *nl, struct err *e)
{
	struct link_info l;
	int r = bridge_look(nl, false, &l, e);

	return r < 0 ? r : 0;
}

int bridge_check_subnet(struct netlink *nl, const struct inet_addr *a, struct err *e)
{
	auto_done(route_list) struct route_list routes = { 0 };
	struct err ignored = { 0 };
	struct link_info own = { 0 };
	char want[INET_TEXT], have[INET_TEXT];
	struct inet_addr net = inet_net(a);
	int r = route_all(nl, &routes, e);

	if (r < 0)
		return r;
	(void)!link_find(nl, BRIDGE_NAME, &own,
			 &ignored); /* no bridge yet: index 0, which no route has */
	for (size_t i = 0; i < routes.n; i++) {
		const struct route_entry *route = &routes.items[i];

		if ((own.index && route->index == own.index) || !inet_overlaps(&net, &route->net))
			continue;
		inet_text(&net, want);
		inet_text(&route->net, have);
		return err_set(e, EADDRINUSE, "the subnet %s overlaps the host's route to %s", want,
			       have);
	}
	return 0;
}

static int bridge_make(struct bridge *b, struct err *e)
{
	struct link_info l = { 0 };
	uint8_t mac[INET_MAC];
	char text[INET_MAC_TEXT];
	int r = bridge_look(b->nl, json_get_bool(b->state, "bridge", false), &l, e);

	if (r < 0)
		return r;
	json_set(b->state, "bridge", json_new_bool(true));
	if (bridge_save(b, e) < 0) /* first: whatever is made from here on is known to be ours */
		return -e->code;
	if (r == 0) {
		net_auto_mac(BRIDGE_NAME, 0, text);
		r = inet_mac_parse(text, mac);
		if (r == 0)
			r = link_add_bridge(b->nl, BRIDGE_NAME, mac, e);
		if (r == 0)
			r = link_find(b->nl, BRIDGE_NAME, &l, e);
		if (r < 0)
			return r;
	}
	b->index = l.index;
	if ((l.flags & IFF_UP) && str_has_prefix(l.alias, BRIDGE_ALIAS))
		return 0;
	const struct link_change up = { .alias = BRIDGE_ALIAS, .up = true };

	r = sysctl_set_all(&b->proc, BRIDGE_NAME, bridge_sysctls, e);
	return r < 0 ? r : link_change(b->nl, BRIDGE_NAME, &up, e);
}

static const struct inet_addr *bridge_gate(const struct bridge *b, const struct inet_addr *a)
{
	for (size_t i = 0; i < b->n_gates; i++)
		if (inet_same(&b->gates[i], a) && b->gates[i].prefix == a->prefix)
			return &b->gates[i];
	return NULL;
}

static bool bridge_carries(const struct bridge *b, const struct addr_list *have,
			   const struct inet_addr *a)
{
	for (size_t i = 0; i < have->n; i++)
		if (have->items[i].index == b->index && inet_same(&have->items[i].addr, a) &&
		    have->items[i].addr.prefix == a->prefix)
			return true;
	return false;
}

static int bridge_set_addresses(struct bridge *b, struct err *e)
{
	auto_done(addr_list) struct addr_list have = { 0 };
	int r = addr_all(b->nl, &have, e);

	for (size_t i = 0; r == 0 && i < b->n_gates; i++) {
		const struct inet_addr *gate = &b->gates[i];

		if (bridge_carries(b, &have, gate))
			continue;
		r = bridge_check_subnet(b->nl, gate, e);
		if (r == 0)
			r = addr_add(b->nl, b->index, gate, e);
	}
	for (size_t i = 0; r == 0 && i < have.n; i++) {
		const struct addr_entry *a = &have.items[i];
		bool own = a->addr.family == AF_INET6 && a->addr.bytes[0] == 0xfe; /* link-local */

		if (a->index == b->index && !own && !bridge_gate(b, &a->addr))
			r = addr_remove(b->nl, b->index, &a->addr, e);
	}
	return r;
}

/* May packets with addresses of 127.0.0.0/8 pass the bridge? They do for ports that are published on 127.0.0.1. */
static int bridge_route_loopback(struct bridge *b, bool on, struct err *e)
{
	uint32_t now = 0;
	int r = sysctl_get("ipv4", BRIDGE_NAME, "route_localnet", &now, e);

	return r < 0 || now == (on ? 1 : 0)
		       ? r
		       : sysctl_set(&b->proc, "ipv4", BRIDGE_NAME, "route_localnet", on, e);
}

static int bridge_set_rules(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv closed4 = { 0 };
	auto_done(strv) struct strv closed6 = { 0 };
	auto_done(strbuf) struct strbuf rules = { 0 };
	struct nat nat = { .bridge = BRIDGE_NAME,
			   .gates = b->gates,
			   .n_gates = b->n_gates,
			   .ports = b->ports.items,
			   .n_ports = b->ports.n,
			   .closed4 = &closed4,
			   .closed6 = &closed6 };
	auto_free char *four = NULL;
	auto_free char *six = NULL;
	auto_free char *ports = NULL;
	bool loopback = false;
	int r = nat_exists(e);
	int judged = b->ports.n ? judge_is_needed(e) : 0;

	if (r < 0 || judged < 0)
		return r < 0 ? r : judged;
	nat.judged = judged > 0;
	forward_names(b->state, "forward4", &closed4);
	forward_names(b->state, "forward6", &closed6);
	for (size_t i = 0; i < b->n_gates; i++) {
		char text[INET_TEXT];

		inet_text(&b->gates[i], text);
		strbuf_format(&rules, "%s ", text);
	}
	four = strv_join(&closed4, ",");
	six = strv_join(&closed6, ",");
	strbuf_format(&rules, "%s %s", four, six);
	ports = json_print(json_get(b->state, "publish"), false);
	strbuf_format(&rules, " %s%s", ports, judged ? " judged" : "");
	for (size_t i = 0; i < b->ports.n; i++)
		loopback = loopback || publish_on_loopback(&b->ports.items[i]);
	if (r > 0 && str_eq(json_get_string(b->state, "rules", ""), strbuf_text(&rules)))
		return 0;
	/* the parameter never without the rule against its misuse */
	r = loopback ? 0 : bridge_route_loopback(b, false, e);
	if (r == 0)
		r = nat_apply(&nat, e);
	if (r == 0 && loopback)
		r = bridge_route_loopback(b, true, e);
	if (r < 0)
		return r;
	json_set(b->state, "rules", json_new_string(strbuf_text(&rules)));
	return bridge_save(b, e);
}

static int bridge_open_forwarding(struct bridge *b, struct err *e)
{
	int r = forward_choose(b->nl, BRIDGE_NAME, b->state, e);

	if (r == 0)
		r = bridge_save(b, e);
	if (r == 0)
		r = forward_switch(b->nl, &b->proc, b->state, true, e);
	return r < 0 ? err_wrap(e, "forward packets of zones") : 0;
}

/* Is anything still plugged in? Somebody else's link keeps the bridge alive too. */
static int bridge_has_ports(struct bridge *b, uint32_t index, struct err *e)
{
	auto_done(link_list) struct link_list links = { 0 };
	int r = link_all(b->nl, &links, e);

	for (size_t i = 0; r == 0 && i < links.n; i++)
		if (links.items[i].master == index)
			return 1;
	return r;
}

static int bridge_remove(struct bridge *b, struct err *e)
{
	struct link_info l = { 0 };
	int r = bridge_look(b->nl, json_get_bool(b->state, "bridge", false), &l, e);

	if (r == -EEXIST)
		r = 0; /* not ours: nothing to remove */
	else if (r > 0) {
		r = bridge_has_ports(b, l.index, e);
		if (r != 0)
			return r < 0 ? r : bridge_save(b, e);
		r = link_delete(b->nl, BRIDGE_NAME, e);
	}
	if (r == 0)
		r = nat_remove(e);
	if (r == 0)
		r = forward_switch(b->nl, &b->proc, b->state, false, e);
	if (r == 0 && sys_unlinkat(AT_FDCWD, b->state_path, 0) < 0 && errno != ENOENT)
		r = err_sys(e, "remove \"%s\"", b->state_path);
	return r;
}

/* Make what exists agree with the users. */
static int bridge_apply(struct bridge *b, struct err *e)
{
	static int (*const rows[])(struct bridge *, struct err *) = {
		bridge_make,
		bridge_set_addresses,
		bridge_open_forwarding,
		bridge_set_rules,
	};

	if (bridge_users(b)->n == 0)
		return bridge_remove(b, e);
	bridge_collect_gates(b);
	bridge_collect_ports(b->state, NULL, &b->ports, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = rows[i](b, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void bridge_claim(struct bridge *b, const struct bridge_claim *c)
{
	struct json *list = json_set(bridge_users(b), c->zone, json_new_array());
	struct json *ports = json_get(b->state, "publish");

	for (size_t i = 0; i < c->n_gates; i++) {
		char text[INET_TEXT];

		inet_text(&c->gates[i], text);
		json_add(list, json_new_string(text));
	}
	json_unset(ports, c->zone);
	if (!c->ports || c->ports->n == 0)
		return;
	list = json_set(ports, c->zone, json_new_array());
	for (size_t i = 0; i < c->ports->n; i++)
		json_add(list, publish_save(&c->ports->items[i]));
}

int bridge_join(struct netlink *nl, const char *run_dir, const struct bridge_claim *c,
		struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	struct link_info l;
	int r = bridge_load(&b, nl, run_dir, e);

	if (r == 0)
		r = bridge_look(nl, json_get_bool(b.state, "bridge", false), &l, e);
	if (r >= 0 && c->ports)
		r = bridge_check_ports(b.state, c->zone, c->ports->items, c->ports->n, e);
	if (r < 0)
		return r;
	bridge_claim(&b, c);
	return bridge_apply(&b, e);
}

int bridge_check_port(const char *run_dir, const char *zone, const struct publish *p, struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	int r = bridge_load(&b, NULL, run_dir, e);

	return r < 0 ? r : bridge_check_ports(b.state, zone, p, 1, e);
}

static void bridge_forget(struct bridge *b, const char *zone)
{
	json_unset(json_get(b->state, "publish"), zone);
	json_unset(bridge_users(b), zone); /* last: the name may be the row's own */
}

int bridge_leave(struct netlink *nl, const char *run_dir, const char *zone, struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	int r = bridge_load(&b, nl, run_dir, e);

	if (r < 0)
		return r;
	bridge_forget(&b, zone);
	return bridge_apply(&b, e);
}

int bridge_keep(struct netlink *nl, const char *run_dir, const char *const *alive, struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	struct json *users;
	int r = bridge_load(&b, nl, run_dir, e);

	if (r < 0)
		return r;
	users = bridge_users(&b);
	for (size_t i = users->n; i-- > 0;) {
		const char *const *a = alive;

		while (*a && !str_eq(*a, users->items[i]->key))
			a++;
		if (!*a)
			bridge_forget(&b, users->items[i]->key);
	}
	return bridge_apply(&b, e);
}
