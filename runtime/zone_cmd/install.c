/* zone install - give a zone its root file system. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

int zone_cmd_install(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_done(watch) struct watch w = { 0 };
	struct zone_install o = { .from = cli_value(a, "from", NULL),
				  .debootstrap = cli_value(a, "debootstrap", NULL),
				  .progress = watch_progress,
				  .arg = &w,
				  .warn = watch_warn };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	auto_free char *file = mem_format("%s/%s.json", d->config, name);
	auto_done(diag_list) struct diag_list diags = { .file = file };
	int r = zone_install(d, name, &o, &diags, &e);

	output_progress_end(&w.progress);
	if (r < 0)
		return output_problems(a, &diags, &e);
	auto_free char *note = w.warnings.n > 0 ? strv_join(&w.warnings, "; ") : NULL;
	auto_free char *next =
		mem_format("zone \"%s\" is installed; next: zone boot %s", name, name);

	return output_done(a, name, note, next);
}
