/* life - shared halves of the verbs that run zones: open the directories, call the verb, print what came of it. */
#include "runtime/zone_cmd/life.h"

#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

struct strv life_words(const struct cli_args *a, size_t from)
{
	if (a->positional.n <= from)
		return (struct strv){ 0 };
	return (struct strv){ .items = a->positional.items + from, .n = a->positional.n - from };
}

int life_protect(struct cli_args *a)
{
	struct zone_cmd *cmd = a->program_data;
	auto_free char *exe = NULL;
	struct err e = { 0 };

	/* the copy cannot see its own path any more */
	if (proc_self_exe(&exe, &e) < 0 || setenv(PROC_EXE_VARIABLE, exe, 1) < 0)
		return output_error(a, &e);
	return engine_protect_self(cmd->argv, &e) < 0 ? output_error(a, &e) : 0;
}

int life_run(struct cli_args *a, int (*verb)(const struct zone_dirs *d, const char *name,
					     char **ret_note, struct err *e))
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_free char *note = NULL;
	struct err e = { 0 };

	int r;

	if (!d)
		return CLI_FAILED;
	r = verb(d, name, &note, &e);
	return output_result(a, name, r, note, &e);
}

int life_login(struct cli_args *a, bool login_shell)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct strv words = life_words(a, 1);
	auto_done(strv) struct strv env = { 0 };
	struct err e = { 0 };
	int r = d ? life_protect(a) : CLI_FAILED;

	if (r != 0)
		return r;
	for (size_t i = 0; i < a->repeated.n; i++) {
		const char *value = str_after(a->repeated.items[i], "env=");

		if (value)
			strv_add(&env, value);
	}
	struct zone_login o = { .user = cli_value(a, "user", NULL),
				.command = &words,
				.login_shell = login_shell,
				.rescue = cli_has(a, "safe"),
				.trusted = cli_has(a, "trusted"),
				.terminal = cli_has(a, "terminal") ||
					    (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)),
				.env = &env,
				.cwd = cli_value(a, "workdir", NULL) };

	r = zone_login(d, a->positional.items[0], &o, &e);
	return r < 0 ? output_error(a, &e) : r;
}
