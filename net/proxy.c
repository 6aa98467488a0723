/* Whatever is killed in between: the state names the links whose role is changed before one is, and the entries are told by themselves. */
#include "net/proxy.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/forward.h"
#include "net/link.h"
#include "net/neigh.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

void proxy_claim(struct json *state, const char *zone, const struct proxy *proxies, size_t n)
{
	struct json *zones = json_get(state, "shared");
	struct json *list;

	if (!zones && n == 0)
		return;
	if (!zones || zones->type != JSON_OBJECT)
		zones = json_set(state, "shared", json_new_object());
	(void)json_unset(zones, zone);
	if (n == 0)
		return;
	list = json_set(zones, zone, json_new_array());
	for (size_t i = 0; i < n; i++) {
		struct json *one = json_add(list, json_new_object());
		char text[INET_TEXT];

		inet_text_bare(&proxies[i].addr, text);
		json_set(one, "link", json_new_string(proxies[i].link));
		json_set(one, "address", json_new_string(text));
	}
}

bool proxy_is_used(const struct json *state)
{
	return json_get(state, "shared") || json_get(state, "answers");
}

const char *proxy_sharer(const struct json *state, const char *link)
{
	const struct json *zones = json_get(state, "shared");

	for (size_t i = 0; zones && zones->type == JSON_OBJECT && i < zones->n; i++) {
		const struct json *list = zones->items[i];

		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++)
			if (str_eq(json_get_string(list->items[k], "link", ""), link))
				return list->key;
	}
	return NULL;
}

/* --- what is wanted --------------------------------------------------------------------------- */

struct wanted {
	struct proxy *items; /* borrows from the state */
	size_t n;
};

static void wanted_done(struct wanted *w)
{
	free(w->items);
}

static void wanted_add(struct wanted *w, const struct json *one)
{
	struct proxy p = { .link = json_get_string(one, "link", "") };

	if (str_empty(p.link) || inet_parse(json_get_string(one, "address", ""), &p.addr) < 0)
		return;
	w->items = mem_grow(w->items, w->n + 1, sizeof(*w->items));
	w->items[w->n++] = p;
}

static void wanted_read(struct wanted *w, const struct json *state)
{
	const struct json *zones = json_get(state, "shared");

	for (size_t i = 0; zones && zones->type == JSON_OBJECT && i < zones->n; i++) {
		const struct json *list = zones->items[i];

		for (size_t k = 0; list->type == JSON_ARRAY && k < list->n; k++)
			wanted_add(w, list->items[k]);
	}
}

/* Does a link answer for an IPv6 address? */
static bool wanted_six(const struct wanted *w, const char *link)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->items[i].addr.family == AF_INET6 && str_eq(w->items[i].link, link))
			return true;
	return false;
}

/* --- the role of a link in IPv6 --------------------------------------------------------------- */

enum role { ROLE_FORWARDING, ROLE_ACCEPT_RA, ROLE_PROXY_NDP, ROLES };
static const char *const role_names[ROLES] = { "forwarding", "accept_ra", "proxy_ndp" };

/* 1, or 0 when there is no such link, or no IPv6 on it. */
static int role_read(const char *link, uint32_t now[ROLES], struct err *e)
{
	for (int i = 0; i < ROLES; i++) {
		struct err why = { 0 };
		int r = sysctl_get("ipv6", link, role_names[i], &now[i], &why);

		if (r == -ENOENT)
			return 0;
		if (r < 0) {
			*e = why;
			return r;
		}
	}
	return 1;
}

static int role_choose(struct json *answers, const char *link, struct err *e)
{
	uint32_t now[ROLES] = { 0 };
	struct json *was;
	int r;

	if (json_get(answers, link)) /* changed already: what is there now is ours */
		return 0;
	r = role_read(link, now, e);
	if (r <= 0 || (now[ROLE_FORWARDING] && now[ROLE_PROXY_NDP]))
		return r < 0 ? r : 0;
	was = json_set(answers, link, json_new_object());
	for (int i = 0; i < ROLES; i++)
		json_set(was, role_names[i], json_new_u64(now[i]));
	return 0;
}

int proxy_choose(struct json *state, struct err *e)
{
	auto_done(wanted) struct wanted w = { 0 };
	struct json *answers = json_get(state, "answers");
	int r = 0;

	if (!answers || answers->type != JSON_OBJECT)
		answers = json_set(state, "answers", json_new_object());
	wanted_read(&w, state);
	for (size_t i = 0; r == 0 && i < w.n; i++)
		if (w.items[i].addr.family == AF_INET6)
			r = role_choose(answers, w.items[i].link, e);
	return r;
}

/* A link that vanishes meanwhile is no failure. */
static int role_set(struct sysctl *proc, const char *link, enum role role, uint32_t value,
		    struct err *e)
{
	struct err why = { 0 };
	int r = sysctl_set(proc, "ipv6", link, role_names[role], value, &why);

