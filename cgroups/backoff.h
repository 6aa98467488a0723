/* backoff - waiting for the kernel with growing pauses and a deadline, where no event can be polled. */
#ifndef CGROUPS_BACKOFF_H
#define CGROUPS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
	uint64_t deadline_ms;
	unsigned pause_us;
};

struct backoff backoff_start(int timeout_ms); /* negative: no deadline */
int backoff_left_ms(const struct backoff *b); /* 0 when over, -1 without a deadline; for poll(2) */
bool backoff_wait(
	struct backoff
		*b); /* sleep a little longer each time; false when the deadline has passed */

#endif
