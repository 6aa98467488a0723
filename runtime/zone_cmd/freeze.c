/* freeze - stop every process of a zone where it is. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

static int freeze(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	return zone_freeze(d, name, true, ret_note, e);
}

int zone_cmd_freeze(struct cli_args *a)
{
	return life_run(a, freeze);
}
