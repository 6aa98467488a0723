/* learn_record - the watching half of learn.h. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_LEARN_RECORD_H
#define RUNTIME_ZONE_LEARN_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/base/err.h"

enum { LEARN_CALLS = 1024, LEARN_CAPS = 64, LEARN_NAME = 40 };

struct learn_counts {
	struct {
		char name[LEARN_NAME];
		uint64_t n;
	} calls[LEARN_CALLS];
	size_t n_calls;
	uint64_t caps[LEARN_CAPS];
	bool begun;    /* a program has been executed: what came before was the runtime's */
	bool saw_caps; /* the tracepoint said anything */
	char before
		[17]; /* name of the process while it is still the runtime's; its checks do not count */
};

/* One line of strace, of the tracepoint; and what learn_text() wrote. Pure. */
void learn_call_line(struct learn_counts *c, const char *line);
void learn_cap_line(struct learn_counts *c, const char *line);
void learn_result_line(struct learn_counts *c, const char *line);

struct learn_record {
	pid_t strace, collector;
	int result;        /* what the collector says at its end */
	int tracefs;       /* a mount of it; -1 */
	char instance[96]; /* below it */
	char before[17];
};
#define LEARN_RECORD_NONE                   \
	{                                   \
		.result = -1, .tracefs = -1 \
	}

/* Take hold of a process that has not begun to run a program of the zone yet. */
MUST_CHECK int learn_record_start(struct learn_record *r, const char *zone, pid_t init,
				  struct err *e);
/* After the last process has gone; lets go of those that have not. Whatever was started is gone afterwards. */
MUST_CHECK int learn_record_end(struct learn_record *r, struct learn_counts *ret, struct err *e);

#endif
