/* stat_table - what `zone stat` shows to people: one table of all at a glance, and one for each resource after zonestat(1): used, in percent of the machine, cap, percent of the cap. */
#include "runtime/zone/stat_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

enum { WHOLE = 10000 }; /* hundredths of a percent */

/* --- cells ------------------------------------------------------------------------------------------------------------ */

static char *none(void)
{
	return mem_strdup("-");
}

static char *size_text(const struct opt_u64 *v)
{
	static const char units[] = "KMGTP";
	uint64_t scaled = v->value * 10;
	size_t unit = 0;

	if (!v->set)
		return none();
	if (v->value < 1024)
		return mem_format("%" PRIu64, v->value);
	for (scaled /= 1024; scaled >= 10240 && unit + 2 < sizeof(units); unit++)
		scaled /= 1024;
	return scaled < 100 ? mem_format("%" PRIu64 ".%" PRIu64 "%c", scaled / 10, scaled % 10,
					 units[unit])
			    : mem_format("%" PRIu64 "%c", scaled / 10, units[unit]);
}

static char *count_text(const struct opt_u64 *v)
{
	return v->set ? mem_format("%" PRIu64, v->value) : none();
}

/* Hundredths as "12.3". */
static char *percent_text(bool set, uint64_t v)
{
	return set ? mem_format("%" PRIu64 ".%" PRIu64, v / 100, v / 10 % 10) : none();
}

static char *part_text(const struct opt_u64 *used, uint64_t all)
{
	return percent_text(used->set && all > 0,
			    all > 0 ? (uint64_t)((double)used->value * WHOLE / (double)all) : 0);
}

static char *whole_part_text(const struct opt_u64 *used, const struct opt_u64 *of)
{
	bool both = used->set && of->set && of->value > 0;

	return both ? mem_format("%" PRIu64, used->value * 100 / of->value) : none();
}

/* --- columns ---------------------------------------------------------------------------------------------------------- */

/* A cell of row i; `arg` is one of the values below. */
typedef char *cell_fn(const struct stat_report *r, size_t i, size_t used, size_t cap);

static const struct opt_u64 *value_at(const struct stat_report *r, size_t i, size_t offset)
{
	return (const void *)((const char *)&r->now[i] + offset);
}

static char *name_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	(void)used;
	(void)cap;
	return mem_strdup(r->now[i].name);
}
static char *size_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	(void)cap;
	return size_text(value_at(r, i, used));
}
static char *count_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	(void)cap;
	return count_text(value_at(r, i, used));
}
static char *percent_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	(void)cap;
	return percent_text(value_at(r, i, used)->set, value_at(r, i, used)->value);
}
static char *of_cap_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	const struct opt_u64 *all = value_at(r, i, cap);

	return part_text(value_at(r, i, used), all->set ? all->value : 0);
}
static char *whole_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	return whole_part_text(value_at(r, i, used), value_at(r, i, cap));
}
/* Of what the machine has, where its row is there; it is the last one nearly always. */
static char *of_machine_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	const struct opt_u64 *all = NULL;

	for (size_t k = r->n; k > 0 && !all; k--) {
		if (str_eq(r->now[k - 1].name, "[system]"))
			all = value_at(r, k - 1, cap);
	}
	return part_text(value_at(r, i, used), all && all->set ? all->value : 0);
}

static char *time_text(const struct stat_report *r, bool set, uint64_t v)
{
	if (set && r->kind == STAT_TOTAL) /* seconds */
		return mem_format("%" PRIu64 ".%" PRIu64, v / WHOLE, v / (WHOLE / 10) % 10);
	return percent_text(set, v);
}
static char *throttled_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	uint64_t v = 0;
	bool set = stat_throttled(r, i, &v);

	(void)used;
	(void)cap;
	return time_text(r, set, v);
}
static char *cpu_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	uint64_t cpu = 0;
	bool set = stat_cpu(r, i, &cpu);

	(void)used;
	(void)cap;
	return time_text(r, set, cpu);
}
static char *cpu_cap_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	const struct opt_u64 *milli = value_at(r, i, cap);

	(void)used;
	return percent_text(milli->set, milli->value * 10);
}
/* `cap` in thousandths of a CPU. */
static char *cpu_of_cap_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	const struct opt_u64 *milli = value_at(r, i, cap);
	struct opt_u64 cpu = { 0 };

	(void)used;
	cpu.set = r->kind != STAT_TOTAL && stat_cpu(r, i, &cpu.value);
	return part_text(&cpu, milli->set ? milli->value * 10 : 0);
}
static char *cpu_of_machine_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct opt_u64 cpu = { 0 };

	(void)used;
	(void)cap;
	cpu.set = r->kind != STAT_TOTAL && stat_cpu(r, i, &cpu.value);
	return part_text(&cpu, (uint64_t)(cpus > 0 ? cpus : 1) * WHOLE);
}
static char *of_share_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	uint64_t v = 0;
	bool set = stat_of_share(r, i, &v);

	(void)used;
	(void)cap;
	return percent_text(set, v);
}
static char *rate_cell(const struct stat_report *r, size_t i, size_t which, size_t cap)
{
	struct opt_u64 rate = { 0 };

	(void)cap;
	rate.set = stat_per_second(r, i, (enum stat_rate)which, &rate.value);
	return size_text(&rate);
}

