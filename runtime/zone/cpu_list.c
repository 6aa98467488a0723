#include "runtime/zone/cpu_list.h"

#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

/* "3" or "3-5". */
static int parse_range(const char *text, uint32_t *ret_first, uint32_t *ret_last)
{
	auto_free char *first = mem_strdup(text);
	char *dash = strchr(first, '-');

	if (dash)
		*dash = '\0';
	if (num_u32(first, ret_first) < 0 || num_u32(dash ? dash + 1 : first, ret_last) < 0)
		return -EINVAL;
	return *ret_first > *ret_last ? -EINVAL : 0;
}

int cpu_list_parse(const char *text, struct cpu_list *ret, struct err *e)
{
	auto_done(strv) struct strv parts = { 0 };

	*ret = (struct cpu_list){ 0 };
	if (str_empty(text))
		return 0;
	strv_split(&parts, text, ',');
	for (size_t i = 0; i < parts.n; i++) {
		uint32_t first, last;

		if (parse_range(parts.items[i], &first, &last) < 0 || last >= CPU_LIST_MAX)
			return err_set(e, EINVAL, "\"%s\" is no list of CPUs such as 0-3,7", text);
		for (uint32_t cpu = first; cpu <= last; cpu++)
			ret->has[cpu] = true;
	}
	return 0;
}

char *cpu_list_text(const struct cpu_list *l)
{
	auto_done(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < CPU_LIST_MAX; i++) {
		size_t first = i;

		if (!l->has[i])
			continue;
		while (i + 1 < CPU_LIST_MAX && l->has[i + 1])
			i++;
		strbuf_format(&text, "%s%zu", text.len > 0 ? "," : "", first);
		if (i > first)
			strbuf_format(&text, "-%zu", i);
	}
	return mem_strdup(strbuf_text(&text));
}

size_t cpu_list_count(const struct cpu_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < CPU_LIST_MAX; i++)
		n += l->has[i];
	return n;
}

void cpu_list_add(struct cpu_list *to, const struct cpu_list *more)
{
	for (size_t i = 0; i < CPU_LIST_MAX; i++)
		to->has[i] |= more->has[i];
}

void cpu_list_remove(struct cpu_list *from, const struct cpu_list *less)
{
	for (size_t i = 0; i < CPU_LIST_MAX; i++)
		from->has[i] &= !less->has[i];
}

void cpu_list_keep(struct cpu_list *of, const struct cpu_list *only)
{
	for (size_t i = 0; i < CPU_LIST_MAX; i++)
		of->has[i] &= only->has[i];
}

void cpu_list_highest(const struct cpu_list *of, size_t n, struct cpu_list *ret)
{
	*ret = (struct cpu_list){ 0 };
	for (size_t below = 1; n > 0 && below <= CPU_LIST_MAX; below++) {
		size_t i = CPU_LIST_MAX - below;

		ret->has[i] = of->has[i];
		n -= of->has[i];
	}
}

int cpu_range_parse(const char *text, unsigned *ret_min, unsigned *ret_max, struct err *e)
{
	uint32_t min, max;

	if (parse_range(text, &min, &max) < 0 || min == 0 || max >= CPU_LIST_MAX)
		return err_set(e, EINVAL, "\"%s\" is not a number of CPUs or a range such as 1-2",
			       text);
	*ret_min = min;
	*ret_max = max;
	return 0;
}
