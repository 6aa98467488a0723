/* zone migrate - a zone to another host; and the hidden verbs of its two ends. */
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/migrate.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/report.h"
#include "runtime/zone_cmd/watch.h"

enum { SHUTDOWN_MS = 60000, LONGEST_MS = 86400000 };

/* --- what came of it ---------------------------------------------------------------------------------------------- */

static void add_passes(struct json *j, const struct zone_migrate *m)
{
	struct json *list = json_set(j, "rounds", json_new_array());

	for (size_t i = 0; i < m->n_passes; i++) {
		struct json *pass = json_add(list, json_new_object());

		json_set(pass, "files", json_new_u64(m->passes[i].files));
		json_set(pass, "bytes", json_new_u64(m->passes[i].bytes));
		json_set(pass, "milliseconds", json_new_u64(m->passes[i].ms));
	}
	if (m->stopped)
		json_set(j, "stoppedMilliseconds", json_new_u64(m->stop_ms));
}

static void print_passes(const struct zone_migrate *m)
{
	for (size_t i = 0; i < m->n_passes; i++)
		(void)printf("round %zu: %llu files, %.1f MiB, %.1f s\n", i + 1, m->passes[i].files,
			     (double)m->passes[i].bytes / (1 << 20),
			     (double)m->passes[i].ms / 1000);
	if (m->stopped)
		(void)printf("the zone stood still for %.1f s\n", (double)m->stop_ms / 1000);
}

static int show(const struct cli_args *a, const struct zone_migrate *m, int result,
		const struct err *e)
{
	const char *name = a->positional.items[0];

	if (cli_has(a, "json")) {
		struct zone_attach named = m->report;

		named.name = (char *)name;
		auto_ptr(json) struct json *j = report_json(&named, result, m->note, e);

		add_passes(j, m);
		(void)output_json(j);
		return result < 0 ? CLI_FAILED : CLI_DONE;
	}
	if (m->report.n > 0 && (m->check_only || m->report.n_problems > 0))
		report_print(&m->report);
	if (result == 0)
		print_passes(m);
	return output_result(a, name, result, m->note, e);
}

/* --- the verb ----------------------------------------------------------------------------------------------------- */

static int read_rounds(const struct cli_args *a, unsigned *ret)
{
	const char *text = cli_value(a, "rounds", NULL);
	uint32_t n = MIGRATE_ROUNDS;

	if (text && (num_u32(text, &n) < 0 || n > MIGRATE_ROUNDS_MAX))
		return cli_usage(a, "--rounds: \"%s\" is not a number from 0 to %d", text,
				 MIGRATE_ROUNDS_MAX);
	*ret = n;
	return CLI_DONE;
}

static int read_shutdown(const struct cli_args *a, struct zone_migrate *m)
{
	const char *text = cli_value(a, "timeout", NULL);
	uint64_t ms = SHUTDOWN_MS;

	m->shutdown = cli_has(a, "shutdown");
	if (text && !m->shutdown)
		return cli_usage(a, "--timeout goes with --shutdown");
	if (text && (num_duration_ms(text, &ms) < 0 || ms == 0 || ms > LONGEST_MS))
		return cli_usage(
			a, "--timeout: \"%s\" is not a time between 1ms and 24h (30, 90s, 5m)",
			text);
	m->shutdown_ms = (int)ms;
	return CLI_DONE;
}

static int check_words(const struct cli_args *a)
{
	bool is_abort = cli_has(a, "abort");

	if (is_abort && a->positional.n != 1)
		return cli_usage(a, "--abort takes the zone's name alone: the other host is known");
	if (!is_abort && a->positional.n != 2)
		return cli_usage(a, "the other host is missing: zone migrate %s [USER@]HOST",
				 a->positional.items[0]);
	if (cli_has(a, "force") && !is_abort)
		return cli_usage(a, "--force goes with --abort");
	return CLI_DONE;
}

int zone_cmd_migrate(struct cli_args *a)
{
	auto_done(strv) struct strv options = { 0 };
	auto_done(watch) struct watch w = { 0 };
	const struct zone_install o = watch_options(&w);
	auto_done(zone_migrate) struct zone_migrate m = {
		.ssh_options = &options,
		.zonepath = cli_value(a, "zonepath", NULL),
		.check_only = cli_has(a, "check"),
		.remove = cli_has(a, "delete"),
		.force = cli_has(a, "force"),
		.options = &o,
	};
	const char *name = a->positional.items[0];
	struct err e = { 0 };
	int r = check_words(a);

	if (r == CLI_DONE)
		r = read_rounds(a, &m.rounds);
	if (r == CLI_DONE)
		r = read_shutdown(a, &m);
	if (r != CLI_DONE)
		return r;
	for (size_t i = 0; i < a->repeated.n; i++) {
		const char *option = str_after(a->repeated.items[i], "ssh-option=");

		if (option)
			strv_add(&options, option);
	}
	const struct zone_dirs *d = zone_cmd_dirs(a);

	if (!d)
		return CLI_FAILED;
	if (cli_has(a, "abort")) {
		r = zone_migrate_abort(d, name, &m, &e);
	} else {
		m.host = a->positional.items[1];
		r = zone_migrate(d, name, &m, &e);
	}
	output_progress_end(&w.progress);
	return show(a, &m, r, &e);
}

/* --- the two ends ------------------------------------------------------------------------------------------------- */

int zone_cmd_migrate_receive(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *step = a->positional.items[0];
	auto_done(strv) struct strv words = { 0 };
	struct err e = { 0 };
	int r;

	if (!d)
		return CLI_FAILED;
	if (str_eq(step, "rsync")) {
		for (size_t i = 1; i < a->positional.n; i++)
			strv_add(&words, a->positional.items[i]);
		r = zone_receive_rsync(d, &words, &e);
	} else {
		r = zone_receive(d, step, STDIN_FILENO, STDOUT_FILENO, &e);
	}
	if (r >= 0)
		return r;
	log_err(&e); /* to the error output: the other one belongs to the protocol */
	return CLI_FAILED;
}

int zone_cmd_migrate_pipe(struct cli_args *a)
{
	struct err e = { 0 };

	if (zone_migrate_pipe(&a->positional, &e) == 0)
		return CLI_DONE;
	log_err(&e);
	return CLI_FAILED;
}
