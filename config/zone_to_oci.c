#include "config/zone_to_oci.h"

#include <errno.h>
#include <inttypes.h>

#include "config/oci.h"
#include "config/zone_seccomp.h"
#include "runtime/base/mem.h"

/* The only translation from a zone to a container. `z` is an effective configuration, so what has a default is set. Each part below fills one member of the
 * specification; what is the same for every zone is in tables. The one look at the host is at the device nodes that the file names: their numbers exist nowhere else. */

#define MIB (UINT64_C(1) << 20)

/* --- tables ------------------------------------------------------------------------------------------------------- */

/* How much memory a tmpfs of ours may take: a part of what the zone has. All of it is charged to the zone anyway. */
enum tmpfs_size { SIZE_AS_WRITTEN, SIZE_HALF, SIZE_FIFTH };
enum mount_when { MOUNT_ALWAYS, MOUNT_SPARSE, MOUNT_NESTING, MOUNT_IMMUTABLE };

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
	{ "/tmp", "tmpfs", "tmpfs", "nosuid,nodev,mode=1777", SIZE_FIFTH, MOUNT_IMMUTABLE },
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

/* All of /proc/sys but net, which is the zone's own, and only with net_admin for root there to write. */
static const char *const readonly_paths[] = {
	"/proc/bus",     "/proc/fs",         "/proc/irq",        "/proc/sysrq-trigger",
	"/proc/sys/abi", "/proc/sys/crypto", "/proc/sys/debug",  "/proc/sys/dev",
	"/proc/sys/fs",  "/proc/sys/kernel", "/proc/sys/sunrpc", "/proc/sys/user",
	"/proc/sys/vm",
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
	case MOUNT_IMMUTABLE:
		return t->s->root.parts;
	}
	return false;
}

/* lofs shows a tree of the host with the zone's owners; tmpfs is new. The words of Solaris have become Linux's in the effective configuration. What only the host can say of an overlay or an image
 * is added when the zone boots (runtime/zone/file_systems.c). */
static void add_fs(struct zone_translation *t, const struct zone_fs *fs)
{
	enum zone_fs_kind kind = zone_fs_kind_of(fs->type);
	bool recursive = strv_has(&fs->options, "rbind");
	struct mount_spec *m = mount_add(t->s, fs->dir, kind == ZONE_FS_LOFS ? "bind" : fs->type,
					 kind == ZONE_FS_TMPFS ? "tmpfs" : fs->special);

	if (kind == ZONE_FS_LOFS)
		strv_add(&m->options, recursive ? "rbind" : "bind");
	if (kind != ZONE_FS_TMPFS)
		strv_add(&m->options, recursive ? "ridmap" : "idmap");
	if (kind == ZONE_FS_IMAGE)
		mount_spec_extra(m)->image = true;
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
		add_size(m, row->size, zone_memory_of(t->z));
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

/* The network namespace too with ipType shared: in the host's, root inside could reach the abstract sockets and the services on 127.0.0.1 of the host and of other zones. That its addresses,
 * routes and packet filter are the host's, net/shared.h sees to. */
static void fill_namespaces(struct zone_translation *t)
{
	struct linux_spec *l = &t->s->linux;

	for (int i = 0; i < NS_COUNT; i++)
		l->namespaces[i].wanted = i != NS_TIME;
}

static void fill_linux(struct zone_translation *t)
{
	struct linux_spec *l = &t->s->linux;

	fill_namespaces(t);
	fill_ids(t);
	strmap_copy(&l->sysctl, &t->z->sysctl);
	zone_fill_ipc(t);
	for (size_t i = 0; i < BIND_COUNT(masked_paths); i++)
		strv_add(&l->masked_paths, masked_paths[i]);
	for (size_t i = 0; i < BIND_COUNT(readonly_paths); i++)
		strv_add(&l->readonly_paths, readonly_paths[i]);
	l->cgroups_path = mem_format("/zones/%s", t->z->zonename);
	l->delegate_cgroup = true;
	l->cgroup_hierarchy = mem_strdup("unified");
	l->seccomp = zone_seccomp_new(t->z->nesting.value, t->z->quota.set);
	zone_seccomp_restrict(l->seccomp, &t->z->seccomp);
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
	if (host->root_upper) {
		s->root.upper = mem_strdup(host->root_upper);
		for (size_t i = 0; i < host->root_layers->n; i++)
			strv_format(&s->root.layers, "%s/.layers/%s/fs", host->storage_dir,
				    host->root_layers->items[i]);
	}
	s->root.parts = o->writable ? NULL : zone_profile_parts(z->file_mac_profile);
	s->hostname = mem_strdup(z->hostname ? z->hostname : z->zonename);
	fill_annotations(&t);
	fill_linux(&t);
	r = fill_mounts(&t, e);
	if (r == 0)
		r = zone_fill_process(&t, e);
	if (r == 0)
		r = zone_fill_resources(&t, e);
	if (r == 0)
		r = check_result(s, e);
	if (r < 0)
		return r;
	*ret = ptr_steal(&s);
	return 0;
}