/* The three in one cell, whole percents: CPU, memory, I/O. */
static char *pressure_cell(const struct stat_report *r, size_t i, size_t used, size_t cap)
{
	const struct cgroup_stats *s = &r->now[i].cgroup;

	(void)used;
	(void)cap;
	if (!s->cpu_pressure.set && !s->memory_pressure.set && !s->io_pressure.set)
		return none();
	return mem_format("%" PRIu64 "/%" PRIu64 "/%" PRIu64, s->cpu_pressure.value / 100,
			  s->memory_pressure.value / 100, s->io_pressure.value / 100);
}

struct column {
	const char *head, *total_head; /* NULL: the same in a total */
	cell_fn *cell;
	size_t used, cap;
};

#define AT(member) offsetof(struct zone_stat, member)
#define NAME                                  \
	{                                     \
		"ZONE", NULL, name_cell, 0, 0 \
	}
#define RATE(head, total_head, which)                 \
	{                                             \
		head, total_head, rate_cell, which, 0 \
	}

static const struct column usual[] = {
	NAME,
	{ "CPU%", "CPU s", cpu_cell, 0, 0 },
	{ "OF", NULL, cpu_cap_cell, 0, AT(cgroup.cpu_limit) },
	{ "MEMORY", NULL, size_cell, AT(cgroup.memory), 0 },
	{ "OF", NULL, size_cell, AT(cgroup.memory_limit), 0 },
	{ "%", NULL, whole_cell, AT(cgroup.memory), AT(cgroup.memory_limit) },
	{ "SWAP", NULL, size_cell, AT(cgroup.swap), 0 },
	{ "LWPS", NULL, count_cell, AT(cgroup.pids), 0 },
	{ "OF", NULL, count_cell, AT(cgroup.pids_limit), 0 },
	RATE("READ/s", "READ", STAT_READ),
	RATE("WRITE/s", "WRITE", STAT_WRITTEN),
	RATE("RECV/s", "RECV", STAT_RECEIVED),
	RATE("SENT/s", "SENT", STAT_SENT),
	{ "PRESSURE", NULL, pressure_cell, 0, 0 },
	{ "OOM", NULL, count_cell, AT(cgroup.oom_kills), 0 },
};

static const struct column cpu[] = {
	NAME,
	{ "USED%", "USED s", cpu_cell, 0, 0 },
	{ "%MACHINE", NULL, cpu_of_machine_cell, 0, 0 },
	{ "CAP%", NULL, cpu_cap_cell, 0, AT(cgroup.cpu_limit) },
	{ "%CAP", NULL, cpu_of_cap_cell, 0, AT(cgroup.cpu_limit) },
	{ "SHARES", NULL, count_cell, AT(cgroup.cpu_weight), 0 },
	{ "%SHARES", NULL, percent_cell, AT(share), 0 },
	{ "%SHARE", NULL, of_share_cell, 0, 0 },
	{ "THROTTLED%", "THROTTLED s", throttled_cell, 0, 0 },
};

#define OF_MACHINE(member, limit_member)                                        \
	{                                                                       \
		"%MACHINE", NULL, of_machine_cell, AT(member), AT(limit_member) \
	}
#define OF_CAP(member, limit_member)                                    \
	{                                                               \
		"%CAP", NULL, of_cap_cell, AT(member), AT(limit_member) \
	}
#define SIZES(member, limit_member)                                                   \
	{ "USED", NULL, size_cell, AT(member), 0 }, OF_MACHINE(member, limit_member), \
		{ "CAP", NULL, size_cell, AT(limit_member), 0 }, OF_CAP(member, limit_member)
