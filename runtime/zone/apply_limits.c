/* apply_limits - caps of a running zone: the part of the container's resources that a property became is given to the cgroup layer, as `zrun update` does.
 *
 * "Absent" means two things: to an update that a value stays, to a configuration that there is no cap. So what is absent is written as what it means. */
#include "runtime/zone/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/cpus.h"
#include "runtime/zone/zone.h"

enum { CPUS_ORDER = 90 };

#define NO_SHARES 1024 /* what the kernel gives to who says nothing */

static const struct container_spec *container_of(const struct apply *a, bool back)
{
	return back ? a->before : a->after;
}

static const struct resources_spec *resources_of(const struct apply *a, bool back)
{
	return container_of(a, back)->linux.resources;
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

/* cgroup v2 takes a limit below the use and then ends programs until it holds. So what can be given back is asked for first, and the limit is only set where it fits (as v1 does by itself). */
static void reclaim(struct apply *a, const struct memory_spec *m)
{
	struct resources_spec r = { 0 };
	struct cgroup_stats stats = { 0 };
	struct cgroup *cg = engine_cgroup(a->container);
	struct err ignored = { 0 };

	if (cgroup_host_mode() != CGROUP_MODE_V2 || !cg || !m->limit.set ||
	    cgroup_stats(cg, &stats, &ignored) < 0 || !stats.memory.set ||
	    stats.memory.value <= (uint64_t)m->limit.value)
		return;
	auto_free char *bytes =
		mem_format("%" PRIu64, stats.memory.value - (uint64_t)m->limit.value);

	strmap_set(&r.unified, "memory.reclaim", bytes);
	(void)!engine_update(a->container, &r, &ignored); /* as far as it goes */
	strmap_done(&r.unified);
}

static int memory_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct memory_spec *to = resources_of(a, back)->memory;
	const struct memory_spec *from = resources_of(a, !back)->memory;
	struct memory_spec m = { .check_before_update = { true, true } };
	struct resources_spec r = { .memory = &m };
	bool had_swap = from && from->swap.set, had_soft = from && from->reservation.set;
	bool is_v2 = cgroup_host_mode() == CGROUP_MODE_V2;

	(void)c;
	m.limit = to && to->limit.set ? to->limit : (struct opt_i64){ true, -1 };
	if (to && to->swap.set)
		m.swap = to->swap;
	else if (had_swap)
		m.swap = (struct opt_i64){ true, -1 };
	if (to && to->reservation.set)
		m.reservation = to->reservation;
	else if (
		had_soft) /* no limit before reclaim, which v1 writes as -1, and no protection, which v2 would take for all of it */
		m.reservation = (struct opt_i64){ true, is_v2 ? 1 : -1 };
	reclaim(a, &m);
	return engine_update(a->container, &r, e);
}

/* --- processors --------------------------------------------------------------------------------------------------- */

static int cpu_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct cpu_spec *to = resources_of(a, back)->cpu;
	const struct cpu_spec *from = resources_of(a, !back)->cpu;
	struct cpu_spec cpu = { .quota = { true, -1 } };
	struct resources_spec r = { .cpu = &cpu };

	(void)c;
	if (to && to->quota.set) {
		cpu.quota = to->quota;
		cpu.period = to->period;
	}
	if (to && to->burst.set)
		cpu.burst = to->burst;
	else if (from && from->burst.set)
		cpu.burst = (struct opt_u64){ true, 0 };
	return engine_update(a->container, &r, e);
}

/* Idle or not comes before the weight, which the kernel takes only from who is not. Together, because both ways back need both. */
static int weights_set(struct apply *a, bool back, struct err *e)
{
	const struct cpu_spec *to = resources_of(a, back)->cpu;
	const struct cpu_spec *from = resources_of(a, !back)->cpu;
	bool is_idle = to && to->idle.set, was_idle = from && from->idle.set;
	struct cpu_spec cpu = { .shares = { true, NO_SHARES } };
	struct resources_spec r = { .cpu = &cpu };

	if (to && to->shares.set)
		cpu.shares = to->shares;
	cpu.idle = (struct opt_i64){ is_idle || was_idle, is_idle };
	if (is_idle)
		cpu.shares.set = false;
	return engine_update(a->container, &r, e);
}

