/* seccomp - the idea: translate the profile rule by rule into libseccomp's calls, take the finished program as bytes, put our ENOSYS stub in front.
 * seccomp_cache.c keeps the result. */
#include "isolation/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

enum {
	ARGS_MAX = 6,
	OPTIMIZE_TREE = 2, /* binary search instead of a chain */
	PROGRAM_MAX = 4 << 20,
};
#define ERRNO_MAX UINT64_C(4095)

void seccomp_program_done(struct seccomp_program *p)
{
	free(p->code);
	*p = (struct seccomp_program){ 0 };
}

/* --- actions ------------------------------------------------------------------------------------------------------ */

static bool carries_errno(const char *action)
{
	return str_eq(action, "SCMP_ACT_ERRNO") || str_eq(action, "SCMP_ACT_TRACE");
}

static int find_action(const char *word, const struct opt_u64 *code, uint32_t *ret, struct err *e)
{
	int64_t base = 0;

	if (!names_find(seccomp_actions, word, &base))
		return err_set(e, EINVAL, "linux.seccomp: the action \"%s\" is not known",
			       word ? word : "");
	if (!carries_errno(word) && code->set)
		return err_set(e, EINVAL, "linux.seccomp: the action \"%s\" cannot carry an errno",
			       word);
	if (code->set && code->value > ERRNO_MAX && str_eq(word, "SCMP_ACT_ERRNO"))
		return err_set(e, EINVAL, "linux.seccomp: %llu is not an errno",
			       (unsigned long long)code->value);
	*ret = (uint32_t)base;
	if (carries_errno(word))
		*ret |= code->set ? (uint32_t)code->value & 0xffff : EPERM;
	return 0;
}

/* --- rules -------------------------------------------------------------------------------------------------------- */

static int make_arg(const struct seccomp_arg_spec *a, struct scmp_arg_cmp *ret, struct err *e)
{
	int64_t op = 0;

	if (a->index >= ARGS_MAX)
		return err_set(e, EINVAL, "linux.seccomp: a system call has no argument %llu",
			       (unsigned long long)a->index);
	if (!names_find(seccomp_operators, a->op, &op))
		return err_set(e, EINVAL, "linux.seccomp: the operator \"%s\" is not known",
			       a->op ? a->op : "");
	*ret = (struct scmp_arg_cmp){
		.arg = (unsigned)a->index,
		.op = (enum scmp_compare)op,
		.datum_a = a->value,
		.datum_b = a->value_two,
	};
	return 0;
}

