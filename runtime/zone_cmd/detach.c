/* zone detach - let go of a zone's files. */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_detach(struct cli_args *a)
{
	return life_run(a, zone_detach);
}
