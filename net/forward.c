/* The state is written to disk by the caller between choosing and switching, so a crash never leaves a switch that nobody remembers. */
#include "net/forward.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/link.h"
#include "net/sysctl.h"
#include "runtime/base/mem.h"

static const struct forward_family {
	int family;
	const char *name, *key, *file;
} forward_families[] = {
	{ AF_INET, "ipv4", "forward4", "forwarding" },
	{ AF_INET6, "ipv6", "forward6", "force_forwarding" },
};
enum { FORWARD_FAMILIES = sizeof(forward_families) / sizeof(forward_families[0]) };

void forward_names(const struct json *state, const char *key, struct strv *ret)
{
	const struct json *list = json_get(state, key);

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++)
		if (list->items[i]->type == JSON_STRING)
			strv_add(ret, list->items[i]->text);
}

static void forward_store(struct json *state, const char *key, const struct strv *names)
{
	struct json *list = json_set(state, key, json_new_array());

	for (size_t i = 0; i < names->n; i++)
		json_add(list, json_new_string(names->items[i]));
}

/* 1 and the value, 0 when there is no such file (an older kernel, no IPv6, a link that is gone), or the error. "Cannot read" must not pass for "is not there". */
static int forward_read(const char *family, const char *link, const char *name, uint32_t *ret,
			struct err *e)
{
	struct err why = { 0 };
	int r = sysctl_get(family, link, name, ret, &why);

	if (r == 0)
		return 1;
	if (r == -ENOENT)
		return 0;
	*e = why;
	return r;
}

/* Links the host talks through, by family: those with an address, but not lo or our bridges. Zones' links have none. */
struct forward_host {
	struct strv links[FORWARD_FAMILIES];
};

static void forward_host_done(struct forward_host *h)
{
	for (size_t i = 0; i < FORWARD_FAMILIES; i++)
		strv_done(&h->links[i]);
}

static int forward_host_look(struct netlink *nl, const struct strv *ours, struct forward_host *h,
			     struct err *e)
{
	auto_done(addr_list) struct addr_list addrs = { 0 };
	struct link_info l = { 0 };
	int r = addr_all(nl, &addrs, e);

	for (size_t i = 0; r == 0 && i < addrs.n; i++) {
		const struct addr_entry *a = &addrs.items[i];
		struct strv *names = &h->links[a->addr.family == AF_INET ? 0 : 1];
		struct err why = { 0 };

		if (a->scope != RT_SCOPE_UNIVERSE)
			continue;
		/* addresses of one link follow each other */
		if (l.index != a->index && link_find_index(nl, a->index, &l, &why) < 0) {
			if (why.code == ENODEV) /* gone since */
				continue;
			*e = why;
			return -why.code;
		}
		if (!(l.flags & IFF_LOOPBACK) && !strv_has(ours, l.name) &&
		    !strv_has(names, l.name))
			strv_add(names, l.name);
	}
	return r;
}

/* Keep what was switched before and still exists; add candidates that are off. */
static int forward_choose_links(const struct forward_family *f, const struct strv *candidates,
				struct json *state, struct err *e)
{
	auto_done(strv) struct strv before = { 0 };
	auto_done(strv) struct strv names = { 0 };
	uint32_t on = 0;

	forward_names(state, f->key, &before);
	for (size_t i = 0; i < before.n; i++) {
		int r = forward_read(f->name, before.items[i], f->file, &on, e);

		if (r < 0)
			return r;
		if (r > 0)
			strv_add(&names, before.items[i]);
	}
	for (size_t i = 0; i < candidates->n; i++) {
		int r = forward_read(f->name, candidates->items[i], f->file, &on, e);

		if (r < 0)
			return r;
		if (r > 0 && on == 0 && !strv_has(&names, candidates->items[i]))
			strv_add(&names, candidates->items[i]);
	}
	forward_store(state, f->key, &names);
	return 0;
}

static int forward_choose_family(const struct forward_family *f, const struct forward_host *h,
				 struct json *state, struct err *e)
{
	const struct strv *candidates = &h->links[f - forward_families];
	bool ours = json_get_bool(state, "forward6All", false) && f->family == AF_INET6;
	uint32_t all = 0, by_link = 0;
	int r = forward_read(f->name, "all", "forwarding", &all, e);

	if (r <= 0)
		return r;
	if (all && !ours) { /* on for the whole host, and not by us */
		json_unset(state, f->key);
		return 0;
	}
	r = forward_read(f->name, "all", f->file, &by_link, e);
	if (r < 0)
		return r;
	if (r > 0)
		return forward_choose_links(f, candidates, state, e);
	json_set(state, "forward6All", json_new_bool(true));
	forward_store(state, f->key, candidates);
	return 0;
}

int forward_choose(struct netlink *nl, const struct strv *ours, struct json *state, struct err *e)
{
	auto_done(forward_host) struct forward_host h = { 0 };
	int r = forward_host_look(nl, ours, &h, e);

	for (size_t i = 0; r == 0 && i < FORWARD_FAMILIES; i++)
		r = forward_choose_family(&forward_families[i], &h, state, e);
	return r;
}

struct forward_role {
	bool known;
	uint32_t forwarding, accept_ra;
};
struct forward_roles {
	struct link_list links;
	struct forward_role *items; /* as many */
};

