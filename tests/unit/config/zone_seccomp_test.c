#include "config/zone_seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/names.h"
#include "config/oci.h"
#include "config/oci_check.h"
#include "tests/unit/test.h"

/* The profile is compiled with libseccomp, the program is taken out and run here on made-up calls: a small interpreter of classic BPF. */

#define MAX_CODE 8192

struct program {
	struct sock_filter code[MAX_CODE];
	size_t n;
};

static int64_t value_of(const struct name_value *table, const char *name)
{
	int64_t v = -1;

	(void)names_find(table, name, &v);
	return v;
}

static uint32_t action_of(const char *action, const struct opt_u64 *error)
{
	uint32_t v = (uint32_t)value_of(seccomp_actions, action);

	return v == SCMP_ACT_ERRNO(0) ? SCMP_ACT_ERRNO(error->set ? error->value : EPERM) : v;
}

/* As the builder in isolation/ does: names that are unknown are skipped. */
static int add_rule(scmp_filter_ctx ctx, const struct seccomp_rule_spec *r)
{
	struct scmp_arg_cmp args[6];

	for (size_t i = 0; i < r->n_args; i++)
		args[i] = (struct scmp_arg_cmp){ (unsigned)r->args[i].index,
						 (enum scmp_compare)value_of(seccomp_operators,
									     r->args[i].op),
						 r->args[i].value, r->args[i].value_two };
	for (size_t i = 0; i < r->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(r->names.items[i]);
		int e;

		if (nr == __NR_SCMP_ERROR)
			continue;
		e = seccomp_rule_add_array(ctx, action_of(r->action, &r->errno_ret), nr,
					   (unsigned)r->n_args, args);
		if (e < 0) {
			printf("# %s: %s\n", r->names.items[i], strerror(-e));
			return e;
		}
	}
	return 0;
}

static int compile(const struct seccomp_spec *s, struct program *p)
{
	scmp_filter_ctx ctx = seccomp_init(action_of(s->default_action, &s->default_errno_ret));
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	int r = ctx ? 0 : -1;
	ssize_t n;

	for (size_t i = 0; r == 0 && i < s->architectures.n; i++) {
		r = seccomp_arch_add(ctx,
				     (uint32_t)value_of(seccomp_archs, s->architectures.items[i]));
		r = r == -EEXIST ? 0 : r;
	}
	for (size_t i = 0; r == 0 && i < s->n_rules; i++)
		r = add_rule(ctx, &s->rules[i]);
	if (r == 0)
		r = seccomp_export_bpf(ctx, fd);
	n = r == 0 ? pread(fd, p->code, sizeof(p->code), 0) : 0;
	p->n = (size_t)n / sizeof(p->code[0]);
	seccomp_release(ctx);
	(void)close(fd);
	return r;
}

static bool jumps(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGT:
		return a > f->k;
	case BPF_JGE:
		return a >= f->k;
	case BPF_JSET:
		return (a & f->k) != 0;
	default:
		return false;
	}
}

/* The filter's answer; 0xdead for anything the interpreter does not know. */
static uint32_t run(const struct program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct sock_filter *f = &p->code[i];

		switch (BPF_CLASS(f->code)) {
		case BPF_LD:
			memcpy(&a, (const char *)d + f->k, sizeof(a));
			break;
		case BPF_ALU:
			if (f->code != (BPF_ALU | BPF_AND | BPF_K))
				return 0xdead;
			a &= f->k;
			break;
		case BPF_JMP:
			if (BPF_OP(f->code) == BPF_JA)
				i += f->k;
			else
				i += jumps(f, a) ? f->jt : f->jf;
			break;
		case BPF_RET:
			return f->k;
		default:
			return 0xdead;
		}
	}
	return 0xdead;
}

enum answer { OK, NO, NONE }; /* allowed, EPERM, ENOSYS */

static uint32_t answer_code(enum answer a)
{
	return a == OK   ? (uint32_t)SECCOMP_RET_ALLOW
	       : a == NO ? (uint32_t)SCMP_ACT_ERRNO(EPERM)
			 : (uint32_t)SCMP_ACT_ERRNO(ENOSYS);
}

