/* pause - the freezer, under the container's lock. */
#include <errno.h>

#include "runtime/engine/private.h"

static int freeze(struct engine_container *c, bool on, struct err *e)
{
	bool taken;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	enum engine_status status = engine_status(c);
	struct cgroup *cg = engine_cgroup(c);

	if (status != (on ? ENGINE_RUNNING : ENGINE_PAUSED))
		r = err_set(e, EBUSY, on ? "container not running" : "container not paused");
	else if (!cg)
		r = err_set(e, EOPNOTSUPP, "cannot freeze a container without a cgroup");
	else
		r = cgroup_freeze(cg, on, e);
	container_unlock(c, taken);
	return r;
}

int engine_pause(struct engine_container *c, struct err *e)
{
	return freeze(c, true, e);
}

int engine_resume(struct engine_container *c, struct err *e)
{
	return freeze(c, false, e);
}
