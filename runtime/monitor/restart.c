/* restart - the restart policy of the zone as a whole, as a pure function. */
#include "runtime/base/str.h"
#include "runtime/monitor/private.h"

enum { FIRST_MS = 1000, LONGEST_MS = 60000 };

int64_t restart_delay(const char *policy, bool failed, unsigned step)
{
	int64_t delay = FIRST_MS;

	if (!policy || str_eq(policy, "no") || (str_eq(policy, "on-failure") && !failed))
		return -1;
	while (step-- > 0 && delay < LONGEST_MS)
		delay *= 2;
	return delay < LONGEST_MS ? delay : LONGEST_MS;
}
