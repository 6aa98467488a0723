/* stat_self - `zone stat` inside a zone: the zone looks at itself. What its cgroup shows comes first, then its own /proc, which is that of the zone where the zone has a view of itself (procView). Nothing is
 * asked of the host, so there is nothing to be granted and nothing of others to be seen. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/stat_values.h"
#include "runtime/zone/zone.h"

#define HOST_CGROUP_NAMESPACE 0xEFFFFFFBu /* PROC_CGROUP_INIT_INO of the kernel */

bool zone_stat_is_inside(void)
{
	struct stat st;

	return !getenv("ZONES_CONFIG_DIR") && !getenv("ZONES_RUN_DIR") &&
	       !file_exists(AT_FDCWD, "/etc/zones") && stat("/proc/self/ns/cgroup", &st) == 0 &&
	       st.st_ino != HOST_CGROUP_NAMESPACE;
}

/* Is a file of ours over it? */
static bool has_view(void)
{
	struct statx x;

	return statx(AT_FDCWD, "/proc/meminfo", 0, STATX_TYPE, &x) == 0 &&
	       (x.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* In its own pid namespace: every process is one of the zone. */
static struct opt_u64 count_processes(void)
{
	struct opt_u64 n = { 0 };
	DIR *proc = opendir("/proc");

	if (!proc)
		return n;
	n.set = true;
	for (const struct dirent *entry = readdir(proc); entry; entry = readdir(proc))
		n.value += isdigit((unsigned char)entry->d_name[0]) != 0;
	(void)closedir(proc); /* only read */
	return n;
}

static void overlay(struct zone_stat *to, const struct cgroup_stats *s)
{
	const struct zone_stat from = { .cgroup = *s };

	for (size_t k = 0; k < stat_n_values; k++) {
		const struct opt_u64 *v = stat_value_of(&from, k);

		if (v->set)
			*(struct opt_u64 *)(void *)((char *)to + stat_values[k].offset) = *v;
	}
}

int zone_stat_self(struct zone_stat *ret, struct err *e)
{
	struct cgroup *cg = NULL;
	struct cgroup_stats stats = { 0 };
	struct err ignored = { 0 };
	struct utsname name;
	int r = zone_stat_host(ret, e);

	if (r < 0)
		return r;
	if (uname(&name) < 0)
		return err_sys(e, "ask for the name");
	free(ret->name);
	free(ret->brand);
	ret->name = mem_strdup(name.nodename);
	ret->brand = mem_strdup("zone");
	if (!has_view()) /* the host's */
		ret->cgroup = (struct cgroup_stats){ 0 };
	/* those of /proc/pressure are always the host's */
	ret->cgroup.cpu_pressure = ret->cgroup.memory_pressure = ret->cgroup.io_pressure =
		(struct opt_u64){ 0 };
	ret->cgroup.locked = (struct opt_u64){ 0 };
	if (cgroup_open_own(&cg, &ignored) == 0 && cgroup_stats(cg, &stats, &ignored) == 0)
		overlay(ret, &stats);
	cgroup_free(cg);
	zone_stat_links("/proc/self/net/dev", ret);
	ret->processes = count_processes();
	return 0;
}
