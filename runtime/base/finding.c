/* finding - see finding.h. */
#include "runtime/base/finding.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"

static void finding_done(struct finding *f)
{
	free(f->property);
	free(f->promised);
	free(f->enforced);
	free(f->why);
}

void findings_done(struct findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		finding_done(&f->items[i]);
	free(f->items);
	*f = (struct findings){ 0 };
}

const char *finding_word(enum finding_verdict v)
{
	static const char *const words[] = { [FINDING_OK] = "ok",
					     [FINDING_DIFFERS] = "differs",
					     [FINDING_CHANGED] = "changed",
					     [FINDING_UNKNOWN] = "unknown" };

	return words[v];
}

struct finding *finding_add(struct findings *f, enum finding_verdict v, const char *property,
			    const char *promised, const char *enforced)
{
	struct finding *one;

	f->items = mem_grow(f->items, f->n + 1, sizeof(*f->items));
	one = &f->items[f->n++];
	*one = (struct finding){ .property = mem_strdup(property),
				 .promised = mem_strdup(promised),
				 .enforced = mem_strdup(enforced),
				 .verdict = v };
	return one;
}

struct finding *finding_judge(struct findings *f, const char *property, const char *promised,
			      const char *enforced, enum finding_verdict otherwise)
{
	return finding_add(f, str_eq(promised, enforced) ? FINDING_OK : otherwise, property,
			   promised, enforced);
}

struct finding *finding_unknown(struct findings *f, const char *property, const char *promised,
				const char *why)
{
	struct finding *one = finding_add(f, FINDING_UNKNOWN, property, promised, NULL);

	one->why = mem_strdup(why);
	return one;
}

/* A broken promise weighs more than what is not known, and that more than what was changed inside. */
static int weight(enum finding_verdict v)
{
	static const int weights[] = { [FINDING_OK] = 0,
				       [FINDING_CHANGED] = 1,
				       [FINDING_UNKNOWN] = 2,
				       [FINDING_DIFFERS] = 3 };

	return weights[v];
}

void finding_worse(struct findings *f, enum finding_verdict v, const char *property,
		   const char *promised, const char *enforced)
{
	for (size_t i = 0; i < f->n; i++) {
		struct finding *one = &f->items[i];

		if (!str_eq(one->property, property))
			continue;
		if (weight(v) <= weight(one->verdict))
			return;
		free(one->enforced);
		one->enforced = mem_strdup(enforced);
		one->verdict = v;
		return;
	}
	(void)finding_add(f, v, property, promised, enforced);
}

size_t findings_count(const struct findings *f, enum finding_verdict v)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->items[i].verdict == v;
	return n;
}
