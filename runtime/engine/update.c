/* update - new limits for a living container. What is absent stays; the saved configuration keeps what create was given. */
#include <errno.h>

#include "runtime/base/log.h"
#include "runtime/engine/private.h"

/* Whoever kills us meanwhile does not leave it frozen. That it could not be frozen is no reason to refuse the limits. */
static int limit_in_standstill(struct engine_container *c, struct cgroup *cg,
			       const struct resources_spec *r, struct err *e)
{
	struct standstill s = { .guard = -1 };
	struct err why = { 0 };

	if (standstill_begin(c, &s, &why) < 0)
		log_debug("%s", why.text);
	int err = cgroup_limit(cg, r, e);
	int ended = standstill_end(c, &s, &why);

	if (err < 0 || ended == 0)
		return err;
	*e = why;
	return ended;
}

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
	else if (cgroup_limit_stops(cg, r))
		err = limit_in_standstill(c, cg, r, e);
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
