#include <assert.h>
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "isolation/seccomp.h"
#include "runtime/base/mem.h"
#include "tests/unit/isolation/bpf.h"

/* libFuzzer target (make fuzz-seccomp): any profile. The filter that seccomp_build() makes - one program for each architecture, our ENOSYS stub, gates between them - must answer as one filter does
 * that libseccomp makes of the same rules by itself, but for calls newer than all that the profile names. Both are run by an interpreter.
 *
 * Bytes: default action, architectures, then rules of six: action, call, how many conditions and of which kind, argument, two values. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
const char *__lsan_default_suppressions(void);

/* A rule that it refuses costs libseccomp 2.5.4 some hundred bytes. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

enum { RULE = 6, RULES_MAX = 24, HEAD = 2, I386_SOCKET = 359 };

static const char *const calls[] = {
	"read",    "write",  "openat", "socket",     "clone",       "mkdir",       "ioctl",
	"mount",   "reboot", "bpf",    "keyctl",     "execve",      "ptrace",      "prctl",
	"madvise", "futex",  "ipc",    "socketcall", "personality", "no_such_call"
};
static const char *const actions[] = { "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",
				       "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",
				       "SCMP_ACT_KILL_THREAD",  "SCMP_ACT_LOG" };
static const uint32_t action_values[] = { SCMP_ACT_ALLOW,        SCMP_ACT_ERRNO(EPERM),
					  SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP,
					  SCMP_ACT_KILL_THREAD,  SCMP_ACT_LOG };
static const char *const operators[] = { "SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
					 "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
					 "SCMP_CMP_MASKED_EQ" };
static const enum scmp_compare operator_values[] = { SCMP_CMP_NE,       SCMP_CMP_LT, SCMP_CMP_LE,
						     SCMP_CMP_EQ,       SCMP_CMP_GE, SCMP_CMP_GT,
						     SCMP_CMP_MASKED_EQ };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* libseccomp 2.5.4 answers wrongly for every call of x86-64 when one filter is for x32 too and names a call that only i386 has: its number there is negative. (Ours are apart.) */
static const char *call_of(uint8_t byte, bool x32)
{
	const char *name = calls[byte % COUNT(calls)];

	return x32 && (strcmp(name, "ipc") == 0 || strcmp(name, "socketcall") == 0) ? "chmod"
										    : name;
}

/* The second value of a masked comparison, and values beyond 32 bits. */
static uint64_t value_of(uint8_t byte)
{
	static const uint64_t wide[] = { 0,          1,           0x7fffffff,         0x80000000,
					 0xffffffff, 0x100000000, 0xffffffffffffffff, 0x7e020000 };

	return byte < 8 ? wide[byte] : byte;
}

static void add_conditions(struct seccomp_rule_spec *r, const uint8_t *at)
{
	unsigned n = at[2] % 3; /* of different arguments, so that all must hold */

	for (unsigned i = 0; i < n; i++) {
		struct seccomp_arg_spec *a = LIST_GROW(r->args, r->n_args);

		a->index = (at[3] + i) % 6;
		a->op = mem_strdup(operators[(at[2] / 3u + i) % COUNT(operators)]);
		a->value = value_of(at[4 + i]);
		a->value_two = value_of(at[5 - i]);
	}
}

static struct seccomp_spec *profile_of(struct container_spec *owner, const uint8_t *data, size_t n)
{
	struct seccomp_spec *s = owner->linux.seccomp = mem_zero(sizeof(*s));

	s->default_action = mem_strdup(actions[data[0] % COUNT(actions)]);
	if (data[1] & 1)
		strv_add(&s->architectures, "SCMP_ARCH_X86");
	if (data[1] & 2)
		strv_add(&s->architectures, "SCMP_ARCH_X32");
	for (size_t i = HEAD; i + RULE <= n && s->n_rules < RULES_MAX; i += RULE) {
		struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

		r->action = mem_strdup(actions[data[i] % COUNT(actions)]);
		strv_add(&r->names, call_of(data[i + 1], data[1] & 2));
		if (data[i] & 64)
			strv_add(&r->names, call_of((uint8_t)(data[i + 1] + 7), data[1] & 2));
		add_conditions(r, data + i);
	}
	return s;
}

/* --- what libseccomp makes of it ----------------------------------------------------------------------------------- */

static uint32_t action_of(const char *word)
{
	for (size_t i = 0; i < COUNT(actions); i++)
		if (strcmp(actions[i], word) == 0)
			return action_values[i];
	abort();
}

static struct scmp_arg_cmp condition_of(const struct seccomp_arg_spec *a)
{
	struct scmp_arg_cmp c = { .arg = (unsigned)a->index,
				  .datum_a = a->value,
				  .datum_b = a->value_two };

	for (size_t i = 0; i < COUNT(operators); i++)
		if (strcmp(operators[i], a->op) == 0)
			c.op = operator_values[i];
	return c;
}

/* False: the library refuses a rule that nothing else in the profile says; then there is nothing to compare with. */
static bool reference_rule(scmp_filter_ctx ctx, const struct seccomp_spec *s,
			   const struct seccomp_rule_spec *r)
{
	struct scmp_arg_cmp conditions[6];
	bool ok = true;

	for (size_t i = 0; i < r->n_args; i++)
		conditions[i] = condition_of(&r->args[i]);
	for (size_t i = 0; ok && i < r->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(r->names.items[i]);

		ok = nr == __NR_SCMP_ERROR ||
		     seccomp_rule_add_array(ctx, action_of(r->action), nr, (unsigned)r->n_args,
					    conditions) == 0 ||
		     seccomp_is_said(s, r, r->names.items[i]);
	}
	return ok;
}

