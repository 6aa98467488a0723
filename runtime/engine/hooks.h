/* hooks - run the programs that the configuration wants run at a moment of the container's life. Private to this folder.
 *
 *   kind             called by   namespaces   path is resolved in   state     a failure
 *   prestart         parent      runtime      runtime               creating  ends create
 *   createRuntime    parent      runtime      runtime               creating  ends create
 *   createContainer  init        container    runtime (opened before: hooks_open)  creating  ends create
 *   startContainer   init        container    container             created   ends start
 *   poststart        starter     runtime      runtime               running   ends start, the container is deleted
 *   poststop         deleter     runtime      runtime               stopped   is a warning
 *
 * A hook gets the compact state on stdin, its own args and env and nothing else: no other descriptor, default signals, no variable of ours or of the container's. */
#ifndef RUNTIME_ENGINE_HOOKS_H
#define RUNTIME_ENGINE_HOOKS_H

#include <stdbool.h>

#include "config/spec.h"
#include "runtime/base/err.h"

struct hooks_call {
	const char *kind; /* "createRuntime", for messages */
	const struct hook_list *list;
	const char *state;   /* JSON text */
	const char *cwd;     /* where they run; NULL or "": where we are */
	const int *programs; /* as hooks_open gave; NULL: by path */
};

/* In order; the first that fails ends it: "createRuntime hook "/x" exited with 3: what it printed". */
MUST_CHECK int hooks_run(const struct hooks_call *call, struct err *e);
/* All of them, in order; returns how many failed. Each failure is a warning in the log, as the specification demands (runtime.md, "poststop"). */
int hooks_run_all(const struct hooks_call *call);
/* Open the programs of a list now, for a process that will not see these paths later. Freshly allocated array of list->n descriptors. */
MUST_CHECK int hooks_open(const struct hook_list *list, int **ret, struct err *e);
void hooks_close(int *programs, const struct hook_list *list);

#endif
