/* zone profile - learn what a zone uses, and give it that and no more. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/learn.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { PROFILE_MODE = 0644 };

static int apply(const struct cli_args *a, const struct zone_dirs *d, const struct json *profile)
{
	const char *name = a->positional.items[1];
	auto_done(strv) struct strv words = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_free char *calls = json_print(json_get(profile, "seccomp"), false);
	struct err e = { 0 };

	strv_format(&words, "limitpriv=%s", json_get_string(profile, "limitpriv", "default"));
	strv_format(&words, "seccomp=%s", calls);
	return zone_set(d, name, ZONE_EDIT_SET, &words, &diags, &e) < 0
		       ? output_problems(a, &diags, &e)
		       : CLI_DONE;
}

static void print_list(const char *head, const struct json *list)
{
	(void)printf("%s", head);
	for (size_t i = 0; i < list->n; i++)
		(void)printf("%s%s", i > 0 ? ", " : "", list->items[i]->text);
	(void)printf("%s\n", list->n > 0 ? "" : "nothing");
}

static void print_profile(const struct json *profile, bool is_applied)
{
	const struct json *goes = json_get(profile, "goes");
	const char *how = json_get_string(json_get(profile, "how"), "capabilities", "");

	(void)printf("limitpriv: %s\n", json_get_string(profile, "limitpriv", ""));
	print_list("  goes: ", json_get(goes, "limitpriv"));
	(void)printf("seccomp: %zu system calls\n  goes: %s others that the zone may make today\n",
		     json_get(profile, "seccomp")->n, json_get(goes, "seccomp")->text);
	if (strcmp(how, "calls") == 0)
		(void)printf(
			"This kernel does not tell which privileges are asked for (tracepoint cap_capable, Linux 6.14): those stay that the system calls could have needed.\n");
	(void)printf(
		"What the zone did not do in this time is not in it, logins and commands from outside included.%s\n",
		is_applied ? " The zone's file has it: it holds from the next boot."
			   : " To put it into the zone's file: --apply.");
}

static int show(const struct cli_args *a, const struct json *profile)
{
	const char *file = cli_value(a, "file", NULL);
	auto_free char *text = json_print(profile, true);
	auto_free char *lines = mem_format("%s\n", text);
	struct err e = { 0 };

	if (file &&
	    file_replace(AT_FDCWD, file, lines, strlen(lines), PROFILE_MODE | FILE_DURABLE, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(profile);
	print_profile(profile, cli_has(a, "apply"));
	return CLI_DONE;
}

int zone_cmd_profile(struct cli_args *a)
{
	const char *seconds = cli_value(a, "seconds", NULL);
	char *const *words = a->positional.items; /* at least two */
	char *const *command = words && a->positional.n > 2 ? words + 2 : NULL;
	auto_ptr(json) struct json *profile = NULL;
	uint64_t n = command ? 0 : LEARN_SECONDS;
	struct err e = { 0 };

	if (!words || !str_eq(words[0], "learn"))
		return cli_usage(a, "the one word that is known is learn: zone profile learn NAME");
	if (seconds && (num_u64(seconds, &n) < 0 || n > LEARN_SECONDS_MAX))
		return cli_usage(a, "--seconds: \"%s\" is not a number from 0 to %d", seconds,
				 LEARN_SECONDS_MAX);
	const struct zone_dirs *d = zone_cmd_dirs(a);

	if (!d)
		return CLI_FAILED;
	const struct zone_learn o = { .seconds = (unsigned)n, .command = command };

	if (zone_learn(d, words[1], &o, &profile, &e) < 0)
		return output_error(a, &e);
	int code = cli_has(a, "apply") ? apply(a, d, profile) : CLI_DONE;

	return code == CLI_DONE ? show(a, profile) : code;
}
