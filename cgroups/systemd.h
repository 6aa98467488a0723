/* systemd - the driver that lets systemd make the container's cgroup: a transient scope, delegated to us, which is then used like any other. Private to this folder.
 *
 * A scope must be born with a process, and the container's first process is not there yet (its limits come before it): a holder, a process that does nothing, keeps the scope until
 * systemd_settle(). It dies with us. */
#ifndef CGROUPS_SYSTEMD_H
#define CGROUPS_SYSTEMD_H

#include "cgroups/part.h"
#include "cgroups/unit.h"

struct cgroup_unit {
	struct unit_name name;
	bool user;               /* the user's own systemd */
	struct unit_props props; /* from annotations; only until it is started */
	pid_t holder;            /* 0: none */
	bool spare_pid; /* the limit of processes is one higher than asked for while the holder is there */
};
void cgroup_unit_free(struct cgroup_unit *u);
DEFINE_AUTO_PTR(cgroup_unit);

/* From the options; *ret_path is where systemd will make it: below every hierarchy's root. Looks only. */
MUST_CHECK int systemd_plan(const char *id, const struct cgroup_options *o,
			    struct cgroup_unit **ret, char **ret_path, struct err *e);
/* Start the unit, with its holder. Leaves nothing on failure. */
MUST_CHECK int systemd_start(struct cgroup_unit *u, struct err *e);
/* Tell systemd the limits, before they are written into the files. g: as it was before. */
MUST_CHECK int systemd_limit(struct cgroup *cg, const struct resources_spec *r,
			     const struct limit_ground *g, struct err *e);
MUST_CHECK int systemd_limit_devices(struct cgroup *cg, const struct device_rules *rules,
				     struct err *e);
/* The container's own process is inside: the holder ends. */
void systemd_end_holder(struct cgroup_unit *u);
/* The unit ends and is forgotten. What cannot be told to systemd is only logged: the directories are removed all the same. */
void systemd_stop(struct cgroup_unit *u);

#endif
