/* relay - keep the caller's terminal out of the zone. Private to runtime/zone.
 *
 * A program in a zone must never hold a descriptor of the administrator's terminal: it could read what is typed later, change its modes or push input into it (CVE-2016-10124). Where standard
 * input, output or error is a terminal and the program gets no pty of its own, it gets a pipe instead, and a child of ours copies. */
#ifndef RUNTIME_ZONE_RELAY_H
#define RUNTIME_ZONE_RELAY_H

#include <sys/types.h>

#include "runtime/base/err.h"

struct relay {
	int fds[3];    /* what the program gets as 0, 1, 2; -1: the caller's own descriptor */
	pid_t pids[3]; /* copying children; 0: none */
};

MUST_CHECK int relay_open(struct relay *r, struct err *e);
void relay_close_fds(
	struct relay *r); /* after the program has been started: our copies of its ends */
void relay_end(
	struct
	relay *r); /* after it has ended: what is still in the pipes is shown, then the children go */

#endif
