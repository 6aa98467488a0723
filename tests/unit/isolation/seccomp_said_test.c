/* Which rules are no news to a profile. */
#include "isolation/seccomp.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static struct seccomp_rule_spec *rule(struct seccomp_spec *s, const char *call, const char *action)
{
	struct seccomp_rule_spec *r = LIST_GROW(s->rules, s->n_rules);

	strv_add(&r->names, call);
	r->action = mem_strdup(action);
	return r;
}

static void condition(struct seccomp_rule_spec *r, uint64_t index, uint64_t value)
{
	struct seccomp_arg_spec *a = LIST_GROW(r->args, r->n_args);

	a->index = index;
	a->value = value;
	a->op = mem_strdup("SCMP_CMP_EQ");
}

int main(void)
{
	auto_ptr(container_spec) struct container_spec *owner = container_spec_new();
	struct seccomp_spec *s = owner->linux.seccomp = mem_zero(sizeof(*s));

	s->default_action = mem_strdup("SCMP_ACT_ALLOW");
	condition(rule(s, "socket", "SCMP_ACT_ERRNO"), 0, 16);
	condition(rule(s, "socket", "SCMP_ACT_ERRNO"), 0, 17);
	condition(rule(s, "socket", "SCMP_ACT_ERRNO"), 0, 16);
	condition(rule(s, "bpf", "SCMP_ACT_ERRNO"), 0, 1);
	(void)rule(s, "bpf", "SCMP_ACT_ERRNO");
	condition(rule(s, "mount", "SCMP_ACT_ERRNO"), 0, 1);
	(void)rule(s, "mount", "SCMP_ACT_ALLOW");
	CHECK(!seccomp_is_said(s, &s->rules[0], "socket")); /* the first one */
	CHECK(!seccomp_is_said(s, &s->rules[1], "socket")); /* another value */
	CHECK(seccomp_is_said(s, &s->rules[2], "socket"));
	CHECK(!seccomp_is_said(s, &s->rules[2], "bind"));
	CHECK(seccomp_is_said(s, &s->rules[3], "bpf")); /* holds without conditions */
	CHECK(!seccomp_is_said(s, &s->rules[4], "bpf"));
	CHECK(!seccomp_is_said(s, &s->rules[5], "mount")); /* the default is no rule */
	/* the default's action with another errno is a rule all the same */
	s->default_errno_ret = (struct opt_u64){ .set = true, .value = 38 };
	free(s->default_action);
	s->default_action = mem_strdup("SCMP_ACT_ERRNO");
	CHECK(seccomp_is_said(s, &s->rules[3], "bpf"));
	s->rules[4].errno_ret = s->default_errno_ret;
	CHECK(!seccomp_is_said(s, &s->rules[3], "bpf"));
	return test_done();
}