static uint32_t ask(const struct program *p, uint32_t arch, const char *name, uint64_t a0,
		    uint64_t a1, uint64_t a2)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);
	struct seccomp_data d = { .nr = nr, .arch = arch, .args = { a0, a1, a2 } };

	if (arch == SCMP_ARCH_X32)
		d.arch =
			SCMP_ARCH_X86_64; /* the kernel reports the same architecture, the number has bit 30 */
	return nr < 0 ? 0xbad : run(p, &d);
}

#if defined(__x86_64__)

static const struct sample {
	const char *name;
	uint64_t a0, a1, a2;
	enum answer flat, nested;
} samples[] = {
	{ "read", 0, 0, 0, OK, OK },
	{ "openat2", 0, 0, 0, OK, OK },
	{ "mount", 0, 0, 0, OK, OK },
	{ "umount2", 0, 0, 0, OK, OK },
	{ "pivot_root", 0, 0, 0, OK, OK },
	{ "mount_setattr", 0, 0, 0, OK, OK },
	{ "fsopen", 0, 0, 0, OK, OK },
	{ "open_tree", 0, 0, 0, OK, OK },
	{ "move_mount", 0, 0, 0, OK, OK },
	{ "reboot", 0xfee1dead, 0, 0, OK, OK },
	{ "ptrace", 0, 0, 0, OK, OK },
	{ "setns", 0, 0, 0, OK, OK },
	{ "chroot", 0, 0, 0, OK, OK },
	{ "sethostname", 0, 0, 0, OK, OK },
	{ "name_to_handle_at", 0, 0, 0, OK, OK },
	{ "adjtimex", 0, 0, 0, OK, OK },
	{ "seccomp", 0, 0, 0, OK, OK },
	{ "landlock_create_ruleset", 0, 0, 0, OK, OK },
	{ "capset", 0, 0, 0, OK, OK },
	{ "vhangup", 0, 0, 0, OK, OK },
	/* dangerous by name */
	{ "kexec_load", 0, 0, 0, NO, NO },
	{ "init_module", 0, 0, 0, NO, NO },
	{ "finit_module", 0, 0, 0, NO, NO },
	{ "delete_module", 0, 0, 0, NO, NO },
	{ "bpf", 0, 0, 0, NO, NO },
	{ "perf_event_open", 0, 0, 0, NO, NO },
	{ "userfaultfd", 0, 0, 0, NO, NO },
	{ "io_uring_setup", 0, 0, 0, NO, NO },
	{ "io_uring_enter", 0, 0, 0, NO, NO },
	{ "io_uring_register", 0, 0, 0, NO, NO },
	{ "keyctl", 0, 0, 0, NO, NO },
	{ "add_key", 0, 0, 0, NO, NO },
	{ "request_key", 0, 0, 0, NO, NO },
	{ "open_by_handle_at", 0, 0, 0, NO, NO },
	{ "quotactl", 0, 0, 0, NO, NO },
	{ "swapon", 0, 0, 0, NO, NO },
	{ "swapoff", 0, 0, 0, NO, NO },
	{ "settimeofday", 0, 0, 0, NO, NO },
	{ "clock_settime", 0, 0, 0, NO, NO },
	{ "syslog", 0, 0, 0, NO, NO },
	{ "acct", 0, 0, 0, NO, NO },
	/* user namespaces */
	{ "clone", 0x11, 0, 0, OK, OK },
	{ "clone", 0x6c020011, 0, 0, OK, OK },
	{ "clone", 0x7c020011, 0, 0, NO, OK },
	{ "clone", 0x10000011, 0, 0, NO, OK },
	{ "clone", 0x110000011ull, 0, 0, NO, OK },
	{ "unshare", 0x20000, 0, 0, OK, OK },
	{ "unshare", 0x6c020000, 0, 0, OK, OK },
	{ "unshare", 0x10000000, 0, 0, NO, OK },
	{ "unshare", 0x10020000, 0, 0, NO, OK },
	{ "unshare", 0x100000000ull | 0x10000000, 0, 0, NO, OK },
	{ "clone3", 0, 0, 0, NONE, OK },
	/* socket families */
	{ "socket", 1, 1, 0, OK, OK },
	{ "socket", 2, 1, 6, OK, OK },
	{ "socket", 10, 2, 17, OK, OK },
	{ "socket", 17, 3, 0x300, OK, OK },
	{ "socket", 0x100000002ull, 1, 0, OK, OK }, /* the kernel sees 2 */
	{ "socket", 38, 5, 0, NO, NO },
	{ "socket", 40, 1, 0, NO, NO },
	{ "socket", 33, 2, 0, NO, NO },
	{ "socket", 15, 3, 2, NO, NO },
	{ "socket", 44, 3, 0, NO, NO },
	{ "socket", 0x100000026ull, 5, 0, NO, NO }, /* AF_ALG with a high bit */
	{ "socket", 0xffffffff00000028ull, 1, 0, NO, NO },
	{ "socket", 21, 5, 0, NONE, NONE },
	{ "socket", 30, 5, 0, NONE, NONE },
	{ "socket", 0, 1, 0, NONE, NONE },
	{ "socket", 46, 1, 0, NONE, NONE },
	{ "socket", 0xffffffffu, 1, 0, NONE, NONE },
	{ "socket", 16, 3, 0, OK, OK },
	{ "socket", 16, 3, 12, OK, OK },
	{ "socket", 16, 3, 15, OK, OK },
	{ "socket", 16, 3, 16, OK, OK },
	{ "socket", 16, 3, 9, OK, OK },
	{ "socket", 16, 3, 6, NO, NO },
	{ "socket", 16, 3, 0x100000006ull, NO, NO },
	{ "socket", 0x100000010ull, 3, 6, NO, NO },
	{ "socket", 16, 3, 8, NONE, NONE },
	{ "socket", 16, 3, 20, NONE, NONE },
	{ "socket", 16, 3, 21, NONE, NONE },
	{ "socketpair", 1, 1, 0, OK, OK },
	/* terminals */
	{ "ioctl", 0, 0x5401, 0, OK, OK },
	{ "ioctl", 0, 0, 0, OK, OK },
	{ "ioctl", 0, 0x5411, 0, OK, OK },
	{ "ioctl", 0, 0x5412, 0, NO, NO },
	{ "ioctl", 0, 0x5413, 0, OK, OK },
	{ "ioctl", 0, 0x541b, 0, OK, OK },
	{ "ioctl", 0, 0x541c, 0, NO, NO },
	{ "ioctl", 0, 0x541d, 0, OK, OK },
	{ "ioctl", 0, 0x8912, 0, OK, OK },
	{ "ioctl", 0, 0x80045430u, 0, OK, OK },
	{ "ioctl", 0, 0xffffffffu, 0, OK, OK },
	{ "ioctl", 0, 0x100005412ull, 0, NO, NO }, /* CVE-2019-10063 */
	{ "ioctl", 0, 0xffffffff0000541cull, 0, NO, NO },
	{ "ioctl", 0, 0x100005401ull, 0, OK, OK },
	{ "ioctl", 0x5412, 0x5401, 0x5412, OK, OK },
	/* personality */
	{ "personality", 0, 0, 0, OK, OK },
	{ "personality", 8, 0, 0, OK, OK },
	{ "personality", 0x20000, 0, 0, OK, OK },
	{ "personality", 0x20008, 0, 0, OK, OK },
	{ "personality", 0xffffffffu, 0, 0, OK, OK },
	{ "personality", 0x40000, 0, 0, NONE, NONE },
	{ "personality", 0x100000, 0, 0, NONE, NONE },
	{ "personality", 0x100000000ull, 0, 0, OK, OK }, /* the kernel sees 0 */
	{ "personality", 0x100040000ull, 0, 0, NONE, NONE },
};

