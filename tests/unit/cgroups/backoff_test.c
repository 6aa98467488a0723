#include "cgroups/backoff.h"

#include "tests/unit/test.h"

int main(void)
{
	struct backoff never = backoff_start(-1);
	struct backoff over = backoff_start(0);
	struct backoff late = backoff_start(600000);
	struct backoff soon = backoff_start(20);
	unsigned first = late.pause_us;
	int n = 0;

	CHECK_INT(backoff_left_ms(&never), -1);
	CHECK(backoff_wait(&never));
	CHECK_INT(backoff_left_ms(&over), 0);
	CHECK(!backoff_wait(&over));
	CHECK(backoff_left_ms(&soon) <= 20);
	CHECK(backoff_wait(
		&late)); /* not `soon`: a busy machine may let its time pass before this line */
	CHECK(late.pause_us > first);
	while (backoff_wait(&soon))
		n++;
	CHECK(n < 20);
	CHECK_INT(backoff_left_ms(&soon), 0);
	return test_done();
}
