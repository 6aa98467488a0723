/* capacity - sums of caps, first for each tenant, then for the host. */
#include "runtime/zone/capacity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/cpu_list.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"

enum { DEFAULT_LWPS = 4096 };

const char *capacity_word(enum capacity_resource r)
{
	static const char *const words[] = { "cpu", "memory", "swap", "lwps" };

	return words[r];
}

bool capacity_is_over(const struct capacity_row *row)
{
	return row->present.set && row->all.sum > row->present.value;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

/* What these caps allow of a resource; not set: no limit. */
static struct opt_u64 cap_of(enum capacity_resource r, const struct zone_cpu_cap *cpu,
			     const struct zone_memory_cap *memory, const struct opt_u64 *lwps)
{
	struct opt_u64 none = { 0 };

	switch (r) {
	case CAPACITY_CPU:
		return cpu ? cpu->ncpus : none;
	case CAPACITY_MEMORY:
		return memory ? memory->physical : none;
	case CAPACITY_SWAP:
		if (!memory || !memory->swap.set || !memory->physical.set)
			return none;
		return (struct opt_u64){ true, memory->swap.value - memory->physical.value };
	case CAPACITY_LWPS:
		return *lwps;
	case CAPACITY_RESOURCES:
		break;
	}
	return none;
}

/* The most that it may take, and nobody else has then. */
static struct opt_u64 dedicated_of(const struct zone_dedicated_cpu *d)
{
	unsigned min = 0, max = 0;
	struct err ignored = { 0 };

	if (cpu_range_parse(d->ncpus, &min, &max, &ignored) < 0)
		return (struct opt_u64){ 0 };
	return (struct opt_u64){ true, (uint64_t)max * 1000 };
}

static struct opt_u64 of_zone(const struct capacity_zone *z, enum capacity_resource r)
{
	struct opt_u64 lwps = { true,
				z->spec->max_lwps.set ? z->spec->max_lwps.value : DEFAULT_LWPS };

	if (r == CAPACITY_CPU && z->spec->dedicated_cpu)
		return dedicated_of(z->spec->dedicated_cpu);
	return cap_of(r, z->spec->capped_cpu, z->spec->capped_memory, &lwps);
}

static struct opt_u64 of_tenant(const struct tenant_spec *t, enum capacity_resource r)
{
	return cap_of(r, t->capped_cpu, t->capped_memory, &t->max_lwps);
}

static void add(struct capacity_promise *p, struct opt_u64 cap)
{
	if (!cap.set)
		p->without++;
	else if (__builtin_add_overflow(p->sum, cap.value, &p->sum))
		p->sum = UINT64_MAX;
}

static void add_zones(const struct capacity_zone *zones, size_t n, const char *tenant,
		      struct capacity_row *row)
{
	for (size_t i = 0; i < n; i++) {
		const struct capacity_zone *z = &zones[i];

		if (!str_eq(z->tenant ? z->tenant->tenant : NULL, tenant))
			continue;
		add(&row->all, of_zone(z, row->resource));
		if (z->running)
			add(&row->running, of_zone(z, row->resource));
	}
}

/* A tenant's zones as the host sees them. */
static void add_tenant(struct capacity_promise *host, const struct capacity_promise *p,
		       const struct opt_u64 *limit)
{
	struct opt_u64 sum = { true, p->sum };

	if (limit->set && (p->without > 0 || sum.value > limit->value))
		sum = *limit;
	add(host, sum);
	if (!limit->set)
		host->without += p->without;
}

void capacity_count(const struct capacity_zone *zones, size_t n, struct capacity_row *rows,
		    size_t n_rows)
{
	for (size_t i = 0; i < n_rows; i++)
		add_zones(zones, n, rows[i].tenant, &rows[i]);
	for (size_t i = 0; i < n_rows; i++) {
		struct capacity_row *host = &rows[rows[i].resource];

		if (!rows[i].tenant)
			continue;
		add_tenant(&host->all, &rows[i].all, &rows[i].present);
		add_tenant(&host->running, &rows[i].running, &rows[i].present);
	}
}

/* --- the host ----------------------------------------------------------------------------------------------------- */

static struct opt_u64 kernel_number(const char *path)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	struct opt_u64 v = { 0 };

	if (file_read_all(AT_FDCWD, path, 64, &text, NULL, &ignored) < 0)
		return v;
	text[strcspn(text, "\n")] = '\0';
	v.set = num_u64(text, &v.value) == 0;
	return v;
}

static struct opt_u64 threads_of_host(void)
{
	struct opt_u64 threads = kernel_number("/proc/sys/kernel/threads-max");
	struct opt_u64 pids = kernel_number("/proc/sys/kernel/pid_max");

	return threads.set && (!pids.set || threads.value < pids.value) ? threads : pids;
}

static struct opt_u64 present_of(enum capacity_resource r, const struct cgroup_stats *host)
{
	switch (r) {
	case CAPACITY_CPU:
		return host->cpu_limit;
	case CAPACITY_MEMORY:
		return host->memory_limit;
	case CAPACITY_SWAP:
		return host->swap_limit;
	case CAPACITY_LWPS:
	case CAPACITY_RESOURCES:
		break;
	}
	return threads_of_host();
}