static void test_samples(const struct program *p, bool nesting)
{
	static const uint32_t archs[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X32 };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
			const struct sample *x = &samples[i];
			char what[160];
			uint32_t got, want = answer_code(nesting ? x->nested : x->flat);

			got = ask(p, archs[k], x->name, x->a0, x->a1, x->a2);
			if (got == 0xbad && archs[k] == SCMP_ARCH_X32)
				continue; /* this architecture has no such call */
			(void)snprintf(what, sizeof(what), "%s(%#llx, %#llx, %#llx) on %#x%s: %#x",
				       x->name, (unsigned long long)x->a0,
				       (unsigned long long)x->a1, (unsigned long long)x->a2,
				       archs[k], nesting ? ", nesting" : "", want);
			test_int(got, want, what, __FILE__, __LINE__);
		}
}

/* Every value of the flags of clone: allowed exactly when CLONE_NEWUSER is off. Every ioctl near the denied ones and at every bit distance. */
static void test_exhaustive(const struct program *p)
{
	size_t wrong = 0;

	for (int bit = 0; bit < 64; bit++) {
		uint64_t flags = 1ull << bit;

		wrong += ask(p, SCMP_ARCH_X86_64, "clone", flags, 0, 0) !=
			 answer_code(bit == 28 ? NO : OK);
		wrong += ask(p, SCMP_ARCH_X86_64, "clone", flags | 0x10000000, 0, 0) !=
			 answer_code(NO);
		wrong += ask(p, SCMP_ARCH_X86_64, "clone", ~flags, 0, 0) !=
			 answer_code(bit == 28 ? OK : NO);
	}
	CHECK_INT(wrong, 0);
	for (uint64_t cmd = 0; cmd < 0x20000; cmd++) {
		bool denied = cmd == 0x5412 || cmd == 0x541c;

		wrong += ask(p, SCMP_ARCH_X86_64, "ioctl", 0, cmd, 0) !=
			 answer_code(denied ? NO : OK);
	}
	for (int bit = 0; bit < 32; bit++) {
		wrong += ask(p, SCMP_ARCH_X86_64, "ioctl", 0, 0x5412 ^ 1u << bit, 0) !=
			 answer_code(OK);
		wrong += ask(p, SCMP_ARCH_X86_64, "ioctl", 0, 0x541c ^ 1u << bit, 0) !=
			 answer_code(OK);
		wrong += ask(p, SCMP_ARCH_X86_64, "ioctl", 0, 0x5412 | 1ull << (bit + 32), 0) !=
			 answer_code(NO);
	}
	CHECK_INT(wrong, 0);
	for (uint64_t family = 0; family < 256; family++) {
		uint32_t got = ask(p, SCMP_ARCH_X86_64, "socket", family, 1, 0);
		bool allowed =
			family == 1 || family == 2 || family == 10 || family == 16 || family == 17;

		wrong += (got == SECCOMP_RET_ALLOW) != allowed;
		for (int bit = 32; bit < 64; bit++)
			wrong += ask(p, SCMP_ARCH_X86_64, "socket", family | 1ull << bit, 1, 0) !=
				 got;
	}
	CHECK_INT(wrong, 0);
}

