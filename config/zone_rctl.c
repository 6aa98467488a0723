#include "config/zone_rctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

/* rctl: resource controls by the names of Solaris, and a few files of cgroup v2 that have no property.
 *
 * A name of Solaris means a property, and becomes it in the effective configuration: whatever is true of the property (verify, apply, the default) is true of the name. Both at once are refused. */

enum holder { IN_ZONE, IN_CPU_CAP, IN_MEMORY_CAP };

static const struct rctl_row {
	const char *name, *property;
	enum holder holder;
	size_t offset;
	const struct value_type *type;
	uint64_t unit; /* what 1 means in the member */
} rows[] = {
	{ "zone.cpu-cap", "cappedCPU.ncpus", IN_CPU_CAP, offsetof(struct zone_cpu_cap, ncpus),
	  &zone_cpus_type, 10 }, /* hundredths of a CPU */
	{ "zone.cpu-shares", "cpuShares", IN_ZONE, offsetof(struct zone_spec, cpu_shares),
	  &zone_shares_type, 1 },
	{ "zone.max-lwps", "maxLwps", IN_ZONE, offsetof(struct zone_spec, max_lwps),
	  &zone_count_type, 1 },
	{ "zone.max-processes", "maxProcesses", IN_ZONE, offsetof(struct zone_spec, max_processes),
	  &zone_count_type, 1 },
	{ "zone.max-physical-memory", "cappedMemory.physical", IN_MEMORY_CAP,
	  offsetof(struct zone_memory_cap, physical), &zone_size_type, 1 },
	{ "zone.max-swap", "cappedMemory.swap", IN_MEMORY_CAP,
	  offsetof(struct zone_memory_cap, swap), &zone_size_type, 1 },
	{ "zone.max-locked-memory", "cappedMemory.locked", IN_MEMORY_CAP,
	  offsetof(struct zone_memory_cap, locked), &zone_size_type, 1 },
	{ "zone.max-msg-ids", "maxMsgIds", IN_ZONE, offsetof(struct zone_spec, max_msg_ids),
	  &zone_ipc_type, 1 },
	{ "zone.max-sem-ids", "maxSemIds", IN_ZONE, offsetof(struct zone_spec, max_sem_ids),
	  &zone_ipc_type, 1 },
	{ "zone.max-shm-ids", "maxShmIds", IN_ZONE, offsetof(struct zone_spec, max_shm_ids),
	  &zone_ipc_type, 1 },
	{ "zone.max-shm-memory", "maxShmMemory", IN_ZONE,
	  offsetof(struct zone_spec, max_shm_memory), &zone_shm_type, 1 },
};

/* Files of cgroup v2 that can do no harm outside the zone, and what they say without us. */
static const struct zone_rctl_file files[] = {
	{ "memory.high", "max" },     { "memory.swap.high", "max" }, { "memory.oom.group", "0" },
	{ "cpu.uclamp.min", "0.00" }, { "cpu.uclamp.max", "max" },
};

static const struct rctl_row *row_find(const char *name)
{
	for (size_t i = 0; i < BIND_COUNT(rows); i++)
		if (str_eq(rows[i].name, name))
			return &rows[i];
	return NULL;
}

const struct zone_rctl_file *zone_rctl_file(const char *name)
{
	for (size_t i = 0; i < BIND_COUNT(files); i++)
		if (str_eq(files[i].name, name))
			return &files[i];
	return NULL;
}

const char *zone_rctl_property(const char *name)
{
	const struct rctl_row *row = row_find(name);

	return row ? row->property : NULL;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int row_value(const struct rctl_row *row, const char *text, uint64_t *ret)
{
	bool is_size = row->type->parse && row->unit == 1;
	uint64_t v;

	if ((is_size ? num_size(text, &v) : num_u64(text, &v)) < 0 || v > row->type->max)
		return -EINVAL;
	*ret = v * row->unit;
	return *ret < row->type->min || *ret > row->type->max ? -ERANGE : 0;
}

static int file_value(const char *text)
{
	return text[0] && strspn(text, "0123456789.") == strlen(text) ? 0
	       : str_eq(text, "max")                                  ? 0
								      : -EINVAL;
}

int zone_rctl_check(const struct zone_rctl *r, char *why, size_t why_size)
{
	const struct rctl_row *row = row_find(r->name);
	uint64_t v;

	if (row && row_value(row, r->value, &v) < 0)
		(void)snprintf(why, why_size, "\"%.60s\" is no value of %s that %s could have",
			       r->value, row->name, row->property);
	else if (zone_rctl_file(r->name) && file_value(r->value) < 0)
		(void)snprintf(why, why_size, "\"%.60s\" is neither a number nor max", r->value);
	else
		return 0;
	return -EINVAL;
}

/* --- effect ------------------------------------------------------------------------------------------------------- */

/* NULL: the object is not there, and is not to be made. */
static struct opt_u64 *member(struct zone_spec *z, const struct rctl_row *row, bool make)
{
	void *object = NULL;

	switch (row->holder) {
	case IN_ZONE:
		object = z;
		break;
	case IN_CPU_CAP:
		if (!z->capped_cpu && make)
			z->capped_cpu = mem_zero(sizeof(*z->capped_cpu));
		object = z->capped_cpu;
		break;
	case IN_MEMORY_CAP:
		if (!z->capped_memory && make)
			z->capped_memory = mem_zero(sizeof(*z->capped_memory));
		object = z->capped_memory;
		break;
	}
	return object ? (void *)((char *)object + row->offset) : NULL;
}

bool zone_rctl_contradicts(const struct zone_spec *z, const char *name)
{
	const struct rctl_row *row = row_find(name);
	/* only read: nothing is made */
	const struct opt_u64 *m = row ? member((struct zone_spec *)z, row, false) : NULL;

	return m && m->set;
}

void zone_rctl_expand(struct zone_spec *z)
{
	for (size_t i = 0; i < z->n_rctl; i++) {
		const struct rctl_row *row = row_find(z->rctl[i].name);
		uint64_t v;

		if (row && row_value(row, z->rctl[i].value, &v) == 0)
			*member(z, row, true) = (struct opt_u64){ true, v };
	}
}

char *zone_rctl_names(void)
{
	auto_done(strbuf) struct strbuf text = { 0 };

	for (size_t i = 0; i < BIND_COUNT(rows); i++)
		strbuf_format(&text, "%s%s", i > 0 ? " " : "", rows[i].name);
	for (size_t i = 0; i < BIND_COUNT(files); i++)
		strbuf_format(&text, " %s", files[i].name);
	return mem_strdup(strbuf_text(&text));
}
