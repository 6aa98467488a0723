/* RUN/net.json: { "bridges": ["zbr0"], "users": { "web": { "zbr0": ["10.88.0.1/24", "fd00:88::1/64"] } }, "publish": { "web": [...] },
 *                 "forward4": ["eth0"], "forward6": [...], "rules": "...", "shared": { "db": [...] }, "answers": { "eth0": {...} } }
 *
 * "bridges" says that bridges of these names are ours, also if we died before they got their alias. "rules" is the input from which the packet filter table was made last;
 * while it stays the same and the table exists, the table is left alone. */
#include "net/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/forward.h"
#include "net/judge.h"
#include "net/link.h"
#include "net/nat.h"
#include "net/networks.h"
#include "net/sysctl.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { STATE_MAX = 16 << 20, LOCK_WAIT_MS = 60000 };

struct bridge {
	struct netlink *nl;
	char *state_path;
	struct json *state;
	char *saved; /* text of the state as it is on disk */
	struct sysctl proc;
	struct bridge_link *links; /* wanted, each once */
	size_t n_links;
	struct publish_list ports; /* of all users */
};

static void bridge_done(struct bridge *b)
{
	free(b->state_path);
	json_free(b->state);
	free(b->saved);
	for (size_t i = 0; i < b->n_links; i++)
		free(b->links[i].gates);
	free(b->links);
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
	const struct json *names = json_get(b->state, "bridges");

	if (!names || names->type != JSON_ARRAY)
		json_set(b->state, "bridges", json_new_array());
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

static void bridge_add_gate(struct bridge_link *l, const struct inet_addr *a)
{
	for (size_t i = 0; i < l->n_gates; i++)
		if (inet_same(&l->gates[i], a))
			return;
	l->gates = mem_grow(l->gates, l->n_gates + 1, sizeof(*l->gates));
	l->gates[l->n_gates++] = *a;
}

static struct bridge_link *bridge_wanted(struct bridge *b, const char *name)
{
	for (size_t i = 0; i < b->n_links; i++)
		if (str_eq(b->links[i].name, name))
			return &b->links[i];
	return NULL;
}

static struct bridge_link *bridge_add(struct bridge *b, const char *name)
{
	struct bridge_link *l;

	b->links = mem_grow(b->links, b->n_links + 1, sizeof(*b->links));
	l = &b->links[b->n_links++];
	*l = (struct bridge_link){ .gates = NULL };
	(void)!str_format(l->name, sizeof(l->name), "%s", name); /* a link's name: it fits */
	return l;
}

/* One user's row: { BRIDGE: [ gates ] }. */
static void bridge_collect_user(struct bridge *b, const struct json *user)
{
	for (size_t i = 0; user->type == JSON_OBJECT && i < user->n; i++) {
		const struct json *list = user->items[i];
		struct bridge_link *l = bridge_wanted(b, list->key);
		struct inet_addr a;

		if (!networks_is_automatic(list->key) || strlen(list->key) >= IFNAMSIZ)
			continue;
		if (!l)
			l = bridge_add(b, list->key);
		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++)
			if (list->items[k]->type == JSON_STRING &&
			    inet_parse(list->items[k]->text, &a) == 0)
				bridge_add_gate(l, &a);
	}
}

/* The union of what the users need. */
static void bridge_collect(struct bridge *b)
{
	const struct json *users = bridge_users(b);

	for (size_t i = 0; i < users->n; i++)
		bridge_collect_user(b, users->items[i]);
}

/* The published ports of all zones, each with its zone's name in `owners` (may be NULL). */
static void bridge_collect_ports(const struct json *state, struct publish_list *ret,
				 struct strv *owners)
{
	const struct json *zones = json_get(state, "publish");

	for (size_t i = 0; i < zones->n; i++) {
		const struct json *list = zones->items[i];

		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++) {
			struct publish p;

			if (!publish_load(list->items[k], &p))
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

	bridge_collect_ports(state, &taken, &owners);
	for (size_t i = 0; r == 0 && i < n; i++) {
		bool has = false;

		for (size_t k = 0; k < taken.n; k++) {
			char text[PUBLISH_TEXT];

			if (!publish_overlaps(&ports[i], &taken.items[k]))
				continue;
			publish_text(&taken.items[k], text);
			if (!str_eq(owners.items[k], zone))
				return err_set(e, EADDRINUSE, "port %s is published by zone \"%s\"",
					       text, owners.items[k]);
			has = has || publish_covers(&taken.items[k], &ports[i]);
		}
		/* no socket holds a port that is led into a zone: whoever binds it meanwhile gets nothing, and keeps the zone from no change */
		r = has ? 0 : publish_check_free(&ports[i], e);
	}
	return r;
}

/* Is a port that is published on 127.0.0.1 led to a zone on this bridge? */
static bool bridge_has_loopback(const struct bridge *b, const struct bridge_link *l)
{
	for (size_t i = 0; i < b->ports.n; i++)
		for (size_t k = 0; publish_on_loopback(&b->ports.items[i]) && k < l->n_gates; k++)
			if (inet_contains(&l->gates[k], &b->ports.items[i].four))
				return true;
	return false;
}

static int bridge_set_loopback(struct bridge *b, bool on, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n_links; i++)
		if (bridge_has_loopback(b, &b->links[i]) == on)
			r = bridge_link_route_loopback(&b->proc, b->links[i].name, on, e);
	return r;
}

