/* talk - the parent's side of a conversation: a phase table, one poll loop, and no way to wait for the dead. Private to this folder.
 *
 * The socket AND the pidfd are polled: the end of the socket alone is not enough, because any leaked copy of the child's end would hide it (runc #5087). */
#ifndef RUNTIME_ENGINE_TALK_H
#define RUNTIME_ENGINE_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "cgroups/cgroups.h"
#include "runtime/base/err.h"
#include "runtime/engine/process.h"
#include "runtime/engine/sync.h"

/* Phases only grow. */
enum phase { PHASE_SETUP, PHASE_BUILD, PHASE_HOOKED, PHASE_READY, PHASE_EXECUTED };
#define DURING(phase) (1u << (phase))

struct talk;
struct talk_row {
	enum sync_type type;
	unsigned legal;  /* phases in which it may come */
	enum phase next; /* the phase after it; a smaller one than now: stay */
	int (*run)(
		struct talk *t, struct sync_msg *m,
		struct err *e); /* NULL: nothing to do. May take descriptors out of m (set to -1) */
};

struct talk {
	const struct talk_row *rows;
	size_t n_rows;
	enum phase
		end_means_executed; /* from this phase on, the end of the socket means that the program runs */
	const char *who;            /* "container init", for messages */
	int sock;
	enum phase phase;
	struct child setup, main;
	struct cgroup *cgroup; /* asked about the OOM killer; NULL */
	void *arg;             /* the rows' own */
};

/* Handle messages until the phase is reached. The child's own error, or how it ended, becomes *e. */
MUST_CHECK int talk_until(struct talk *t, enum phase goal, struct err *e);
/* Row function for INIT: keeps pid and pidfd as t->main. */
int talk_take_init(struct talk *t, struct sync_msg *m, struct err *e);
/* The setup child has done its work: reap it. */
void talk_reap_setup(struct talk *t);
/* Kill and reap whoever is left. */
void talk_kill(struct talk *t);

#endif
