/* audit - a running container beside its configuration: what isolation and cgroups set up, read back by them. */
#include <errno.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/engine/private.h"

static void audit_cgroup(struct engine_container *c, const struct container_spec *spec,
			 struct findings *ret)
{
	static struct device_rule_spec nothing = { .allow = false };
	struct cgroup *cg = engine_cgroup(c);
	struct resources_spec r = { 0 };
	struct err why = { 0 };

	if (spec->linux.resources)
		r = *spec->linux.resources; /* borrowed, as creation_set_limits() does it */
	if (r.n_devices == 0) {
		r.devices = &nothing;
		r.n_devices = 1;
	}
	if (!cg || !cgroup_has_any(cg))
		(void)finding_unknown(ret, "cgroup", "all processes in all of them",
				      "the container has no cgroup");
	else if (cgroup_audit(cg, &r, ret, &why) < 0)
		(void)finding_add(ret, FINDING_DIFFERS, "cgroup", "all processes in all of them",
				  why.text);
}

/* The list comes from the cgroup: whoever moved init out of it has hidden it from the list as well. */
static void audit_place_of_init(pid_t init, pid_t **pids, size_t *n, struct findings *ret)
{
	for (size_t i = 0; i < *n; i++) {
		if ((*pids)[i] == init)
			return;
	}
	*pids = mem_grow(*pids, *n + 1, sizeof(**pids));
	(*pids)[(*n)++] = init;
	finding_worse(ret, FINDING_DIFFERS, "cgroup", "all processes in all of them",
		      "init is in none");
}

int engine_audit(struct engine_container *c, const struct container_spec *spec,
		 struct findings *ret, struct err *e)
{
	enum engine_status status = engine_status(c);
	struct isolation_audit of = { .init = engine_pid(c), .pidfd = engine_pidfd(c) };
	auto_free pid_t *pids = NULL;
	int r = spec ? 0 : container_load_spec(c, e);

	if (r < 0)
		return r;
	if ((status != ENGINE_RUNNING && status != ENGINE_PAUSED) || of.init <= 0 || of.pidfd < 0)
		return err_set(e, EBUSY, "container not running");
	r = engine_ps(c, &pids, &of.n, e);
	if (r < 0)
		return r;
	audit_place_of_init(of.init, &pids, &of.n, ret);
	of.pids = pids;
	r = isolation_audit(spec ? spec : c->spec, &of, ret, e);
	if (r == 0)
		audit_cgroup(c, spec ? spec : c->spec, ret);
	return r;
}
