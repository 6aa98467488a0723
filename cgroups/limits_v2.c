/* limits_v2 - the same resources in the files of cgroup v2.
 *
 * Rows without a file are limits that cgroup v2 does not have; asking for one is an error, except for the value that the
 * kernel's behaviour equals anyway. Values that are made of several members (cpu.max, memory.swap.max, io.max) follow
 * the table. The caller's `unified` map is written last, as it is, so it has the last word. */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "cgroups/convert.h"
#include "runtime/base/mem.h"

#define MEMORY(member)   offsetof(struct memory_spec, member)
#define CPU(member)      offsetof(struct cpu_spec, member)
#define BLOCK_IO(member) offsetof(struct block_io_spec, member)

static const struct limit_row rows[] = {
	{ SECTION_MEMORY, "memory.limit", LIMIT_I64, MEMORY(limit), "memory", "memory.max",
	  FORMAT_MAX, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_MEMORY, "memory.reservation", LIMIT_I64, MEMORY(reservation), "memory",
	  "memory.low", FORMAT_MAX, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_MEMORY, "memory.swappiness", LIMIT_U64, MEMORY(swappiness), "memory", NULL,
	  FORMAT_PLAIN, 0, NULL },
	{ SECTION_MEMORY, "memory.disableOOMKiller", LIMIT_BOOL, MEMORY(disable_oom_killer),
	  "memory", NULL, FORMAT_PLAIN, 0, "0" },
	{ SECTION_MEMORY, "memory.useHierarchy", LIMIT_BOOL, MEMORY(use_hierarchy), "memory", NULL,
	  FORMAT_PLAIN, 0, "1" },
	{ SECTION_MEMORY, "memory.kernelTCP", LIMIT_I64, MEMORY(kernel_tcp), "memory", NULL,
	  FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_CPU, "cpu.idle", LIMIT_I64, CPU(idle), "cpu", "cpu.idle", FORMAT_PLAIN, 0, NULL },
	{ SECTION_CPU, "cpu.shares", LIMIT_U64, CPU(shares), "cpu", "cpu.weight", FORMAT_SHARES,
	  LIMIT_SKIP_ZERO | LIMIT_NOT_IDLE, NULL },
	{ SECTION_CPU, "cpu.burst", LIMIT_U64, CPU(burst), "cpu", "cpu.max.burst", FORMAT_PLAIN,
	  LIMIT_RETRY, NULL },
	{ SECTION_CPU, "cpu.realtimeRuntime", LIMIT_I64, CPU(realtime_runtime), "cpu", NULL,
	  FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_CPU, "cpu.realtimePeriod", LIMIT_U64, CPU(realtime_period), "cpu", NULL,
	  FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_CPUSET, "cpu.cpus", LIMIT_TEXT, CPU(cpus), "cpuset", "cpuset.cpus", FORMAT_PLAIN,
	  0, NULL },
	{ SECTION_CPUSET, "cpu.mems", LIMIT_TEXT, CPU(mems), "cpuset", "cpuset.mems", FORMAT_PLAIN,
	  0, NULL },
	{ SECTION_PIDS, "pids.limit", LIMIT_I64, offsetof(struct resources_spec, pids_limit),
	  "pids", "pids.max", FORMAT_MAX, 0, NULL },
	{ SECTION_BLOCK_IO, "blockIO.leafWeight", LIMIT_U64, BLOCK_IO(leaf_weight), "io", NULL,
	  FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_NET_CLASS, "network.classID", LIMIT_U64, offsetof(struct network_spec, class_id),
	  "net_cls", NULL, FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
};

static const struct {
	const char *key, *word;
	size_t offset;
} throttles[] = {
	{ "blockIO.throttleReadBpsDevice", "rbps", BLOCK_IO(read_bps) },
	{ "blockIO.throttleWriteBpsDevice", "wbps", BLOCK_IO(write_bps) },
	{ "blockIO.throttleReadIOPSDevice", "riops", BLOCK_IO(read_iops) },
	{ "blockIO.throttleWriteIOPSDevice", "wiops", BLOCK_IO(write_iops) },
};

/* "QUOTA PERIOD"; what is not given stays as it is, so a period alone repeats the present quota. */
static void plan_cpu_max(const struct cpu_spec *c, const struct limit_ground *g,
			 struct limit_plan *plan)
{
	struct limit_target t = { .plan = plan,
				  .v2 = true,
				  .controller = "cpu",
				  .key = "cpu.quota",
				  .flags = LIMIT_RETRY };
	bool has_period = c->period.set && c->period.value > 0;
	int64_t quota = c->quota.set ? c->quota.value : g->cpu_quota.set ? g->cpu_quota.value : -1;

	if (!c->quota.set && !has_period)
		return;
	auto_free char *period =
		has_period ? mem_format(" %" PRIu64, c->period.value) : mem_strdup("");

	if (!c->quota.set)
		t.key = "cpu.period";
	if (quota <= 0)
		limit_add(&t, "cpu.max", "max%s", period);
	else
		limit_add(&t, "cpu.max", "%" PRId64 "%s", quota, period);
}

static int plan_swap(const struct memory_spec *m, const struct limit_ground *g,
		     struct limit_plan *plan, struct err *e)
{
	struct limit_target t = {
		.plan = plan, .v2 = true, .controller = "memory", .key = "memory.swap"
	};
	bool given = m->limit.set && m->limit.value != 0;
	bool write;
	int64_t swap = 0;
	int r = convert_swap(m->swap, given ? m->limit : g->memory_limit, &write, &swap, e);

	if (r < 0 || !write)
		return r;
	if (swap < 0) {
		t.flags = LIMIT_OPTIONAL; /* without swap accounting swap is unlimited anyway */
		limit_add(&t, "memory.swap.max", "max");
	} else {
		limit_add(&t, "memory.swap.max", "%" PRId64, swap);
	}
	return 0;
}

/* checkBeforeUpdate: v2 would kill what is above the new limit, where v1 refuses it. */
static int check_usage(const struct memory_spec *m, const struct limit_ground *g, struct err *e)
{
	if (!m->check_before_update.set || !m->check_before_update.value || !g->memory_usage.set)
		return 0;
	if (!m->limit.set || m->limit.value <= 0 ||
	    (uint64_t)m->limit.value >= g->memory_usage.value)
		return 0;
	return err_set(e, EBUSY, "memory.limit: %" PRId64 " is below what is in use now, %" PRIu64,
		       m->limit.value, g->memory_usage.value);
}

/* BFQ takes OCI's weights as they are, io.weight has a range of its own. */
static uint64_t io_weight(const struct limit_ground *g, uint64_t weight)
{
	return g->bfq ? weight : convert_io_weight(weight);
}

static int plan_weights(const struct block_io_spec *b, const struct limit_ground *g,
			struct limit_plan *plan, struct err *e)
{
	struct limit_target t = { .plan = plan,
				  .v2 = true,
				  .controller = "io",
				  .key = "blockIO.weight",
				  .flags = LIMIT_KEYED };
	const char *file = g->bfq ? "io.bfq.weight" : "io.weight";

	if (b->weight.set && b->weight.value > 0)
		limit_add(&t, file, "default %" PRIu64, io_weight(g, b->weight.value));
	t.key = "blockIO.weightDevice";
	for (size_t i = 0; i < b->n_weight_devices; i++) {
		const struct weight_device_spec *w = &b->weight_devices[i];

		if (w->leaf_weight.set && w->leaf_weight.value > 0)
			return err_set(
				e, EOPNOTSUPP,
				"blockIO.weightDevice[%zu].leafWeight: cgroup v2 cannot limit this",
				i);
		if (w->weight.set && w->weight.value > 0)
			limit_add(&t, file, "%" PRId64 ":%" PRId64 " %" PRIu64, w->major, w->minor,
				  io_weight(g, w->weight.value));
	}
	return 0;
}

static void plan_throttles(const struct block_io_spec *b, struct limit_plan *plan)
{
	struct limit_target t = {
		.plan = plan, .v2 = true, .controller = "io", .flags = LIMIT_KEYED
	};

	for (size_t k = 0; k < sizeof(throttles) / sizeof(throttles[0]); k++) {
		const struct throttle_list *list =
			(const void *)((const char *)b + throttles[k].offset);

		t.key = throttles[k].key;
		for (size_t i = 0; i < list->n; i++) {
			const struct throttle_device_spec *d = &list->items[i];
			/* 0 lifts a limit in v1; v2 has a word for it */
			auto_free char *rate =
				d->rate ? mem_format("%" PRIu64, d->rate) : mem_strdup("max");

			limit_add(&t, "io.max", "%" PRId64 ":%" PRId64 " %s=%s", d->major, d->minor,
				  throttles[k].word, rate);
		}
	}
}

/* Of what belongs to every cgroup. The rest moves, stops and ends processes, or takes controllers away. */
static bool is_limit(const char *file)
{
	static const char *const limits[] = { "cgroup.max.descendants", "cgroup.max.depth",
					      "cgroup.pressure" };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (str_eq(file, limits[i]))
			return true;
	}
	return !str_has_prefix(file, "cgroup.");
}

