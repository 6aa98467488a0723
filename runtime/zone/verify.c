/* verify - the configuration against this host: whatever would make boot fail later is said now, all of it at once, each with the property it comes from.
 *
 * Nothing is changed. A limit that the kernel cannot enforce is a problem, never silence: each is asked for on its own, so that the answer has the path of the
 * property and not of a kernel file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/admin.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/cpus.h"
#include "runtime/zone/file_systems.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/record.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"

struct verify {
	const struct zone_dirs *dirs;
	const struct zone *zone;
	const struct zone_host *host;
	const struct zone_spec *effective;
	struct diag_list *diags;
};

static void problem(const struct verify *v, const char *path, const char *hint, const struct err *e)
{
	diag_add(v->diags, DIAG_AT(0, 0), path, "host", hint, "%s", e->text);
}

/* --- storage ------------------------------------------------------------------------------------------------------ */

/* Before install: nobody else's, and if it is there it must be usable as it is. */
static void check_new_zonepath(const struct verify *v, const char *zonepath)
{
	auto_done(strv) struct strv names = { 0 };
	struct err e = { 0 };
	auto_close int fd = zone_storage_open(
		zonepath, &e); /* what is above it is looked at also when it does not exist yet */

	if (fd < 0 && fd != -ENOENT)
		problem(v, "zonepath", NULL, &e);
	if (zone_names(v->dirs, &names, &e) < 0)
		return problem(v, "zonepath", NULL, &e);
	for (size_t i = 0; i < names.n; i++) {
		auto_done(zone_record) struct zone_record other = { 0 };

		if (str_eq(names.items[i], v->zone->name) ||
		    zone_record_load(v->dirs, names.items[i], &other, &e) <= 0)
			continue;
		if (str_eq(other.zonepath, zonepath))
			diag_add(v->diags, DIAG_AT(0, 0), "zonepath", "conflict", NULL,
				 "\"%s\" belongs to zone \"%s\"", zonepath, names.items[i]);
	}
}

/* Layers may lie on another file system than the zonepath. */
static void check_layers(const struct verify *v)
{
	const struct zone_record *r = &v->zone->record;
	struct err e = { 0 };

	if (!storage_is_overlay(r) || r->layers.n == 0)
		return;
	auto_free char *layer = storage_layer(v->dirs, r->layers.items[0]);

	if (file_exists(AT_FDCWD, layer) && engine_can_idmap(layer, &e) < 0)
		problem(v, "zonepath", NULL, &e);
}

static void check_quota(const struct verify *v, const char *there)
{
	static const struct zone_record none = { 0 };
	const char *property = NULL;
	struct err e = { 0 };
	bool is_installed = v->zone->state >= ZONE_UNAVAILABLE;

	if (quota_can(is_installed ? &v->zone->record : &none, there, v->effective, &property, &e) <
	    0)
		problem(v, property, NULL, &e);
}

static void check_storage(const struct verify *v)
{
	const char *zonepath = v->effective->zonepath;
	const char *installed = v->zone->record.zonepath;
	bool is_installed = v->zone->state >= ZONE_UNAVAILABLE;
	struct err e = { 0 };

	if (is_installed && installed && !str_eq(installed, zonepath))
		diag_add(
			v->diags, DIAG_AT(0, 0), "zonepath", "conflict", installed,
			"the zone is installed at \"%s\": put that back, or uninstall and install again",
			installed);
	if (!is_installed)
		check_new_zonepath(v, zonepath);
	else if (storage_check(v->dirs, &v->zone->record, &e) < 0)
		problem(v, "zonepath", NULL, &e);
	auto_free char *there = storage_existing(is_installed && installed ? installed : zonepath);

	if (engine_can_idmap(there, &e) < 0)
		problem(v, "zonepath", NULL, &e);
	check_layers(v);
	check_quota(v, there);
}

