/* The instructions in front of the filter: ENOSYS above the newest named call, nothing else. */
#include <errno.h>
#include <sys/syscall.h>

#include "isolation/seccomp.h"
#include "runtime/base/mem.h"
#include "tests/unit/isolation/bpf.h"
#include "tests/unit/test.h"

static struct seccomp_spec *new_profile(struct container_spec *owner, const char *action,
					const char *names)
{
	struct seccomp_spec *s = owner->linux.seccomp = mem_zero(sizeof(*s));
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	s->default_action = mem_strdup(action);
	strv_split(&r->names, names, ',');
	r->action = mem_strdup("SCMP_ACT_ALLOW");
	return s;
}

static void test_only_for_errno(void)
{
	auto_ptr(container_spec) struct container_spec *a = container_spec_new(),
						       *b = container_spec_new(),
						       *c = container_spec_new(),
						       *d = container_spec_new();
	struct sock_filter code[SECCOMP_STUB_MAX];

	CHECK(seccomp_stub(new_profile(a, "SCMP_ACT_ERRNO", "read"), code) > 0);
	CHECK_INT(seccomp_stub(new_profile(b, "SCMP_ACT_KILL", "read"), code), 0);
	CHECK_INT(seccomp_stub(new_profile(c, "SCMP_ACT_ERRNO", "no_such_call"), code), 0);
	struct seccomp_spec *s = new_profile(d, "SCMP_ACT_ERRNO", "read");

	s->default_errno_ret = (struct opt_u64){ true, ENOSYS };
	CHECK_INT(seccomp_stub(s, code), 0);
}

#ifdef __x86_64__
static void test_numbers(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ERRNO", "read,openat2");
	struct sock_filter code[SECCOMP_STUB_MAX + 1];

	strv_add(&s->architectures, "SCMP_ARCH_X86");
	strv_add(&s->architectures, "SCMP_ARCH_X32");
	size_t n = seccomp_stub(s, code);

	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_LOG); /* "the profile decides" */
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, SYS_openat2, 0, 0), SECCOMP_RET_LOG);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, SYS_openat2 + 1, 0, 0),
		  SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, 0, 0, 0), SECCOMP_RET_LOG);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_I386, 437, 0, 0), SECCOMP_RET_LOG);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_I386, 438, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, 0x40000000 + 437, 0, 0), SECCOMP_RET_LOG);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, 0x40000000 + 700, 0, 0),
		  SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_AARCH64, 9999, 0, 0), SECCOMP_RET_LOG);
}

static void test_x32_not_listed(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct sock_filter code[SECCOMP_STUB_MAX + 1];
	size_t n = seccomp_stub(new_profile(c, "SCMP_ACT_ERRNO", "read"), code);

	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG);
	/* libseccomp's own part kills those */
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, 0x40000000 + 700, 0, 0), SECCOMP_RET_LOG);
	CHECK_INT(bpf_call(code, n, AUDIT_ARCH_X86_64, 1, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
}
#endif

int main(void)
{
	test_only_for_errno();
#ifdef __x86_64__
	test_numbers();
	test_x32_not_listed();
#endif
	return test_done();
}
