/* zone stat - what zones and zrun's containers use, after zonestat(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/stat_text.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/reading.h"

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, INTERVAL_MIN_MS = 100 };

struct view {
	const struct cli_args *args;
	const struct stat_table **tables; /* NULL ends */
	unsigned resources, extras;       /* 0: all; what is to be read for them */
	unsigned kinds;                   /* bits of enum stat_kind: reports at the end */
	bool printed;
};

static void view_done(struct view *v)
{
	free(v->tables);
}

/* --- print ---------------------------------------------------------------------------------------------------------- */

static void print_table(const struct stat_table *table, const struct stat_report *r)
{
	auto_done(output_table) struct output_table t = { 0 };

	(void)stat_table_heads(table, r->kind, t.heads);
	for (size_t i = 0; i < r->n; i++)
		stat_table_cells(table, r, i, &t.cells);
	output_table_print(&t, true);
}

static void print_tables(struct view *v, const struct stat_report *r)
{
	for (size_t i = 0; v->tables[i]; i++) {
		const char *name = v->resources ? stat_table_name(v->tables[i]) : NULL;

		if (v->printed)
			putchar('\n');
		v->printed = true;
		if (r->kind != STAT_NOW)
			printf("%s%s%s\n", stat_kind_words[r->kind], name ? ", " : "",
			       name ? name : "");
		else if (name)
			puts(name);
		print_table(v->tables[i], r);
	}
}

static void print_lines(const struct stat_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		auto_free char *line = stat_line(r, i);

		puts(line);
	}
}

static void print_json(const struct stat_report *r)
{
	auto_ptr(json) struct json *array = json_new_array();

	for (size_t i = 0; i < r->n; i++)
		(void)json_add(array, stat_json(r, i));
	(void)output_json(array);
}

static void print_prometheus(const struct stat_report *r)
{
	auto_free char *page = stat_prometheus(r);

	fputs(page, stdout);
}

static void print(struct view *v, struct stat_report *r)
{
	r->resources = v->resources;
	if (cli_has(v->args, "json"))
		print_json(r);
	else if (cli_has(v->args, "prometheus"))
		print_prometheus(r);
	else if (cli_has(v->args, "parsable"))
		print_lines(r);
	else
		print_tables(v, r);
	(void)fflush(stdout);
}

static void print_summaries(struct view *v, const struct stat_summary *s)
{
	static const enum stat_kind kinds[] = { STAT_TOTAL, STAT_AVERAGE, STAT_HIGH };

	for (size_t i = 0; s->n_reports > 0 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct zone_stat *now, *before;
		struct stat_report r;

		if (!(v->kinds & 1u << kinds[i]))
			continue;
		r = stat_summary_report(s, kinds[i], &now, &before);
		print(v, &r);
		free(now);
		free(before);
	}
}

/* --- arguments ------------------------------------------------------------------------------------------------------ */

struct schedule {
	uint64_t interval_ms, count; /* 0: one report of what was until now; for ever */
};

static int read_schedule(const struct cli_args *a, struct schedule *ret)
{
	const struct strv *p = &a->positional;

	if (p->n > 0 && (num_duration_ms(p->items[0], &ret->interval_ms) < 0 ||
			 ret->interval_ms < INTERVAL_MIN_MS))
		return cli_usage(
			a,
			"\"%s\" is no interval of at least 0.1 s, such as 5 or 500ms (-z names zones)",
			p->items[0]);
	if (p->n > 1 && (num_u64(p->items[1], &ret->count) < 0 || ret->count == 0))
		return cli_usage(a, "\"%s\" is no number of reports", p->items[1]);
	return CLI_DONE;
}

static int read_resources(const struct cli_args *a, struct view *v)
{
	auto_done(strv) struct strv words = { 0 };
	const char *text = cli_value(a, "resources", NULL);

	if (text)
		strv_split(&words, text, ',');
	v->tables = mem_array(words.n + 2, sizeof(const struct stat_table *));
	v->tables[0] = stat_table_find(NULL);
	for (size_t i = 0; i < words.n; i++) {
		v->tables[i] = stat_table_find(words.items[i]);
		if (!v->tables[i])
			return cli_usage(a, "\"%s\" is no resource: there are %s", words.items[i],
					 stat_table_names);
		v->resources |= stat_table_resource(v->tables[i]);
	}
	return CLI_DONE;
}

static int read_reports(const struct cli_args *a, struct view *v)
{
	auto_done(strv) struct strv words = { 0 };
	const char *text = cli_value(a, "reports", NULL);

	if (!text)
		return CLI_DONE;
	strv_split(&words, text, ',');
	for (size_t i = 0; i < words.n; i++) {
		unsigned kind = STAT_TOTAL;

		while (kind <= STAT_HIGH && !str_eq(stat_kind_words[kind], words.items[i]))
			kind++;
		if (kind > STAT_HIGH)
			return cli_usage(a, "\"%s\" is no report: there are total, average, high",
					 words.items[i]);
		v->kinds |= 1u << kind;
	}
	if (a->positional.n == 0)
		return cli_usage(a, "-R needs an interval: zone stat -R %s 5 12", text);
	return cli_has(a, "prometheus")
		       ? cli_usage(a,
				   "-R and --prometheus do not go together: a page is one reading")
		       : CLI_DONE;
}

