/* limits - expanding table rows into a plan, and the choice of the hierarchy for each section. Pure. */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/convert.h"
#include "runtime/base/mem.h"

static const struct {
	unsigned section;
	const char *v1;
} section_controllers[] = {
	{ SECTION_MEMORY, "memory" },
	{ SECTION_CPU, "cpu" },
	{ SECTION_CPUSET, "cpuset" },
	{ SECTION_PIDS, "pids" },
	{ SECTION_BLOCK_IO, "blkio" },
	{ SECTION_HUGEPAGES, "hugetlb" },
	{ SECTION_RDMA, "rdma" },
	{ SECTION_NET_CLASS, "net_cls" },
	{ SECTION_NET_PRIORITY, "net_prio" },
};

void limit_plan_done(struct limit_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->items[i].controller);
		free(p->items[i].file);
		free(p->items[i].value);
		free(p->items[i].key);
	}
	free(p->items);
	*p = (struct limit_plan){ 0 };
}

void limit_ground_done(struct limit_ground *g)
{
	strv_done(&g->v1);
}

char *limit_plan_text(const struct limit_plan *p)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < p->n; i++)
		strbuf_format(&b, "%s=%s\n", p->items[i].file, p->items[i].value);
	return strbuf_steal(&b);
}

void limit_add(const struct limit_target *t, const char *file, const char *fmt, ...)
{
	struct limit *l = LIST_GROW(t->plan->items, t->plan->n);
	va_list args;

	*l = (struct limit){ .v2 = t->v2, .flags = t->flags };
	l->controller = mem_strdup(t->controller);
	l->file = mem_strdup(file);
	l->key = mem_strdup(t->key);
	va_start(args, fmt);
	if (vasprintf(&l->value, fmt, args) < 0)
		l->value = mem_strdup("");
	va_end(args);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* A value of the model, whatever its type. */
struct value {
	bool set;
	bool negative;
	uint64_t number;
	const char *text;
};

static const void *section_base(const struct resources_spec *r, unsigned section)
{
	switch (section) {
	case SECTION_MEMORY:
		return r->memory;
	case SECTION_CPU:
	case SECTION_CPUSET:
		return r->cpu;
	case SECTION_BLOCK_IO:
		return r->block_io;
	case SECTION_NET_CLASS:
		return r->network;
	default:
		return r;
	}
}

static struct value read_value(const struct limit_row *row, const void *base)
{
	const char *at = (const char *)base + row->offset;
	struct value v = { 0 };

	if (row->type == LIMIT_TEXT) {
		memcpy(&v.text, at, sizeof(v.text));
		v.set = !str_empty(v.text);
	} else if (row->type == LIMIT_BOOL) {
		const struct opt_bool *o = (const void *)at;

		v = (struct value){ .set = o->set, .number = o->value };
	} else if (row->type == LIMIT_U64) {
		const struct opt_u64 *o = (const void *)at;

		v = (struct value){ .set = o->set, .number = o->value };
	} else {
		const struct opt_i64 *o = (const void *)at;

		v = (struct value){ .set = o->set,
				    .negative = o->value < 0,
				    .number = (uint64_t)o->value };
	}
	return v;
}

static void format_value(const struct limit_row *row, const struct value *v, struct strbuf *to)
{
	uint64_t n = v->number;

	if (v->text)
		strbuf_add(to, v->text);
	else if (row->format == FORMAT_MAX && v->negative)
		strbuf_add(to, "max");
	else if (v->negative || (row->format == FORMAT_QUOTA && n == 0))
		strbuf_add(to, "-1");
	else
		strbuf_format(to, "%" PRIu64, row->format == FORMAT_SHARES ? convert_shares(n) : n);
}

int limits_expand(const struct limit_row *rows, size_t n, unsigned sections,
		  const struct resources_spec *r, const struct limit_target *t, struct err *e)
{
	bool idle = r->cpu && r->cpu->idle.set && r->cpu->idle.value == 1;

	for (size_t i = 0; i < n; i++) {
		const struct limit_row *row = &rows[i];
		const void *base = section_base(r, row->section);
		struct value v = base && (row->section & sections) ? read_value(row, base)
								   : (struct value){ 0 };
		struct strbuf text auto_done(strbuf) = { 0 };

		if (!v.set || ((row->flags & LIMIT_SKIP_ZERO) && !v.text && v.number == 0))
			continue;
		if ((row->flags & LIMIT_NOT_IDLE) && idle)
			continue;
		format_value(row, &v, &text);
		if (row->harmless && strcmp(strbuf_text(&text), row->harmless) == 0)
			continue;
		if (!row->file)
			return err_set(e, EOPNOTSUPP, "%s: cgroup %s cannot limit this", row->key,
				       t->v2 ? "v2" : "v1");
		struct limit_target one = { .plan = t->plan,
					    .v2 = t->v2,
					    .controller = row->controller };

		one.key = row->key;
		one.flags = row->flags;
		limit_add(&one, row->file, "%s", strbuf_text(&text));
	}
	return 0;
}

int limits_add_hugepages(const struct resources_spec *r, const struct limit_target *t,
			 const char *suffix, struct err *e)
{
	struct limit_target one = *t;

	for (size_t i = 0; i < r->n_hugepages; i++) {
		const struct hugepage_spec *h = &r->hugepages[i];
		auto_free char *reserved =
			mem_format("hugetlb.%s.rsvd.%s", h->page_size ? h->page_size : "", suffix);
		auto_free char *used =
			mem_format("hugetlb.%s.%s", h->page_size ? h->page_size : "", suffix);

		/* The size becomes part of a file name: nothing but a size may come through. */
		if (!convert_is_page_size(h->page_size))
			return err_set(
				e, EINVAL,
				"hugepageLimits[%zu].pageSize: \"%s\" is no page size such as \"2MB\"",
				i, h->page_size ? h->page_size : "");
		one.flags = LIMIT_OPTIONAL; /* reservations are counted since 5.7; faults always */
		limit_add(&one, reserved, "%" PRIu64, h->limit);
		one.flags = 0;
		limit_add(&one, used, "%" PRIu64, h->limit);
	}
	return 0;
}

void limits_add_rdma(const struct resources_spec *r, const struct limit_target *t)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct rdma_spec *d = &r->rdma[i];
		struct strbuf b auto_done(strbuf) = { 0 };

		if (d->hca_handles.set)
			strbuf_format(&b, " hca_handle=%" PRIu64, d->hca_handles.value);
		if (d->hca_objects.set)
			strbuf_format(&b, " hca_object=%" PRIu64, d->hca_objects.value);
		if (b.len > 0)
			limit_add(t, "rdma.max", "%s%s", d->device, b.text);
	}
}

int limits_plan(const struct resources_spec *r, const struct limit_ground *g,
		struct limit_plan *ret, struct err *e)
{
	unsigned v1 = 0, v2 = SECTION_UNIFIED;

	for (size_t i = 0; i < sizeof(section_controllers) / sizeof(section_controllers[0]); i++) {
		/* A controller that is nowhere is reported by the hierarchy that should have it. */
		if (strv_has(&g->v1, section_controllers[i].v1) || !g->v2)
			v1 |= section_controllers[i].section;
		else
			v2 |= section_controllers[i].section;
	}
	if (r->unified.n > 0 && !g->v2)
		return err_set(e, EOPNOTSUPP,
			       "unified: this host has no cgroup v2 hierarchy to write \"%s\" in",
			       r->unified.items[0].key);
	int rc = limits_v1_plan(r, v1, g, ret, e);

	return rc < 0 ? rc : limits_v2_plan(r, v2, g, ret, e);
}
