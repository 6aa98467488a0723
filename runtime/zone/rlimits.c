/* rlimits - see rlimits.h. */
#include "runtime/zone/rlimits.h"

#include <ctype.h>

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

static bool is_capped(const struct zone_spec *z, const char *name)
{
	return (str_eq(name, "nproc") && z->max_processes.set) ||
	       (str_eq(name, "memlock") && z->capped_memory && z->capped_memory->locked.set);
}

static struct rlimit_spec *row_of(struct process_spec *p, const char *type)
{
	struct rlimit_spec *r;

	for (size_t i = 0; i < p->n_rlimits; i++) {
		if (str_eq(p->rlimits[i].type, type))
			return &p->rlimits[i];
	}
	r = LIST_GROW(p->rlimits, p->n_rlimits);
	r->type = mem_strdup(type);
	return r;
}

void rlimits_take(struct process_spec *p, const struct zone_spec *z)
{
	for (size_t i = 0; i < z->n_rlimit; i++) {
		auto_free char *type = rlimit_type(z->rlimit[i].name);
		struct rlimit_spec *r;

		if (is_capped(z, z->rlimit[i].name))
			continue;
		r = row_of(p, type);
		r->soft = z->rlimit[i].soft;
		r->hard = z->rlimit[i].hard;
	}
}
