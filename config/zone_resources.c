#include "config/zone_to_oci.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "config/zone_table.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

/* What a zone may use: its caps become the resources of the container, those of the ipc namespace kernel parameters.
 *
 * Rules that the properties' documentation refers to:
 *   cpuShares            OCI shares (1024 is the kernel's default weight) = cpuShares * 1024 / 100, at least 2, at most 262144. 100 is the weight of a zone without the
 *                        property, and the ratio of two zones is the ratio of their numbers
 *   cappedCPU.ncpus      quota in a period of 100 ms
 *   cappedMemory.swap    RAM + swap in Solaris as in OCI, so the number goes over as it is
 *   maxLwps              pids.max of the cgroup: processes and threads together
 *   maxProcesses         RLIMIT_NPROC of init and so of everything below. The kernel counts it per user of the zone's user namespace, and since the zone's root has no
 *                        capability in the host's user namespace it holds for root too
 *   cappedMemory.locked  RLIMIT_MEMLOCK, per process
 *   schedulingClass      idle is cpu.idle of the cgroup; batch is the policy that init is born with, which everything below inherits
 *   cappedMemory.soft    the reservation: soft_limit_in_bytes on cgroup v1, memory.low on v2
 *   maxMsgIds ...        parameters of the zone's ipc namespace, and none of its user namespace's users may make another ipc namespace: a new one has the kernel's limits */

#define CPU_PERIOD_US 100000

/* Device access of every zone: making nodes (the user namespace refuses it anyway, and programs expect that answer), the usual eight, terminals. */
static const struct {
	char type;
	int64_t major, minor; /* -1: any */
	const char *access;
} device_rows[] = {
	{ 'c', -1, -1, "m" }, { 'b', -1, -1, "m" }, { 'c', 1, 3, "rwm" },    { 'c', 1, 5, "rwm" },
	{ 'c', 1, 7, "rwm" }, { 'c', 1, 8, "rwm" }, { 'c', 1, 9, "rwm" },    { 'c', 5, 0, "rwm" },
	{ 'c', 5, 1, "rwm" }, { 'c', 5, 2, "rwm" }, { 'c', 136, -1, "rwm" },
};

uint64_t zone_memory_of(const struct zone_spec *z)
{
	return z->capped_memory && z->capped_memory->physical.set ? z->capped_memory->physical.value
								  : 0;
}

/* --- resources ---------------------------------------------------------------------------------------------------- */

static void fill_memory(const struct zone_translation *t, struct resources_spec *r)
{
	const struct zone_memory_cap *cap = t->z->capped_memory;
	struct memory_spec *m;

	if (!cap || (!cap->physical.set && !cap->swap.set && !cap->soft.set))
		return;
	m = r->memory = mem_zero(sizeof(*m));
	if (cap->physical.set)
		m->limit = (struct opt_i64){ true, (int64_t)cap->physical.value };
	if (cap->swap.set)
		m->swap = (struct opt_i64){ true, (int64_t)cap->swap.value };
	if (cap->soft.set)
		m->reservation = (struct opt_i64){ true, (int64_t)cap->soft.value };
	/* No memory.high below it on v2: without swap the kernel lets whoever passes it sleep for minutes, where this cap means the end of one program. */
}

uint64_t zone_cpu_shares(uint64_t cpu_shares)
{
	uint64_t shares = cpu_shares * 1024 / 100;

	return shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
}

void zone_cpu_quota(const struct zone_cpu_cap *cap, struct cpu_spec *c)
{
	c->quota = (struct opt_i64){ true, (int64_t)(cap->ncpus.value * CPU_PERIOD_US / 1000) };
	c->period = (struct opt_u64){ true, CPU_PERIOD_US };
	if (cap->burst.set)
		c->burst = (struct opt_u64){ true, cap->burst.value * 1000 };
}

