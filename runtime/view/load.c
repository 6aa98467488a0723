/* load - averages that forget, in fixed-point arithmetic: one second keeps the part e^(-1/60) of the average over a minute, and so on. */
#include "runtime/view/view.h"

#include <string.h>

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_US UINT64_C(1000)
#define ONE       (UINT64_C(1) << 32)
#define LOAD_MAX  (UINT64_C(1) << 30) /* thousandths: keeps every product below 2^63 */

/* e^(-1/60), e^(-1/300), e^(-1/900) in units of 2^-32 */
static const uint64_t keep[VIEW_LOADS] = { 4223977731u, 4280674573u, 4290197760u };

/* base to the power n, both in units of 2^-32 */
static uint64_t power(uint64_t base, uint64_t n)
{
	uint64_t result = ONE;

	for (; n > 0; n >>= 1) {
		if (n & 1)
			result = result * base >> 32;
		base = base * base >> 32;
	}
	return result;
}

void view_load_advance(struct view_load *l, uint64_t at, uint64_t busy)
{
	uint64_t seconds = at / NS_PER_S > l->at ? at / NS_PER_S - l->at : 0;
	uint64_t average;

	if (seconds == 0)
		return;
	average = busy > l->busy ? (busy - l->busy) / (NS_PER_S / 1000) / seconds : 0;
	if (average > LOAD_MAX)
		average = LOAD_MAX;
	for (size_t i = 0; i < VIEW_LOADS; i++) {
		uint64_t old = power(keep[i], seconds);

		l->milli[i] = (l->milli[i] * old + average * (ONE - old)) >> 32;
	}
	l->at += seconds;
	l->busy = busy > l->busy ? busy : l->busy;
}

uint64_t view_pressure(const char *text)
{
	uint64_t total =
		text && strncmp(text, "some ", 5) == 0 ? view_value(text, "total") : VIEW_NONE;

	return total == VIEW_NONE ? 0 : total * NS_PER_US;
}

void view_loadavg(struct view_text *t, const struct view_load *l, uint64_t tasks)
{
	for (size_t i = 0; i < VIEW_LOADS; i++)
		view_add(t, "%llu.%02u ", (unsigned long long)((l->milli[i] + 5) / 1000),
			 (unsigned)((l->milli[i] + 5) % 1000 / 10));
	/* who reads this runs; the last pid is the kernel's secret */
	view_add(t, "1/%llu 0\n", (unsigned long long)(tasks == VIEW_NONE ? 1 : tasks));
}