	if (r == 0 || r == -ENOENT)
		return 0;
	*e = why;
	return r;
}

static int role_take(struct netlink *nl, struct sysctl *proc, const char *link, struct err *e)
{
	uint32_t now[ROLES] = { 0 };
	int r = role_read(link, now, e);

	if (r <= 0)
		return r;
	r = now[ROLE_FORWARDING] ? 0 : forward_make_router(nl, proc, link, e);
	if (r == 0 && !now[ROLE_PROXY_NDP])
		r = role_set(proc, link, ROLE_PROXY_NDP, 1, e);
	return r;
}

/* Only what was changed and is as we left it. `stays`: it is a router now like all others, by somebody else's decision. */
static int role_give_back(struct sysctl *proc, const struct json *was, bool stays, struct err *e)
{
	const char *link = was->key;
	uint32_t now[ROLES] = { 0 };
	int r = role_read(link, now, e);

	if (r <= 0)
		return r;
	r = 0;
	if (now[ROLE_PROXY_NDP] == 1 && json_get_i64(was, "proxy_ndp", 1) == 0)
		r = role_set(proc, link, ROLE_PROXY_NDP, 0, e);
	if (r == 0 && !stays && now[ROLE_FORWARDING] == 1 &&
	    json_get_i64(was, "forwarding", 1) == 0)
		r = role_set(proc, link, ROLE_FORWARDING, 0, e);
	if (r == 0 && now[ROLE_ACCEPT_RA] == 2 && json_get_i64(was, "accept_ra", 2) == 1)
		r = role_set(proc, link, ROLE_ACCEPT_RA, 1, e);
	return r;
}

static int roles_apply(struct netlink *nl, struct sysctl *proc, const struct wanted *w,
		       struct json *state, struct err *e)
{
	struct json *answers = json_get(state, "answers");
	bool routed = false;
	int r = forward_all_six(state, &routed, e);

	for (size_t i = answers ? answers->n : 0; r == 0 && i-- > 0;) {
		const char *link = answers->items[i]->key;

		if (wanted_six(w, link)) {
			r = role_take(nl, proc, link, e);
			continue;
		}
		r = role_give_back(proc, answers->items[i], routed, e);
		if (r == 0)
			(void)json_unset(answers, link);
	}
	return r;
}

/* --- the entries ------------------------------------------------------------------------------ */

struct entries {
	struct neigh_list have;
	uint32_t *links; /* numbers of the links of what is wanted; 0: gone */
};

static void entries_done(struct entries *x)
{
	neigh_list_done(&x->have);
	free(x->links);
}

static int entries_look(struct netlink *nl, const struct wanted *w, struct entries *x,
			struct err *e)
{
	int r = neigh_proxies(nl, &x->have, e);

	x->links = mem_array(w->n + 1, sizeof(*x->links));
	for (size_t i = 0; r == 0 && i < w->n; i++) {
		struct link_info l = { 0 };
		struct err why = { 0 };

		r = link_find(nl, w->items[i].link, &l, &why);
		x->links[i] = l.index;
		if (r == -ENODEV)
			r = 0;
		else if (r < 0)
			*e = why;
	}
	return r;
}

static bool entry_is_there(const struct entries *x, uint32_t link, const struct inet_addr *a)
{
	for (size_t i = 0; i < x->have.n; i++)
		if (x->have.items[i].index == link && inet_same(&x->have.items[i].addr, a))
			return true;
	return false;
}

static bool entry_is_wanted(const struct entries *x, const struct wanted *w,
			    const struct neigh_proxy *p)
{
	for (size_t i = 0; i < w->n; i++)
		if (x->links[i] == p->index && inet_same(&w->items[i].addr, &p->addr))
			return true;
	return false;
}

static int entries_apply(struct netlink *nl, const struct wanted *w, struct err *e)
{
	auto_done(entries) struct entries x = { 0 };
	int r = entries_look(nl, w, &x, e);

	for (size_t i = 0; r == 0 && i < x.have.n; i++)
		if (x.have.items[i].is_ours && !entry_is_wanted(&x, w, &x.have.items[i]))
			r = neigh_proxy_remove(nl, x.have.items[i].index, &x.have.items[i].addr, e);
	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (x.links[i] && !entry_is_there(&x, x.links[i], &w->items[i].addr))
			r = neigh_proxy_add(nl, x.links[i], &w->items[i].addr, e);
	return r;
}

int proxy_apply(struct netlink *nl, struct sysctl *proc, struct json *state, struct err *e)
{
	auto_done(wanted) struct wanted w = { 0 };
	const struct json *zones = json_get(state, "shared");
	int r;

	wanted_read(&w, state);
	r = roles_apply(nl, proc, &w, state, e);
	if (r == 0)
		r = entries_apply(nl, &w, e);
	if (r < 0 || (zones && zones->n))
		return r;
	(void)json_unset(state, "shared");
	(void)json_unset(state, "answers");
	return 0;
}