static void fill_cpu(const struct zone_translation *t, struct resources_spec *r)
{
	const struct zone_cpu_cap *cap = t->z->capped_cpu;
	struct cpu_spec *c;

	bool is_idle = str_eq(t->z->scheduling_class, "idle");

	if (!t->z->cpu_shares.set && !cap && !is_idle)
		return;
	c = r->cpu = mem_zero(sizeof(*c));
	if (is_idle)
		c->idle = (struct opt_i64){ true, 1 };
	if (t->z->cpu_shares.set)
		c->shares = (struct opt_u64){ true, zone_cpu_shares(t->z->cpu_shares.value) };
	if (cap && cap->ncpus.set)
		zone_cpu_quota(cap, c);
}

static struct device_rule_spec *device_rule(struct resources_spec *r, char type, int64_t major,
					    int64_t minor, const char *access)
{
	struct device_rule_spec *d = LIST_GROW(r->devices, r->n_devices);

	d->allow = true;
	d->type = mem_strndup(&type, 1);
	d->major = (struct opt_i64){ major >= 0, major };
	d->minor = (struct opt_i64){ minor >= 0, minor };
	d->access = mem_strdup(access);
	return d;
}

/* Devices that give away the machine, by their numbers: a node has any name, and a link leads to it. */
static const struct {
	unsigned major, minor;
	const char *reason;
} refused_devices[] = {
	{ 1, 1, "it is the memory of the machine" },
	{ 1, 2, "it is the memory of the kernel" },
	{ 1, 4, "it is the ports of the machine" },
	{ 1, 11, "it is the kernel's log of the host and all zones" },
};

const char *zone_device_refused(const struct stat *st)
{
	for (size_t i = 0; S_ISCHR(st->st_mode) && i < BIND_COUNT(refused_devices); i++)
		if (st->st_rdev == makedev(refused_devices[i].major, refused_devices[i].minor))
			return refused_devices[i].reason;
	return NULL;
}

/* A device of the host: a node in the zone and the right to use it. Owner and mode are not named: where the host's node is not open to everybody, the zone's root gets one of its own (isolation/device_nodes.c). */
static int add_device(struct zone_translation *t, size_t i, struct err *e)
{
	const struct zone_device *from = &t->z->device[i];
	struct linux_spec *l = &t->s->linux;
	struct device_spec *d;
	struct stat st;
	char type;

	if (stat(from->match, &st) < 0)
		return err_sys(e, "device[%zu].match: find \"%s\" on the host", i, from->match);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, EINVAL, "device[%zu].match: \"%s\" is not a device", i,
			       from->match);
	const char *reason = zone_device_refused(&st);

	if (reason)
		return err_set(e, EINVAL, "device[%zu].match: a zone can never have \"%s\": %s", i,
			       from->match, reason);
	type = S_ISCHR(st.st_mode) ? 'c' : 'b';
	d = LIST_GROW(l->devices, l->n_devices);
	d->path = mem_strdup(from->match);
	d->type = mem_strndup(&type, 1);
	d->major = major(st.st_rdev);
	d->minor = minor(st.st_rdev);
	(void)device_rule(l->resources, type, d->major, d->minor,
			  from->access ? from->access : "rw");
	return 0;
}

static int fill_devices(struct zone_translation *t, struct err *e)
{
	struct resources_spec *r = t->s->linux.resources;
	struct device_rule_spec *all = LIST_GROW(r->devices, r->n_devices);
	int error = 0;

	all->allow = false;
	all->access = mem_strdup("rwm");
	for (size_t i = 0; i < BIND_COUNT(device_rows); i++)
		(void)device_rule(r, device_rows[i].type, device_rows[i].major,
				  device_rows[i].minor, device_rows[i].access);
	for (size_t i = 0; error == 0 && i < t->z->n_device; i++)
		error = add_device(t, i, e);
	return error;
}

/* --- huge pages --------------------------------------------------------------------------------------------------- */

