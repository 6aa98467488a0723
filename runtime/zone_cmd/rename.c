/* zone rename - another name for a zone. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

int zone_cmd_rename(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *to = a->positional.items[1];
	auto_free char *note = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	int r = zone_rename(d, a->positional.items[0], to, &note, &e);

	return output_result(a, to, r, note, &e);
}
