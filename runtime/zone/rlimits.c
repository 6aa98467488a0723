/* rlimits - see rlimits.h. */
#include "runtime/zone/rlimits.h"

#include <ctype.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"

char *rlimit_type(const char *name)
{
	char *type = mem_format("RLIMIT_%s", name);

	for (char *p = type; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return type;
}

static void forget(struct process_spec *p)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		free(p->rlimits[i].type);
	free(ptr_steal(&p->rlimits));
	p->n_rlimits = 0;
}

bool rlimit_of(const struct zone_spec *z, const char *type, struct rlimit *ret)
{
	struct process_spec p = { 0 };
	bool found = false;

	zone_fill_rlimits(z, &p);
	for (size_t i = 0; i < p.n_rlimits && !found; i++) {
		found = str_eq(p.rlimits[i].type, type);
		*ret = (struct rlimit){ .rlim_cur = p.rlimits[i].soft,
					.rlim_max = p.rlimits[i].hard };
	}
	forget(&p);
	return found;
}

void rlimits_take(struct process_spec *p, const struct zone_spec *z)
{
	forget(p);
	zone_fill_rlimits(z, p);
}
