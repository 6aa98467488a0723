/* ps - the processes of a container: those of its cgroup, sub-cgroups included; without a cgroup only init is known. */
#include <errno.h>

#include "runtime/base/mem.h"
#include "runtime/engine/private.h"

int engine_ps(struct engine_container *c, pid_t **ret, size_t *ret_n, struct err *e)
{
	struct cgroup *cg = engine_cgroup(c);
	pid_t pid = engine_pid(c);

	if (cg)
		return cgroup_pids_surely(cg, ret, ret_n, e);
	*ret = mem_array(1, sizeof(**ret));
	(*ret)[0] = pid;
	*ret_n = pid > 0 ? 1 : 0;
	return 0;
}
