/* zone history - who did what to which zone; and which verbs are acts. */
#include "runtime/zone/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone_cmd/history.h"
#include "runtime/zone_cmd/output.h"

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* Verbs that change something or let somebody in, and which word of theirs is the zone (-1: none). */
static const struct {
	const char *verb;
	int zone;
	const char *looks[3]; /* first words with which it only looks */
} acts[] = {
	{ "create", 0, { NULL } },
	{ "set", 0, { NULL } },
	{ "add", 0, { NULL } },
	{ "remove", 0, { NULL } },
	{ "clear", 0, { NULL } },
	{ "edit", 0, { NULL } },
	{ "apply", 0, { NULL } },
	{ "tenant", -1, { NULL } },
	{ "install", 0, { NULL } },
	{ "image", -1, { "list", "inspect" } },
	{ "publish", 0, { NULL } },
	{ "clone", 1, { NULL } },
	{ "snapshot", 1, { "list", "diff", "get" } },
	{ "uninstall", 0, { NULL } },
	{ "delete", 0, { NULL } },
	{ "ready", 0, { NULL } },
	{ "boot", 0, { NULL } },
	{ "shutdown", 0, { NULL } },
	{ "halt", 0, { NULL } },
	{ "reboot", 0, { NULL } },
	{ "autoboot", -1, { NULL } },
	{ "freeze", 0, { NULL } },
	{ "thaw", 0, { NULL } },
	{ "login", 0, { NULL } },
	{ "exec", 0, { NULL } },
	{ "console", 0, { NULL } },
};

static bool is_look(const struct cli_args *a, const char *const looks[3])
{
	const char *first = a->positional.n > 0 ? a->positional.items[0] : NULL;

	if (str_eq(a->verb->name, "tenant"))
		return a->positional.n < 2 && !cli_has(a, "clear") && !cli_has(a, "delete");
	if (str_eq(a->verb->name, "image") && !first)
		return true;
	for (size_t i = 0; first && i < 3; i++) {
		if (looks[i] && str_eq(looks[i], first))
			return true;
	}
	return cli_has(a, "plan");
}

void history_begin(struct zone_cmd *z, const struct cli_args *a)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		int at = acts[i].zone;

		if (!str_eq(acts[i].verb, a->verb->name) || is_look(a, acts[i].looks))
			continue;
		z->act = a->verb->name;
		free(z->act_zone);
		z->act_zone = at >= 0 && a->positional.n > (size_t)at
				      ? mem_strdup(a->positional.items[at])
				      : NULL;
	}
}

void history_end(struct zone_cmd *z, int code)
{
	const struct history_act act = {
		.verb = z->act, .zone = z->act_zone, .uid = getuid(), .status = code
	};

	if (z->act && z->has_dirs && !getenv(HISTORY_DONE_ELSEWHERE))
		history_add(&z->dirs, &act);
	free(z->act_zone);
	z->act_zone = NULL;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static void print(const struct json *list)
{
	auto_done(output_table) struct output_table t = { .heads = { "TIME", "USER", "LOGIN",
								     "VERB", "ZONE", "STATUS" } };

	for (size_t i = 0; i < list->n; i++) {
		const struct json *j = list->items[i];
		const char *user = json_get_string(j, "user", "");
		int64_t login = json_get_i64(j, "loginuid", -1);

		strv_add(&t.cells, json_get_string(j, "time", ""));
		if (*user)
			strv_add(&t.cells, user);
		else
			strv_format(&t.cells, "%lld", (long long)json_get_i64(j, "uid", -1));
		if (login >= 0)
			strv_format(&t.cells, "%lld", (long long)login);
		else
			strv_add(&t.cells, "-");
		strv_add(&t.cells, json_get_string(j, "verb", ""));
		strv_add(&t.cells, json_get_string(j, "zone", "-"));
		strv_format(&t.cells, "%lld", (long long)json_get_i64(j, "status", 0));
	}
	output_table_print(&t, true);
}

int zone_cmd_history(struct cli_args *a)
{
	const char *last = cli_value(a, "lines", NULL);
	struct history_query q = { .refused = cli_has(a, "refused"),
				   .zone = a->positional.n ? a->positional.items[0] : NULL };
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_ptr(json) struct json *list = NULL;
	struct err e = { 0 };
	uint64_t n = 0;

	if (!d)
		return CLI_FAILED;
	if (last && (num_u64(last, &n) < 0 || n == 0))
		return cli_usage(a, "--lines: \"%s\" is not a number of acts", last);
	q.last = n;
	if (history_read(d, &q, &list, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(list);
	print(list);
	return CLI_DONE;
}