static int weight_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	(void)c;
	return weights_set(a, back, e);
}

/* batch is the policy of each process, the others are the zone's. */
static bool is_batch(const struct zone_spec *z)
{
	return str_eq(z->scheduling_class, "batch");
}

const char *apply_class_judge(const struct change *c, const struct json *running,
			      const struct json *wanted)
{
	bool was = c->from && str_eq(c->from->text, "batch");
	bool is = c->to && str_eq(c->to->text, "batch");

	(void)running;
	(void)wanted;
	return was == is || engine_can_set_policy()
		       ? NULL
		       : "every process has batch from its birth, and root of this host has no CAP_SYS_NICE to change it";
}

static int policy_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	bool was = is_batch(a->zone_before), is = is_batch(a->zone_after);
	const struct engine_policy p = { .from = is ? SCHED_OTHER : SCHED_BATCH,
					 .to = is ? SCHED_BATCH : SCHED_OTHER };

	if (back)
		return a->policy ? engine_policy_undo(a->container, a->policy, e) : 0;
	if (was == is && !(c->again && engine_can_set_policy()))
		return 0;
	return engine_policy(a->container, &p, &a->policy, e);
}

static int class_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	struct err ignored = { 0 };
	int r = weights_set(a, back, e);

	if (r < 0)
		return r;
	r = policy_run(a, c, back, e);
	if (r == 0)
		return 0;
	(void)!weights_set(a, !back, &ignored); /* the first sentence matters */
	return err_wrap(e, "schedulingClass");
}

static int cpus_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct zone_spec *to = back ? a->zone_before : a->zone_after;
	const char *key = to->dedicated_cpu ? "dedicatedCPU.ncpus" : to->pool ? "pool" : c->key;
	int r = cpus_change(a->dirs, a->zone->name, to, back ? a->cpus_old : NULL,
			    back || a->cpus_old ? NULL : &a->cpus_old, e);

	return r < 0 && !str_has_prefix(e->text, key) ? err_wrap(e, "%s", key) : r;
}

/* Behind the others: others may take CPUs that it gave away, so it is better not taken back. */
static int cpus_order(const struct change *c)
{
	(void)c;
	return CPUS_ORDER;
}

/* --- processes ---------------------------------------------------------------------------------------------------- */

static int lwps_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct resources_spec *to = resources_of(a, back);
	struct resources_spec r = { .pids_limit = { true, -1 } };

	(void)c;
	if (to->pids_limit.set)
		r.pids_limit = to->pids_limit;
	return engine_update(a->container, &r, e);
}

/* --- disks -------------------------------------------------------------------------------------------------------- */

#define NO_WEIGHT 100 /* the kernel's default, as OCI counts */

static const size_t throttle_lists[] = {
	offsetof(struct block_io_spec, read_bps),
	offsetof(struct block_io_spec, write_bps),
	offsetof(struct block_io_spec, read_iops),
	offsetof(struct block_io_spec, write_iops),
};

static const struct throttle_list *throttle_list(const struct block_io_spec *b, size_t i)
{
	return (const void *)((const char *)b + throttle_lists[i]);
}

static bool is_throttled(const struct throttle_list *list, const struct throttle_device_spec *d)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].major == d->major && list->items[i].minor == d->minor)
			return true;
	return false;
}

