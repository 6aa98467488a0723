#include "config/zone_to_oci.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "config/oci.h"
#include "config/zone_seccomp.h"
#include "runtime/base/mem.h"

/* The only translation from a zone to a container. `z` is an effective configuration, so what has a default is set. Each part below fills one member of the
 * specification; what is the same for every zone is in tables. The one look at the host is at the device nodes that the file names: their numbers exist nowhere else.
 *
 * Rules that the properties' documentation refers to:
 *   cpuShares            OCI shares (1024 is the kernel's default weight) = cpuShares * 1024 / 100, at least 2, at most 262144. 100 is the weight of a zone without the
 *                        property, and the ratio of two zones is the ratio of their numbers
 *   cappedCPU.ncpus      quota in a period of 100 ms
 *   cappedMemory.swap    RAM + swap in Solaris as in OCI, so the number goes over as it is
 *   maxLwps              pids.max of the cgroup: processes and threads together
 *   maxProcesses         RLIMIT_NPROC of init and so of everything below. The kernel counts it per user of the zone's user namespace, and since the zone's root has no
 *                        capability in the host's user namespace it holds for root too
 *   cappedMemory.locked  RLIMIT_MEMLOCK, per process */

#define CPU_PERIOD_US 100000
#define MIB           (UINT64_C(1) << 20)

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* How much memory a tmpfs of ours may take: a part of what the zone has. All of it is charged to the zone anyway. */
enum tmpfs_size { SIZE_AS_WRITTEN, SIZE_HALF, SIZE_FIFTH };
enum mount_when { MOUNT_ALWAYS, MOUNT_SPARSE, MOUNT_NESTING };

/* In this order. Options are separated by commas. */
static const struct mount_row {
	const char *destination, *type, *source, *options;
	enum tmpfs_size size;
	enum mount_when when;
} mount_rows[] = {
	{ "/usr", "bind", "/usr", "bind,ro,nodev,idmap", SIZE_AS_WRITTEN, MOUNT_SPARSE },
	{ "/proc", "proc", "proc", "nosuid,noexec,nodev", SIZE_AS_WRITTEN, MOUNT_ALWAYS },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=1m", SIZE_AS_WRITTEN,
	  MOUNT_ALWAYS },
	{ "/dev/pts", "devpts", "devpts", "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5",
	  SIZE_AS_WRITTEN, MOUNT_ALWAYS },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777", SIZE_HALF, MOUNT_ALWAYS },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev", SIZE_AS_WRITTEN, MOUNT_ALWAYS },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", SIZE_AS_WRITTEN, MOUNT_ALWAYS },
	{ "/sys/fs/cgroup", "cgroup2", "cgroup2", "rw,nosuid,noexec,nodev,relatime",
	  SIZE_AS_WRITTEN, MOUNT_ALWAYS },
	{ "/run", "tmpfs", "tmpfs", "nosuid,nodev,mode=755", SIZE_FIFTH, MOUNT_ALWAYS },
	/* The kernel lets a nested container mount proc and sysfs only where a complete one is visible already (mount_too_revealing). */
	{ "/dev/.zone/proc", "proc", "proc", "nosuid,noexec,nodev", SIZE_AS_WRITTEN,
	  MOUNT_NESTING },
	{ "/dev/.zone/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro", SIZE_AS_WRITTEN,
	  MOUNT_NESTING },
};

/* What tells about the host or other zones without helping anybody inside (the list of Docker). Missing ones are no error. */
static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/key-users",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/firmware",
	"/sys/devices/virtual/powercap",
};

/* All of /proc/sys but net, which is the zone's own. */
static const char *const readonly_paths[] = {
	"/proc/bus",     "/proc/fs",         "/proc/irq",        "/proc/sysrq-trigger",
	"/proc/sys/abi", "/proc/sys/crypto", "/proc/sys/debug",  "/proc/sys/dev",
	"/proc/sys/fs",  "/proc/sys/kernel", "/proc/sys/sunrpc", "/proc/sys/user",
	"/proc/sys/vm",
};

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

/* --- mounts ------------------------------------------------------------------------------------------------------- */

static struct mount_spec *mount_add(struct container_spec *s, const char *destination,
				    const char *type, const char *source)
{
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	m->destination = mem_strdup(destination);
	m->type = mem_strdup(type);
	m->source = mem_strdup(source);
	return m;
}

static uint64_t memory_of(const struct zone_spec *z)
{
	return z->capped_memory && z->capped_memory->physical.set ? z->capped_memory->physical.value
								  : 0;
}

