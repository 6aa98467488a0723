/* zone clone - a new zone with the root of another one. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

struct watch {
	struct output_progress progress;
	struct strv warnings;
};

static void progress(void *arg, const char *what, unsigned long long done, unsigned long long total)
{
	struct watch *w = arg;

	output_progress(&w->progress, what, done, total);
}

static void warn(void *arg, const char *sentence)
{
	struct watch *w = arg;

	strv_add(&w->warnings, sentence);
}

static void watch_done(struct watch *w)
{
	strv_done(&w->warnings);
}

int zone_cmd_clone(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *from = a->positional.items[0], *name = a->positional.items[1];
	auto_done(watch) struct watch w = { 0 };
	auto_done(strv) struct strv sets = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	for (size_t i = 2; i < a->positional.n; i++)
		strv_add(&sets, a->positional.items[i]);
	const struct zone_clone o = { .snapshot = cli_value(a, "snapshot", NULL),
				      .method = cli_value(a, "method", NULL),
				      .sets = &sets,
				      .progress = progress,
				      .arg = &w,
				      .warn = warn };
	int r = zone_clone(d, from, name, &o, &diags, &e);

	output_progress_end(&w.progress);
	if (r < 0)
		return output_problems(a, &diags, &e);
	auto_free char *note = w.warnings.n > 0 ? strv_join(&w.warnings, "; ") : NULL;
	auto_free char *next =
		mem_format("zone \"%s\" is installed; next: zone boot %s", name, name);

	return output_done(a, name, note, next);
}
