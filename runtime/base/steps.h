/* steps - a long operation as a table that a reader can say aloud.
 *
 * steps_run() walks down; when a row fails, the completed rows are undone in reverse order and the row's name is put in front of the
 * error ("attach the network: ..."). The failing row must leave nothing behind by itself. An undo never fails: it logs at debug level and
 * goes on. steps_undo() undoes the whole table for an operation that was completed earlier (delete after create). */
#ifndef RUNTIME_BASE_STEPS_H
#define RUNTIME_BASE_STEPS_H

#include <stddef.h>

#include "runtime/base/err.h"

struct step {
	const char *name; /* an imperative clause: "create the cgroup" */
	int (*run)(void *ctx, struct err *e);
	void (*undo)(void *ctx); /* NULL: nothing to undo */
};

#define STEPS_COUNT(table) (sizeof(table) / sizeof((table)[0]))

MUST_CHECK int steps_run(const struct step *table, size_t n, void *ctx, struct err *e);
void steps_undo(const struct step *table, size_t n, void *ctx);

#endif
