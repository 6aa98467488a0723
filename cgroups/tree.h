/* tree - the directories of one hierarchy: make, walk, list processes, remove. Private to this folder.
 *
 * Parent folders made here ("/zones") carry the extended attribute "trusted.zones.made", so that whoever leaves last takes
 * them away, and a folder that was there before us is left alone. What stands in a marked folder and holds nobody counts as ours. Walks work at any depth: a tenant
 * with a delegated cgroup decides how deep it nests, and paths may grow longer than PATH_MAX. */
#ifndef CGROUPS_TREE_H
#define CGROUPS_TREE_H

#include "cgroups/backoff.h"
#include "cgroups/part.h"

/* Make p->dir and missing parents; sets p->made. Returns 1 when the directory was there already (it may hold
 * processes of others), else 0. On failure nothing made here remains. */
MUST_CHECK int tree_make(struct cgroup_part *p, struct err *e);
/* How many last elements of p->path are missing now, or were made by us and hold nobody: what tree_make() would say. */
size_t tree_missing(const struct cgroup_part *p);
/* Remove what p->made says, sub-cgroups first, waiting for dying processes until the deadline. Gone already is success. */
MUST_CHECK int tree_remove(struct cgroup_part *p, struct backoff *until, struct err *e);

/* Somebody else of ours uses it now, who has found it: it is removed when that one goes. */
void tree_hand_over(const struct cgroup_part *p);

struct tree_visitor {
	int (*enter)(int fd, void *arg,
		     struct err *e); /* each directory, from the top; may be NULL */
	int (*leave)(int parent, const char *name, void *arg,
		     struct err *e); /* each but the top, children first; may be NULL */
	void *arg;
};
/* Directories that vanish during the walk are skipped; -ENOENT when the walk lost its way for that reason (walk again). */
MUST_CHECK int tree_walk(int top, const struct tree_visitor *v, struct err *e);

/* Every process in the directory and below, sorted, without duplicates; who is moved about in there meanwhile may be missing (members.h). A missing directory has none. */
MUST_CHECK int tree_pids(struct cgroup_part *p, pid_t **ret, size_t *ret_n, struct err *e);
int tree_compare_pids(const void *a, const void *b); /* for qsort(3) and bsearch(3) */

#endif
