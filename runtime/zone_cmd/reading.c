/* reading - the lists of runtime/zone put together. */
#include "runtime/zone_cmd/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000 };

void reading_done(struct reading *r)
{
	zone_stats_free(r->list, r->n);
	*r = (struct reading){ 0 };
}

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

static void append(struct reading *to, struct zone_stat *list, size_t n)
{
	to->list = mem_grow(to->list, to->n + n, sizeof(*to->list));
	for (size_t i = 0; i < n; i++)
		to->list[to->n++] = list[i];
	free(list);
}

/* "@acme" is a tenant. */
static int take_chosen(const struct zone_dirs *d, const struct strv *names, unsigned extras,
		       struct reading *ret, struct err *e)
{
	auto_done(strv) struct strv zones = { 0 }, tenants = { 0 };
	struct zone_stat *list = NULL;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];

		strv_add(*name == '@' ? &tenants : &zones, name + (*name == '@'));
	}
	if (zones.n > 0)
		r = zone_stat(d, &zones, extras, &ret->list, &ret->n, e);
	if (r == 0 && tenants.n > 0) {
		r = zone_stat_tenants(d, &tenants, &list, &n, e);
		append(ret, list, n);
	}
	ret->at_ms = now_ms();
	return r;
}

/* The zones, their sum, their tenants, and the machine. With chosen zones only those. */
/* There is one row, and its name is the only one that can be asked for. */
static int take_self(const struct strv *names, struct reading *ret, struct err *e)
{
	ret->list = mem_array(1, sizeof(*ret->list));
	int r = zone_stat_self(&ret->list[0], e);

	ret->n = r < 0 ? 0 : 1;
	ret->at_ms = now_ms();
	for (size_t i = 0; r == 0 && i < names->n; i++) {
		if (!str_eq(names->items[i], ret->list[0].name))
			r = err_set(e, ENOENT, "inside a zone there is only \"%s\" to be seen",
				    ret->list[0].name);
	}
	return r;
}

int reading_take(const struct zone_dirs *d, const struct strv *names, unsigned extras,
		 struct reading *ret, struct err *e)
{
	struct zone_stat host = { 0 }, total, *tenants = NULL, *last;
	size_t n = 0;
	int r;

	if (!d)
		return take_self(names, ret, e);
	if (names->n > 0)
		return take_chosen(d, names, extras, ret, e);
	r = zone_stat(d, NULL, extras, &ret->list, &ret->n, e);
	ret->at_ms = now_ms();
	if (r == 0)
		r = zone_stat_tenants(d, NULL, &tenants, &n, e);
	if (r == 0)
		r = zone_stat_host(&host, e);
	if (r < 0)
		return r;
	total = stat_total(ret->list, ret->n);
	append(ret, tenants, n);
	last = mem_array(2, sizeof(*last));
	last[0] = total;
	last[1] = host;
	append(ret, last, 2);
	return 0;
}

struct stat_report reading_report(const struct reading *now, const struct reading *before)
{
	return (struct stat_report){ .now = now->list,
				     .n = now->n,
				     .before = before->list,
				     .n_before = before->n,
				     .interval_ms = now->at_ms - before->at_ms };
}
