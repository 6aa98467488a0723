/* v1 - the one controller with a precondition is cpuset: a directory without CPUs or memory nodes accepts no process
 * (ENOSPC), and a new one has none. They are copied from the parent, from the top down, where they are empty. */
#include "cgroups/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "cgroups/layout.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { VALUE_MAX_BYTES = 64 << 10 };

static const char *const cpuset_files[] = { "cpuset.cpus", "cpuset.mems" };

static int read_value(const char *dir, const char *file, char **ret, struct err *e)
{
	auto_free char *path = mem_format("%s/%s", dir, file);
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, path, VALUE_MAX_BYTES, ret, &n, e);

	if (r < 0)
		return r;
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return 0;
}

static char *dir_at(const struct cgroup_part *p, size_t depth)
{
	auto_free char *prefix = layout_prefix(p->path, depth);

	return mem_format("%s%s", p->mount, prefix ? prefix : "");
}

/* The value at this depth; where it is empty, it is taken from above and written. `fresh` directories are known to be empty. */
static int seed_file(const struct cgroup_part *p, size_t depth, const char *file, char **ret,
		     struct err *e)
{
	auto_free char *value = NULL;
	auto_free char *dir = dir_at(p, depth);
	bool fresh = depth == layout_depth(p->path) && p->made > 0;
	int r = fresh ? 0 : read_value(dir, file, &value, e);

	if (r < 0)
		return r;
	if (str_empty(value) && depth > 0) {
		free(value);
		value = NULL;
		r = seed_file(p, depth - 1, file, &value, e);
		if (r < 0)
			return r;
		auto_free char *path = mem_format("%s/%s", dir, file);

		r = file_write_kernel(AT_FDCWD, path, value, e);
		if (r < 0)
			return err_wrap(e, "prepare the cpuset of \"%s\"", dir);
	}
	*ret = ptr_steal(&value);
	return 0;
}

static int seed_cpuset(const struct cgroup_part *p, struct err *e)
{
	for (size_t i = 0; i < 2; i++) {
		auto_free char *value = NULL;
		int r = seed_file(p, layout_depth(p->path), cpuset_files[i], &value, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Kernels before 5.11 count a child's memory in its parent only when told so; later ones always do. */
static bool counts_by_itself(void)
{
	struct utsname u;
	struct strv parts auto_done(strv) = { 0 };
	uint32_t major, minor;

	if (uname(&u) < 0)
		return true;
	strv_split(&parts, u.release, '.');
	if (parts.n < 2 || num_u32(parts.items[0], &major) < 0 ||
	    num_u32(parts.items[1], &minor) < 0)
		return true;
	return major > 5 || (major == 5 && minor >= 11);
}

static void count_hierarchically(struct cgroup_part *p)
{
	struct err ignored = { 0 };
	auto_free char *value = NULL;

	if (part_read(p, "memory.use_hierarchy", &value, &ignored) == 0 && strcmp(value, "0") == 0)
		(void)!part_write(p, "memory.use_hierarchy", "1",
				  &ignored); /* settable only without children */
}

int v1_prepare(struct cgroup_part *p, struct err *e)
{
	if (strv_has(&p->controllers, "memory") && !counts_by_itself())
		count_hierarchically(p);
	return strv_has(&p->controllers, "cpuset") ? seed_cpuset(p, e) : 0;
}

/* A parent must grant the share of time that its child asks for, and that is a part of the period: it needs both numbers. */
void v1_raise_rt(struct cgroup_part *p, const char *runtime_us)
{
	static const char period_file[] = "cpu.rt_period_us";
	struct err none = { 0 };
	auto_free char *period = NULL;
	size_t depth = layout_depth(p->path);

	if (part_read(p, period_file, &period, &none) < 0)
		period = NULL;

	for (size_t i = depth + 1 - (p->made ? p->made : 1); i < depth; i++) {
		struct err ignored = { 0 }; /* the child's own write tells what is missing */
		auto_free char *dir = dir_at(p, i);
		auto_free char *file = mem_format("%s/cpu.rt_runtime_us", dir);
		auto_free char *base = mem_format("%s/%s", dir, period_file);

		if (period)
			(void)!file_write_kernel(AT_FDCWD, base, period, &ignored);
		(void)!file_write_kernel(AT_FDCWD, file, runtime_us, &ignored);
	}
}