/* The table at a glance shows none of what costs more. */
static unsigned extras_of(const struct view *v)
{
	static const struct {
		unsigned resource, extra;
	} rows[] = { { STAT_CPU, ZONE_STAT_SHARES },
		     { STAT_PROCESSES, ZONE_STAT_PROCESSES },
		     { STAT_DISK, ZONE_STAT_DISK } };
	const struct cli_args *a = v->args;
	unsigned extras = ZONE_STAT_DETAILS;

	if (v->resources == 0)
		return cli_has(a, "json") || cli_has(a, "parsable") || cli_has(a, "prometheus")
			       ? ZONE_STAT_EXTRAS
			       : 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		extras |= v->resources & rows[i].resource ? rows[i].extra : 0;
	return extras;
}

static int read_form(const struct cli_args *a)
{
	return cli_has(a, "json") + cli_has(a, "parsable") + cli_has(a, "prometheus") > 1
		       ? cli_usage(a, "--json, -p and --prometheus do not go together")
		       : CLI_DONE;
}

static int read_view(const struct cli_args *a, struct view *v)
{
	int code = read_form(a);

	if (code == CLI_DONE)
		code = read_resources(a, v);
	if (code == CLI_DONE)
		code = read_reports(a, v);
	v->extras = extras_of(v);
	return code;
}

/* --- again and again -------------------------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * MS_PER_S + (uint64_t)t.tv_nsec / NS_PER_MS;
}

/* With reports to come at the end, whoever ends us shall see them. */
static void ends_block(const struct view *v, sigset_t *ret)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

	(void)sigemptyset(ret);
	for (size_t i = 0; v->kinds != 0 && i < sizeof(ends) / sizeof(ends[0]); i++)
		(void)sigaddset(ret, ends[i]);
	(void)sigprocmask(SIG_BLOCK, ret, NULL);
}

/* False: a signal says that it is enough. */
static bool wait_until(uint64_t at_ms, const sigset_t *ends)
{
	for (uint64_t now = now_ms(); now < at_ms; now = now_ms()) {
		uint64_t left = at_ms - now;
		const struct timespec t = { .tv_sec = (time_t)(left / MS_PER_S),
					    .tv_nsec = (long)(left % MS_PER_S) * NS_PER_MS };

		if (sigtimedwait(ends, NULL, &t) > 0)
			return false;
	}
	return true;
}

/* A report at the end of each interval. */
static int repeat(struct view *v, const struct zone_dirs *d, const struct strv *names,
		  const struct schedule *s, struct err *e)
{
	auto_done(reading) struct reading before = { 0 };
	auto_done(stat_summary) struct stat_summary summary = { 0 };
	int r = reading_take(d, names, v->extras, &before, e);
	uint64_t next = before.at_ms;
	sigset_t ends;

	ends_block(v, &ends);
	for (uint64_t i = 0; r == 0 && (s->count == 0 || i < s->count); i++) {
		struct reading now = { 0 };

		next += s->interval_ms;
		if (!wait_until(next, &ends))
			break;
		r = reading_take(d, names, v->extras, &now, e);
		struct stat_report report = reading_report(&now, &before);

		if (r == 0 && v->kinds != 0)
			stat_summary_add(&summary, &report);
		if (r == 0)
			print(v, &report);
		reading_done(&before);
		before = now;
	}
	print_summaries(v, &summary);
	return r;
}

int zone_cmd_stat(struct cli_args *a)
{
	bool inside = zone_stat_is_inside(); /* before folders are made */
	const struct zone_dirs *d = inside ? NULL : zone_cmd_dirs(a);
	auto_done(strv) struct strv names = { 0 };
	auto_done(reading) struct reading now = { 0 };
	auto_done(view) struct view v = { .args = a };
	const struct reading none = { 0 };
	struct schedule s = { 0 };
	struct err e = { 0 };
	int code = read_schedule(a, &s);

	if (code == CLI_DONE)
		code = read_view(a, &v);
	if (code != CLI_DONE)
		return code;
	if (!d && !inside)
		return CLI_FAILED;
	if (cli_has(a, "fields")) {
		puts(stat_line_fields);
		return CLI_DONE;
	}
	strv_split(&names, cli_value(a, "zones", ""), ',');
	if (s.interval_ms > 0)
		return repeat(&v, d, &names, &s, &e) < 0 ? output_error(a, &e) : CLI_DONE;
	if (reading_take(d, &names, v.extras, &now, &e) < 0)
		return output_error(a, &e);
	struct stat_report report = reading_report(&now, &none);

	print(&v, &report);
	return CLI_DONE;
}
