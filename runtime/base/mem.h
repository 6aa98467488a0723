/* mem - allocate, or end with one message and the exit status of any failure.
 *
 * Input sizes are limited at the parser, so exhaustion means that the machine is out of memory; a monitor may die
 * without harming its zone. Everything returned is released with free(). Sizes are checked for overflow. */
#ifndef RUNTIME_BASE_MEM_H
#define RUNTIME_BASE_MEM_H

#include <stddef.h>

void *mem_zero(size_t size);            /* calloc(1, size) */
void *mem_array(size_t n, size_t size); /* calloc(n, size), overflow-checked; n may be 0 */
void *mem_grow(void *p, size_t n,
	       size_t size); /* realloc to n elements; the new part is NOT zeroed */
void *mem_dup(const void *p, size_t size);
char *mem_strdup(const char *s); /* NULL gives NULL */
char *mem_strndup(const char *s, size_t n);
/* For libraries that report exhaustion instead. */
_Noreturn void mem_give_up(void);
char *mem_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
