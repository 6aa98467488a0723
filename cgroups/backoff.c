/* backoff - pauses from 0.2 ms doubling to 50 ms: processes that were killed are mostly gone within a millisecond. */
#include "cgroups/backoff.h"

#include <limits.h>
#include <time.h>

enum { PAUSE_FIRST_US = 200, PAUSE_MAX_US = 50000 };

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct backoff backoff_start(int timeout_ms)
{
	uint64_t deadline = timeout_ms < 0 ? UINT64_MAX : now_ms() + (uint64_t)timeout_ms;

	return (struct backoff){ .deadline_ms = deadline, .pause_us = PAUSE_FIRST_US };
}

int backoff_left_ms(const struct backoff *b)
{
	if (b->deadline_ms == UINT64_MAX)
		return -1;
	uint64_t now = now_ms();
	uint64_t left = now >= b->deadline_ms ? 0 : b->deadline_ms - now;

	return left > INT_MAX ? INT_MAX : (int)left;
}

bool backoff_wait(struct backoff *b)
{
	if (backoff_left_ms(b) == 0)
		return false;
	struct timespec t = { .tv_nsec = (long)b->pause_us * 1000 };

	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL); /* a signal only shortens the pause */
	b->pause_us = b->pause_us * 2 > PAUSE_MAX_US ? PAUSE_MAX_US : b->pause_us * 2;
	return true;
}