/* What shall hold, and before it a rate of 0, which lifts a limit, for what no longer shall. The lists are freed, not their items' owner. */
static void throttles_join(const struct throttle_list *from, const struct throttle_list *to,
			   struct throttle_list *ret)
{
	for (size_t i = 0; i < from->n; i++) {
		struct throttle_device_spec lifted = from->items[i];

		lifted.rate = 0;
		if (!is_throttled(to, &lifted))
			*LIST_GROW(ret->items, ret->n) = lifted;
	}
	for (size_t i = 0; i < to->n; i++)
		*LIST_GROW(ret->items, ret->n) = to->items[i];
}

static int block_io_set(struct apply *a, const struct block_io_spec *from,
			const struct block_io_spec *to, struct err *e)
{
	static const struct block_io_spec none = { 0 };
	struct block_io_spec b = { 0 };
	struct resources_spec r = { .block_io = &b };

	for (size_t i = 0; i < sizeof(throttle_lists) / sizeof(throttle_lists[0]); i++)
		throttles_join(throttle_list(from ? from : &none, i),
			       throttle_list(to ? to : &none, i),
			       (struct throttle_list *)throttle_list(&b, i));
	int rc = engine_update(a->container, &r, e);

	for (size_t i = 0; i < sizeof(throttle_lists) / sizeof(throttle_lists[0]); i++)
		free(throttle_list(&b, i)->items);
	return rc;
}

/* A line of a file for each disk: what was written before a failure is not taken back by the cgroup layer. */
static int block_io_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct block_io_spec *to = resources_of(a, back)->block_io;
	const struct block_io_spec *from = resources_of(a, !back)->block_io;
	struct err ignored = { 0 };
	int r = block_io_set(a, from, to, e);

	(void)c;
	if (r < 0)
		(void)!block_io_set(a, to, from, &ignored); /* the first sentence matters */
	return r;
}

static int io_weight_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct block_io_spec *to = resources_of(a, back)->block_io;
	struct block_io_spec b = { .weight = { true, NO_WEIGHT } };
	struct resources_spec r = { .block_io = &b };

	(void)c;
	if (to && to->weight.set)
		b.weight = to->weight;
	return engine_update(a->container, &r, e);
}

/* --- huge pages --------------------------------------------------------------------------------------------------- */

static bool has_pages(const struct resources_spec *r, const char *size)
{
	for (size_t i = 0; i < r->n_hugepages; i++)
		if (str_eq(r->hugepages[i].page_size, size))
			return true;
	return false;
}

static int hugepages_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct resources_spec *to = resources_of(a, back), *from = resources_of(a, !back);
	struct resources_spec r = { 0 };

	(void)c;
	for (size_t i = 0; i < to->n_hugepages; i++)
		*LIST_GROW(r.hugepages, r.n_hugepages) = to->hugepages[i];
	for (size_t i = 0; i < from->n_hugepages; i++)
		if (!has_pages(to, from->hugepages[i].page_size))
			*LIST_GROW(r.hugepages, r.n_hugepages) =
				(struct hugepage_spec){ from->hugepages[i].page_size, UINT64_MAX };
	int rc = engine_update(a->container, &r, e);

	free(r.hugepages); /* what is in it is borrowed */
	return rc;
}

/* --- resource controls -------------------------------------------------------------------------------------------- */

/* A name of Solaris changes with the property that it means, which is a change of its own. */
static int rctl_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	const struct zone_rctl_file *file = zone_rctl_file(c->name ? c->name : "");
	const char *value = file ? strmap_get(&resources_of(a, back)->unified, file->name) : NULL;
	struct resources_spec r = { 0 };

	if (!file)
		return 0;
	strmap_set(&r.unified, file->name, value ? value : file->normal);
	int rc = engine_update(a->container, &r, e);

	strmap_done(&r.unified);
	return rc;
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

static int rules_set(struct apply *a, bool back, struct err *e)
{
	const struct resources_spec *to = resources_of(a, back);
	struct resources_spec r = { .devices = to->devices, .n_devices = to->n_devices };

	return engine_update(a->container, &r, e);
}

