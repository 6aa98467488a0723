/* init - what a parent prepares and its children do. Private to this folder.
 *
 * A launch is filled by the parent before the clone and inherited: parent, setup child and init read the same struct. */
#ifndef RUNTIME_ENGINE_INIT_H
#define RUNTIME_ENGINE_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "cgroups/cgroups.h"
#include "isolation/isolation.h"
#include "runtime/engine/private.h"
#include "runtime/engine/program.h"

struct launch {
	const struct container_spec *spec;
	struct engine_container *c;
	struct program program;
	struct isolation *iso;
	struct cgroup_entry *entry; /* NULL: cgroups are disabled */
	bool born_inside;           /* cloned right into the unified hierarchy */
	int sync_parent, sync_child;
	int fifo;               /* create */
	int stdio[3];           /* -1: as the caller's */
	const int *private_fds; /* as in struct engine_create; closed by the children */
	size_t n_private_fds;
	bool enters_late;     /* the cgroups of v1 come as TASKS, before the cgroup namespace */
	bool asks_parent;     /* hooks or a network: stop when the mounts are there */
	bool raises_lo;       /* a new network namespace that nobody else configures */
	int *container_hooks; /* programs of createContainer, opened on the host */
	/* How the setup child goes on: */
	int (*enter)(struct launch *l, struct err *e);
	uint64_t clone_flags;
	int (*body)(void *launch);
	int gate[2]; /* setup child's own: init waits here until it has been announced */
};

/* setup.c - the setup child: enter, then clone `body` as a sibling. */
int setup_main(void *launch);
/* The same for a setup child that borrows the parent's memory: what it closes stays the parent's. */
int setup_main_borrowed(void *launch);
/* `enter` for create: isolation_join with the maps fetched from the parent. */
MUST_CHECK int setup_join(struct launch *l, struct err *e);

/* init.c - process 1 of a container. */
int init_main(void *launch);
/* In every child, first: what is the parent's alone is closed. A child that waits for start may outlive the parent, and would keep its lock, and keep those waiting who watch for its end. */
void init_close_private(const struct launch *l);
/* child: the ways into its cgroups, when it is in them: they are folders of the host's. */
void init_close_cgroups(struct launch *l);

/* exec_child.c - a process that joins a running container. */
int exec_child_main(void *launch);
MUST_CHECK int exec_child_enter(struct launch *l, struct err *e); /* `enter` for exec */

/* Both: be killed with the parent, close the parent's descriptors, default signals, own session, cgroup, stdio. */
MUST_CHECK int init_begin(struct launch *l, struct err *e);
/* Both: the callback for the pty's master. */
MUST_CHECK int init_console(void *launch, int master, struct err *e);
/* Both: tell the parent, or the container's stderr when nobody listens. Returns the exit code. */
int init_fail(const struct launch *l, const struct err *failure);

#endif