char *zone_page_name(const char *size)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = { { "GB", UINT64_C(1) << 30 }, { "MB", UINT64_C(1) << 20 }, { "KB", 1 << 10 } };
	uint64_t v;

	if (num_size(size, &v) < 0 || v == 0 || (v & (v - 1)) != 0)
		return NULL;
	for (size_t i = 0; i < BIND_COUNT(units); i++)
		if (v >= units[i].bytes)
			return mem_format("%" PRIu64 "%s", v / units[i].bytes, units[i].unit);
	return NULL;
}

static int check_huge_size(const char *text, char *why, size_t why_size)
{
	auto_free char *name = zone_page_name(text);

	if (name)
		return 0;
	(void)snprintf(why, why_size, "it is the size of a page such as 2M or 1G");
	return -EINVAL;
}

static int check_huge_limit(const char *text, char *why, size_t why_size)
{
	uint64_t v;

	if (num_size(text, &v) == 0)
		return 0;
	(void)snprintf(why, why_size, "it is a size such as 64M");
	return -EINVAL;
}

const struct value_type zone_huge_size_type = {
	.name = "size of a page",
	.check = check_huge_size,
	.example = "2M",
	.pattern = "^[0-9]+[KMGkmg]?(i?B)?$",
};
const struct value_type zone_huge_limit_type = {
	.name = "size",
	.check = check_huge_limit,
	.example = "64M",
	.pattern = "^[0-9]+(\\.[0-9]{1,3})?([KMGTPkmgtp](i?B)?)?$",
};

static void fill_hugepages(const struct zone_translation *t, struct resources_spec *r)
{
	for (size_t i = 0; i < t->z->hugepages.n; i++) {
		struct hugepage_spec *h = LIST_GROW(r->hugepages, r->n_hugepages);

		h->page_size = zone_page_name(t->z->hugepages.items[i].key);
		(void)!num_size(t->z->hugepages.items[i].value,
				&h->limit); /* checked by its type */
	}
}

static void fill_files(const struct zone_translation *t, struct resources_spec *r)
{
	for (size_t i = 0; i < t->z->n_rctl; i++)
		if (zone_rctl_file(t->z->rctl[i].name))
			strmap_set(&r->unified, t->z->rctl[i].name, t->z->rctl[i].value);
}

int zone_fill_resources(struct zone_translation *t, struct err *e)
{
	struct resources_spec *r = resources_spec_new();

	t->s->linux.resources = r;
	fill_memory(t, r);
	fill_cpu(t, r);
	fill_hugepages(t, r);
	fill_files(t, r);
	if (t->z->max_lwps.set)
		r->pids_limit = (struct opt_i64){ true, (int64_t)t->z->max_lwps.value };
	int error = zone_fill_block_io(t, e);

	return error < 0 ? error : fill_devices(t, e);
}

/* --- the ipc namespace -------------------------------------------------------------------------------------------- */

static void set_count(struct strmap *sysctl, const char *name, const char *before, uint64_t value)
{
	auto_free char *text = mem_format("%s%" PRIu64, before, value);

	strmap_set(sysctl, name, text);
}

void zone_fill_ipc(struct zone_translation *t)
{
	const struct zone_spec *z = t->z;
	struct strmap *sysctl = &t->s->linux.sysctl;
	const struct {
		const struct opt_u64 *cap;
		const char *name;
		const char *
			before; /* semaphores of a set, of all sets, operations at once: the kernel's own */
		uint64_t unit;
	} rows[] = {
		{ &z->max_msg_ids, "kernel.msgmni", "", 1 },
		{ &z->max_sem_ids, "kernel.sem", "32000 1024000000 500 ", 1 },
		{ &z->max_shm_ids, "kernel.shmmni", "", 1 },
		{ &z->max_shm_memory, "kernel.shmall", "", (uint64_t)sysconf(_SC_PAGESIZE) },
	};

	for (size_t i = 0; i < BIND_COUNT(rows); i++) {
		if (!rows[i].cap->set)
			continue;
		set_count(sysctl, rows[i].name, rows[i].before, rows[i].cap->value / rows[i].unit);
		strmap_set(sysctl, "user.max_ipc_namespaces", "0");
	}
}