/* In whole MiB. Without a cap, which happens only where nobody knows the host, a modest fixed size. */
static void add_size(struct mount_spec *m, enum tmpfs_size size, uint64_t memory)
{
	uint64_t bytes = memory / (size == SIZE_HALF ? 2 : 5);

	if (size == SIZE_AS_WRITTEN)
		return;
	strv_format(&m->options, "size=%" PRIu64 "m",
		    memory == 0   ? 64
		    : bytes < MIB ? 1
				  : bytes / MIB);
}

static bool row_applies(const struct zone_translation *t, enum mount_when when)
{
	switch (when) {
	case MOUNT_ALWAYS:
		return true;
	case MOUNT_SPARSE:
		return t->brand->sparse_root;
	case MOUNT_NESTING:
		return t->z->nesting.value;
	}
	return false;
}

/* lofs shows a tree of the host with the zone's owners; tmpfs is new. The words of Solaris have become Linux's in the effective configuration. */
static void add_fs(struct zone_translation *t, const struct zone_fs *fs)
{
	bool is_tmpfs = str_eq(fs->type, "tmpfs");
	bool recursive = strv_has(&fs->options, "rbind");
	struct mount_spec *m = mount_add(t->s, fs->dir, is_tmpfs ? "tmpfs" : "bind",
					 is_tmpfs ? "tmpfs" : fs->special);

	if (!is_tmpfs) {
		strv_add(&m->options, recursive ? "rbind" : "bind");
		strv_add(&m->options, recursive ? "ridmap" : "idmap");
	}
	for (size_t i = 0; i < fs->options.n; i++)
		if (!strv_has(&m->options, fs->options.items[i]))
			strv_add(&m->options, fs->options.items[i]);
}

static int fill_mounts(struct zone_translation *t, struct err *e)
{
	for (size_t i = 0; i < BIND_COUNT(mount_rows); i++) {
		const struct mount_row *row = &mount_rows[i];
		struct mount_spec *m;

		if (!row_applies(t, row->when))
			continue;
		m = mount_add(t->s, row->destination, row->type, row->source);
		strv_split(&m->options, row->options, ',');
		add_size(m, row->size, memory_of(t->z));
	}
	if (!t->o->init) {
		struct mount_spec *m;

		if (str_empty(t->host->init_path))
			return err_set(e, ENOENT, "the program zone-init is not installed");
		m = mount_add(t->s, ZONE_INIT_PATH, "bind", t->host->init_path);
		strv_split(&m->options, "bind,ro,nosuid,nodev", ',');
	}
	for (size_t i = 0; i < t->z->n_fs; i++)
		add_fs(t, &t->z->fs[i]);
	return 0;
}

/* --- resources ---------------------------------------------------------------------------------------------------- */

static void fill_memory(const struct zone_translation *t, struct resources_spec *r)
{
	const struct zone_memory_cap *cap = t->z->capped_memory;
	struct memory_spec *m;

	if (!cap || (!cap->physical.set && !cap->swap.set))
		return;
	m = r->memory = mem_zero(sizeof(*m));
	if (cap->physical.set)
		m->limit = (struct opt_i64){ true, (int64_t)cap->physical.value };
	if (cap->swap.set)
		m->swap = (struct opt_i64){ true, (int64_t)cap->swap.value };
	/* No memory.high below it on v2: without swap the kernel lets whoever passes it sleep for minutes, where this cap means the end of one program. */
}

static uint64_t shares_of(uint64_t cpu_shares)
{
	uint64_t shares = cpu_shares * 1024 / 100;

	return shares < 2 ? 2 : shares > 262144 ? 262144 : shares;
}

