/* admin_verbs - what a user may ask for. Each row of the table is cut out of the row of root's: the words are read by the same code, and an option that is not here is unknown. */
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "runtime/zone/admin.h"
#include "runtime/zone_cmd/admin.h"

/* The first positional is always the zone. */
static const struct {
	const char *verb, *auth;
	const char *options[6];
	int max_positional;
} rules[] = {
	/* whoever may log in may be root in the zone, so its console gives him nothing more */
	{ "login", ADMIN_LOGIN, { "user", "console", "env", "json" }, -1 },
	{ "exec", ADMIN_LOGIN, { "user", "workdir", "env", "terminal", "json" }, -1 },
	{ "console", ADMIN_LOGIN, { "json" }, 1 },
	{ "ready", ADMIN_MANAGE, { "json" }, 1 },
	{ "boot", ADMIN_MANAGE, { "single-user", "json" }, -1 },
	{ "shutdown", ADMIN_MANAGE, { "reboot", "timeout", "json" }, 1 },
	{ "halt", ADMIN_MANAGE, { "json" }, 1 },
	{ "reboot", ADMIN_MANAGE, { "json" }, 1 },
	{ "freeze", ADMIN_MANAGE, { "json" }, 1 },
	{ "thaw", ADMIN_MANAGE, { "json" }, 1 },
	{ "list", ADMIN_LOOK, { "parsable", "verbose", "columns", "json" }, 1 },
	{ "ps", ADMIN_MANAGE, { "json" }, 1 },
	{ "logs", ADMIN_MANAGE, { "follow", "lines", "json" }, 1 },
	{ "events", ADMIN_MANAGE, { "follow", "lines", "event", "since", "json" }, 1 },
	{ "info", ADMIN_MANAGE "," ADMIN_CONFIG, { "live", "json" }, -1 },
	{ "why", ADMIN_MANAGE, { "json" }, 1 },
	/* what may be changed is asked where the file is written: runtime/zone/delegate.h */
	{ "set", ADMIN_CONFIG, { "json" }, -1 },
	{ "add", ADMIN_CONFIG, { "json" }, -1 },
	{ "remove", ADMIN_CONFIG, { "json" }, -1 },
	{ "clear", ADMIN_CONFIG, { "json" }, -1 },
	{ "export", ADMIN_CONFIG, { "json" }, 1 },
	{ "verify", ADMIN_CONFIG, { "json" }, 1 },
	{ "diff", ADMIN_LIVECONFIG "," ADMIN_CONFIG, { "json" }, 1 },
	{ "apply", ADMIN_LIVECONFIG, { "file", "plan", "json" }, 1 },
	{ "clone", ADMIN_CLONEFROM, { "json" }, -1 },
	{ "uninstall", ADMIN_REMOVE, { "force", "json" }, 1 },
	{ "delete", ADMIN_REMOVE, { "force", "json" }, 1 },
};
enum { N_RULES = sizeof(rules) / sizeof(rules[0]) };

const struct cli_verb *admin_real_verb(const struct cli_verb *v)
{
	const struct cli_verb *real = zone_cmd_verbs;

	while (real->name && strcmp(real->name, v->name) != 0)
		real++;
	return real;
}

/* A file is the user's to open: its text comes through the standard input. */
bool admin_words_ok(const struct cli_args *a)
{
	return str_eq(cli_value(a, "file", "-"), "-");
}

const char *admin_auth(const struct cli_verb *v)
{
	for (size_t i = 0; i < N_RULES; i++) {
		if (strcmp(rules[i].verb, v->name) == 0)
			return rules[i].auth;
	}
	return ""; /* nobody has it */
}

/* Arguments can have the zone's init run any program: they are for who is root inside anyhow. */
const char *admin_words_auth(const struct cli_args *a)
{
	bool has_arguments = str_eq(a->verb->name, "boot") && a->positional.n > 1;

	return has_arguments ? ADMIN_LOGIN "," ADMIN_CONFIG : NULL;
}

static bool is_allowed(size_t rule, const char *option)
{
	const char *const *w = rules[rule].options;

	for (size_t i = 0; i < sizeof(rules[0].options) / sizeof(rules[0].options[0]); i++) {
		if (w[i] && strcmp(w[i], option) == 0)
			return true;
	}
	return false;
}

static struct cli_option *options_cut(size_t rule, const struct cli_option *all)
{
	size_t n = 0, kept = 0;

	while (all[n].name)
		n++;
	struct cli_option *cut = mem_array(n + 1, sizeof(*cut)); /* the last one ends the table */

	for (size_t i = 0; i < n; i++) {
		if (is_allowed(rule, all[i].name))
			cut[kept++] = all[i];
	}
	return cut;
}

const struct cli_verb *admin_verbs(int (*run)(struct cli_args *a))
{
	static struct cli_verb made[N_RULES + 1];

	for (size_t i = 0; i < N_RULES && !made[N_RULES - 1].name; i++) {
		const struct cli_verb wanted = { .name = rules[i].verb };
		struct cli_verb *v = &made[i];

		*v = *admin_real_verb(&wanted);
		v->options = options_cut(i, v->options);
		v->min_positional = v->min_positional > 1 ? v->min_positional : 1;
		v->max_positional = rules[i].max_positional;
		v->run = run;
	}
	return made;
}
