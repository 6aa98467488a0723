/* seccomp_stub - ENOSYS for what is newer than the profile.
 *
 * A profile that answers EPERM to everything it does not name also answers EPERM to system calls that did not exist when it was written. A C library that tries
 * a new call first falls back on ENOSYS only, and would fail. So, for each architecture, calls above the highest number that the profile names get ENOSYS, in a
 * few instructions before the profile's own. What the profile names, in either direction, is decided by the profile alone.
 *
 *     ld  arch
 *     jeq ARCH_A, 0, next          for each architecture
 *     ld  nr
 *     jge 0x40000000 -> next       x86_64 only: x32 calls have numbers of their own
 *     jgt HIGHEST -> ret ENOSYS */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

#include "config/names.h"
#include "isolation/seccomp.h"

enum { X32_BIT = 0x40000000, BLOCK = 8, ARCHS_MAX = SECCOMP_STUB_MAX / BLOCK };

/* Only where libseccomp's token is the kernel's audit number; x32 shares x86_64's. */
static int highest_named(const struct seccomp_spec *s, uint32_t arch)
{
	int highest = -1;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; k < s->rules[i].names.n; k++) {
			int nr =
				seccomp_syscall_resolve_name_arch(arch, s->rules[i].names.items[k]);

			if (nr > highest)
				highest = nr; /* what the architecture lacks has negative numbers */
		}
	return highest;
}

static size_t add_block(struct sock_filter *code, uint32_t arch, bool is_x32, int highest)
{
	const uint32_t token = is_x32 ? AUDIT_ARCH_X86_64 : arch;
	const bool has_x32 = token == AUDIT_ARCH_X86_64;
	size_t n = 0;
	/* jumps count from the following instruction to the end of the block */
	const unsigned char rest = has_x32 ? 4 : 3;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, token, 0, rest);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	if (has_x32)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
							 is_x32 ? 0 : 2, is_x32 ? 2 : 0);
	code[n++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)highest, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	return n;
}

static bool wants_stub(const struct seccomp_spec *s)
{
	if (!s->default_action || s->n_rules == 0)
		return false;
	return str_eq(s->default_action, "SCMP_ACT_ERRNO") &&
	       !(s->default_errno_ret.set && s->default_errno_ret.value == ENOSYS);
}

static size_t add_arch(const struct seccomp_spec *s, uint32_t arch, struct sock_filter *code)
{
	int highest = highest_named(s, arch);

	/* numbers below libseccomp's pseudo calls, none named: the profile alone decides */
	return highest < 0 ? 0 : add_block(code, arch, arch == SCMP_ARCH_X32, highest);
}

size_t seccomp_stub(const struct seccomp_spec *s, struct sock_filter *code)
{
	const uint32_t native = seccomp_arch_native();
	size_t n = 0;

	if (!wants_stub(s))
		return 0;
	n += add_arch(s, native, code);
	for (size_t i = 0; i < s->architectures.n && i < ARCHS_MAX - 1; i++) {
		int64_t arch = 0;

		if (names_find(seccomp_archs, s->architectures.items[i], &arch) &&
		    (uint32_t)arch != native)
			n += add_arch(s, (uint32_t)arch, code + n);
	}
	return n;
}
