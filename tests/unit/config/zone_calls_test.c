/* A list of system calls takes all others out of the filter, with whatever rules they had about arguments. */
#include "config/zone_seccomp.h"

#include <errno.h>
#include <string.h>

#include "config/oci.h"
#include "tests/unit/test.h"

struct found {
	size_t allow, allow_args, deny, deny_args;
	uint64_t error;
};

static struct found find(const struct seccomp_spec *s, const char *call)
{
	struct found f = { 0 };

	for (size_t i = 0; i < s->n_rules; i++) {
		const struct seccomp_rule_spec *r = &s->rules[i];
		bool allows = strcmp(r->action, "SCMP_ACT_ALLOW") == 0;

		if (!strv_has(&r->names, call))
			continue;
		f.allow += allows && r->n_args == 0;
		f.allow_args += allows && r->n_args > 0;
		f.deny += !allows && r->n_args == 0;
		f.deny_args += !allows && r->n_args > 0;
		f.error = allows ? f.error : r->errno_ret.value;
	}
	return f;
}

static struct container_spec *with(const char *words)
{
	struct container_spec *s = container_spec_new();
	struct strv calls = { 0 };

	if (*words)
		strv_split(&calls, words, ' ');
	s->linux.seccomp = zone_seccomp_new(false, false);
	zone_seccomp_restrict(s->linux.seccomp, &calls);
	strv_done(&calls);
	return s;
}

int main(void)
{
	struct container_spec *all = with("");
	struct container_spec *few = with("listen socket bpf");
	const struct seccomp_spec *s = few->linux.seccomp;

	CHECK_INT(find(all->linux.seccomp, "mkdir").allow, 1);
	CHECK_INT(find(s, "mkdir").allow, 0);
	CHECK_INT(find(s, "mkdir").deny, 1);
	CHECK_INT(find(s, "mkdir").error, EPERM);
	CHECK_INT(find(s, "listen").allow, 1);
	CHECK_INT(find(s, "execve").allow, 1); /* always */
	CHECK(find(s, "socket").allow_args > 0 && find(s, "socket").deny_args > 0);
	CHECK_INT(find(s, "socket").deny, 0);
	/* unshare had rules about its flags: one remains, which refuses it */
	CHECK(find(all->linux.seccomp, "unshare").allow_args > 0);
	CHECK_INT(find(s, "unshare").allow_args + find(s, "unshare").deny_args, 0);
	CHECK_INT(find(s, "unshare").deny, 1);
	/* what the filter refuses no list allows */
	CHECK_INT(find(s, "bpf").allow, 0);
	CHECK_INT(find(s, "bpf").deny, 1);
	CHECK(zone_seccomp_knows("listen") && zone_seccomp_knows("socket") &&
	      zone_seccomp_knows("clone3") && zone_seccomp_knows("_llseek"));
	CHECK(!zone_seccomp_knows("bpf") && !zone_seccomp_knows("") &&
	      !zone_seccomp_knows("liste") && !zone_seccomp_knows("isten") &&
	      !zone_seccomp_knows("link listen"));
	CHECK(zone_seccomp_is_always("execve") && !zone_seccomp_is_always("listen"));
	struct strv none = { 0 }, one = { 0 };

	strv_add(&one, "listen");
	strv_add(&one, "execve");
	CHECK(zone_seccomp_optional(&none) > 200);
	CHECK_INT(zone_seccomp_optional(&one), 1);
	strv_done(&one);
	container_spec_free(all);
	container_spec_free(few);
	return test_done();
}