static void check_brand(const struct verify *v)
{
	const struct zone_brand *brand = zone_brand_find(v->effective->brand);
	const char *installed = v->zone->record.brand;

	if (v->zone->state >= ZONE_UNAVAILABLE && installed &&
	    !str_eq(installed, v->effective->brand))
		diag_add(
			v->diags, DIAG_AT(0, 0), "brand", "conflict", installed,
			"the zone is installed as \"%s\": put that back, or uninstall and install again",
			installed);
	if (brand && !brand->sparse_root && !v->effective->service)
		return; /* its own init */
	if (!v->effective->service && !str_empty(v->effective->bootargs))
		diag_add(v->diags, DIAG_AT(0, 0), "bootargs", "conflict", NULL,
			 ZONE_NO_BOOT_ARGUMENTS);
	if (access(v->host->init_path, X_OK) < 0)
		diag_add(
			v->diags, DIAG_AT(0, 0), "brand", "host", NULL,
			"the built-in init \"%s\" is missing: is this program installed completely (make install)?",
			v->host->init_path);
}

/* Only where the file asks for it: else the zone boots without. */
static void check_view(const struct verify *v)
{
	auto_free char *program = engine_helper_path("zone-procview");
	struct err e = { 0 };

	if (!v->zone->spec->proc_view.set || !v->zone->spec->proc_view.value)
		return;
	if (access("/dev/fuse", F_OK) < 0)
		(void)err_set(
			&e, ENODEV,
			"\"/dev/fuse\" is missing: load the module fuse, or set procView to false");
	else if (access(program, X_OK) < 0)
		(void)err_set(
			&e, ENOENT,
			"the program \"%s\" is missing: is this program installed completely (make install)?",
			program);
	if (e.code)
		problem(v, "procView", NULL, &e);
}

/* --- limits ------------------------------------------------------------------------------------------------------- */

/* One limit taken out of the container's resources. */
struct one_limit {
	struct resources_spec resources;
	struct memory_spec memory;
	struct cpu_spec cpu;
	struct block_io_spec block_io;
};

static bool pick_memory(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.memory = &to->memory;
	if (!r->memory || !r->memory->limit.set)
		return false;
	to->memory.limit = r->memory->limit;
	return true;
}

static bool pick_swap(const struct resources_spec *r, struct one_limit *to)
{
	if (!r->memory || !r->memory->swap.set)
		return false;
	(void)pick_memory(r, to); /* swap is counted on top of it */
	to->memory.swap = r->memory->swap;
	return true;
}

static bool pick_quota(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.cpu = &to->cpu;
	if (!r->cpu || !r->cpu->quota.set)
		return false;
	to->cpu.quota = r->cpu->quota;
	to->cpu.period = r->cpu->period;
	return true;
}

static bool pick_soft(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.memory = &to->memory;
	if (!r->memory || !r->memory->reservation.set)
		return false;
	to->memory.reservation = r->memory->reservation;
	return true;
}

static bool pick_burst(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.cpu = &to->cpu;
	if (!r->cpu || !r->cpu->burst.set)
		return false;
	to->cpu.burst = r->cpu->burst;
	return true;
}

static bool pick_idle(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.cpu = &to->cpu;
	if (!r->cpu || !r->cpu->idle.set)
		return false;
	to->cpu.idle = r->cpu->idle;
	return true;
}

static bool pick_shares(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.cpu = &to->cpu;
	if (!r->cpu || !r->cpu->shares.set)
		return false;
	to->cpu.shares = r->cpu->shares;
	return true;
}

static bool pick_io_weight(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.block_io = &to->block_io;
	if (!r->block_io || !r->block_io->weight.set)
		return false;
	to->block_io.weight = r->block_io->weight;
	return true;
}

/* The lists are borrowed: nothing of it is freed. */
static bool pick_block_io(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.block_io = &to->block_io;
	if (!r->block_io)
		return false;
	to->block_io = *r->block_io;
	to->block_io.weight.set = false;
	return true;
}

static bool pick_hugepages(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.hugepages = r->hugepages;
	to->resources.n_hugepages = r->n_hugepages;
	return r->n_hugepages > 0;
}

static bool pick_files(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.unified = r->unified; /* borrowed */
	return r->unified.n > 0;
}

static bool pick_pids(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.pids_limit = r->pids_limit;
	return r->pids_limit.set;
}

static bool pick_devices(const struct resources_spec *r, struct one_limit *to)
{
	to->resources.devices = r->devices;
	to->resources.n_devices = r->n_devices;
	return r->n_devices > 0;
}

