/* What is taken is collected once; then the candidates are tried in their order, so that a second host with the same zones gets the same subnets. */
#include "net/networks_pick.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/route.h"
#include "runtime/base/mem.h"

enum { PICK_TRIES = 4096, PREFIX4 = 24, PREFIX6 = 64 };

/* Ranges that belong to nobody: the candidates stay in the one that the common subnet lies in. */
static const char *const pick_ranges[] = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
					   "100.64.0.0/10", "fc00::/7" };
static const char pick_base4[] = "10.88.0.0/24", pick_base6[] = "fd00:88::/64";

static void taken_add_texts(struct plan_addrs *taken, const struct json *list)
{
	for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->n; i++) {
		struct inet_addr a;

		if (list->items[i]->type == JSON_STRING &&
		    inet_parse(list->items[i]->text, &a) == 0)
			plan_addrs_add(taken, &a);
	}
}

static void taken_add_leases(struct plan_addrs *taken, const struct json *leases)
{
	const struct json *rows = json_get(leases, "leases");
	const struct json *networks = json_get(leases, "networks");

	for (size_t i = 0; rows && rows->type == JSON_ARRAY && i < rows->n; i++) {
		struct inet_addr a;

		if (inet_parse(json_get_string(rows->items[i], "address", ""), &a) == 0)
			plan_addrs_add(taken, &a);
	}
	for (size_t i = 0; networks && networks->type == JSON_ARRAY && i < networks->n; i++)
		taken_add_texts(taken, json_get(networks->items[i], "subnets"));
}

static int taken_add_host(struct plan_addrs *taken, struct netlink *nl, struct err *e)
{
	auto_done(addr_list) struct addr_list addrs = { 0 };
	auto_done(route_list) struct route_list routes = { 0 };
	int r = addr_all(nl, &addrs, e);

	if (r == 0)
		r = route_all(nl, &routes, e);
	for (size_t i = 0; r == 0 && i < addrs.n; i++)
		plan_addrs_add(taken, &addrs.items[i].addr);
	for (size_t i = 0; r == 0 && i < routes.n; i++)
		plan_addrs_add(taken, &routes.items[i].net);
	return r;
}

static bool taken_has(const struct plan_addrs *taken, const struct inet_addr *net)
{
	for (size_t i = 0; i < taken->n; i++)
		if (inet_overlaps(&taken->items[i], net))
			return true;
	return false;
}

/* Subnet number n counted from the one that `base` lies in, as the bridge's address in it; past the end of `range` it goes on at its beginning. */
static struct inet_addr pick_candidate(const struct inet_addr *base, const struct inet_addr *range,
				       uint64_t n)
{
	unsigned prefix = base->family == AF_INET ? PREFIX4 : PREFIX6;
	struct inet_addr a = *base;
	uint64_t number = 0, mask;

	for (size_t i = 0; i < prefix / 8; i++)
		number = number << 8 | base->bytes[i];
	mask = ((uint64_t)1 << (prefix - range->prefix)) - 1;
	number = (number & ~mask) | ((number + n) & mask);
	for (size_t i = prefix / 8; i-- > 0; number >>= 8)
		a.bytes[i] = (uint8_t)number;
	a.prefix = prefix;
	a.has_prefix = true;
	return inet_nth(&a, 1);
}

struct pick {
	struct inet_addr base, range;
};

static struct pick pick_from(const struct inet_addr *common, const char *otherwise)
{
	struct pick p = { .base = *common };

	for (int i = 0; i < 2; i++) { /* the second time with a base that has a range */
		for (size_t k = 0; k < sizeof(pick_ranges) / sizeof(pick_ranges[0]); k++)
			if (inet_parse(pick_ranges[k], &p.range) == 0 &&
			    inet_contains(&p.range, &p.base))
				return p;
		if (inet_parse(otherwise, &p.base) < 0)
			abort();
	}
	return p;
}

static int pick_first(const struct plan_addrs *taken, const struct plan_subnets *common,
		      struct plan_subnets *ret, struct err *e)
{
	const struct pick four = pick_from(&common->four, pick_base4);
	const struct pick six = pick_from(&common->six, pick_base6);

	for (uint64_t n = 1; n <= PICK_TRIES; n++) {
		struct plan_subnets s = { .four = pick_candidate(&four.base, &four.range, n) };

		if (common->six.family)
			s.six = pick_candidate(&six.base, &six.range, n);
		if (taken_has(taken, &s.four) || (s.six.family && taken_has(taken, &s.six)))
			continue;
		*ret = s;
		return 0;
	}
	return err_set(
		e, ENOSPC,
		"no free subnet is found for the bridge, the host's routes and addresses leave none; name one with subnet");
}

int networks_pick(const struct json *leases, const struct plan_subnets *common, struct netlink *nl,
		  struct plan_subnets *ret, struct err *e)
{
	struct plan_addrs taken = { 0 };
	int r;

	plan_addrs_add(&taken, &common->four);
	plan_addrs_add(&taken, &common->six);
	taken_add_leases(&taken, leases);
	r = taken_add_host(&taken, nl, e);
	if (r == 0)
		r = pick_first(&taken, common, ret, e);
	free(taken.items);
	return r;
}
