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

/* Verbs that only look. Every other one is an act, so that a new verb is not forgotten. */
static const char *const looks[] = { "info",     "verify",  "diff",         "export",    "schema",
				     "list",     "ps",      "stat",         "top",       "logs",
				     "capacity", "events",  "history",      "why",       "help",
				     "audit",    "monitor", "admin-server", "__complete" };

/* Acts of which another word than the first is the zone (-1: none), and first words with which they only look. */
static const struct {
	const char *verb;
	int zone;
	const char *looks[3];
} special[] = {
	{ "tenant", -1, { NULL } },
	{ "image", -1, { "list", "inspect" } },
	{ "clone", 1, { NULL } },
	{ "import", 1, { NULL } },
	{ "snapshot", 1, { "list", "diff", "get" } },
	{ "autoboot", -1, { NULL } },
	{ "autoshutdown", -1, { NULL } },
	{ "profile", 1, { NULL } },
};
enum {
	N_LOOKS = sizeof(looks) / sizeof(looks[0]),
	N_SPECIAL = sizeof(special) / sizeof(special[0])
};

static bool is_look(const struct cli_args *a)
{
	const char *first = a->positional.n > 0 ? a->positional.items[0] : NULL;

	for (size_t i = 0; i < N_LOOKS; i++) {
		if (str_eq(looks[i], a->verb->name))
			return true;
	}
	if (str_eq(a->verb->name, "tenant"))
		return a->positional.n < 2 && !cli_has(a, "clear") && !cli_has(a, "delete");
	if (str_eq(a->verb->name, "image") && !first)
		return true;
	return cli_has(a, "plan") || cli_has(a, "check");
}

void history_begin(struct zone_cmd *z, const struct cli_args *a)
{
	const char *first = a->positional.n > 0 ? a->positional.items[0] : NULL;
	int at = 0;

	if (is_look(a))
		return;
	for (size_t i = 0; i < N_SPECIAL; i++) {
		if (!str_eq(special[i].verb, a->verb->name))
			continue;
		at = special[i].zone;
		for (size_t k = 0; first && k < 3; k++) {
			if (special[i].looks[k] && str_eq(special[i].looks[k], first))
				return;
		}
	}
	z->act = a->verb->name;
	free(z->act_zone);
	z->act_zone = at >= 0 && a->positional.n > (size_t)at ? mem_strdup(a->positional.items[at])
							      : NULL;
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