static const struct {
	const char *path;
	bool (*pick)(const struct resources_spec *r, struct one_limit *to);
} limits[] = {
	{ "cappedMemory.physical", pick_memory },
	{ "cappedMemory.swap", pick_swap },
	{ "cappedMemory.soft", pick_soft },
	{ "cappedCPU.ncpus", pick_quota },
	{ "cappedCPU.burst", pick_burst },
	{ "schedulingClass", pick_idle },
	{ "cpuShares", pick_shares },
	{ "rctl", pick_files },
	{ "hugepages", pick_hugepages },
	{ "ioWeight", pick_io_weight },
	{ "blockIO", pick_block_io },
	{ "maxLwps", pick_pids },
	{ "device", pick_devices },
};

static void check_limits(const struct verify *v)
{
	struct zone_boot_options options = { .init_kind = "zone-init" };
	auto_ptr(container_spec) struct container_spec *c = NULL;
	struct err e = { 0 };

	if (zone_to_oci(v->effective, v->host, &options, &c, &e) < 0)
		return problem(v, "", NULL, &e);
	for (size_t i = 0; c->linux.resources && i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct one_limit one = { 0 };

		if (limits[i].pick(c->linux.resources, &one) &&
		    engine_can_limit(&one.resources, &e) < 0)
			problem(v, limits[i].path, NULL, &e);
	}
}

static void check_tenant(const struct verify *v)
{
	const char *name = v->effective->tenant;
	auto_ptr(tenant_spec) struct tenant_spec *t = NULL;
	struct err e = { 0 };

	if (name && tenant_read(v->dirs, name, &t, &e) < 0)
		problem(v, "tenant", NULL, &e);
	if (name && v->effective->dedicated_cpu && cgroup_host_mode() == CGROUP_MODE_V2)
		diag_add(
			v->diags, DIAG_AT(0, 0), "dedicatedCPU", "host", NULL,
			"cannot be had together with a tenant on cgroup v2: a partition of CPUs has no place below the tenant's cgroup");
}

static void check_cpus(const struct verify *v)
{
	const char *path = v->effective->dedicated_cpu ? "dedicatedCPU.ncpus" : "pool";
	struct cpu_spec cpu = { .cpus = (char *)"0" }; /* only read: is there a cpuset at all? */
	const struct resources_spec r = { .cpu = &cpu };
	struct err e = { 0 };

	if (!v->effective->dedicated_cpu && !v->effective->pool)
		return;
	if (cpus_check(v->dirs, v->zone->name, v->effective, &e) < 0 ||
	    engine_can_limit(&r, &e) < 0)
		problem(v, path, NULL, &e);
}

/* --- file systems and devices ------------------------------------------------------------------------------------- */

static void check_fs(const struct verify *v, size_t i)
{
	auto_free char *path = mem_format("fs[%zu].special", i);
	struct err e = { 0 };

	if (fs_check(v->dirs, &v->effective->fs[i], &e) < 0)
		problem(v, path, NULL, &e);
}

static void check_device(const struct verify *v, size_t i)
{
	const char *match = v->effective->device[i].match;
	auto_free char *path = mem_format("device[%zu].match", i);
	struct err e = { 0 };
	struct stat st;

	if (stat(match, &st) < 0) {
		(void)err_sys(&e, "\"%s\" on the host", match);
		problem(v, path, NULL, &e);
	} else if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) {
		diag_add(v->diags, DIAG_AT(0, 0), path, "host", NULL, "\"%s\" is not a device",
			 match);
	} else if (zone_device_refused(&st)) {
		diag_add(v->diags, DIAG_AT(0, 0), path, "host", NULL,
			 "a zone can never have \"%s\": %s", match, zone_device_refused(&st));
	}
}

/* --- labels ------------------------------------------------------------------------------------------------------- */

static void check_labels(const struct verify *v)
{
	const char *profile = v->effective->apparmor_profile, *label = v->effective->selinux_label;
	struct err e = { 0 };

	if (!str_empty(profile) && engine_can_profile(profile, &e) < 0)
		problem(v, "apparmorProfile", NULL, &e);
	if (!str_empty(label) && engine_can_label(label, &e) < 0)
		problem(v, "selinuxLabel", NULL, &e);
}