/* What the rules follow from, as a text: what they are made of, and how. */
static char *bridge_rules_text(const struct bridge *b, const struct nat *nat)
{
	auto_done(strbuf) struct strbuf rules = { 0 };
	auto_free char *four = strv_join(nat->closed4, ",");
	auto_free char *six = strv_join(nat->closed6, ",");
	auto_free char *ports = json_print(json_get(b->state, "publish"), false);

	strbuf_add(&rules, NAT_VERSION " ");
	for (size_t i = 0; i < b->n_links; i++) {
		strbuf_format(&rules, "%s ", b->links[i].name);
		for (size_t k = 0; k < b->links[i].n_gates; k++) {
			char text[INET_TEXT];

			inet_text(&b->links[i].gates[k], text);
			strbuf_format(&rules, "%s ", text);
		}
	}
	strbuf_format(&rules, "%s %s %s%s", four, six, ports, nat->judged ? " judged" : "");
	return strbuf_steal(&rules);
}

static int bridge_set_rules(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv closed4 = { 0 };
	auto_done(strv) struct strv closed6 = { 0 };
	struct nat nat = { .bridges = b->links,
			   .n_bridges = b->n_links,
			   .ports = b->ports.items,
			   .n_ports = b->ports.n,
			   .closed4 = &closed4,
			   .closed6 = &closed6 };
	auto_free char *rules = NULL;
	int r = nat_exists(e);
	int judged = b->ports.n ? judge_is_needed(e) : 0;

	if (r < 0 || judged < 0)
		return r < 0 ? r : judged;
	nat.judged = judged > 0;
	forward_names(b->state, "forward4", &closed4);
	forward_names(b->state, "forward6", &closed6);
	rules = bridge_rules_text(b, &nat);
	if (r > 0 && str_eq(json_get_string(b->state, "rules", ""), rules))
		return 0;
	/* killed from here on, it is not known which rules there are */
	(void)json_unset(b->state, "rules");
	r = bridge_save(b, e);
	if (r < 0)
		return r;
	/* the parameter never without the rule against its misuse */
	r = bridge_set_loopback(b, false, e);
	if (r == 0)
		r = nat_apply(&nat, e);
	if (r == 0)
		r = bridge_set_loopback(b, true, e);
	if (r < 0)
		return r;
	json_set(b->state, "rules", json_new_string(rules));
	return bridge_save(b, e);
}

static int bridge_open_forwarding(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv ours = { 0 };
	int r;

	forward_names(b->state, "bridges", &ours);
	r = forward_choose(b->nl, &ours, b->state, e);
	if (r == 0)
		r = bridge_save(b, e);
	if (r == 0)
		r = forward_switch(b->nl, &b->proc, b->state, true, e);
	return r < 0 ? err_wrap(e, "forward packets of zones") : 0;
}

static int bridge_answer(struct bridge *b, struct err *e)
{
	int r;

	if (!proxy_is_used(b->state))
		return 0;
	r = proxy_choose(b->state, e);
	if (r == 0)
		r = bridge_save(b, e);
	if (r == 0)
		r = proxy_apply(b->nl, &b->proc, b->state, e);
	if (r == 0)
		r = bridge_save(b, e);
	return r < 0 ? err_wrap(e, "answer for shared zones") : 0;
}

/* A wanted one may be made or be there already; a stranger's is not touched. */
static int bridge_look_all(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv known = { 0 };
	struct link_info l;
	int r = 0;

	forward_names(b->state, "bridges", &known);
	for (size_t i = 0; r >= 0 && i < b->n_links; i++)
		r = bridge_link_look(b->nl, b->links[i].name, strv_has(&known, b->links[i].name),
				     &l, e);
	return r < 0 ? r : 0;
}

int bridge_check_name(struct netlink *nl, const char *run_dir, const char *bridge, struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	auto_done(strv) struct strv known = { 0 };
	struct link_info l;
	int r = bridge_load(&b, nl, run_dir, e);

	if (r < 0)
		return r;
	forward_names(b.state, "bridges", &known);
	r = bridge_link_look(nl, bridge, strv_has(&known, bridge), &l, e);
	return r < 0 ? r : 0;
}

static int bridge_make_all(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv known = { 0 };
	struct json *list = json_get(b->state, "bridges");
	int r = bridge_look_all(b, e);

	if (r < 0)
		return r;
	forward_names(b->state, "bridges", &known);
	for (size_t i = 0; i < b->n_links; i++)
		if (!strv_has(&known, b->links[i].name))
			json_add(list, json_new_string(b->links[i].name));
	/* first: whatever is made from here on is known to be ours */
	r = bridge_save(b, e);
	for (size_t i = 0; r == 0 && i < b->n_links; i++)
		r = bridge_link_make(b->nl, &b->proc, b->links[i].name, e);
	for (size_t i = 0; r == 0 && i < b->n_links; i++)
		r = bridge_link_set_addresses(b->nl, &b->links[i], e);
	return r;
}