/* CPU time is no amount that somebody holds: it has no use here. */
static struct opt_u64 used_of(enum capacity_resource r, const struct cgroup_stats *s)
{
	const struct opt_u64 used[] = { { 0 }, s->memory, s->swap, s->pids };

	return used[r];
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

struct capacity {
	const struct zone_dirs *dirs;
	struct tenant_spec **tenants;
	size_t n_tenants;
	struct zone **zones;
	struct zone_spec **specs; /* with their resource controls as properties */
	struct capacity_zone *list;
	size_t n;
};

static void capacity_done(struct capacity *c)
{
	for (size_t i = 0; i < c->n_tenants; i++)
		tenant_spec_free(c->tenants[i]);
	for (size_t i = 0; i < c->n; i++) {
		zone_free(c->zones[i]);
		zone_spec_free(c->specs[i]);
	}
	free(c->specs);
	free(c->tenants);
	free(c->zones);
	free(c->list);
}

static int read_tenants(struct capacity *c, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = tenant_names(c->dirs, &names, e);

	c->tenants = mem_array(names.n, sizeof(struct tenant_spec *));
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = tenant_read(c->dirs, names.items[i], &c->tenants[i], e);
		c->n_tenants += r == 0 ? 1 : 0;
	}
	return r;
}

static const struct tenant_spec *find_tenant(const struct capacity *c, const char *name)
{
	for (size_t i = 0; i < c->n_tenants; i++) {
		if (str_eq(c->tenants[i]->tenant, name))
			return c->tenants[i];
	}
	return NULL;
}

/* A zone whose file is broken promises nothing: it cannot be booted. */
static int read_zones(struct capacity *c, struct err *e)
{
	auto_done(strv) struct strv names = { 0 };
	int r = zone_names(c->dirs, &names, e);

	c->zones = mem_array(names.n, sizeof(struct zone *));
	c->specs = mem_array(names.n, sizeof(struct zone_spec *));
	c->list = mem_array(names.n, sizeof(*c->list));
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct zone *z = NULL;
		struct err ignored = { 0 };

		if (zone_open(c->dirs, names.items[i], 0, &z, &ignored) < 0)
			continue;
		if (!z->spec) {
			zone_free(z);
			continue;
		}
		c->zones[c->n] = z;
		c->specs[c->n] = zone_expanded(z->spec);
		c->list[c->n] = (struct capacity_zone){
			.spec = c->specs[c->n],
			.tenant = z->spec->tenant ? find_tenant(c, z->spec->tenant) : NULL,
			.running = z->state >= ZONE_READY
		};
		c->n++;
	}
	return r;
}

/* What all zones use, without zrun's containers, which promise nothing here. */
static int zones_use(const struct zone_dirs *d, struct cgroup_stats *ret, struct err *e)
{
	struct zone_stat *list = NULL;
	size_t n = 0;
	int r = zone_stat(d, NULL, 0, &list, &n, e);

	*ret = (struct cgroup_stats){ .memory.set = true, .swap.set = true, .pids.set = true };
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct cgroup_stats *s = &list[i].cgroup;

		if (str_eq(list[i].brand, "oci"))
			continue;
		ret->memory.value += s->memory.set ? s->memory.value : 0;
		ret->swap.value += s->swap.set ? s->swap.value : 0;
		ret->pids.value += s->pids.set ? s->pids.value : 0;
	}
	if (r == 0)
		zone_stats_free(list, n);
	return r;
}

static void fill(struct capacity_row *rows, const struct tenant_spec *t,
		 const struct cgroup_stats *present, const struct cgroup_stats *used)
{
	for (size_t i = 0; i < CAPACITY_RESOURCES; i++) {
		enum capacity_resource r = (enum capacity_resource)i;

		rows[i] = (struct capacity_row){ .tenant = t ? mem_strdup(t->tenant) : NULL,
						 .resource = r,
						 .present = t ? of_tenant(t, r)
							      : present_of(r, present),
						 .used = used_of(r, used) };
	}
}

int zone_capacity(const struct zone_dirs *d, struct capacity_row **ret, size_t *ret_n,
		  struct err *e)
{
	auto_done(capacity) struct capacity c = { .dirs = d };
	struct zone_stat host = { 0 };
	struct cgroup_stats used = { 0 };
	int r = read_tenants(&c, e);

	if (r == 0)
		r = read_zones(&c, e);
	if (r == 0)
		r = zones_use(d, &used, e);
	if (r == 0)
		r = zone_stat_host(&host, e);
	if (r < 0)
		return r;
	*ret_n = (c.n_tenants + 1) * CAPACITY_RESOURCES;
	*ret = mem_array(*ret_n, sizeof(**ret));
	fill(*ret, NULL, &host.cgroup, &used);
	for (size_t i = 0; i < c.n_tenants; i++) {
		struct cgroup_stats of_its = { 0 };
		struct err ignored = { 0 }; /* none of its zones runs */

		(void)!tenant_stats(d, c.tenants[i]->tenant, &of_its, &ignored);
		fill(*ret + (i + 1) * CAPACITY_RESOURCES, c.tenants[i], NULL, &of_its);
	}
	capacity_count(c.list, c.n, *ret, *ret_n);
	free(host.name);
	free(host.brand);
	return 0;
}

void capacity_free(struct capacity_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(rows[i].tenant);
	free(rows);
}
