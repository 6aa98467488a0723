/* From `net` of the configuration to links of the host that are moved. */
#include <string.h>
#include <sys/socket.h>

#include "net/plan.h"
#include "net/sysctl.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

struct physical_reader {
	size_t index, errors;
	struct diag_list *diags;
};

static void physical_report(struct physical_reader *r, const char *key, const char *text,
			    const char *why)
{
	auto_free char *path = mem_format("net[%zu].%s", r->index, key);

	diag_add(r->diags, DIAG_AT(0, 0), path, "host", NULL, "\"%s\" %s", text, why);
	r->errors++;
}

static struct inet_addr *physical_grow(struct inet_addr *items, size_t *n,
				       const struct inet_addr *a)
{
	items = mem_grow(items, *n + 1, sizeof(*items));
	items[(*n)++] = *a;
	return items;
}

static void physical_address(struct physical_reader *r, struct physical *p, const char *text)
{
	struct inet_addr a;
	const char *why = NULL;

	if (inet_parse(text, &a) < 0)
		why = "is not an address";
	else if (!a.has_prefix)
		why = "has no prefix length";
	else if (a.family == AF_INET6 && !sysctl_has_ipv6())
		why = "cannot be had: this kernel runs without IPv6";
	else
		why = inet_unusable(&a);
	if (why)
		physical_report(r, "address", text, why);
	else
		p->addrs = physical_grow(p->addrs, &p->n_addrs, &a);
}

static void physical_router(struct physical_reader *r, struct physical *p, const char *text)
{
	struct inet_addr a;
	bool is_near;

	if (inet_parse(text, &a) < 0) {
		physical_report(r, "defrouter", text, "is not an address");
		return;
	}
	is_near = a.family == AF_INET6 && a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
	for (size_t i = 0; i < p->n_addrs; i++)
		is_near |= inet_contains(&p->addrs[i], &a);
	if (!is_near)
		physical_report(r, "defrouter", text, "is in none of the link's subnets");
	else
		p->routers = physical_grow(p->routers, &p->n_routers, &a);
}

/* Inside it keeps its name, which no other link may have. */
static void physical_name(struct physical_reader *r, const struct net_plan *p, const char *name)
{
	for (size_t i = 0; i < r->index; i++)
		if (str_eq(p->moved.items[i].name, name))
			physical_report(r, "physical", name, "is named twice");
	for (size_t i = 0; i < p->n_links; i++)
		if (str_eq(p->links[i].name, name))
			physical_report(r, "physical", name,
					"is the name of a link of anet in the zone too");
}

size_t plan_read_physical(const struct zone_spec *z, struct net_plan *p, struct diag_list *diags)
{
	struct physical_reader r = { .diags = diags };

	p->moved.items = mem_array(z->n_net + 1, sizeof(*p->moved.items));
	for (; r.index < z->n_net; r.index++) {
		const struct zone_net *n = &z->net[r.index];
		struct physical *one = &p->moved.items[p->moved.n++];

		if (str_format(one->name, sizeof(one->name), "%s", n->physical) < 0)
			physical_report(&r, "physical", n->physical,
					"cannot be the name of a link");
		physical_name(&r, p, one->name);
		for (size_t i = 0; i < n->address.n; i++)
			physical_address(&r, one, n->address.items[i]);
		for (size_t i = 0; i < n->defrouter.n; i++)
			physical_router(&r, one, n->defrouter.items[i]);
	}
	return r.errors;
}
