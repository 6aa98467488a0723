/* ready - namespaces, mounts, network and limits, but no process of the zone. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

static int ready(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	struct zone_boot o = { .ready_only = true };

	return zone_boot(d, name, &o, ret_note, e);
}

int zone_cmd_ready(struct cli_args *a)
{
	return life_run(a, ready);
}
