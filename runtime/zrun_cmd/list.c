/* zrun list - a container that vanishes while we look is left out. */
#include <pwd.h>
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/zrun_cmd/commands.h"

/* As runc: the name of the owner, which `state` leaves empty. The host's own users: NSS is allowed here. */
static void add_owner(struct json *state, uid_t owner)
{
	const struct passwd *user = getpwuid(owner);

	(void)json_set(state, "owner", json_new_string(user ? user->pw_name : ""));
}

static void print_row(const struct json *s)
{
	(void)printf("%-11s %-11lld %-11s %-24s %-30s %s\n", json_get_string(s, "id", ""),
		     (long long)json_get_i64(s, "pid", 0), json_get_string(s, "status", ""),
		     json_get_string(s, "bundle", ""), json_get_string(s, "created", ""),
		     json_get_string(s, "owner", ""));
}

static struct json *collect(const struct zrun *z, const struct strv *ids)
{
	struct json *all = json_new_array();

	for (size_t i = 0; i < ids->n; i++) {
		struct engine_container *c = NULL;
		struct err ignored;

		if (engine_open(z->root, ids->items[i], false, &c, &ignored) < 0)
			continue;
		add_owner(json_add(all, engine_state_json(c)), engine_owner(c));
		engine_free(c);
	}
	return all;
}

static void print(const struct json *all, const char *format)
{
	if (str_eq(format, "json")) {
		auto_free char *text = all->n > 0 ? json_print(all, false) : NULL;

		(void)printf("%s\n", text ? text : "null");
		return;
	}
	(void)printf("%-11s %-11s %-11s %-24s %-30s %s\n", "ID", "PID", "STATUS", "BUNDLE",
		     "CREATED", "OWNER");
	for (size_t i = 0; i < all->n; i++)
		print_row(all->items[i]);
}

int zrun_list(struct cli_args *a)
{
	const struct zrun *z = zrun_of(a);
	auto_done(strv) struct strv ids = { 0 };
	const char *format = cli_value(a, "format", "table");
	struct err e = { 0 };

	if (!str_eq(format, "table") && !str_eq(format, "json"))
		return cli_usage(a, "unknown format \"%s\"", format);
	if (engine_list(z->root, &ids, &e) < 0)
		return zrun_fail(&e);
	if (cli_has(a, "quiet")) {
		for (size_t i = 0; i < ids.n; i++)
			(void)puts(ids.items[i]);
	} else {
		auto_ptr(json) struct json *all = collect(z, &ids);

		print(all, format);
	}
	return fflush(stdout) < 0 ? CLI_FAILED : CLI_DONE;
}
