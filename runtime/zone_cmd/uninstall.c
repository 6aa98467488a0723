/* zone uninstall - remove a zone's files. Asks on a terminal; without one it wants -F. */
#include <errno.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/confirm.h"
#include "runtime/zone_cmd/output.h"

static void removed(void *arg, unsigned long long n)
{
	output_progress_files(arg, "removing", n);
}

int zone_cmd_uninstall(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_free char *note = NULL;
	struct output_progress progress = { 0 };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (confirm(a, d, ZONE_VERB_UNINSTALL, "remove all files of zone", &e) < 0)
		return output_error(a, &e);
	int r = zone_uninstall_watched(d, name, removed, &progress, &note, &e);

	output_progress_end(&progress);

	return output_result(a, name, r, note, &e);
}