/* Is anything still plugged in? Somebody else's link keeps a bridge alive too. */
static bool bridge_has_ports(const struct link_list *links, uint32_t index)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->items[i].master == index)
			return true;
	return false;
}

/* Bridges that nobody needs any more go; one that a stranger keeps is led no port to. What stays of "bridges" is what exists. */
static int bridge_remove_unused(struct bridge *b, struct err *e)
{
	auto_done(strv) struct strv known = { 0 };
	auto_done(link_list) struct link_list links = { 0 };
	struct json *stay;
	int r = link_all(b->nl, &links, e);

	if (r < 0)
		return r;
	forward_names(b->state, "bridges", &known);
	stay = json_set(b->state, "bridges", json_new_array());
	for (size_t i = 0; i < links.n; i++) {
		const struct link_info *l = &links.items[i];

		if (!str_eq(l->kind, "bridge") || !networks_is_automatic(l->name) ||
		    (!strv_has(&known, l->name) && !str_has_prefix(l->alias, BRIDGE_ALIAS)))
			continue;
		if (!bridge_wanted(b, l->name) && !bridge_has_ports(&links, l->index) && r == 0)
			r = link_delete(b->nl, l->name, e);
		else
			json_add(stay, json_new_string(l->name));
		if (!bridge_wanted(b, l->name) && bridge_has_ports(&links, l->index) && r == 0)
			r = bridge_link_route_loopback(&b->proc, l->name, false, e);
	}
	return r;
}

/* Those that strangers keep, with the addresses they have. */
static int bridge_collect_kept(struct bridge *b, struct err *e)
{
	auto_done(addr_list) struct addr_list have = { 0 };
	auto_done(strv) struct strv kept = { 0 };
	int r = addr_all(b->nl, &have, e);

	forward_names(b->state, "bridges", &kept);
	for (size_t i = 0; r == 0 && i < kept.n; i++) {
		struct link_info l = { 0 };
		struct bridge_link *to = bridge_add(b, kept.items[i]);

		r = link_find(b->nl, to->name, &l, e);
		for (size_t k = 0; r == 0 && k < have.n; k++)
			if (have.items[k].index == l.index &&
			    have.items[k].scope == RT_SCOPE_UNIVERSE)
				bridge_add_gate(to, &have.items[k].addr);
	}
	return r;
}

static bool bridge_has_unused(struct bridge *b)
{
	auto_done(strv) struct strv known = { 0 };

	forward_names(b->state, "bridges", &known);
	for (size_t i = 0; i < known.n; i++)
		if (!bridge_wanted(b, known.items[i]))
			return true;
	return false;
}

/* No users: nothing is left, unless a stranger's link hangs on one of the bridges; those and rules without any port, then. */
static int bridge_remove(struct bridge *b, struct err *e)
{
	int r = bridge_answer(b, e);

	if (r == 0)
		r = bridge_remove_unused(b, e);
	if (r == 0 && json_get(b->state, "bridges")->n) {
		r = bridge_collect_kept(b, e);
		if (r == 0)
			r = bridge_set_rules(b, e);
		return r < 0 ? r : bridge_save(b, e);
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
		bridge_make_all,
		bridge_open_forwarding,
		bridge_set_rules,
		bridge_answer,
	};

	if (bridge_users(b)->n == 0)
		return bridge_remove(b, e);
	bridge_collect(b);
	bridge_collect_ports(b->state, &b->ports, NULL);
	if (bridge_has_unused(b)) {
		int r = bridge_remove_unused(b, e);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = rows[i](b, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void bridge_claim(struct bridge *b, const struct bridge_claim *c)
{
	struct json *user = json_set(bridge_users(b), c->zone, json_new_object());
	struct json *ports = json_get(b->state, "publish");
	struct json *list;

	for (size_t i = 0; i < c->n_links; i++) {
		list = json_get(user, c->links[i].name);
		if (!list)
			list = json_set(user, c->links[i].name, json_new_array());
		for (size_t k = 0; k < c->links[i].n_gates; k++) {
			char text[INET_TEXT];

			inet_text(&c->links[i].gates[k], text);
			json_add(list, json_new_string(text));
		}
	}
	proxy_claim(b->state, c->zone, c->proxies, c->n_proxies);
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
	int r = bridge_load(&b, nl, run_dir, e);

	if (r == 0 && c->ports)
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

int bridge_check_unshared(const char *run_dir, const char *link, struct err *e)
{
	auto_done(bridge) struct bridge b = { .proc = SYSCTL_CLOSED };
	int r = bridge_load(&b, NULL, run_dir, e);
	const char *zone = r < 0 ? NULL : proxy_sharer(b.state, link);

	if (!zone)
		return r;
	return err_set(e, EBUSY,
		       "zone \"%s\" has addresses on \"%s\" (ipType shared); halt it first", zone,
		       link);
}

static void bridge_forget(struct bridge *b, const char *zone)
{
	json_unset(json_get(b->state, "publish"), zone);
	proxy_claim(b->state, zone, NULL, 0);
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
