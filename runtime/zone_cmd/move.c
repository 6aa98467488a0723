/* zone move - another zonepath for a zone. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

int zone_cmd_move(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_done(watch) struct watch w = { 0 };
	const struct zone_install o = watch_options(&w);
	auto_free char *note = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	int r = zone_move(d, name, a->positional.items[1], &o, &note, &e);
	auto_free char *warnings = watch_note(&w);

	return output_result(a, name, r, note ? note : warnings, &e);
}
