/* weak - how weak.c and weak_zone.c take a protection out: the linker puts a function __wrap_X of theirs in the place of each X (ld --wrap). */
#ifndef TESTS_ATTACKS_WEAK_H
#define TESTS_ATTACKS_WEAK_H

#include <stdbool.h>

/* The wrapper of a function and the function itself, declared alike. The Makefile looks for lines that begin with this word. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

/* Is this the protection that ZONES_WEAK names? */
bool is_weak(const char *name);
/* "ZONES_WEAK=NAME", NULL: all protections are there. */
const char *weak_variable(void);

#endif
