/* cpu_list - sets of CPUs, written as the kernel writes them: "0-3,7". Pure; private to runtime/zone. */
#ifndef RUNTIME_ZONE_CPU_LIST_H
#define RUNTIME_ZONE_CPU_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/err.h"

enum { CPU_LIST_MAX = 8192 };

struct cpu_list {
	bool has[CPU_LIST_MAX]; /* zero is the empty set */
};

/* -EINVAL with a sentence that quotes the text. "" is the empty set. */
MUST_CHECK int cpu_list_parse(const char *text, struct cpu_list *ret, struct err *e);
char *cpu_list_text(const struct cpu_list *l); /* freshly allocated */
size_t cpu_list_count(const struct cpu_list *l);
void cpu_list_add(struct cpu_list *to, const struct cpu_list *more);
void cpu_list_remove(struct cpu_list *from, const struct cpu_list *less);
void cpu_list_keep(struct cpu_list *of, const struct cpu_list *only);
/* The n highest of the set: the host's own work gathers at the low end. */
void cpu_list_highest(const struct cpu_list *of, size_t n, struct cpu_list *ret);

/* "2" or "1-2": at least, at most. -EINVAL when it is neither, none, or the wrong way round. */
MUST_CHECK int cpu_range_parse(const char *text, unsigned *ret_min, unsigned *ret_max,
			       struct err *e);

#endif