/* Files with a line for each device or resource. */
static bool is_keyed(const char *file)
{
	static const char *const keyed[] = { "io.max",        "io.latency", "io.weight",
					     "io.bfq.weight", "rdma.max",   "misc.max" };

	for (size_t i = 0; i < sizeof(keyed) / sizeof(keyed[0]); i++) {
		if (str_eq(file, keyed[i]))
			return true;
	}
	return false;
}

/* The name's first word is the controller that must be there; "cgroup.*" belongs to every cgroup. */
static int plan_unified(const struct strmap *unified, struct limit_plan *plan, struct err *e)
{
	for (size_t i = 0; i < unified->n; i++) {
		const char *file = unified->items[i].key;
		const char *dot = strchr(file, '.');

		if (!dot || dot == file || strchr(file, '/') || !str_is_line_safe(file, NULL) ||
		    strstr(file, ".."))
			return err_set(e, EINVAL, "unified: \"%s\" is no file of a cgroup", file);
		if (!is_limit(file))
			return err_set(e, EINVAL, "unified: \"%s\" is no limit", file);
		auto_free char *controller = mem_strndup(file, (size_t)(dot - file));
		auto_free char *key = mem_format("unified.%s", file);
		struct limit_target t = { .plan = plan,
					  .v2 = true,
					  .controller = controller,
					  .key = key,
					  .flags = is_keyed(file) ? LIMIT_KEYED : 0 };

		if (strcmp(controller, "cgroup") == 0)
			t.controller = "";
		limit_add(&t, file, "%s", unified->items[i].value);
	}
	return 0;
}

