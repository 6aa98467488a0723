/* reboot - halt and boot, in the same monitor: attached consoles stay. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_reboot(struct cli_args *a)
{
	return life_run(a, zone_reboot);
}
