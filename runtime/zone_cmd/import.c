/* zone import - a zone out of an archive of `zone export --archive`. */
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

static int archive(struct cli_args *a, const struct zone_dirs *d, const char *file,
		   const char *name)
{
	bool from_input = str_eq(file, "-");
	auto_done(watch) struct watch w = { 0 };
	const struct zone_install o = watch_options(&w);
	auto_done(diag_list) struct diag_list diags = { .file = file };
	auto_free char *made = NULL;
	struct err e = { 0 };
	int r = zone_import_archive(d, from_input ? NULL : file, STDIN_FILENO, name, &o, &made,
				    &diags, &e);
	auto_free char *note = watch_note(&w);

	if (r < 0)
		return output_problems(a, &diags, &e);
	auto_free char *next =
		mem_format("zone \"%s\" is installed; next: zone boot %s", made, made);

	return output_done(a, made, note, next);
}

int zone_cmd_import(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.n > 1 ? a->positional.items[1] : NULL;

	return d ? archive(a, d, a->positional.items[0], name) : CLI_FAILED;
}
