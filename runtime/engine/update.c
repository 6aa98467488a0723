/* update - new limits for a living container. What is absent stays; the saved configuration keeps what create was given. */
#include <errno.h>

#include "runtime/engine/private.h"

int engine_update(struct engine_container *c, const struct resources_spec *r, struct err *e)
{
	bool taken;
	int err = container_lock(c, &taken, e);

	if (err < 0)
		return err;
	enum engine_status status = engine_status(c);
	struct cgroup *cg = engine_cgroup(c);

	if (status == ENGINE_STOPPED || status == ENGINE_CREATING)
		err = err_set(e, EBUSY, "container not running");
	else if (!cg)
		err = err_set(e, EOPNOTSUPP, "cannot limit a container without a cgroup");
	else
		err = cgroup_limit(cg, r, e);
	container_unlock(c, taken);
	return err;
}

int engine_update_rdt(struct engine_container *c, const struct intel_rdt_spec *r, struct err *e)
{
	bool taken;
	int err = container_lock(c, &taken, e);

	if (err < 0)
		return err;
	enum engine_status status = engine_status(c);

	if (status == ENGINE_STOPPED || status == ENGINE_CREATING)
		err = err_set(e, EBUSY, "container not running");
	else if (!c->record.resctrl)
		err = err_set(e, EOPNOTSUPP, "the container has no linux.intelRdt");
	else
		err = resctrl_update(c->record.resctrl, r, e);
	container_unlock(c, taken);
	return err;
}