#define COUNTS(member, limit_member)                 \
	{ "USED", NULL, count_cell, AT(member), 0 }, \
		{ "CAP", NULL, count_cell, AT(limit_member), 0 }, OF_CAP(member, limit_member)

static const struct column memory[] = {
	NAME,
	SIZES(cgroup.memory, cgroup.memory_limit),
	{ "FILES", NULL, size_cell, AT(cgroup.memory_cache), 0 },
	{ "MOST", NULL, size_cell, AT(cgroup.memory_max), 0 },
	{ "OOM", NULL, count_cell, AT(cgroup.oom_kills), 0 },
};
static const struct column swap[] = { NAME, SIZES(cgroup.swap, cgroup.swap_limit) };
static const struct column locked[] = { NAME,
					{ "USED", NULL, size_cell, AT(cgroup.locked), 0 },
					{ "CAP", NULL, size_cell, AT(locked_limit), 0 },
					OF_CAP(cgroup.locked, locked_limit) };
static const struct column processes[] = { NAME, COUNTS(processes, processes_limit) };
static const struct column lwps[] = { NAME, COUNTS(cgroup.pids, cgroup.pids_limit) };
static const struct column disk[] = { NAME,
				      { "USED", NULL, size_cell, AT(disk), 0 },
				      { "CAP", NULL, size_cell, AT(disk_limit), 0 },
				      OF_CAP(disk, disk_limit) };
static const struct column blockio[] = {
	NAME,
	RATE("READ/s", "READ", STAT_READ),
	RATE("WRITE/s", "WRITE", STAT_WRITTEN),
	RATE("READS/s", "READS", STAT_READS),
	RATE("WRITES/s", "WRITES", STAT_WRITES),
};
static const struct column network[] = { NAME, RATE("RECV/s", "RECV", STAT_RECEIVED),
					 RATE("SENT/s", "SENT", STAT_SENT) };
static const struct column psi[] = {
	NAME,
	{ "CPU%", NULL, percent_cell, AT(cgroup.cpu_pressure), 0 },
	{ "MEMORY%", NULL, percent_cell, AT(cgroup.memory_pressure), 0 },
	{ "IO%", NULL, percent_cell, AT(cgroup.io_pressure), 0 },
};

/* --- tables ----------------------------------------------------------------------------------------------------------- */

struct stat_table {
	const char *name;
	unsigned resource;
	const struct column *columns;
	size_t n;
};

#define TABLE(word, bit, list)                                    \
	{                                                         \
		word, bit, list, sizeof(list) / sizeof((list)[0]) \
	}
static const struct stat_table tables[] = {
	TABLE(NULL, 0, usual),
	TABLE("cpu", STAT_CPU, cpu),
	TABLE("memory", STAT_MEMORY, memory),
	TABLE("swap", STAT_SWAP, swap),
	TABLE("locked", STAT_LOCKED, locked),
	TABLE("processes", STAT_PROCESSES, processes),
	TABLE("lwps", STAT_LWPS, lwps),
	TABLE("disk", STAT_DISK, disk),
	TABLE("blockio", STAT_BLOCKIO, blockio),
	TABLE("network", STAT_NETWORK, network),
	TABLE("psi", STAT_PSI, psi),
};
enum { N_TABLES = sizeof(tables) / sizeof(tables[0]) };

const char stat_table_names[] =
	"cpu, memory, swap, locked, processes, lwps, disk, blockio, network, psi";

const struct stat_table *stat_table_find(const char *resource)
{
	for (size_t i = 0; i < N_TABLES; i++) {
		if (str_eq(tables[i].name, resource))
			return &tables[i];
	}
	return NULL;
}

const char *stat_table_name(const struct stat_table *t)
{
	return t->name;
}

unsigned stat_table_resource(const struct stat_table *t)
{
	return t->resource;
}

size_t stat_table_heads(const struct stat_table *t, enum stat_kind kind,
			const char *heads[STAT_COLUMNS_MAX])
{
	for (size_t i = 0; i < t->n; i++) {
		const struct column *c = &t->columns[i];

		heads[i] = kind == STAT_TOTAL && c->total_head ? c->total_head : c->head;
	}
	return t->n;
}

void stat_table_cells(const struct stat_table *t, const struct stat_report *r, size_t i,
		      struct strv *ret)
{
	for (size_t k = 0; k < t->n; k++) {
		const struct column *c = &t->columns[k];

		strv_take(ret, c->cell(r, i, c->used, c->cap));
	}
}
