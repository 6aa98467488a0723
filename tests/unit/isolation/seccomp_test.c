/* Profiles become programs whose answers are asked with an interpreter. */
#include "isolation/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/isolation/bpf.h"
#include "tests/unit/test.h"

static struct seccomp_spec *new_profile(struct container_spec *owner, const char *action)
{
	owner->linux.seccomp = mem_zero(sizeof(*owner->linux.seccomp));
	owner->linux.seccomp->default_action = mem_strdup(action);
	return owner->linux.seccomp;
}

static struct seccomp_rule_spec *add_rule(struct seccomp_spec *s, const char *names,
					  const char *action)
{
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	strv_split(&r->names, names, ',');
	r->action = mem_strdup(action);
	return r;
}

static void add_arg(struct seccomp_rule_spec *r, uint64_t index, uint64_t value, const char *op)
{
	struct seccomp_arg_spec *a = LIST_GROW(r->args, r->n_args);

	a->index = index;
	a->value = value;
	a->op = mem_strdup(op);
}

#ifdef __x86_64__
static uint32_t ask(const struct seccomp_program *p, int nr, uint64_t a0, uint64_t a1)
{
	return bpf_call(p->code, p->n, AUDIT_ARCH_X86_64, nr, a0, a1);
}

static void test_answers(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ERRNO");
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	struct err e = { 0 };

	add_rule(s, "read,write,exit_group,no_such_call", "SCMP_ACT_ALLOW");
	add_arg(add_rule(s, "personality", "SCMP_ACT_ALLOW"), 0, 8, "SCMP_CMP_EQ");
	struct seccomp_rule_spec *twice = add_rule(s, "socket", "SCMP_ACT_ALLOW");

	add_arg(twice, 0, 1, "SCMP_CMP_EQ");
	add_arg(twice, 0, 2, "SCMP_CMP_EQ");
	struct seccomp_rule_spec *mask = add_rule(s, "clone", "SCMP_ACT_ALLOW");

	add_arg(mask, 0, 0x7E020000, "SCMP_CMP_MASKED_EQ");
	add_rule(s, "mkdir", "SCMP_ACT_ERRNO")->errno_ret = (struct opt_u64){ true, 95 };
	add_rule(s, "rmdir", "SCMP_ACT_ERRNO"); /* what happens anyway */
	strv_add(&s->architectures, "SCMP_ARCH_X86_64");
	strv_add(&s->architectures, "SCMP_ARCH_X86");
	strv_add(&s->flags, "SECCOMP_FILTER_FLAG_LOG");
	CHECK_INT(seccomp_build(s, &p, &e), 0);
	CHECK_INT(ask(&p, SYS_read, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, SYS_open, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(&p, SYS_mkdir, 0, 0), SECCOMP_RET_ERRNO | 95);
	CHECK_INT(ask(&p, SYS_rmdir, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(&p, SYS_personality, 8, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, SYS_personality, 9, 0), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(&p, SYS_socket, 1, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, SYS_socket, 2, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, SYS_socket, 3, 0), SECCOMP_RET_ERRNO | EPERM);
	CHECK_INT(ask(&p, SYS_clone, 0x11, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, SYS_clone, 0x10000000, 0), SECCOMP_RET_ERRNO | EPERM);
	/* i386 has numbers of its own: 3 is read, 1 exit */
	CHECK_INT(bpf_call(p.code, p.n, AUDIT_ARCH_I386, 3, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(bpf_call(p.code, p.n, AUDIT_ARCH_I386, 1, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	/* newer than everything named: ENOSYS, on both */
	CHECK_INT(ask(&p, 700, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	CHECK_INT(bpf_call(p.code, p.n, AUDIT_ARCH_I386, 700, 0, 0), SECCOMP_RET_ERRNO | ENOSYS);
	/* another machine: killed */
	CHECK_INT(bpf_call(p.code, p.n, AUDIT_ARCH_AARCH64, 63, 0, 0), SECCOMP_RET_KILL_THREAD);
	CHECK_INT(p.flags, SECCOMP_FILTER_FLAG_LOG);
	CHECK(!p.notifies);
}

static void test_allow_by_default(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ALLOW");
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	struct err e = { 0 };

	add_rule(s, "reboot", "SCMP_ACT_KILL_PROCESS");
	CHECK_INT(seccomp_build(s, &p, &e), 0);
	CHECK_INT(ask(&p, SYS_reboot, 0, 0), SECCOMP_RET_KILL_PROCESS);
	CHECK_INT(ask(&p, 700, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(p.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void test_notify(void)
{
	auto_ptr(container_spec) struct container_spec *c = container_spec_new();
	struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ALLOW");
	auto_done(seccomp_program) struct seccomp_program p = { 0 }, q = { 0 };
	struct err e = { 0 };

	add_rule(s, "mkdir", "SCMP_ACT_NOTIFY");
	strv_add(&s->flags, "SECCOMP_FILTER_FLAG_TSYNC");
	CHECK_INT(seccomp_build(s, &p, &e), 0);
	CHECK_INT(ask(&p, SYS_mkdir, 0, 0), SECCOMP_RET_USER_NOTIF);
	CHECK(p.notifies && !p.notifies_itself);
	CHECK(p.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	CHECK(p.flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	add_rule(s, "sendmsg", "SCMP_ACT_NOTIFY");
	CHECK_INT(seccomp_build(s, &q, &e), 0);
	CHECK(q.notifies_itself);
}
#endif

static void check_refused(struct seccomp_spec *s, const char *why)
{
	struct seccomp_program p = { 0 };
	struct err e = { 0 };

	CHECK(seccomp_build(s, &p, &e) < 0);
	CHECK_STR(e.text, why);
	CHECK(!p.code);
}

static void test_refusals(void)
{
	auto_ptr(container_spec) struct container_spec *a = container_spec_new(),
						       *b = container_spec_new(),
						       *c = container_spec_new(),
						       *d = container_spec_new();
	struct seccomp_spec *s = new_profile(a, "SCMP_ACT_ALLOW");

	add_rule(s, "mkdir", "SCMP_ACT_KILL")->errno_ret = (struct opt_u64){ true, 1 };
	check_refused(s, "linux.seccomp: the action \"SCMP_ACT_KILL\" cannot carry an errno");
	s = new_profile(b, "SCMP_ACT_SOMETHING");
	check_refused(s, "linux.seccomp: the action \"SCMP_ACT_SOMETHING\" is not known");
	s = new_profile(c, "SCMP_ACT_ALLOW");
	(void)add_rule(s, "", "SCMP_ACT_KILL");
	check_refused(s, "linux.seccomp.syscalls: a rule without names");
	s = new_profile(d, "SCMP_ACT_ALLOW");
	add_arg(add_rule(s, "mkdir", "SCMP_ACT_KILL"), 6, 0, "SCMP_CMP_EQ");
	check_refused(s, "linux.seccomp: a system call has no argument 6");
}

#ifdef __x86_64__
/* The order of the names within a rule decides nothing, not even where one call of i386 stands for many. */
static void test_order(void)
{
	static const char *const names[] = {
		"accept,connect,ipc,read,semop,socket,socketcall,write",
		"write,socketcall,socket,semop,read,ipc,connect,accept"
	};
	struct seccomp_program p[2] = { 0 };
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++) {
		auto_ptr(container_spec) struct container_spec *c = container_spec_new();
		struct seccomp_spec *s = new_profile(c, "SCMP_ACT_ERRNO");

		add_rule(s, names[i], "SCMP_ACT_ALLOW");
		strv_add(&s->architectures, "SCMP_ARCH_X86");
		CHECK_INT(seccomp_build(s, &p[i], &e), 0);
	}
	CHECK(p[0].n > 0 && p[0].n == p[1].n &&
	      memcmp(p[0].code, p[1].code, p[0].n * sizeof(*p[0].code)) == 0);
	/* listen, which only socketcall itself allows: it has no number of its own on x86-64 */
	CHECK_INT(bpf_call(p[0].code, p[0].n, AUDIT_ARCH_I386, 102, 4, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(bpf_call(p[0].code, p[0].n, AUDIT_ARCH_I386, 1, 0, 0), SECCOMP_RET_ERRNO | EPERM);
	for (size_t i = 0; i < 2; i++)
		seccomp_program_done(&p[i]);
}
#endif

int main(void)
{
#ifdef __x86_64__
	test_answers();
	test_allow_by_default();
	test_notify();
	test_order();
#endif
	test_refusals();
	return test_done();
}