static void fill_cpu(const struct zone_translation *t, struct resources_spec *r)
{
	const struct zone_cpu_cap *cap = t->z->capped_cpu;
	struct cpu_spec *c;

	if (!t->z->cpu_shares.set && !cap)
		return;
	c = r->cpu = mem_zero(sizeof(*c));
	if (t->z->cpu_shares.set)
		c->shares = (struct opt_u64){ true, shares_of(t->z->cpu_shares.value) };
	if (!cap || !cap->ncpus.set)
		return;
	c->quota = (struct opt_i64){ true, (int64_t)(cap->ncpus.value * CPU_PERIOD_US / 1000) };
	c->period = (struct opt_u64){ true, CPU_PERIOD_US };
	if (cap->burst.set)
		c->burst = (struct opt_u64){ true, cap->burst.value * 1000 };
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

/* A device of the host: a node in the zone and the right to use it. */
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

static int fill_resources(struct zone_translation *t, struct err *e)
{
	struct resources_spec *r = resources_spec_new();

	t->s->linux.resources = r;
	fill_memory(t, r);
	fill_cpu(t, r);
	if (t->z->max_lwps.set)
		r->pids_limit = (struct opt_i64){ true, (int64_t)t->z->max_lwps.value };
	return fill_devices(t, e);
}

/* --- the rest of linux -------------------------------------------------------------------------------------------- */

/* A zone that has no ids yet (it is not installed) gets no map at all, never a map to the host's own ids: nothing can run in such a user namespace. */
static void fill_ids(struct zone_translation *t)
{
	struct linux_spec *l = &t->s->linux;

	if (t->host->id_base == 0)
		return;
	*LIST_GROW(l->uid_mappings, l->n_uid_mappings) =
		(struct id_map){ 0, t->host->id_base, ZONE_IDS };
	*LIST_GROW(l->gid_mappings, l->n_gid_mappings) =
		(struct id_map){ 0, t->host->id_base, ZONE_IDS };
	l->owner_uid = (struct opt_u64){ t->host->owner_uid != 0, t->host->owner_uid };
}

static void fill_namespaces(struct zone_translation *t)
{
	struct linux_spec *l = &t->s->linux;

	for (int i = 0; i < NS_COUNT; i++)
		l->namespaces[i].wanted = i != NS_TIME;
	if (str_eq(t->z->ip_type, "shared"))
		l->namespaces[NS_NETWORK].wanted = false;
}

static void fill_linux(struct zone_translation *t)
{
	struct linux_spec *l = &t->s->linux;

	fill_namespaces(t);
	fill_ids(t);
	strmap_copy(&l->sysctl, &t->z->sysctl);
	for (size_t i = 0; i < BIND_COUNT(masked_paths); i++)
		strv_add(&l->masked_paths, masked_paths[i]);
	for (size_t i = 0; i < BIND_COUNT(readonly_paths); i++)
		strv_add(&l->readonly_paths, readonly_paths[i]);
	l->cgroups_path = mem_format("/zones/%s", t->z->zonename);
	l->delegate_cgroup = true;
	l->cgroup_hierarchy = mem_strdup("unified");
	l->seccomp = zone_seccomp_new(t->z->nesting.value);
}

static void fill_annotations(struct zone_translation *t)
{
	struct strmap *a = &t->s->annotations;

	strmap_set(a, "org.zones.name", t->z->zonename);
	strmap_set(a, "org.zones.brand", t->brand->name);
	if (!str_empty(t->host->uuid))
		strmap_set(a, "org.zones.uuid", t->host->uuid);
	for (size_t i = 0; i < t->z->attr.n; i++) {
		auto_free char *key = mem_format("org.zones.attr.%s", t->z->attr.items[i].key);

		strmap_set(a, key, t->z->attr.items[i].value);
	}
}

/* What was put together must be a configuration that a bundle could also have: a mistake here shows before anything is done. */
static int check_result(const struct container_spec *s, struct err *e)
{
	auto_done(diag_list) struct diag_list diags = { 0 };

	return oci_check(s, NULL, &diags) < 0 ? diag_err(&diags, e) : 0;
}

int zone_to_oci(const struct zone_spec *z, const struct zone_host *host,
		const struct zone_boot_options *o, struct container_spec **ret, struct err *e)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	struct zone_translation t = { z, host, o, zone_brand_find(z->brand), s };
	int r;

	if (!t.brand)
		return err_set(e, EINVAL, "brand: \"%s\" is not known", z->brand ? z->brand : "");
	if (str_empty(z->zonename) || str_empty(host->root_path))
		return err_set(e, EINVAL, "a zone without a name or a root cannot be translated");
	s->oci_version = mem_strdup(OCI_VERSION);
	s->root.path = mem_strdup(host->root_path);
	s->root.idmap = true;
	s->hostname = mem_strdup(z->hostname ? z->hostname : z->zonename);
	fill_annotations(&t);
	fill_linux(&t);
	r = fill_mounts(&t, e);
	if (r == 0)
		r = zone_fill_process(&t, e);
	if (r == 0)
		r = fill_resources(&t, e);
	if (r == 0)
		r = check_result(s, e);
	if (r < 0)
		return r;
	*ret = ptr_steal(&s);
	return 0;
}
