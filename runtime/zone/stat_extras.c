/* stat_extras - shares, processes, limits of processes, disk.
 *
 * Shares are those of the zones that run, whether busy or idle, as on Solaris. What else the host runs beside the zones' folder is not in the sum. */
#include "runtime/zone/stat_extras.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tenants.h"

enum { WHOLE = 10000, MILLI_PER_CPU = 1000, LIMITS_MAX = 1 << 16 };

/* --- limits of processes, and their number ---------------------------------------------------------------------------- */

struct opt_u64 stat_limit(const char *limits, const char *name)
{
	struct opt_u64 v = { 0 };
	const char *at = strstr(limits, name);

	if (!at || (at != limits && at[-1] != '\n'))
		return v;
	at += strlen(name);
	at += strspn(at, " ");
	auto_free char *digits = mem_strndup(at, strcspn(at, " \n"));

	v.set = num_u64(digits, &v.value) == 0;
	return v;
}

/* From the file: prlimit(2) wants CAP_SYS_RESOURCE over the zone. */
static void read_limits(pid_t pid, struct zone_stat *s)
{
	auto_free char *file = mem_format("/proc/%d/limits", (int)pid);
	auto_free char *text = NULL;
	struct err ignored = { 0 };

	if (file_read_all(AT_FDCWD, file, LIMITS_MAX, &text, NULL, &ignored) < 0)
		return;
	s->locked_limit = stat_limit(text, "Max locked memory");
	s->processes_limit = stat_limit(text, "Max processes");
}

static struct opt_u64 count_processes(struct engine_container *c)
{
	struct cgroup *cg = engine_cgroup(c);
	auto_free pid_t *pids = NULL;
	struct err ignored = { 0 };
	struct opt_u64 v = { 0 };
	size_t n = 0;

	if (cg && cgroup_pids(cg, &pids, &n, &ignored) == 0)
		v = (struct opt_u64){ true, n };
	return v;
}

/* --- disk --------------------------------------------------------------------------------------------------------------- */

/* A file system of its own is full when it is full. */
static bool disk_of_mount(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit)
{
	struct statx x;
	struct statvfs v;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &x) < 0 ||
	    !(x.stx_attributes & STATX_ATTR_MOUNT_ROOT) || fstatvfs(fd, &v) < 0)
		return false;
	*ret_used = (struct opt_u64){ true, (uint64_t)(v.f_blocks - v.f_bfree) * v.f_frsize };
	*ret_limit = (struct opt_u64){ true, (uint64_t)v.f_blocks * v.f_frsize };
	return true;
}

bool stat_disk(const char *root, struct opt_u64 *ret_used, struct opt_u64 *ret_limit)
{
	auto_close int fd =
		sys_openat(AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd >= 0 &&
	       (quota_usage(fd, ret_used, ret_limit) || disk_of_mount(fd, ret_used, ret_limit));
}

static void read_disk(const struct zone_dirs *d, struct zone_stat *s)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err ignored = { 0 };

	if (str_eq(s->brand, "oci") || zone_open(d, s->name, 0, &z, &ignored) < 0 ||
	    !z->record.zonepath)
		return;
	auto_free char *root = mem_format("%s/%s", z->record.zonepath,
					  storage_is_overlay(&z->record) ? "upper" : "root");

	(void)stat_disk(root, &s->disk, &s->disk_limit);
}

void stat_extras(const struct zone_dirs *d, struct engine_container *c, pid_t pid, unsigned extras,
		 struct zone_stat *s)
{
	if (extras & ZONE_STAT_DETAILS)
		read_limits(pid, s);
	if (extras & ZONE_STAT_PROCESSES)
		s->processes = count_processes(c);
	if (extras & ZONE_STAT_DISK)
		read_disk(d, s);
}

/* --- shares ------------------------------------------------------------------------------------------------------------- */

static struct stat_group *group_of(const struct stat_weights *w, const char *tenant)
{
	for (size_t i = 0; i < w->n; i++) {
		if (str_eq(w->items[i].tenant, tenant))
			return &w->items[i];
	}
	return NULL;
}

void stat_weights_add(struct stat_weights *w, const char *tenant, uint64_t weight)
{
	struct stat_group *g = group_of(w, tenant);

	if (!g) {
		g = LIST_GROW(w->items, w->n);
		g->tenant = mem_strdup(tenant);
	}
	g->sum += weight;
}

void stat_weights_done(struct stat_weights *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->items[i].tenant);
	free(w->items);
	*w = (struct stat_weights){ 0 };
}

uint64_t stat_weights_part(const struct stat_weights *w, const char *tenant, uint64_t weight)
{
	const struct stat_group *g = group_of(w, tenant);
	uint64_t above = 0;

	for (size_t i = 0; i < w->n; i++)
		above += w->items[i].tenant ? w->items[i].weight : w->items[i].sum;
	if (above == 0 || !g || g->sum == 0)
		return 0;
	return tenant ? weight * g->weight * WHOLE / above / g->sum : weight * WHOLE / above;
}

void stat_weights_share(struct stat_weights *w, const struct zone_dirs *d, struct zone_stat *list,
			size_t n)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t all_milli = (uint64_t)(cpus > 0 ? cpus : 1) * MILLI_PER_CPU;

	for (size_t i = 0; i < w->n; i++) {
		struct cgroup_stats s = { 0 };
		struct err ignored = { 0 };

		if (w->items[i].tenant && tenant_stats(d, w->items[i].tenant, &s, &ignored) == 0)
			w->items[i].weight = s.cpu_weight.value;
	}
	for (size_t i = 0; i < n && w->n > 0; i++) {
		const struct opt_u64 *weight = &list[i].cgroup.cpu_weight;

		if (!weight->set)
			continue;
		list[i].share.set = list[i].share_milli.set = true;
		list[i].share.value = stat_weights_part(w, list[i].tenant, weight->value);
		list[i].share_milli.value = list[i].share.value * all_milli / WHOLE;
	}
}