/* Numbers that no header knows, and architectures that are not in the list. */
/* With a quota: the four ways to make a subvolume, and nothing beside them. */
static void test_counted(struct program *p)
{
	static const uint32_t makes[] = { 0x50009401, 0x5000940e, 0x50009417, 0x50009418 };
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();

	s->linux.seccomp = zone_seccomp_new(false, true);
	CHECK_INT(compile(s->linux.seccomp, p), 0);
	test_samples(p, false);
	for (size_t i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		CHECK_INT(ask(p, SCMP_ARCH_X86_64, "ioctl", 0, makes[i], 0), answer_code(NO));
		CHECK_INT(ask(p, SCMP_ARCH_X86_64, "ioctl", 0, makes[i] | 1ull << 40, 0),
			  answer_code(NO));
		CHECK_INT(ask(p, SCMP_ARCH_X86_64, "ioctl", 0, makes[i] ^ 2, 0), answer_code(OK));
	}
}

static void test_unknown(const struct program *p)
{
	struct seccomp_data d = { .nr = 9999, .arch = SCMP_ARCH_X86_64 };

	CHECK(run(p, &d) == answer_code(NONE));
	d.nr = 470;
	CHECK(run(p, &d) == answer_code(NONE));
	d = (struct seccomp_data){ .nr = 0, .arch = SCMP_ARCH_AARCH64 };
	CHECK(run(p, &d) == SECCOMP_RET_KILL_THREAD);
	/* int 0x80: not one call gets through, socketcall least of all */
	for (int nr = 0; nr < 470; nr++) {
		d = (struct seccomp_data){ .nr = nr, .arch = SCMP_ARCH_X86, .args = { 1 } };
		if (run(p, &d) != SECCOMP_RET_KILL_THREAD)
			CHECK(!"a 32-bit call is refused");
	}
}