/* All rules are set at once; each call does that again, which changes nothing the second time. A node goes before the right to use it, and comes after it. */
static int device_run(struct apply *a, const struct change *c, bool back, struct err *e)
{
	bool was = back ? c->to : c->from, is = back ? c->from : c->to;
	int r = is ? rules_set(a, back, e) : 0;

	if (r == 0 && (was != is || c->again))
		r = apply_device_node(a, c->name, is ? container_of(a, back) : NULL, e);
	if (r == 0 && !is)
		r = rules_set(a, back, e);
	if (r == 0 || !is)
		return r;
	struct err ignored = { 0 };

	(void)!rules_set(a, !back, &ignored); /* the sentence of the failure matters more */
	return r;
}

/* --- errors ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *oci, *zone;
} words[] = {
	{ "memory.limit:", "cappedMemory.physical:" },
	{ "memory.swap:", "cappedMemory.swap:" },
	{ "memory.reservation:", "cappedMemory.soft:" },
	{ "cpu.idle:", "schedulingClass:" },
	{ "hugepageLimits:", "hugepages:" },
	{ "blockIO.weight:", "ioWeight:" },
	{ "blockIO.throttleReadBpsDevice:", "blockIO[].readBps:" },
	{ "blockIO.throttleWriteBpsDevice:", "blockIO[].writeBps:" },
	{ "blockIO.throttleReadIOPSDevice:", "blockIO[].readIops:" },
	{ "blockIO.throttleWriteIOPSDevice:", "blockIO[].writeIops:" },
	{ "unified.memory.", "rctl: memory." },
	{ "unified.cpu.", "rctl: cpu." },
	{ "cpu.cpus:", "dedicatedCPU or pool:" },
	{ "unified.cpuset.cpus.partition:", "dedicatedCPU:" },
	{ "cpu.quota:", "cappedCPU.ncpus:" },
	{ "cpu.period:", "cappedCPU.ncpus:" },
	{ "cpu.burst:", "cappedCPU.burst:" },
	{ "cpu.shares:", "cpuShares:" },
	{ "pids.limit:", "maxLwps:" },
	{ "resources.devices:", "device:" },
};

void zone_limit_words(struct err *e)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *at =
			strstr(e->text, words[i].oci); /* behind "set the limits: " at boot */
		const char *rest = at ? at + strlen(words[i].oci) : NULL;
		struct err old = *e;

		if (!rest || (at > e->text && at[-1] != ' '))
			continue;
		rest = old.text + (rest - e->text);
		(void)err_set(e, old.code, "%s%.300s%s", words[i].zone, rest,
			      old.code == EBUSY
				      ? " bytes: end programs in the zone first, or choose more"
				      : "");
		return;
	}
}

const struct change_act apply_memory = { .together = true, .run = memory_run };
const struct change_act apply_cpu = { .together = true, .run = cpu_run };
const struct change_act apply_weight = { .together = true, .run = weight_run };
const struct change_act apply_class = { .run = class_run };
/* A process that runs keeps its cgroup, and on cgroup v2 that of a zone with dedicated CPUs is at another place (prepare.c): only their number changes there. */
const char *apply_cpus_judge(const struct change *c, const struct json *running,
			     const struct json *wanted)
{
	bool was = json_get(running, "dedicatedCPU"), is = json_get(wanted, "dedicatedCPU");

	(void)c;
	return was == is || cgroup_host_mode() != CGROUP_MODE_V2
		       ? NULL
		       : "on cgroup v2 a zone gets or leaves its place among partitions when it boots";
}

const struct change_act apply_cpus = { .together = true, .run = cpus_run, .order = cpus_order };
const struct change_act apply_hugepages = { .together = true, .run = hugepages_run };
const struct change_act apply_rctl = { .run = rctl_run };
const struct change_act apply_block_io = { .together = true, .run = block_io_run };
const struct change_act apply_io_weight = { .run = io_weight_run };
const struct change_act apply_lwps = { .run = lwps_run };
const struct change_act apply_devices = { .run = device_run };
