/* autoshutdown - end every zone that runs, each as its file's autoshutdown says, in the reverse order of booting; for the host's end (dist/zones.service). */
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"

int zone_cmd_autoshutdown(struct cli_args *a)
{
	return autoboot_output(a, zone_autoshutdown);
}