/* --- kernel ------------------------------------------------------------------------------------------------------- */

static const char *const namespace_files[] = {
	"user", "pid", "mnt", "net", "uts", "ipc", "cgroup"
};

static void check_kernel(const struct verify *v)
{
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	uint64_t n = 1;

	for (size_t i = 0; i < sizeof(namespace_files) / sizeof(namespace_files[0]); i++) {
		auto_free char *file = mem_format("/proc/self/ns/%s", namespace_files[i]);

		if (access(file, F_OK) < 0)
			diag_add(v->diags, DIAG_AT(0, 0), "", "host", NULL,
				 "this kernel has no %s namespaces", namespace_files[i]);
	}
	if (file_read_all(AT_FDCWD, "/proc/sys/user/max_user_namespaces", 64, &text, NULL,
			  &ignored) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (num_u64(text, &n) == 0 && n == 0)
		diag_add(v->diags, DIAG_AT(0, 0), "", "host", NULL,
			 "user namespaces are switched off: sysctl user.max_user_namespaces=15000");
}

/* --- other zones -------------------------------------------------------------------------------------------------- */

static void check_dependency(const struct verify *v, size_t i)
{
	auto_free char *path = mem_format("dependency[%zu]", i);
	auto_ptr(zone) struct zone *other = NULL;
	struct err e = { 0 };
	const char *name = v->effective->dependency.items[i];

	if (zone_open(v->dirs, name, 0, &other, &e) < 0)
		problem(v, path, NULL, &e);
	else if (other->state == ZONE_NONE)
		diag_add(v->diags, DIAG_AT(0, 0), path, "host", NULL, "there is no zone \"%s\"",
			 name);
	for (size_t k = 0; other && other->spec && k < other->spec->dependency.n; k++)
		if (str_eq(other->spec->dependency.items[k], v->effective->zonename))
			diag_add(v->diags, DIAG_AT(0, 0), path, "host", NULL,
				 "zone \"%s\" waits for this one as well: neither would boot",
				 name);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

int zone_verify_open(const struct zone_dirs *d, const struct zone *z, struct diag_list *diags)
{
	auto_done(strbuf) struct strbuf strings = { 0 };
	struct zone_host host = { 0 };
	struct net_dirs dirs = { .run_dir = d->run, .storage_dir = d->storage };
	struct verify v = { .dirs = d, .zone = z, .host = &host, .diags = diags };
	struct err e = { 0 };
	size_t before = diags->n;

	if (!z->spec) {
		diag_add(diags, DIAG_AT(0, 0), "", "syntax", NULL, "%s", z->spec_error);
		return -EINVAL;
	}
	if (zone_host_facts(d, z, &host, &strings, &e) < 0) {
		problem(&v, "", NULL, &e);
		return -EINVAL;
	}
	auto_ptr(zone_spec) struct zone_spec *effective = zone_effective(z->spec, &host);

	v.effective = effective;
	check_storage(&v);
	check_view(&v);
	check_brand(&v);
	check_tenant(&v);
	check_limits(&v);
	check_cpus(&v);
	(void)net_verify(effective, &dirs, diags); /* what it finds is in diags */
	for (size_t i = 0; i < effective->n_fs; i++)
		check_fs(&v, i);
	for (size_t i = 0; i < effective->n_device; i++)
		check_device(&v, i);
	for (size_t i = 0; i < effective->dependency.n; i++)
		check_dependency(&v, i);
	check_labels(&v);
	check_kernel(&v);
	return diags->n > before ? -EINVAL : 0;
}

int zone_verify(const struct zone_dirs *d, const char *name, struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_VERIFY, NULL, e);
	if (r < 0)
		return r;
	if (!z->spec) { /* the file itself: every problem with its place in it */
		auto_free char *text = NULL;

		r = config_read(z, &text, e);
		return r < 0 ? r : config_check(name, text, diags, e);
	}
	zone_admin_verify(z->spec, diags);
	return zone_verify_open(d, z, diags) < 0 || diags->n > 0 ? diag_err(diags, e) : 0;
}
