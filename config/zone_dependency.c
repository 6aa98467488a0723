/* zone_dependency - what one file can say wrong about the zones that it waits for. Circles of several zones are found where all files are (runtime/zone/boot_order.c). */
#include "config/zone_table.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

struct dependency_check {
	const struct zone_spec *z;
	const struct json *list;
	struct diag_list *diags;
	size_t errors;
};

static void report(struct dependency_check *c, size_t i, const char *code, const char *why)
{
	const struct json *at = c->list && i < c->list->n ? c->list->items[i] : NULL;
	auto_free char *path = mem_format("dependency[%zu]", i);

	c->errors++;
	diag_add(c->diags, DIAG_AT(at ? at->line : 0, at ? at->column : 0), path, code, NULL, "%s",
		 why);
}

static bool stands_before(const struct strv *names, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(names->items[k], names->items[i]))
			return true;
	return false;
}

size_t zone_check_dependency(const struct zone_spec *z, const struct json *root,
			     struct diag_list *diags)
{
	struct dependency_check c = { .z = z,
				      .list = json_get(root, "dependency"),
				      .diags = diags };

	for (size_t i = 0; i < z->dependency.n; i++) {
		if (str_eq(z->dependency.items[i], z->zonename))
			report(&c, i, "conflict", "the zone would wait for itself");
		else if (stands_before(&z->dependency, i))
			report(&c, i, "duplicate", "the zone stands there twice");
	}
	return c.errors;
}
