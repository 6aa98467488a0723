/* finding - what was promised beside what is enforced: the lines of an audit. Pure; any process may call it.
 *
 * Every layer adds the lines of what it sets up (isolation, cgroups, net), read from the kernel's own view. */
#ifndef RUNTIME_BASE_FINDING_H
#define RUNTIME_BASE_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

enum finding_verdict {
	FINDING_OK,
	FINDING_DIFFERS,
	FINDING_CHANGED, /* it differs, and whoever is root inside may change it: no promise is broken */
	FINDING_UNKNOWN, /* it could not be read; `why` says what was in the way */
};
struct finding {
	char *property;            /* "memory.limit" */
	char *promised, *enforced; /* enforced NULL: not known */
	enum finding_verdict verdict;
	char *why; /* NULL: nothing to add */
};
struct findings {
	struct finding *items;
	size_t n;
};
void findings_done(struct findings *f);
const char *finding_word(enum finding_verdict v); /* "ok" "differs" "changed" "unknown" */

/* One line. The texts are copied; the answer is borrowed until the next one. */
struct finding *finding_add(struct findings *f, enum finding_verdict v, const char *property,
			    const char *promised, const char *enforced);
/* The same with a judgement: ok when both texts are equal, else `otherwise`. */
struct finding *finding_judge(struct findings *f, const char *property, const char *promised,
			      const char *enforced, enum finding_verdict otherwise);
struct finding *finding_unknown(struct findings *f, const char *property, const char *promised,
				const char *why);
/* Lines that many things share: the first call for a property adds "ok", a later one that is worse takes its place. So a line tells of all processes of a container. */
void finding_worse(struct findings *f, enum finding_verdict v, const char *property,
		   const char *promised, const char *enforced);
size_t findings_count(const struct findings *f, enum finding_verdict v);

#endif
