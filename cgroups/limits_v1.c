/* limits_v1 - OCI's words are those of cgroup v1, so most rows only name the file.
 *
 * Order matters twice. memory.limit_in_bytes may never exceed memory.memsw.limit_in_bytes: the pair is raised from the
 * outside and lowered from the inside. And cpu's quota, period and burst constrain each other: those that are refused
 * are tried again when the others are in place. memory.kernel is left out (zrun_warn says so): kernels since 5.16 refuse
 * the write or take it without effect. */
#include "cgroups/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>

#define MEMORY(member)   offsetof(struct memory_spec, member)
#define CPU(member)      offsetof(struct cpu_spec, member)
#define BLOCK_IO(member) offsetof(struct block_io_spec, member)

static const struct limit_row rows[] = {
	{ SECTION_MEMORY, "memory.useHierarchy", LIMIT_BOOL, MEMORY(use_hierarchy), "memory",
	  "memory.use_hierarchy", FORMAT_PLAIN, LIMIT_OPTIONAL, "1" },
	{ SECTION_MEMORY, "memory.reservation", LIMIT_I64, MEMORY(reservation), "memory",
	  "memory.soft_limit_in_bytes", FORMAT_MINUS_ONE, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_MEMORY, "memory.swappiness", LIMIT_U64, MEMORY(swappiness), "memory",
	  "memory.swappiness", FORMAT_PLAIN, 0, NULL },
	{ SECTION_MEMORY, "memory.kernelTCP", LIMIT_I64, MEMORY(kernel_tcp), "memory",
	  "memory.kmem.tcp.limit_in_bytes", FORMAT_MINUS_ONE, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_MEMORY, "memory.disableOOMKiller", LIMIT_BOOL, MEMORY(disable_oom_killer),
	  "memory", "memory.oom_control", FORMAT_PLAIN, LIMIT_KEYED, NULL },
	{ SECTION_CPU, "cpu.idle", LIMIT_I64, CPU(idle), "cpu", "cpu.idle", FORMAT_PLAIN, 0, NULL },
	{ SECTION_CPU, "cpu.shares", LIMIT_U64, CPU(shares), "cpu", "cpu.shares", FORMAT_PLAIN,
	  LIMIT_SKIP_ZERO | LIMIT_NOT_IDLE, NULL },
	{ SECTION_CPU, "cpu.period", LIMIT_U64, CPU(period), "cpu", "cpu.cfs_period_us",
	  FORMAT_PLAIN, LIMIT_SKIP_ZERO | LIMIT_RETRY, NULL },
	{ SECTION_CPU, "cpu.quota", LIMIT_I64, CPU(quota), "cpu", "cpu.cfs_quota_us", FORMAT_QUOTA,
	  LIMIT_RETRY, NULL },
	{ SECTION_CPU, "cpu.burst", LIMIT_U64, CPU(burst), "cpu", "cpu.cfs_burst_us", FORMAT_PLAIN,
	  LIMIT_RETRY, NULL },
	{ SECTION_CPU, "cpu.realtimePeriod", LIMIT_U64, CPU(realtime_period), "cpu",
	  "cpu.rt_period_us", FORMAT_PLAIN, LIMIT_SKIP_ZERO | LIMIT_RETRY, NULL },
	{ SECTION_CPU, "cpu.realtimeRuntime", LIMIT_I64, CPU(realtime_runtime), "cpu",
	  "cpu.rt_runtime_us", FORMAT_PLAIN, LIMIT_SKIP_ZERO | LIMIT_RETRY, NULL },
	{ SECTION_CPUSET, "cpu.cpus", LIMIT_TEXT, CPU(cpus), "cpuset", "cpuset.cpus", FORMAT_PLAIN,
	  0, NULL },
	{ SECTION_CPUSET, "cpu.mems", LIMIT_TEXT, CPU(mems), "cpuset", "cpuset.mems", FORMAT_PLAIN,
	  0, NULL },
	{ SECTION_PIDS, "pids.limit", LIMIT_I64, offsetof(struct resources_spec, pids_limit),
	  "pids", "pids.max", FORMAT_MAX, 0, NULL },
	{ SECTION_BLOCK_IO, "blockIO.leafWeight", LIMIT_U64, BLOCK_IO(leaf_weight), "blkio",
	  "blkio.leaf_weight", FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
	{ SECTION_NET_CLASS, "network.classID", LIMIT_U64, offsetof(struct network_spec, class_id),
	  "net_cls", "net_cls.classid", FORMAT_PLAIN, LIMIT_SKIP_ZERO, NULL },
};

static const struct {
	const char *key, *file;
	size_t offset;
} throttles[] = {
	{ "blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device", BLOCK_IO(read_bps) },
	{ "blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
	  BLOCK_IO(write_bps) },
	{ "blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
	  BLOCK_IO(read_iops) },
	{ "blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device",
	  BLOCK_IO(write_iops) },
};

static bool is_given(const struct opt_i64 *v)
{
	return v->set && v->value != 0;
}

/* Unlimited counts as more than any number. */
static bool is_more(int64_t a, int64_t b)
{
	return (uint64_t)a > (uint64_t)b; /* -1 becomes the largest */
}

static void plan_memory(const struct memory_spec *m, const struct limit_ground *g,
			struct limit_plan *plan)
{
	struct limit_target limit = { .plan = plan, .controller = "memory", .key = "memory.limit" };
	struct limit_target swap = { .plan = plan, .controller = "memory", .key = "memory.swap" };
	bool has_limit = is_given(&m->limit);
	bool has_swap = is_given(&m->swap);
	int64_t memsw = m->swap.value;

	/* An unlimited memory needs an unlimited sum, where the kernel counts swap at all. */
	if (has_limit && m->limit.value < 0 && !has_swap) {
		has_swap = true;
		memsw = -1;
		swap.flags = LIMIT_OPTIONAL;
	}
	bool outside_first = has_limit && has_swap && g->memsw_limit.set &&
			     !is_more(g->memsw_limit.value, memsw);

	if (has_swap && (outside_first || !has_limit))
		limit_add(&swap, "memory.memsw.limit_in_bytes", "%" PRId64, memsw < 0 ? -1 : memsw);
	if (has_limit)
		limit_add(&limit, "memory.limit_in_bytes", "%" PRId64,
			  m->limit.value < 0 ? -1 : m->limit.value);
	if (has_swap && has_limit && !outside_first)
		limit_add(&swap, "memory.memsw.limit_in_bytes", "%" PRId64, memsw < 0 ? -1 : memsw);
}

static void plan_block_io(const struct block_io_spec *b, const struct limit_ground *g,
			  struct limit_plan *plan)
{
	struct limit_target t = { .plan = plan, .controller = "blkio", .key = "blockIO.weight" };
	const char *weight = g->bfq ? "blkio.bfq.weight" : "blkio.weight";
	const char *device = g->bfq ? "blkio.bfq.weight_device" : "blkio.weight_device";

	if (b->weight.set && b->weight.value > 0)
		limit_add(&t, weight, "%" PRIu64, b->weight.value);
	t.flags = LIMIT_KEYED;
	t.key = "blockIO.weightDevice";
	for (size_t i = 0; i < b->n_weight_devices; i++) {
		const struct weight_device_spec *w = &b->weight_devices[i];

		if (w->weight.set)
			limit_add(&t, device, "%" PRId64 ":%" PRId64 " %" PRIu64, w->major,
				  w->minor, w->weight.value);
		if (w->leaf_weight.set)
			limit_add(&t, "blkio.leaf_weight_device",
				  "%" PRId64 ":%" PRId64 " %" PRIu64, w->major, w->minor,
				  w->leaf_weight.value);
	}
	for (size_t k = 0; k < sizeof(throttles) / sizeof(throttles[0]); k++) {
		const struct throttle_list *list =
			(const void *)((const char *)b + throttles[k].offset);

		t.key = throttles[k].key;
		for (size_t i = 0; i < list->n; i++)
			limit_add(&t, throttles[k].file, "%" PRId64 ":%" PRId64 " %" PRIu64,
				  list->items[i].major, list->items[i].minor, list->items[i].rate);
	}
}

static int plan_priorities(const struct network_spec *n, struct limit_plan *plan, struct err *e)
{
	struct limit_target t = { .plan = plan,
				  .controller = "net_prio",
				  .key = "network.priorities",
				  .flags = LIMIT_KEYED };

	for (size_t i = 0; i < n->n_priorities; i++) {
		if (str_empty(n->priorities[i].name) ||
		    !str_is_line_safe(n->priorities[i].name, " "))
			return err_set(e, EINVAL,
				       "network.priorities[%zu].name: not an interface's name", i);
		limit_add(&t, "net_prio.ifpriomap", "%s %" PRIu64, n->priorities[i].name,
			  n->priorities[i].priority);
	}
	return 0;
}

int limits_v1_plan(const struct resources_spec *r, unsigned sections, const struct limit_ground *g,
		   struct limit_plan *ret, struct err *e)
{
	struct limit_target t = { .plan = ret, .key = "" };
	int rc = 0;

	if (r->memory && (sections & SECTION_MEMORY))
		plan_memory(r->memory, g, ret);
	rc = limits_expand(rows, sizeof(rows) / sizeof(rows[0]), sections, r, &t, e);
	if (rc == 0 && r->block_io && (sections & SECTION_BLOCK_IO))
		plan_block_io(r->block_io, g, ret);
	if (rc == 0 && r->network && (sections & SECTION_NET_PRIORITY))
		rc = plan_priorities(r->network, ret, e);
	t.controller = "hugetlb";
	t.key = "hugepageLimits";
	if (rc == 0 && (sections & SECTION_HUGEPAGES))
		rc = limits_add_hugepages(r, &t, "limit_in_bytes", e);
	t.controller = "rdma";
	t.key = "rdma";
	t.flags = LIMIT_KEYED;
	if (rc == 0 && (sections & SECTION_RDMA))
		limits_add_rdma(r, &t);
	return rc;
}
