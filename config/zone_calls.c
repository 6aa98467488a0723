/* zone_calls - the property "seccomp": the zone's filter without the calls that are not named.
 *
 * A call that is not named loses all of its rules, also those about arguments, and gets one that refuses it: libseccomp knows no order of rules, so what overlapped would be decided by chance. */
#include "config/zone_seccomp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/zone_table.h"
#include "runtime/base/mem.h"

/* What the runtime does between loading the filter and the program's first instruction, what the built-in init needs, and what every program needs to begin and end. */
static const char *const always[] = {
	"access",
	"arch_prctl",
	"brk",
	"capget",
	"capset",
	"chdir",
	"close",
	"close_range",
	"dup2",
	"dup3",
	"execve",
	"execveat",
	"exit",
	"exit_group",
	"faccessat",
	"faccessat2",
	"fchdir",
	"fcntl",
	"fstat",
	"futex",
	"getegid",
	"geteuid",
	"getgid",
	"getpid",
	"getppid",
	"getrandom",
	"gettid",
	"getuid",
	"ioctl",
	"kill",
	"lseek",
	"mmap",
	"mprotect",
	"munmap",
	"newfstatat",
	"open",
	"openat",
	"poll",
	"ppoll",
	"prctl",
	"pread64",
	"prlimit64",
	"read",
	"reboot",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sendmsg",
	"set_robust_list",
	"set_tid_address",
	"setgid",
	"setgroups",
	"setresgid",
	"setresuid",
	"setsid",
	"setuid",
	"sigaltstack",
	"sigreturn",
	"stat",
	"umask",
	"wait4",
	"waitid",
	"write",
	"writev",
	"clone",
	"vfork",
	"fork",
	"tgkill",
	"nanosleep",
	"clock_nanosleep",
	"signalfd4",
	"statx",
	"readlink",
	"readlinkat",
	"uname",
	NULL,
};

bool zone_seccomp_is_always(const char *name)
{
	for (size_t i = 0; always[i]; i++) {
		if (str_eq(always[i], name))
			return true;
	}
	return false;
}

static bool is_allow(const struct seccomp_rule_spec *r)
{
	return str_eq(r->action, "SCMP_ACT_ALLOW");
}

static void rule_done(struct seccomp_rule_spec *r)
{
	free(r->action);
	strv_done(&r->names);
	for (size_t i = 0; i < r->n_args; i++)
		free(r->args[i].op);
	free(r->args);
}

/* The names of a rule that stay; those that do not go to `denied`. Rules that refuse without a look at arguments stay whole. */
static void rule_cut(struct seccomp_rule_spec *r, const struct strv *calls, struct strv *denied)
{
	struct strv kept = { 0 };

	if (!is_allow(r) && r->n_args == 0)
		return;
	for (size_t i = 0; i < r->names.n; i++) {
		const char *name = r->names.items[i];

		if (strv_has(calls, name) || zone_seccomp_is_always(name))
			strv_add(&kept, name);
		else if (!strv_has(denied, name))
			strv_add(denied, name);
	}
	strv_done(&r->names);
	r->names = kept;
}

void zone_seccomp_restrict(struct seccomp_spec *s, const struct strv *calls)
{
	struct strv denied = { 0 };
	size_t n = 0;

	if (calls->n == 0)
		return;
	for (size_t i = 0; i < s->n_rules; i++) {
		rule_cut(&s->rules[i], calls, &denied);
		if (s->rules[i].names.n == 0)
			rule_done(&s->rules[i]);
		else
			s->rules[n++] = s->rules[i];
	}
	s->n_rules = n;
	if (denied.n == 0)
		return;
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	*r = (struct seccomp_rule_spec){ .action = mem_strdup("SCMP_ACT_ERRNO"),
					 .errno_ret = { true, EPERM },
					 .names = denied };
}

size_t zone_seccomp_optional(const struct strv *calls)
{
	struct seccomp_spec *s = zone_seccomp_new(true, false);
	struct strv all = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < s->n_rules; i++) {
		for (size_t k = 0; is_allow(&s->rules[i]) && k < s->rules[i].names.n; k++) {
			if (!strv_has(&all, s->rules[i].names.items[k]))
				strv_add(&all, s->rules[i].names.items[k]);
		}
	}
	for (size_t i = 0; i < all.n; i++)
		n += !zone_seccomp_is_always(all.items[i]) &&
		     (calls->n == 0 || strv_has(calls, all.items[i]));
	strv_done(&all);
	for (size_t i = 0; i < s->n_rules; i++)
		rule_done(&s->rules[i]);
	free(s->rules);
	free(s->default_action);
	strv_done(&s->architectures);
	free(s);
	return n;
}

static int check_call(const char *text, char *why, size_t why_size)
{
	if (zone_seccomp_knows(text))
		return 0;
	(void)snprintf(why, why_size, "is no system call that a zone may make");
	return -EINVAL;
}

const struct value_type zone_call_type = {
	.name = "system call", .pattern = "^[a-z0-9_]+$", .example = "listen", .check = check_call
};
