/* halt - stop a zone now. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_halt(struct cli_args *a)
{
	return life_run(a, zone_halt);
}