/* All conditions of a rule must hold - but libseccomp takes only one for each argument, and profiles that name one twice mean either (runc does it so). */
static bool names_argument_twice(const struct seccomp_rule_spec *rule)
{
	unsigned seen = 0;

	for (size_t i = 0; i < rule->n_args; i++) {
		unsigned bit = 1u << (rule->args[i].index % ARGS_MAX);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

struct rule {
	uint32_t action;
	struct scmp_arg_cmp args[ARGS_MAX];
	unsigned n_args;
	bool is_either;
};

static int add_call(scmp_filter_ctx ctx, const struct rule *rule, int nr)
{
	int r = 0;

	if (!rule->is_either)
		return seccomp_rule_add_array(ctx, rule->action, nr, rule->n_args, rule->args);
	for (unsigned i = 0; r == 0 && i < rule->n_args; i++)
		r = seccomp_rule_add_array(ctx, rule->action, nr, 1, &rule->args[i]);
	return r;
}

static int make_rule(const struct seccomp_rule_spec *spec, struct rule *ret, struct err *e)
{
	int r = find_action(spec->action, &spec->errno_ret, &ret->action, e);

	if (r < 0)
		return r;
	if (spec->names.n == 0)
		return err_set(e, EINVAL, "linux.seccomp.syscalls: a rule without names");
	if (spec->n_args > ARGS_MAX)
		return err_set(e, EINVAL, "linux.seccomp.syscalls: more than %d conditions",
			       ARGS_MAX);
	for (size_t i = 0; r == 0 && i < spec->n_args; i++)
		r = make_arg(&spec->args[i], &ret->args[i], e);
	ret->n_args = (unsigned)spec->n_args;
	ret->is_either = names_argument_twice(spec);
	return r;
}

/* Calls that handing over a notification descriptor may need. */
static bool is_needed_to_notify(const char *name)
{
	static const char *const needed[] = { "sendmsg", "recvmsg", "sendto",       "recvfrom",
					      "read",    "write",   "close",        "poll",
					      "ppoll",   "connect", "socket",       "fcntl",
					      "dup",     "wait4",   "clock_gettime" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (str_eq(name, needed[i]))
			return true;
	return false;
}

struct call {
	int nr;
	const char *name;
};

static int by_falling_number(const void *a, const void *b)
{
	const struct call *x = a, *y = b;

	return (x->nr < y->nr) - (x->nr > y->nr);
}

/* The calls of one rule that the library knows. libseccomp keeps them in a list that rises and looks for each one's place from its head: from the highest number down every search ends at
 * once. Within one rule action and conditions are the same, so the order changes nothing else; the order of the rules stays as written. */
static struct call *find_calls(const struct strv *names, size_t *ret_n)
{
	struct call *calls = mem_array(names->n, sizeof(*calls));
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		int nr = seccomp_syscall_resolve_name(names->items[i]);

		/* the others are newer or older than the library, or of another machine */
		if (nr != __NR_SCMP_ERROR)
			calls[n++] = (struct call){ .nr = nr, .name = names->items[i] };
	}
	qsort(calls, n, sizeof(*calls), by_falling_number);
	*ret_n = n;
	return calls;
}

/* What only allows more may be missing; what forbids may not. */
static bool may_be_missing(const struct seccomp_spec *s, const struct seccomp_rule_spec *spec,
			   const struct rule *rule, const char *call)
{
	return rule->action == SCMP_ACT_ALLOW || rule->action == SCMP_ACT_LOG ||
	       seccomp_is_said(s, spec, call);
}

static int add_rule(scmp_filter_ctx ctx, const struct seccomp_spec *s,
		    const struct seccomp_rule_spec *spec, uint32_t otherwise,
		    struct seccomp_program *p, struct err *e)
{
	struct rule rule = { 0 };
	size_t n = 0;
	int r = make_rule(spec, &rule, e);

	/* libseccomp refuses rules that say what happens anyway */
	if (r < 0 || rule.action == otherwise)
		return r;
	auto_free struct call *calls = find_calls(&spec->names, &n);

	for (size_t i = 0; i < n; i++) {
		r = add_call(ctx, &rule, calls[i].nr);
		if (r == -EEXIST && !may_be_missing(s, spec, &rule, calls[i].name))
			return err_set(
				e, EEXIST,
				"linux.seccomp: libseccomp cannot bring the conditions of \"%s\" together with those of an earlier rule",
				calls[i].name);
		if (r < 0 && r != -EEXIST && r != -EDOM)
			return err_ret(e, r, "linux.seccomp: add a rule for \"%s\"", calls[i].name);
		if (rule.action != SCMP_ACT_NOTIFY)
			continue;
		p->notifies = true;
		p->notifies_itself |= is_needed_to_notify(calls[i].name);
	}
	return 0;
}

/* The native architecture first, then those that the profile names. */
static int list_archs(const struct strv *words, uint32_t *archs, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	archs[n++] = seccomp_arch_native();
	for (size_t i = 0; i < words->n; i++) {
		int64_t arch = 0;
		size_t k = 0;

		if (!names_find(seccomp_archs, words->items[i], &arch))
			return err_set(e, EINVAL,
				       "linux.seccomp.architectures: \"%s\" is not known",
				       words->items[i]);
		while (k < n && archs[k] != (uint32_t)arch)
			k++;
		if (k < n || arch == SCMP_ARCH_NATIVE)
			continue;
		if (n >= SECCOMP_ARCHS_MAX)
			return err_set(e, E2BIG, "linux.seccomp.architectures: more than %d",
				       SECCOMP_ARCHS_MAX);
		archs[n++] = (uint32_t)arch;
	}
	*ret_n = n;
	return 0;
}

static int find_flags(const struct strv *words, struct seccomp_program *p, struct err *e)
{
	int64_t flag = 0;

	/* Without a word: as runc, no speculation barrier that halves the speed of everything. */
	if (words->n == 0)
		p->flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < words->n; i++) {
		if (!names_find(seccomp_flags, words->items[i], &flag))
			return err_set(e, EINVAL, "linux.seccomp.flags: \"%s\" is not known",
				       words->items[i]);
		p->flags |= (unsigned)flag;
	}
	if (!p->notifies)
		p->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	else
		p->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (p->notifies && p->flags & SECCOMP_FILTER_FLAG_TSYNC)
		p->flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH; /* the two go together only so */
	return 0;
}

/* --- program ------------------------------------------------------------------------------------------------------ */

static int take_program(scmp_filter_ctx ctx, struct seccomp_part *part, struct err *e)
{
	auto_free char *bytes = NULL;
	size_t size = 0;
	auto_close int fd = memfd_create("seccomp", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "linux.seccomp: make a scratch file");
	int r = seccomp_export_bpf(ctx, fd);

	if (r < 0)
		return err_ret(e, r, "linux.seccomp: compile the filter");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "linux.seccomp: rewind the scratch file");
	r = file_read_fd(fd, PROGRAM_MAX, &bytes, &size, e);
	if (r < 0)
		return r;
	part->code = mem_dup(bytes, size);
	part->n = size / sizeof(*part->code);
	return 0;
}

