/* tenants - zones that belong together: one cgroup above theirs, with limits of its own.
 *
 *   CONFIG/tenants/NAME.json   what the administrator says (config/tenant.h), replaced atomically under CONFIG/tenants/.lock
 *   /zones/@NAME               the cgroup, made with the tenant's first running zone and gone with the last; zones of it are below. '@' begins no zone's name
 * As root, on the host. */
#ifndef RUNTIME_ZONE_TENANTS_H
#define RUNTIME_ZONE_TENANTS_H

#include "config/tenant.h"
#include "runtime/base/diag.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/store.h"

/* Where cgroups of zones are: "/zones" or, with another run directory (tests, a second installation), a folder of its own, because equal names must not meet; with a tenant its folder there.
 * `tenant` may be NULL. Freshly allocated. */
char *tenant_folder(const struct zone_dirs *d, const char *tenant);

MUST_CHECK int tenant_names(const struct zone_dirs *d, struct strv *ret,
			    struct err *e); /* sorted */
/* -ENOENT: there is none of that name, with the way to make it. -EINVAL: its file is broken. */
MUST_CHECK int tenant_read(const struct zone_dirs *d, const char *name, struct tenant_spec **ret,
			   struct err *e);
/* Those that name it in their files. */
MUST_CHECK int tenant_zones(const struct zone_dirs *d, const char *name, struct strv *ret,
			    struct err *e);

/* Make it or change it: PATH=VALUE words in `sets`, paths in `clears`; both may be empty. The limits hold for running zones at once, or nothing is changed. */
MUST_CHECK int tenant_set(const struct zone_dirs *d, const char *name, const struct strv *sets,
			  const struct strv *clears, struct diag_list *diags, struct err *e);
/* -EBUSY while zones name it. */
MUST_CHECK int tenant_delete(const struct zone_dirs *d, const char *name, struct err *e);

/* The tenant's cgroup has the limits of its file. The monitor calls it when the container of a zone is made and nothing of it runs yet. Without a living zone there is nothing to do. */
MUST_CHECK int tenant_enforce(const struct zone_dirs *d, const char *name, struct err *e);
/* What its zones use together, and its limits as the kernel has them. -ENOENT: no zone of it runs. */
MUST_CHECK int tenant_stats(const struct zone_dirs *d, const char *name, struct cgroup_stats *ret,
			    struct err *e);

#endif
