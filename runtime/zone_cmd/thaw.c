/* thaw - let a frozen zone go on. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

static int thaw(const struct zone_dirs *d, const char *name, char **ret_note, struct err *e)
{
	return zone_freeze(d, name, false, ret_note, e);
}

int zone_cmd_thaw(struct cli_args *a)
{
	return life_run(a, thaw);
}
