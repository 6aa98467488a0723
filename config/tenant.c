/* tenant - the table of a tenant's file, and its limits as resources. */
#include "config/tenant.h"

#include <errno.h>
#include <stdlib.h>

#include "config/zone_table.h"
#include "config/zone_to_oci.h"
#include "runtime/base/mem.h"

enum { ATTRS_MAX = 64, NO_SHARES = 1024 };

/* clang-format off: a table to be read as a table */
static const struct field tenant_fields[] = {
	ROW(tenant_spec, tenant, "tenant", FIELD_STRING, .flags = FIELD_REQUIRED | FIELD_READONLY,
	    .type = &zone_name_type, .doc = "The tenant's name, which is also that of the file."),
	ROW(tenant_spec, cpu_shares, "cpuShares", FIELD_OPT_U64, .type = &zone_shares_type,
	    .fallback = "100",
	    .doc = "Weight of all its zones together against what is beside them."),
	{ .key = "cappedCPU",
	  .kind = FIELD_OPT_OBJECT,
	  .offset = offsetof(struct tenant_spec, capped_cpu),
	  .shape = &zone_cpu_cap_shape,
	  .fallback = "none",
	  .doc = "Upper bound of the CPU time of all its zones together." },
	{ .key = "cappedMemory",
	  .kind = FIELD_OPT_OBJECT,
	  .offset = offsetof(struct tenant_spec, capped_memory),
	  .shape = &zone_memory_cap_shape,
	  .fallback = "none",
	  .doc = "Upper bounds of the memory of all its zones together." },
	ROW(tenant_spec, max_lwps, "maxLwps", FIELD_OPT_U64, .type = &zone_count_type,
	    .fallback = "none", .doc = "Processes and threads of all its zones together."),
	ROW(tenant_spec, attr, "attr", FIELD_MAP, .type = &zone_line_type,
	    .key_type = &zone_attr_key_type, .max_items = ATTRS_MAX, .fallback = "none",
	    .doc = "Notes of the administrator."),
};
/* clang-format on */
static const struct shape tenant_shape =
	SHAPE("a tenant", tenant_spec, tenant_fields, .doc = "A tenant.");

struct tenant_spec *tenant_spec_new(void)
{
	struct tenant_spec *t = mem_zero(sizeof(*t));

	bind_init(&tenant_shape, t);
	return t;
}

void tenant_spec_free(struct tenant_spec *t)
{
	bind_free(&tenant_shape, t);
	free(t);
}

struct json *tenant_spec_save(const struct tenant_spec *t)
{
	return bind_save(&tenant_shape, t);
}

bool tenant_name_ok(const char *name)
{
	return zone_type_accepts(&zone_name_type, name);
}

static void conflict(struct diag_list *diags, const char *path, const char *text)
{
	diag_add(diags, DIAG_AT(0, 0), path, "conflict", NULL, "%s", text);
}

static void check_memory(const struct zone_memory_cap *m, struct diag_list *diags)
{
	if (m->locked.set)
		conflict(diags, "cappedMemory.locked",
			 "is a limit of each process: it belongs into the files of the zones");
	if (m->swap.set && !m->physical.set)
		conflict(diags, "cappedMemory.swap",
			 "is RAM and swap space together and needs cappedMemory.physical");
	if (m->swap.set && m->physical.set && m->swap.value < m->physical.value)
		conflict(diags, "cappedMemory.swap",
			 "is below physical; swap is RAM and swap space together");
	if (m->soft.set)
		conflict(diags, "cappedMemory.soft",
			 "is what a single zone keeps: it belongs into the files of the zones");
}

int tenant_spec_parse(const char *text, size_t n, struct tenant_spec **ret, struct diag_list *diags)
{
	auto_ptr(json) struct json *root = NULL;
	auto_ptr(tenant_spec) struct tenant_spec *t = tenant_spec_new();
	struct bind_ctx c = { .diags = diags };
	size_t before = diags->n;
	int r = json_parse(text, n, ZONE_FILE_MAX, &root, diags);

	if (r < 0)
		return r;
	r = bind_load(&c, &tenant_shape, root, t);
	bind_ctx_done(&c);
	if (r == 0 && t->capped_memory)
		check_memory(t->capped_memory, diags);
	if (r == 0 && t->capped_cpu && t->capped_cpu->burst.set &&
	    t->capped_cpu->burst.value * 10 > t->capped_cpu->ncpus.value)
		conflict(diags, "cappedCPU.burst", "is more than a tenth of ncpus");
	if (r < 0 || diags->n > before)
		return -EINVAL;
	*ret = ptr_steal(&t);
	return 0;
}

/* --- resources ---------------------------------------------------------------------------------------------------- */

static bool has_memory(const struct tenant_spec *t, size_t offset)
{
	const char *cap = t ? (const char *)t->capped_memory : NULL;

	return cap && ((const struct opt_u64 *)(const void *)(cap + offset))->set;
}

static struct opt_i64 limit_of(bool has, uint64_t value)
{
	return (struct opt_i64){ true, has ? (int64_t)value : -1 };
}

static void fill_memory(const struct tenant_spec *now, const struct tenant_spec *before,
			struct resources_spec *r)
{
	const size_t physical = offsetof(struct zone_memory_cap, physical);
	const size_t swap = offsetof(struct zone_memory_cap, swap);
	const struct zone_memory_cap *cap = now->capped_memory;

	if (!cap && !(before && before->capped_memory))
		return;
	struct memory_spec *m = r->memory = mem_zero(sizeof(*m));

	m->check_before_update = (struct opt_bool){ true, true };
	if (has_memory(now, physical) || has_memory(before, physical))
		m->limit = limit_of(has_memory(now, physical), cap ? cap->physical.value : 0);
	if (has_memory(now, swap) || has_memory(before, swap))
		m->swap = limit_of(has_memory(now, swap), cap ? cap->swap.value : 0);
}

static void fill_cpu(const struct tenant_spec *now, const struct tenant_spec *before,
		     struct resources_spec *r)
{
	bool had_cap = before && before->capped_cpu;
	bool had_shares = before && before->cpu_shares.set;

	if (!now->capped_cpu && !now->cpu_shares.set && !had_cap && !had_shares)
		return;
	struct cpu_spec *c = r->cpu = mem_zero(sizeof(*c));

	if (now->cpu_shares.set || had_shares)
		c->shares = (struct opt_u64){ true, now->cpu_shares.set
							    ? zone_cpu_shares(now->cpu_shares.value)
							    : NO_SHARES };
	if (now->capped_cpu)
		zone_cpu_quota(now->capped_cpu, c);
	else if (had_cap)
		c->quota = limit_of(false, 0);
	if (had_cap && before->capped_cpu->burst.set && !c->burst.set)
		c->burst = (struct opt_u64){ true, 0 };
}

struct resources_spec *tenant_resources(const struct tenant_spec *now,
					const struct tenant_spec *before)
{
	struct resources_spec *r = resources_spec_new();

	fill_memory(now, before, r);
	fill_cpu(now, before, r);
	if (now->max_lwps.set || (before && before->max_lwps.set))
		r->pids_limit = limit_of(now->max_lwps.set, now->max_lwps.value);
	return r;
}
