/* parent - the parent's half of create: what it prepares for its children, and how it answers them. Private to this folder. */
#ifndef RUNTIME_ENGINE_PARENT_H
#define RUNTIME_ENGINE_PARENT_H

#include <stdbool.h>

#include "runtime/engine/init.h"
#include "runtime/engine/talk.h"

struct parent {
	const struct engine_create *o;
	struct engine_container *c;
	struct launch launch;
	struct talk talk;
	bool network_made;
	bool hooks_begun; /* some hook of create has run: a failure must run the poststop hooks */
};

/* Clone the setup child or init; returns when init exists. On failure nobody is left. */
MUST_CHECK int parent_spawn(struct parent *p, struct err *e);
MUST_CHECK int parent_network(struct parent *p, struct err *e);
/* Until init has built everything and waits to be recorded. */
MUST_CHECK int parent_converse(struct parent *p, struct err *e);
/* Deliver a console: to the caller or through its socket. Shared with exec. */
MUST_CHECK int parent_console(const char *socket, int *ret_master, struct sync_msg *m,
			      struct err *e);
/* Clone `body` of a launch, inside the cgroup where the kernel can. Shared with exec. */
MUST_CHECK int parent_clone(struct launch *l, struct process_birth *birth, struct child *ret,
			    struct err *e);

#endif
