/* info - struct sysinfo as the kernel fills it (kernel/sys.c), from the zone's numbers. */
#include "runtime/view/view.h"

#include <limits.h>
#include <linux/kernel.h>
#include <string.h>

#define NS_PER_S  UINT64_C(1000000000)
#define LOAD_UNIT (UINT64_C(1) << SI_LOAD_SHIFT)

void view_info(struct sysinfo *ret, uint64_t at, const struct view_memory *m,
	       const struct view_load *l, uint64_t tasks)
{
	memset(ret, 0, sizeof(*ret)); /* it goes into foreign memory as a whole */
	ret->uptime = (long)(at / NS_PER_S + (at % NS_PER_S ? 1 : 0)); /* the kernel rounds up */
	for (size_t i = 0; i < VIEW_LOADS; i++)
		ret->loads[i] = (unsigned long)(l->milli[i] * LOAD_UNIT / 1000);
	ret->totalram = m->total;
	ret->freeram = m->total - (m->used < m->total ? m->used : m->total);
	ret->sharedram = m->shmem;
	ret->totalswap = m->swap_total;
	ret->freeswap =
		m->swap_total - (m->swap_used < m->swap_total ? m->swap_used : m->swap_total);
	ret->procs = tasks == VIEW_NONE ? 1 : tasks > USHRT_MAX ? USHRT_MAX : (unsigned short)tasks;
	ret->mem_unit = 1;
}