/* Every call that libseccomp knows must be decided, not forgotten: in the list, or one of those that answer ENOSYS on purpose. */
static void test_complete(const struct seccomp_spec *s, uint32_t arch)
{
	static const char *const left_out[] = {
		"clone3", /* flags in memory */
		"afs_syscall", "break",   "epoll_ctl_old", "epoll_wait_old", "ftime",
		"getpmsg",     "gtty",    "vserver",       "idle",           "lock",
		"mpx",         "prof",    "profil",        "putpmsg",        "security",
		"stty",        "tuxcall", "ulimit", /* no kernel implements these */
	};
	for (int nr = 0; nr < 600; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(arch, nr);
		bool found = !name;

		for (size_t i = 0; !found && i < s->n_rules; i++)
			found = strv_has(&s->rules[i].names, name);
		for (size_t i = 0; !found && i < sizeof(left_out) / sizeof(left_out[0]); i++)
			found = strcmp(left_out[i], name) == 0;
		if (!found)
			test_check(false, name, __FILE__, __LINE__);
		free(name);
	}
	CHECK(s->n_rules > 10);
}

#endif

/* The profile is a legal OCI configuration: the checks accept it and it survives being written and read. */
static void test_is_legal(void)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	auto_ptr(container_spec) struct container_spec *again = NULL;
	auto_ptr(json) struct json *j = NULL, *k = NULL;
	auto_free char *text = NULL, *twice = NULL;

	s->oci_version = strdup("1.3.0");
	s->root.path = strdup("/r");
	s->linux.seccomp = zone_seccomp_new(false, false);
	CHECK_INT(oci_check(s, NULL, &diags), 0);
	j = oci_save(s);
	text = json_print(j, false);
	CHECK_INT(oci_parse(text, strlen(text), &again, &diags), 0);
	if (!again)
		return;
	k = oci_save(again);
	twice = json_print(k, false);
	CHECK(strcmp(text, twice) == 0);
}

/* The rule list names every call once and no rule of one call overlaps another of a different action: no name in two unconditional rules. */
static void test_no_contradiction(void)
{
	auto_ptr(container_spec) struct container_spec *s = container_spec_new();
	const struct strv *allowed, *denied;

	s->linux.seccomp = zone_seccomp_new(true, false);
	allowed = &s->linux.seccomp->rules[0].names;
	denied = &s->linux.seccomp->rules[1].names;
	CHECK(allowed->n > 350 && denied->n > 30);
	for (size_t i = 0; i < denied->n; i++)
		if (strv_has(allowed, denied->items[i]))
			test_check(false, denied->items[i], __FILE__, __LINE__);
	for (size_t i = 0; i < s->linux.seccomp->n_rules; i++) {
		const struct seccomp_rule_spec *r = &s->linux.seccomp->rules[i];

		if (r->n_args &&
		    (strv_has(allowed, r->names.items[0]) || strv_has(denied, r->names.items[0])))
			test_check(false, r->names.items[0], __FILE__, __LINE__);
	}
}

int main(void)
{
	test_is_legal();
	test_no_contradiction();
#if defined(__x86_64__)
	static struct program p;

	for (int nesting = 0; nesting <= 1; nesting++) {
		auto_ptr(container_spec) struct container_spec *s = container_spec_new();

		s->linux.seccomp = zone_seccomp_new(nesting, false);
		CHECK_INT(compile(s->linux.seccomp, &p), 0);
		CHECK(p.n > 100 && p.n < 4096); /* BPF_MAXINSNS */
		printf("# %zu instructions\n", p.n);
		test_samples(&p, nesting);
		if (!nesting)
			test_exhaustive(&p);
		test_unknown(&p);
		test_complete(s->linux.seccomp, SCMP_ARCH_X86_64);
		test_complete(s->linux.seccomp, SCMP_ARCH_AARCH64);
	}
	test_counted(&p);
#endif
	return test_done();
}
