/* zone events - what happened to zones: stored events in the order of time, then, with -f, each as it comes.
 *
 * Texts hold names that a tenant chose (of a process that was killed): on output control characters are shown as '?', as everywhere. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/num.h"
#include "runtime/zone/events.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

struct shown {
	struct json *list; /* --json without -f: the one document; else NULL */
	bool json;
};

static int failed_output(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -EPIPE;
}

static int show_json(const struct json *event)
{
	auto_free char *text = json_print(event, false);

	(void)puts(text);
	return failed_output();
}

static void print_harmless(const char *text)
{
	unsigned char last = 0;

	for (; *text; text++)
		(void)putchar(str_harmless(&last, *text));
}

/* The kinds that an administrator is to see. */
static enum output_colour colour_of(const char *event)
{
	static const struct {
		const char *event;
		enum output_colour colour;
	} colours[] = {
		{ "oom", OUTPUT_RED },         { "limit", OUTPUT_YELLOW },
		{ "ended", OUTPUT_RED },       { "boot-failed", OUTPUT_RED },
		{ "deadline", OUTPUT_YELLOW }, { "service", OUTPUT_YELLOW },
		{ "booted", OUTPUT_GREEN },
	};

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		if (str_eq(colours[i].event, event))
			return colours[i].colour;
	}
	return OUTPUT_PLAIN;
}

static int show(void *arg, const struct json *event)
{
	const struct shown *s = arg;
	const char *kind = json_get_string(event, "event", "");
	const char *on = output_colour(colour_of(kind));

	if (s->list) {
		(void)json_add(s->list, json_clone(event));
		return 0;
	}
	if (s->json)
		return show_json(event);
	(void)printf("%s  %-16s %s", json_get_string(event, "time", ""),
		     json_get_string(event, "zone", ""), on);
	(void)printf("%-13s%s ", kind, *on ? output_colour(OUTPUT_PLAIN) : "");
	print_harmless(json_get_string(event, "text", ""));
	(void)putchar('\n');
	return failed_output();
}

/* "2026", "2026-11-29T10", ...: the beginning of such a time. */
static bool is_time(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";
	size_t n = strlen(text);

	if (n < 4 || n >= sizeof(shape))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	}
	return true;
}

/* A word that is no event would be waited for in vain. */
static int check_kinds(const struct cli_args *a, const struct strv *kinds)
{
	static const char *const known[] = {
		"installed", "uninstalled", "deleted",   "renamed",     "moved",         "detached",
		"attached",  "ready",       "booted",    "boot-failed", "shutting-down", "deadline",
		"shut-down", "halted",      "rebooting", "ended",       "service",       "admin",
		"rollback",  "frozen",      "thawed",    "applied",     "monitor",       "oom",
		"limit",     NULL,
	};

	for (size_t i = 0; i < kinds->n; i++) {
		size_t k = 0;

		while (known[k] && !str_eq(known[k], kinds->items[i]))
			k++;
		if (known[k])
			continue;
		auto_done(strv) struct strv names = { 0 };

		for (k = 0; known[k]; k++)
			strv_add(&names, known[k]);
		auto_free char *all = strv_join(&names, ", ");

		return cli_usage(a, "there is no event \"%s\": %s", kinds->items[i], all);
	}
	return CLI_DONE;
}

int zone_cmd_events(struct cli_args *a)
{
	const char *last = cli_value(a, "lines", NULL), *kinds_text = cli_value(a, "event", NULL);
	auto_done(strv) struct strv kinds = { 0 };
	auto_ptr(json) struct json *list = NULL;
	struct shown shown = { .json = cli_has(a, "json") };
	struct zone_events_query q = { .names = &a->positional,
				       .kinds = &kinds,
				       .since = cli_value(a, "since", NULL),
				       .follow = cli_has(a, "follow"),
				       .each = show,
				       .arg = &shown };
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct err e = { 0 };
	uint64_t n = 0;
	int r;

	if (!d)
		return CLI_FAILED;
	if (last && (num_u64(last, &n) < 0 || n == 0))
		return cli_usage(a, "--lines: \"%s\" is not a number of events", last);
	if (q.since && !is_time(q.since))
		return cli_usage(a, "--since: \"%s\" is not a time such as 2026-11-29T10:50 (UTC)",
				 q.since);
	if (kinds_text)
		strv_split(&kinds, kinds_text, ',');
	if (check_kinds(a, &kinds) != CLI_DONE)
		return CLI_USAGE;
	q.last = n;
	if (shown.json && !q.follow)
		shown.list = list = json_new_array();
	r = zone_events(d, &q, &e);
	if (r == -EPIPE && !e.text[0])
		return CLI_FAILED; /* nobody reads any more */
	if (r < 0)
		return output_error(a, &e);
	return list ? output_json(list) : CLI_DONE;
}
