#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/names.h"
#include "isolation/seccomp.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/isolation/bpf.h"
#include "tests/unit/test.h"

static const char *const names[] = { "read", "write", "openat", "socket", "clone", "exit_group" };
static const char *const archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32" };

/* The same rules in libseccomp's own one program for all architectures. */
static struct sock_filter *reference(size_t n_archs, size_t *ret_n)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(1));
	int fd = memfd_create("test", MFD_CLOEXEC);
	struct err e = { 0 };
	char *bytes = NULL;
	size_t size = 0;

	for (size_t i = 0; i < n_archs; i++) {
		int64_t arch = 0;

		CHECK(names_find(seccomp_archs, archs[i], &arch));
		(void)seccomp_arch_add(ctx, (uint32_t)arch);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_INT(seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
					   seccomp_syscall_resolve_name(names[i]), 0),
			  0);
	CHECK_INT(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(7), seccomp_syscall_resolve_name("lseek"), 1,
				   SCMP_A2(SCMP_CMP_GT, 1)),
		  0);
	CHECK_INT(seccomp_export_bpf(ctx, fd), 0);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(file_read_fd(fd, 1 << 20, &bytes, &size, &e), 0);
	seccomp_release(ctx);
	close(fd);
	*ret_n = size / sizeof(struct sock_filter);
	struct sock_filter *code = mem_dup(bytes, size);

	free(bytes);
	return code;
}

static struct seccomp_program build(size_t n_archs)
{
	struct seccomp_rule_spec rules[2] = { { .action = mem_strdup("SCMP_ACT_ALLOW") },
					      { .action = mem_strdup("SCMP_ACT_ERRNO"),
						.errno_ret = { true, 7 } } };
	struct seccomp_arg_spec arg = { .index = 2, .value = 1, .op = mem_strdup("SCMP_CMP_GT") };
	struct seccomp_spec s = { .default_action = mem_strdup("SCMP_ACT_ERRNO"),
				  .rules = rules,
				  .n_rules = 2 };
	struct seccomp_program p = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < n_archs; i++)
		strv_add(&s.architectures, archs[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		strv_add(&rules[0].names, names[i]);
	strv_add(&rules[1].names, "lseek");
	rules[1].args = &arg;
	rules[1].n_args = 1;
	CHECK_INT(seccomp_build(&s, &p, &e), 0);
	strv_done(&s.architectures);
	strv_done(&rules[0].names);
	strv_done(&rules[1].names);
	free(rules[0].action);
	free(rules[1].action);
	free(arg.op);
	free(s.default_action);
	return p;
}

/* Without our stub in front: it answers for calls that the profile's author cannot have known. */
static void compare(size_t n_archs)
{
	static const uint32_t audit[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_ARM };
	struct seccomp_program p = build(n_archs);
	size_t n = 0, differences = 0;
	struct sock_filter *want = reference(n_archs, &n);

	for (size_t a = 0; a < sizeof(audit) / sizeof(audit[0]); a++) {
		for (uint32_t nr = 0; nr < 1400; nr++) {
			struct seccomp_data d = { .arch = audit[a],
						  .nr = (int)(nr < 700 ? nr
								       : nr - 700 + 0x40000000),
						  .args = { 1, 2, nr & 3 } };

			differences += bpf_run(p.code, p.n, &d) != bpf_run(want, n, &d) &&
				       bpf_run(p.code, p.n, &d) != (SECCOMP_RET_ERRNO | ENOSYS);
		}
	}
	CHECK_INT((int)differences, 0);
	struct seccomp_data known = { .arch = AUDIT_ARCH_X86_64, .nr = 0 };

	CHECK(bpf_run(p.code, p.n, &known) == SECCOMP_RET_ALLOW);
	free(want);
	seccomp_program_done(&p);
}

static void test_too_long(void)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct seccomp_part parts[2] = { { SCMP_ARCH_X86_64, code, BPF_MAXINSNS },
					 { SCMP_ARCH_X86, code, 1 } };
	struct seccomp_program p = { 0 };
	struct err e = { 0 };

	CHECK_INT(seccomp_join(NULL, 0, parts, 2, &p, &e), -E2BIG);
	seccomp_program_done(&p);
	CHECK_INT(seccomp_join(NULL, 0, parts, 1, &p, &e), 0);
	CHECK_INT((int)p.n, BPF_MAXINSNS);
	seccomp_program_done(&p);
}

int main(void)
{
#ifdef __x86_64__
	for (size_t n = 0; n <= 3; n++)
		compare(n);
#endif
	test_too_long();
	return test_done();
}
