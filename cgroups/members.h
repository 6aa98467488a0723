/* members - every process of a container's cgroup, also of one whose root inside moves processes about in it meanwhile. Private to this folder.
 *
 * A walk reads one directory after the other. Who is moved from one that is still to come into one that was read is in neither list; two walks, or ten, can be evaded as one can. What does not move under us:
 *
 *   no sub-cgroup       one list of the kernel's, which is whole. That there was none while it was read, the directory's number of links and the time of its last change say.
 *   another hierarchy   of v1, which is never given away: nobody inside can move anything in it.
 *   /proc               asks each process of the host where it is: one answer, and wherever inside it is then, it is inside. The dearest, so the last. Freezing the container would be as sure and cost
 *                       less on a host with many processes, but who is stopped notices (epoll_wait(2) and others end with EINTR), and looking must change nothing. */
#ifndef CGROUPS_MEMBERS_H
#define CGROUPS_MEMBERS_H

#include "cgroups/part.h"

/* Sorted, without duplicates. A missing directory has none. */
MUST_CHECK int members_all(struct cgroup *cg, struct cgroup_part *main, pid_t **ret, size_t *ret_n,
			   struct err *e);
/* One process, asked of /proc: is it in the directory or below? */
bool members_has(const struct cgroup_part *p, pid_t pid);
/* The last way alone: what /proc finds and `list` has not is added to it. */
MUST_CHECK int members_ask_proc(const struct cgroup_part *p, pid_t **list, size_t *n,
				struct err *e);

#endif
