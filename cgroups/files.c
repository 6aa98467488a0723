/* files - the container's cgroup files for readers who cannot open them. */
#include <errno.h>
#include <fcntl.h>

#include "cgroups/part.h"
#include "runtime/base/sys.h"

int cgroup_open_file(struct cgroup *cg, const struct cgroup_file *f, bool *ret_v1, struct err *e)
{
	struct cgroup_part *v1 = f->controller ? part_of_v1(cg, f->controller) : NULL;
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);
	const char *file = v1 ? f->v1_file : f->v2_file;
	int dir, fd;

	if (!p || !file)
		return err_set(e, ENOENT, "there is no cgroup file for it");
	dir = part_open(p, e);
	if (dir < 0)
		return dir;
	fd = sys_openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
	if (fd < 0)
		return err_sys(e, "open \"%s\"", file);
	*ret_v1 = v1 != NULL;
	return fd;
}