static void forward_roles_done(struct forward_roles *r)
{
	link_list_done(&r->links);
	free(r->items);
}

/* When a link becomes a router the kernel drops the default routes that were learned from advertisements, on all links whose accept_ra is not 2; so accept_ra is raised for that moment.
 * Links may vanish meanwhile: their failures mean nothing. */
static int forward_roles_raise(struct netlink *nl, struct sysctl *proc, struct forward_roles *roles,
			       struct err *e)
{
	struct err ignored = { 0 };
	int r = link_all(nl, &roles->links, e);

	if (r < 0)
		return r;
	roles->items = mem_array(roles->links.n + 1, sizeof(*roles->items));
	for (size_t i = 0; i < roles->links.n; i++) {
		const char *name = roles->links.items[i].name;
		struct forward_role *role = &roles->items[i];

		role->known =
			forward_read("ipv6", name, "forwarding", &role->forwarding, &ignored) > 0;
		(void)!forward_read("ipv6", name, "accept_ra", &role->accept_ra, &ignored);
		if (role->accept_ra == 1)
			(void)!sysctl_set(proc, "ipv6", name, "accept_ra", 2, &ignored);
	}
	return 0;
}

static void forward_role_lower(struct sysctl *proc, const char *name,
			       const struct forward_role *role)
{
	struct err ignored = { 0 };

	if (role->accept_ra == 1)
		(void)!sysctl_set(proc, "ipv6", name, "accept_ra", 1, &ignored);
}

/* Set IPv6 forwarding for the whole host but leave every link the role it has: setting "all" sets each link too. */
static int forward_switch_all(struct netlink *nl, struct sysctl *proc, uint32_t value,
			      struct err *e)
{
	auto_done(forward_roles) struct forward_roles roles = { .items = NULL };
	struct err ignored = { 0 };
	uint32_t by_default = 0;
	int r = forward_read("ipv6", "default", "forwarding", &by_default, e);

	if (r >= 0)
		r = forward_roles_raise(nl, proc, &roles, e);
	if (r < 0)
		return r;
	r = sysctl_set(proc, "ipv6", "all", "forwarding", value, e);
	(void)!sysctl_set(proc, "ipv6", "default", "forwarding", by_default, &ignored);
	for (size_t i = 0; i < roles.links.n; i++) {
		const char *name = roles.links.items[i].name;

		if (roles.items[i].known)
			(void)!sysctl_set(proc, "ipv6", name, "forwarding",
					  roles.items[i].forwarding, &ignored);
		forward_role_lower(proc, name, &roles.items[i]);
	}
	return r;
}

int forward_make_router(struct netlink *nl, struct sysctl *proc, const char *link, struct err *e)
{
	auto_done(forward_roles) struct forward_roles roles = { .items = NULL };
	struct err why = { 0 };
	int r = forward_roles_raise(nl, proc, &roles, e);

	if (r < 0)
		return r;
	r = sysctl_set(proc, "ipv6", link, "forwarding", 1, &why);
	for (size_t i = 0; i < roles.links.n; i++)
		if (!str_eq(roles.links.items[i].name, link))
			forward_role_lower(proc, roles.links.items[i].name, &roles.items[i]);
	if (r == 0 || r == -ENOENT) /* the link is gone */
		return 0;
	*e = why;
	return r;
}

int forward_all_six(const struct json *state, bool *ret, struct err *e)
{
	uint32_t all = 0;
	int r = forward_read("ipv6", "all", "forwarding", &all, e);

	*ret = r > 0 && all && !json_get_bool(state, "forward6All", false);
	return r < 0 ? r : 0;
}

static int forward_switch_link(struct sysctl *proc, const struct forward_family *f,
			       const char *link, bool on, struct err *e)
{
	struct err why = { 0 };
	uint32_t now = 0;
	int r = forward_read(f->name, link, f->file, &now, e);

	if (r <= 0 || now == (on ? 1 : 0))
		return r < 0 ? r : 0;
	r = sysctl_set(proc, f->name, link, f->file, on, &why);
	if (r == 0 || r == -ENOENT) /* the link is gone */
		return 0;
	*e = why;
	return r;
}

/* Another program may have switched forwarding on for the whole host since; then it is no longer ours to switch off. */
static int forward_switch_family(struct netlink *nl, struct sysctl *proc,
				 const struct forward_family *f, const struct json *state, bool on,
				 struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	bool whole = f->family == AF_INET6 && json_get_bool(state, "forward6All", false);
	uint32_t all = 0;
	int r = forward_read(f->name, "all", "forwarding", &all, e);

	if (r <= 0)
		return r;
	if (whole)
		return all == (on ? 1 : 0) ? 0 : forward_switch_all(nl, proc, on, e);
	if (all && !on)
		return 0;
	forward_names(state, f->key, &names);
	r = 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = forward_switch_link(proc, f, names.items[i], on, e);
	return r;
}

int forward_switch(struct netlink *nl, struct sysctl *proc, const struct json *state, bool on,
		   struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < FORWARD_FAMILIES; i++)
		r = forward_switch_family(nl, proc, &forward_families[i], state, on, e);
	return r;
}
