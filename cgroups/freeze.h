/* freeze - stop and go for a whole cgroup, and the waiting for both and for its end. Private to this folder. */
#ifndef CGROUPS_FREEZE_H
#define CGROUPS_FREEZE_H

#include "cgroups/part.h"

/* Wait until everything is frozen or running. When freezing fails or takes too long, everything runs again: -ETIMEDOUT. A cgroup that is gone:
 * -ENOENT when freezing, success when thawing. -EOPNOTSUPP: this host has no freezer. */
MUST_CHECK int freeze_set(struct cgroup *cg, bool on, int timeout_ms, struct err *e);
/* Thaw what any freezer holds, without waiting and without an error: for error paths and before a kill. */
void freeze_release(struct cgroup *cg);
MUST_CHECK int freeze_get(struct cgroup *cg, bool *ret, struct err *e);
/* -ETIMEDOUT names a remaining pid. */
MUST_CHECK int freeze_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e);

#endif
