/* creation - a create or restore that is under way, and the steps that both have (create.c and restore.c have the tables). Private to this folder. */
#ifndef RUNTIME_ENGINE_CREATION_H
#define RUNTIME_ENGINE_CREATION_H

#include "runtime/engine/parent.h"
#include "runtime/engine/private.h"

struct creation {
	const struct engine_create *o;
	const struct container_spec *spec;
	struct engine_container *c;
	struct parent parent;
	bool may_split; /* there is a step after the first process that makes the rest of the cgroup */
	bool split;     /* and it has something to do */
	int placeholder; /* keeps descriptor 3 free for init_fd; -1 */
};

/* Steps: ctx is a struct creation. Each leaves nothing when it fails; the second of a pair undoes the first. */
MUST_CHECK int creation_reserve(void *ctx, struct err *e); /* the state directory, locked */
void creation_release(void *ctx);
MUST_CHECK int creation_make_cgroup(void *ctx, struct err *e);
void creation_remove_cgroup(void *ctx);
MUST_CHECK int creation_finish_cgroup(void *ctx,
				      struct err *e); /* of one that is split: the rest of it */
MUST_CHECK int creation_make_resctrl(void *ctx, struct err *e);
void creation_remove_resctrl(void *ctx);
MUST_CHECK int creation_set_limits(void *ctx, struct err *e); /* not while it is split */

/* The first process is there: record it, and tell those who asked to be told (pid file, pidfd socket). */
MUST_CHECK int creation_commit(struct creation *k, const struct child *init, struct err *e);
/* It has failed and is undone: when hooks had begun, those of the end (poststop) run. */
void creation_failed(struct creation *k);

#endif