static int plan_composed(const struct resources_spec *r, unsigned sections,
			 const struct limit_ground *g, struct limit_plan *ret, struct err *e)
{
	int rc = 0;

	if (r->cpu && (sections & SECTION_CPU))
		plan_cpu_max(r->cpu, g, ret);
	if (r->memory && (sections & SECTION_MEMORY))
		rc = plan_swap(r->memory, g, ret, e);
	if (rc == 0 && r->block_io && (sections & SECTION_BLOCK_IO)) {
		rc = plan_weights(r->block_io, g, ret, e);
		plan_throttles(r->block_io, ret);
	}
	if (rc == 0 && r->network && r->network->n_priorities > 0 &&
	    (sections & SECTION_NET_PRIORITY))
		return err_set(e, EOPNOTSUPP, "network.priorities: cgroup v2 cannot limit this");
	return rc;
}

int limits_v2_plan(const struct resources_spec *r, unsigned sections, const struct limit_ground *g,
		   struct limit_plan *ret, struct err *e)
{
	struct limit_target t = { .plan = ret, .v2 = true, .controller = "", .key = "" };
	int rc = r->memory && (sections & SECTION_MEMORY) ? check_usage(r->memory, g, e) : 0;

	if (rc == 0)
		rc = limits_expand(rows, sizeof(rows) / sizeof(rows[0]), sections, r, &t, e);
	if (rc == 0)
		rc = plan_composed(r, sections, g, ret, e);
	t.controller = "hugetlb";
	t.key = "hugepageLimits";
	if (rc == 0 && (sections & SECTION_HUGEPAGES))
		rc = limits_add_hugepages(r, &t, "max", e);
	t.controller = "rdma";
	t.key = "rdma";
	t.flags = LIMIT_KEYED;
	if (rc == 0 && (sections & SECTION_RDMA))
		limits_add_rdma(r, &t);
	if (rc == 0 && (sections & SECTION_UNIFIED))
		rc = plan_unified(&r->unified, ret, e);
	return rc;
}
