/* notify - the parts of the sd_notify proxy that create and run need; the essay is in notify.c. Private to this folder. */
#ifndef RUNTIME_ENGINE_NOTIFY_H
#define RUNTIME_ENGINE_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "runtime/engine/engine.h"

/* Longest time between two looks at a socket that says nothing useful: whoever floods it costs the host no more than this many looks. */
enum { NOTIFY_PAUSE_MS = 10 };

/* create: the directory that is mounted into the container, below the state directory. */
MUST_CHECK int notify_make_directory(int state_dir, struct err *e);

/* The container's socket, to be polled for reading; borrowed. */
int notify_fd(const struct engine_notify *n);
/* Take one message from it. True: it says READY=1. */
bool notify_heard_ready(struct engine_notify *n);
/* Tell the host's manager that `main` is the process to watch and that it is ready; with `barrier` wait until it has understood. The container's socket is closed. A failure is a warning:
 * the container runs. */
void notify_forward(struct engine_notify *n, pid_t main, bool barrier);

/* Pure: does one of the lines say READY=1? */
bool notify_says_ready(const char *text, size_t n);

#endif
