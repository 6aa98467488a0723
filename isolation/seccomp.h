/* seccomp - seccomp profile -> kernel filter.
 *
 * seccomp_compile runs in the parent; the program is plain memory and is inherited by init, which loads it. Compiling a container engine's profile takes
 * libseccomp milliseconds, so compiled programs are kept in a root-only folder together with the profile they came from. */
#ifndef ISOLATION_SECCOMP_H
#define ISOLATION_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/spec.h"
#include "runtime/base/err.h"

struct seccomp_program {
	struct sock_filter *code; /* NULL: no filter */
	size_t n;
	unsigned flags;       /* SECCOMP_FILTER_FLAG_* */
	bool notifies;        /* a rule answers SCMP_ACT_NOTIFY */
	bool notifies_itself; /* ... for calls that are needed to hand the listener over */
};
void seccomp_program_done(struct seccomp_program *p);

/* Pure but for libseccomp's scratch memory file. Errors begin with "linux.seccomp". */
MUST_CHECK int seccomp_build(const struct seccomp_spec *s, struct seccomp_program *ret,
			     struct err *e);
/* The same (seccomp_cache.c) in a process of its own, -ETIMEDOUT after 5 s, for libseccomp does not come to an end with every profile; and through the folder of compiled filters. cache NULL: without. A cache that
 * cannot be used is ignored. */
MUST_CHECK int seccomp_compile(const struct seccomp_spec *s, const char *cache,
			       struct seccomp_program *ret, struct err *e);
/* All that the program depends on, as text: the cache's key. Freshly allocated. Pure. */
char *seccomp_text(const struct seccomp_spec *s);

/* init: load; `listener` gets the notification descriptor when the filter has one. */
MUST_CHECK int seccomp_install(const struct seccomp_program *p,
			       int (*listener)(void *arg, int fd, struct err *e), void *arg,
			       struct err *e);
/* seccomp_notify.c: load a filter that also traps the calls `listener` itself needs. */
MUST_CHECK int seccomp_notify_load(const struct sock_fprog *prog, unsigned flags,
				   int (*listener)(void *arg, int fd, struct err *e), void *arg,
				   struct err *e);

/* seccomp_sysinfo.c, init: hand sysinfo(2) over through `sock`, before the container's own filter is loaded; isolation_seal() has the rules. */
MUST_CHECK int seccomp_sysinfo(int sock, struct err *e);

/* seccomp_stub.c: instructions to be put in front, which answer ENOSYS for calls newer than the newest that the profile names. Returns how many (0: none). Pure. */
enum { SECCOMP_STUB_MAX = 128 };
size_t seccomp_stub(const struct seccomp_spec *s, struct sock_filter *code);

/* seccomp_join.c: one program of those of several architectures, each of which answers for its own alone, with `stub` in front. -E2BIG when the kernel would refuse it. Pure. */
struct seccomp_part {
	uint32_t arch; /* SCMP_ARCH_* */
	struct sock_filter *code;
	size_t n;
};
enum { SECCOMP_ARCHS_MAX = 16 };
MUST_CHECK int seccomp_join(const struct sock_filter *stub, size_t n_stub,
			    const struct seccomp_part *parts, size_t n, struct seccomp_program *ret,
			    struct err *e);

/* seccomp_said.c: is this rule for `call` no news, because another one of the profile says the same before, or holds without conditions? Pure. */
bool seccomp_is_said(const struct seccomp_spec *s, const struct seccomp_rule_spec *rule,
		     const char *call);

#endif