static bool reference_build(const struct seccomp_spec *s, struct sock_filter **ret, size_t *ret_n)
{
	uint32_t otherwise = action_of(s->default_action);
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int fd = memfd_create("reference", MFD_CLOEXEC);
	bool ok = ctx && fd >= 0;

	for (size_t i = 0; ok && i < s->architectures.n; i++)
		ok = seccomp_arch_add(ctx, strcmp(s->architectures.items[i], "SCMP_ARCH_X32") == 0
						   ? SCMP_ARCH_X32
						   : SCMP_ARCH_X86) == 0;
	for (size_t i = 0; ok && i < 2 * s->n_rules;
	     i++) { /* in the order of isolation/seccomp.c */
		const struct seccomp_rule_spec *r = &s->rules[i % s->n_rules];

		if (action_of(r->action) != otherwise && (r->n_args == 0) == (i < s->n_rules))
			ok = reference_rule(ctx, s, r);
	}
	ok = ok && seccomp_export_bpf(ctx, fd) == 0;
	if (ok) {
		off_t size = lseek(fd, 0, SEEK_END);

		*ret_n = (size_t)size / sizeof(struct sock_filter);
		*ret = mem_zero((size_t)size);
		ok = pread(fd, *ret, (size_t)size, 0) == size;
	}
	if (ctx)
		seccomp_release(ctx);
	(void)close(fd);
	return ok;
}

/* --- comparison ----------------------------------------------------------------------------------------------------- */

/* The library's number of a call; on i386 that of socket(2) is one of its own making, because socketcall(2) does the same. */
static int number_of(uint32_t arch, const char *name)
{
	int nr = arch == AUDIT_ARCH_I386 ? seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name)
					 : seccomp_syscall_resolve_name(name);

	return arch == AUDIT_ARCH_I386 && strcmp(name, "socket") == 0 ? I386_SOCKET : nr;
}

/* The highest number that the profile names on this architecture, -1: none. */
static int highest(const struct seccomp_spec *s, uint32_t arch)
{
	int most = -1;

	for (size_t i = 0; i < s->n_rules; i++)
		for (size_t k = 0; k < s->rules[i].names.n; k++) {
			int nr =
				seccomp_syscall_resolve_name_arch(arch, s->rules[i].names.items[k]);

			most = nr > most ? nr : most;
		}
	return most;
}

/* Does the stub speak about it? */
static bool is_newer(const struct seccomp_spec *s, const struct seccomp_data *d)
{
	bool x32 = d->arch == AUDIT_ARCH_X86_64 && d->nr >= 0x40000000;
	uint32_t arch = x32                            ? SCMP_ARCH_X32
			: d->arch == AUDIT_ARCH_X86_64 ? SCMP_ARCH_X86_64
						       : SCMP_ARCH_X86;
	const char *word = x32 ? "SCMP_ARCH_X32" : "SCMP_ARCH_X86";
	int most = highest(s, arch);

	if (d->arch != AUDIT_ARCH_X86_64 && d->arch != AUDIT_ARCH_I386)
		return false;
	if (strcmp(s->default_action, "SCMP_ACT_ERRNO") != 0 || s->n_rules == 0 || most < 0)
		return false;
	return (arch == SCMP_ARCH_X86_64 || strv_has(&s->architectures, word)) && d->nr > most;
}

static void compare_one(const struct seccomp_spec *s, const struct seccomp_program *p,
			const struct sock_filter *code, size_t n, const struct seccomp_data *d)
{
	uint32_t got = bpf_run(p->code, p->n, d), want = bpf_run(code, n, d);

	if (is_newer(s, d))
		want = SECCOMP_RET_ERRNO | ENOSYS;
	assert(want != BPF_BROKEN);
	assert(got == want);
}

static void compare(const struct seccomp_spec *s, const struct seccomp_program *p,
		    const struct sock_filter *code, size_t n, const uint8_t *at)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };

	for (size_t k = 0; k < COUNT(archs); k++) {
		int nr = number_of(archs[k], calls[at[1] % COUNT(calls)]);
		struct seccomp_data d = { .nr = nr < 0 ? at[1] * 3 : nr, .arch = archs[k] };

		for (size_t i = 0; i < 6; i++)
			d.args[i] = value_of(at[(3 + i) % RULE]) + (i == 5 ? at[0] : 0);
		compare_one(s, p, code, n, &d);
		d.args[at[3] % 6] = value_of(at[4]);
		compare_one(s, p, code, n, &d);
		d.nr += k == 0 && (at[2] & 1) ? 0x40000000 : 1;
		compare_one(s, p, code, n, &d);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n < HEAD)
		return 0;
	auto_ptr(container_spec) struct container_spec *owner = container_spec_new();
	struct seccomp_spec *s = profile_of(owner, data, n);
	auto_done(seccomp_program) struct seccomp_program p = { 0 };
	auto_free struct sock_filter *code = NULL;
	struct err e = { 0 };
	size_t size = 0;
	int r = seccomp_build(s, &p, &e);

	if (!reference_build(s, &code, &size))
		return 0;
	if (r == -EEXIST)
		return 0;
	assert(r == 0 && p.n > 0);
	for (size_t i = HEAD; i + RULE <= n && i < HEAD + RULE * RULES_MAX; i += 1)
		compare(s, &p, code, size, data + i);
	return 0;
}
