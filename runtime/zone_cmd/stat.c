/* zone stat - what zones and zrun's containers use, after zonestat(8). */
#include <errno.h>
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

/* --- print ---------------------------------------------------------------------------------------------------------- */

static void print_table(const struct stat_report *r)
{
	auto_done(output_table) struct output_table t = { 0 };

	for (size_t i = 0; stat_heads[i]; i++)
		t.heads[i] = stat_heads[i];
	for (size_t i = 0; i < r->n; i++)
		stat_cells(r, i, &t.cells);
	output_table_print(&t, true);
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

static void print(const struct cli_args *a, const struct reading *now, const struct reading *before)
{
	const struct stat_report r = reading_report(now, before);

	if (cli_has(a, "json"))
		print_json(&r);
	else if (cli_has(a, "prometheus"))
		print_prometheus(&r);
	else if (cli_has(a, "parsable"))
		print_lines(&r);
	else
		print_table(&r);
	(void)fflush(stdout);
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
		return cli_usage(a, "\"%s\" is no interval of at least 0.1 s, such as 5 or 500ms",
				 p->items[0]);
	if (p->n > 1 && (num_u64(p->items[1], &ret->count) < 0 || ret->count == 0))
		return cli_usage(a, "\"%s\" is no number of reports", p->items[1]);
	return CLI_DONE;
}

static void wait_until(uint64_t at_ms)
{
	const struct timespec t = { .tv_sec = (time_t)(at_ms / MS_PER_S),
				    .tv_nsec = (long)(at_ms % MS_PER_S) * NS_PER_MS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* A report at the end of each interval. */
static int repeat(struct cli_args *a, const struct strv *names, const struct schedule *s)
{
	auto_done(reading) struct reading before = { 0 };
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct err e = { 0 };
	int r = reading_take(d, names, &before, &e);
	uint64_t next = before.at_ms;

	for (uint64_t i = 0; r == 0 && (s->count == 0 || i < s->count); i++) {
		struct reading now = { 0 };

		next += s->interval_ms;
		wait_until(next);
		r = reading_take(d, names, &now, &e);
		if (r == 0 && i > 0 && !cli_has(a, "json") && !cli_has(a, "parsable"))
			putchar('\n');
		if (r == 0)
			print(a, &now, &before);
		reading_done(&before);
		before = now;
	}
	return r < 0 ? output_error(a, &e) : CLI_DONE;
}

int zone_cmd_stat(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_done(strv) struct strv names = { 0 };
	auto_done(reading) struct reading now = { 0 };
	const struct reading none = { 0 };
	struct schedule s = { 0 };
	struct err e = { 0 };
	int code = read_schedule(a, &s);

	if (code != CLI_DONE)
		return code;
	if (!d)
		return CLI_FAILED;
	if (cli_has(a, "fields")) {
		puts(stat_line_fields);
		return CLI_DONE;
	}
	strv_split(&names, cli_value(a, "zones", ""), ',');
	if (s.interval_ms > 0)
		return repeat(a, &names, &s);
	if (reading_take(d, &names, &now, &e) < 0)
		return output_error(a, &e);
	print(a, &now, &none);
	return CLI_DONE;
}
