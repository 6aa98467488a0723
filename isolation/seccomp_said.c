/* seccomp_said - which rules of a profile libseccomp may refuse with EEXIST without any harm.
 *
 * It does so for what was said before, and also, wrongly, for some conditions beside others of the same call (2.5.4: a comparison that is always true behind one of the same argument). Then the rule does not
 * hold, and only whoever knows the profile can tell. */
#include <errno.h>
#include <seccomp.h>

#include "isolation/seccomp.h"

static bool same_conditions(const struct seccomp_rule_spec *a, const struct seccomp_rule_spec *b)
{
	bool same = a->n_args == b->n_args;

	for (size_t i = 0; same && i < a->n_args; i++)
		same = a->args[i].index == b->args[i].index &&
		       a->args[i].value == b->args[i].value &&
		       a->args[i].value_two == b->args[i].value_two &&
		       str_eq(a->args[i].op, b->args[i].op);
	return same;
}

static uint64_t errno_of(const struct opt_u64 *code)
{
	return code->set ? code->value : EPERM;
}

/* What happens anyway is not added. The same action with another errno is not that. */
static bool is_no_rule(const struct seccomp_spec *s, const struct seccomp_rule_spec *rule)
{
	return str_eq(rule->action, s->default_action) &&
	       errno_of(&rule->errno_ret) == errno_of(&s->default_errno_ret);
}

bool seccomp_is_said(const struct seccomp_spec *s, const struct seccomp_rule_spec *rule,
		     const char *call)
{
	for (size_t i = 0; i < s->n_rules; i++) {
		const struct seccomp_rule_spec *other = &s->rules[i];

		if (other == rule || !strv_has(&other->names, call) || is_no_rule(s, other))
			continue;
		/* one without conditions holds in any case */
		if (other->n_args == 0 || (other < rule && same_conditions(other, rule)))
			return true;
	}
	return false;
}
