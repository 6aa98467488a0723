/* driver - what the two kinds of hierarchy need beyond mkdir. v1.c and v2.c. Private to this folder. */
#ifndef CGROUPS_DRIVER_H
#define CGROUPS_DRIVER_H

#include "cgroups/part.h"

/* v1: give the new directory, and parents made with it, what a process needs before it may enter (cpuset.cpus and mems). */
MUST_CHECK int v1_prepare(struct cgroup_part *p, struct err *e);
/* v1: real-time time must be granted by every parent before a child may have it. Only parents that we made are raised. */
void v1_raise_rt(struct cgroup_part *p, const char *runtime_us);

/* v2: enable controllers in every ancestor from the mount down, those that are available. `strict`: it is an error when one of them
 * is not offered to p afterwards: -EOPNOTSUPP names it, and tells when processes in an ancestor are the reason. */
MUST_CHECK int v2_enable(struct cgroup_part *p, const struct strv *wanted, bool strict,
			 struct err *e);
/* v2: hand the directory and the files of /sys/kernel/cgroup/delegate to this host id. Limits stay root's. */
MUST_CHECK int v2_delegate(struct cgroup_part *p, uid_t uid, gid_t gid, struct err *e);

/* v2: give the folder of all zones the sum of their memory.low (protect.c); nothing for a cgroup elsewhere. Called after a memory.low was written, and after a cgroup went. */
MUST_CHECK int protect_folder(struct cgroup *cg, struct err *e);
/* The sum of memory.low of what is in a folder; UINT64_MAX when one has "max". */
MUST_CHECK int protect_sum(const char *folder, uint64_t *ret, struct err *e);

#endif
