/* zone delete - remove a zone's configuration; with -F its files as well. */
#include <fcntl.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/confirm.h"
#include "runtime/zone_cmd/output.h"

/* -F takes an installed zone back to configured first. One that runs is refused there. 1: that has ended the zone, because its file was gone already. */
static int uninstall_first(const struct zone_dirs *d, const char *name, char **ret_note,
			   struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST, &z, e);

	if (r < 0 || z->state == ZONE_CONFIGURED)
		return r;
	r = zone_uninstall(d, name, ret_note, e);
	return r == 0 && !file_exists(AT_FDCWD, z->config_file) ? 1 : r;
}

int zone_cmd_delete(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_free char *note = NULL;
	struct err e = { 0 };
	int r = 0;

	if (!d)
		return CLI_FAILED;
	if (confirm(a, d, ZONE_VERB_DELETE, "delete the configuration of zone", &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "force"))
		r = uninstall_first(d, name, &note, &e);
	if (r == 0)
		r = zone_delete(d, name, &e);
	return output_result(a, name, r, note, &e);
}