/* Rules without conditions first: they win anyway, but on i386 libseccomp refuses them with EEXIST, so that only the conditional ones would hold, for a call of sockets or of ipc(2) that has such rules already. */
static int fill(scmp_filter_ctx ctx, const struct seccomp_spec *s, uint32_t otherwise,
		struct seccomp_program *p, struct err *e)
{
	int r = 0;

	(void)seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE,
			       OPTIMIZE_TREE); /* older libraries: a slower filter */
	for (size_t i = 0; r == 0 && i < 2 * s->n_rules; i++) {
		const struct seccomp_rule_spec *rule = &s->rules[i % s->n_rules];

		if ((rule->n_args == 0) == (i < s->n_rules))
			r = add_rule(ctx, s, rule, otherwise, p, e);
	}
	return r;
}

/* The rules for one architecture alone. */
static int build_part(const struct seccomp_spec *s, uint32_t otherwise, struct seccomp_part *part,
		      struct seccomp_program *p, struct err *e)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int r = 0;

	if (!ctx)
		return err_set(e, EINVAL,
			       "linux.seccomp.defaultAction: \"%s\" cannot be the default",
			       s->default_action);
	if (part->arch != seccomp_arch_native()) {
		r = seccomp_arch_add(ctx, part->arch);
		if (r == 0)
			r = seccomp_arch_remove(ctx, seccomp_arch_native());
		if (r < 0)
			(void)err_ret(e, r, "linux.seccomp.architectures: use 0x%x",
				      (unsigned)part->arch);
	}
	if (r == 0)
		r = fill(ctx, s, otherwise, p, e);
	if (r == 0)
		r = take_program(ctx, part, e);
	seccomp_release(ctx);
	return r;
}

/* libseccomp's time grows with the square of the rules, and three architectures are three times as many: each gets a program of its own (16 ms became 6), and they are joined. */
static int build_parts(const struct seccomp_spec *s, uint32_t otherwise, struct seccomp_program *p,
		       struct err *e)
{
	struct seccomp_part parts[SECCOMP_ARCHS_MAX] = { 0 };
	uint32_t archs[SECCOMP_ARCHS_MAX];
	struct sock_filter stub[SECCOMP_STUB_MAX];
	size_t n = 0;
	int r = list_archs(&s->architectures, archs, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		parts[i].arch = archs[i];
		r = build_part(s, otherwise, &parts[i], p, e);
	}
	if (r == 0)
		r = seccomp_join(stub, seccomp_stub(s, stub), parts, n, p, e);
	for (size_t i = 0; i < n; i++)
		free(parts[i].code);
	return r;
}

int seccomp_build(const struct seccomp_spec *s, struct seccomp_program *ret, struct err *e)
{
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	uint32_t otherwise = 0;
	int r = find_action(s->default_action, &s->default_errno_ret, &otherwise, e);

	if (r < 0)
		return r;
	if (otherwise == SCMP_ACT_NOTIFY)
		p.notifies = p.notifies_itself = true;
	r = build_parts(s, otherwise, &p, e);
	if (r == 0)
		r = find_flags(&s->flags, &p, e);
	if (r < 0)
		return r;
	*ret = p;
	p = (struct seccomp_program){ 0 };
	return 0;
}

/* --- load --------------------------------------------------------------------------------------------------------- */

int seccomp_install(const struct seccomp_program *p,
		    int (*listener)(void *arg, int fd, struct err *e), void *arg, struct err *e)
{
	const struct sock_fprog prog = { .len = (unsigned short)p->n, .filter = p->code };

	if (!p->code)
		return 0;
	if (p->notifies && !listener)
		return err_set(e, EINVAL, "linux.seccomp: SCMP_ACT_NOTIFY needs listenerPath");
	if (p->notifies_itself)
		return seccomp_notify_load(&prog, p->flags, listener, arg, e);
	int r = sys_seccomp(SECCOMP_SET_MODE_FILTER, p->flags, (void *)&prog);

	if (r < 0)
		return err_sys(e, "load the seccomp filter");
	if (!p->notifies)
		return 0;
	auto_close int fd = r;

	return listener(arg, fd, e);
}
