/* As with links of ours, new addresses come before old ones go. */
#include "net/change_moved.h"

#include <string.h>

#include "net/addr.h"
#include "net/enter.h"
#include "net/link.h"
#include "net/physical.h"
#include "net/route.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static const struct json *moved_entry(const struct json *record, const char *name)
{
	const struct json *list = json_get(record, "physical");

	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++)
		if (str_eq(json_get_string(list->items[i], "name", ""), name))
			return list->items[i];
	return NULL;
}

/* Only of the oldest record it is certain that the zone has it. */
static bool is_new(const struct change_run *x, const char *name)
{
	const struct change_records *all = x->before;

	return all->n == 0 || !moved_entry(all->items[all->n - 1], name);
}

static bool is_same(const struct change_run *x, const char *name)
{
	const struct json *was = moved_entry(x->before->items[0], name);
	const struct json *is = moved_entry(x->now, name);
	auto_free char *left = was ? json_print(was, false) : NULL;
	auto_free char *right = is ? json_print(is, false) : NULL;

	return x->before->n == 1 && left && str_eq(left, right);
}

static bool addrs_have(const struct inet_addr *items, size_t n, const struct inet_addr *a,
		       bool exactly)
{
	for (size_t i = 0; i < n; i++)
		if (inet_same(&items[i], a) && (!exactly || items[i].prefix == a->prefix))
			return true;
	return false;
}

/* Of one list of an old record, what the plan has no more. */
static int moved_remove(struct netlink *zone, const struct physical *p, const struct json *old,
			bool routers, struct err *e)
{
	const struct json *list = json_get(old, routers ? "routers" : "addresses");
	struct link_info l = { 0 };
	int r = link_find(zone, p->name, &l, e);

	for (size_t i = 0; r == 0 && list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr a;

		if (list->items[i]->type != JSON_STRING || inet_parse(list->items[i]->text, &a) < 0)
			continue;
		if (routers && !addrs_have(p->routers, p->n_routers, &a, false))
			r = route_remove_default(zone, l.index, &a, e);
		else if (!routers && !addrs_have(p->addrs, p->n_addrs, &a, true))
			r = addr_remove(zone, l.index, &a, e);
	}
	return r;
}

static int moved_settle(const struct change_run *x, struct netlink *zone, const struct physical *p,
			struct err *e)
{
	int r = physical_settle(zone, p, e);

	for (size_t i = 0; r == 0 && i < x->before->n; i++) {
		const struct json *old = moved_entry(x->before->items[i], p->name);

		if (!old)
			continue;
		r = moved_remove(zone, p, old, true, e);
		if (r == 0)
			r = moved_remove(zone, p, old, false, e);
	}
	/* with the first address of a subnet the others may have gone, and routes with them */
	if (r == 0)
		r = physical_settle(zone, p, e);
	return r < 0 ? err_wrap(e, "net[%s]", p->name) : 0;
}

int change_moved_take(const struct change_run *x, struct err *e)
{
	const struct physical_list *moved = &x->plan->moved;
	auto_free const char **names = mem_array(moved->n + 1, sizeof(*names));
	auto_done(netlink) struct netlink zone = NETLINK_CLOSED;
	size_t n = 0;
	int r;

	if (moved->n == 0)
		return 0;
	r = physical_take(x->host, x->plan->run_dir, x->plan->zonename, moved, x->netns_fd, e);
	for (size_t i = 0; i < moved->n; i++)
		if (is_new(x, moved->items[i].name))
			names[n++] = moved->items[i].name;
	if (r == 0)
		r = enter_namespace(x->netns_fd, names, &zone, e);
	for (size_t i = 0; r == 0 && i < moved->n; i++)
		if (!is_same(x, moved->items[i].name))
			r = moved_settle(x, &zone, &moved->items[i], e);
	return r;
}

int change_moved_return(const struct change_run *x, struct err *e)
{
	return physical_return(x->host, x->plan->run_dir, x->plan->zonename, &x->plan->moved, e);
}
