/* kill - signal every process of a container. Private to this folder. */
#ifndef CGROUPS_KILL_H
#define CGROUPS_KILL_H

#include "cgroups/part.h"

/* Sent to each once; a SIGKILL that cgroup.kill cannot do is repeated until nobody is left, at most 10 s (-ETIMEDOUT names one).
 * Returning does not mean that they are gone: dying takes a while. */
MUST_CHECK int kill_all(struct cgroup *cg, int signo, struct err *e);
/* A directory that we left empty may have been taken by another container: who lives there is that one's. */
void kill_leave_taken(struct cgroup *cg);

#endif
