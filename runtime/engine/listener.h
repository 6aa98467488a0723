/* listener - hand the seccomp notification descriptor to its agent (config-linux.md, "The Container Process State"). Private to this folder.
 *
 * The filter may already hold back the very system calls that sending needs, so a helper does it: a child of init that was made before the filter and shares init's descriptor
 * table. It is told the number through shared memory, without any system call. */
#ifndef RUNTIME_ENGINE_LISTENER_H
#define RUNTIME_ENGINE_LISTENER_H

#include <stdbool.h>

#include "config/spec.h"
#include "runtime/base/err.h"
#include "runtime/engine/process.h"
#include "runtime/engine/record.h"

struct listener {
	int sock; /* to the agent, made by the parent in the host's view of the file system; -1: the filter has no listener */
	char *text; /* what is sent */
	struct listener_page *page;
	struct child helper;
};
#define LISTENER_NONE                            \
	{                                        \
		.sock = -1, .helper = CHILD_NONE \
	}

bool listener_wanted(const struct seccomp_spec *s);
/* parent: connect, when there is something to listen to. */
MUST_CHECK int listener_connect(const struct seccomp_spec *s, struct listener *ret, struct err *e);
/* init, exec child: before isolation_seal. `pid` is the process on the host. */
MUST_CHECK int listener_prepare(struct listener *l, const struct seccomp_spec *s,
				const struct record *record, pid_t pid, struct err *e);
/* The callback of isolation_seal(); arg is the listener. Returns when the agent has it. */
MUST_CHECK int listener_give(void *arg, int fd, struct err *e);
void listener_done(struct listener *l);

#endif
