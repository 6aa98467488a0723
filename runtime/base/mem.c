/* mem - the C allocator with overflow checks, and one way to give up.
 *
 * An allocation of nothing still returns a pointer of its own, so callers need not ask. */
#include "runtime/base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void mem_give_up(void)
{
	static const char message[] = "out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

	(void)ignored; /* we are about to end: there is nobody to tell */
	/* The machine has run out of something, which is no mistake of ours that a core would explain. */
	_exit(EXIT_FAILURE);
}

void *mem_zero(size_t size)
{
	return mem_array(1, size);
}

void *mem_array(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		mem_give_up();
	return p;
}

void *mem_grow(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		mem_give_up();
	p = realloc(p, bytes ? bytes : 1);
	if (!p)
		mem_give_up();
	return p;
}

void *mem_dup(const void *p, size_t size)
{
	void *r = mem_grow(NULL, size, 1);

	if (size)
		memcpy(r, p, size);
	return r;
}

char *mem_strdup(const char *s)
{
	return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *r = mem_grow(NULL, len + 1, 1);

	memcpy(r, s, len);
	r[len] = '\0';
	return r;
}

char *mem_format(const char *fmt, ...)
{
	int saved = errno;
	char *r = NULL;
	va_list args;

	va_start(args, fmt);
	int n = vasprintf(&r, fmt, args);
	va_end(args);
	if (n < 0 || !r)
		mem_give_up();
	errno = saved;
	return r;
}
