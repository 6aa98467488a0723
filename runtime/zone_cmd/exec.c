/* exec - run a command in a running zone; its exit code is ours. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_exec(struct cli_args *a)
{
	return life_login(a, false);
}
