/* cpu_holders - the decisions of cpus.c, without the files. Pure. */
#include <errno.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/cpus.h"

void cpu_holders_done(struct cpu_holders *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->items[i].zone);
	free(h->items);
	*h = (struct cpu_holders){ 0 };
}

void cpu_holders_rest(const struct cpu_holders *h, struct cpu_list *ret)
{
	*ret = h->all;
	for (size_t i = 0; i < h->n; i++)
		if (h->items[i].dedicated)
			cpu_list_remove(ret, &h->items[i].cpus);
}

/* "zone "a" has 1, pool zone "b" runs on 0-1". */
static char *holders_text(const struct cpu_holders *h)
{
	auto_done(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < h->n; i++) {
		auto_free char *cpus = cpu_list_text(&h->items[i].cpus);

		strbuf_format(&text, "%szone \"%s\" %s %s%s", i > 0 ? ", " : "", h->items[i].zone,
			      h->items[i].dedicated ? "has" : "runs on", cpus,
			      h->items[i].dedicated ? "" : " with its pool");
	}
	return mem_strdup(strbuf_text(&text));
}

int cpu_holders_choose(const struct cpu_holders *h, const char *range, struct cpu_list *ret,
		       struct err *e)
{
	auto_free struct cpu_list *rest = mem_zero(sizeof(*rest));
	auto_free struct cpu_list *free_cpus = mem_zero(sizeof(*free_cpus));
	unsigned min, max;
	int r = cpu_range_parse(range, &min, &max, e);

	if (r < 0)
		return r;
	cpu_holders_rest(h, rest);
	*free_cpus = *rest;
	for (size_t i = 0; i < h->n; i++)
		cpu_list_remove(free_cpus, &h->items[i].cpus);
	size_t most = cpu_list_count(rest); /* but for one */
	size_t n = cpu_list_count(free_cpus);

	most = most > 0 ? most - 1 : 0;
	n = n < most ? n : most;
	n = n < max ? n : max;
	if (n >= min) {
		cpu_list_highest(free_cpus, n, ret);
		return 0;
	}
	auto_free char *all = cpu_list_text(&h->all);
	auto_free char *who = holders_text(h);

	return err_set(
		e, EBUSY,
		"%u of the CPUs %s cannot be given away, only %zu: one stays with the host%s%s",
		min, all, n, h->n > 0 ? ", " : "", who);
}
