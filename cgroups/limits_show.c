/* limits_show - the limits as the kernel holds them, for people, audits and tests. */
#include "cgroups/limits.h"

#include <dirent.h>
#include <fcntl.h>

/* Files that hold a limit, as opposed to a counter. Asked for in every part; those that exist are shown. */
static const char *const shown[] = {
	"cpu.cfs_quota_us",
	"cpu.cfs_period_us",
	"cpu.cfs_burst_us",
	"cpu.shares",
	"cpu.idle",
	"cpu.rt_runtime_us",
	"cpu.max",
	"cpu.max.burst",
	"cpu.weight",
	"cpuset.cpus",
	"cpuset.mems",
	"cpuset.cpu_exclusive",
	"cpuset.cpus.partition",
	"memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes",
	"memory.soft_limit_in_bytes",
	"memory.swappiness",
	"memory.max",
	"memory.high",
	"memory.low",
	"memory.min",
	"memory.swap.max",
	"memory.oom.group",
	"pids.max",
	"blkio.weight",
	"blkio.bfq.weight",
	"blkio.throttle.read_bps_device",
	"blkio.throttle.write_bps_device",
	"blkio.throttle.read_iops_device",
	"blkio.throttle.write_iops_device",
	"io.weight",
	"io.bfq.weight",
	"io.max",
	"rdma.max",
	"devices.list",
	"net_cls.classid",
	"cgroup.max.descendants",
	"cgroup.max.depth",
};

static void show_file(struct cgroup_part *p, const char *file, struct strmap *ret)
{
	struct err ignored = { 0 };
	auto_free char *text = NULL;

	if (!part_has(p, file) || part_read(p, file, &text, &ignored) < 0)
		return;
	for (char *c = text; *c; c++)
		*c = *c == '\n' ? ',' : *c;
	strmap_set(ret, file, text);
}

static bool is_hugetlb_limit(const char *name)
{
	return str_has_prefix(name, "hugetlb.") &&
	       (str_has_suffix(name, ".max") || str_has_suffix(name, ".limit_in_bytes"));
}

static void show_hugetlb(struct cgroup_part *p, int fd, struct strmap *ret)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (!d) {
		fd_close(&copy);
		return;
	}
	for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
		if (is_hugetlb_limit(entry->d_name))
			show_file(p, entry->d_name, ret);
	}
	(void)closedir(d); /* only read */
}

int limits_show(struct cgroup *cg, struct strmap *ret, struct err *e)
{
	for (size_t i = 0; i < cg->n_parts; i++) {
		struct cgroup_part *p = &cg->parts[i];
		int fd = part_open(p, e);

		if (fd < 0)
			return fd;
		for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
			show_file(p, shown[k], ret);
		if (p->v2 || strv_has(&p->controllers, "hugetlb"))
			show_hugetlb(p, fd, ret);
	}
	return 0;
}
