/* cleanup - ownership that can be seen.
 *
 * A variable declared with one of these attributes owns what it holds and releases it when the scope is left, so an
 * early return is always safe. To hand over ownership, use ptr_steal()/fd_steal(). A descriptor that holds nothing
 * is -1; a pointer that holds nothing is NULL. */
#ifndef RUNTIME_BASE_CLEANUP_H
#define RUNTIME_BASE_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(
			*fd); /* nothing can be done about a failing close of a descriptor we only read */
	errno = saved;
}

#define auto_free  __attribute__((cleanup(cleanup_free)))
#define auto_close __attribute__((cleanup(cleanup_close)))

/* auto_done(strbuf) struct strbuf b = {0};  calls strbuf_done(&b) at the end of the scope. */
#define auto_done(type) __attribute__((cleanup(type##_done)))

/* auto_ptr(zone_spec) struct zone_spec *s = NULL;  calls zone_spec_free(s). The module that offers x_free() makes this
 * usable with DEFINE_AUTO_PTR(x) behind the declaration of x_free in its header. */
#define auto_ptr(type) __attribute__((cleanup(type##_cleanup)))
#define DEFINE_AUTO_PTR(type)                              \
	static inline void type##_cleanup(struct type **p) \
	{                                                  \
		type##_free(*p);                           \
	}                                                  \
	struct type

static inline int fd_steal(int *fd)
{
	int r = *fd;

	*fd = -1;
	return r;
}

static inline void *ptr_steal_raw(void *pp)
{
	void *r = *(void **)pp;

	*(void **)pp = NULL;
	return r;
}

#define ptr_steal(pp) ((__typeof__(*(pp)))ptr_steal_raw(pp))

/* Close *fd if it is open and set it to -1. */
static inline void fd_close(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

#endif
