/* login - a login shell, a command, the console (-C) or the rescue shell (-S). */
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"

int zone_cmd_login(struct cli_args *a)
{
	if (cli_has(a, "console") && cli_has(a, "safe"))
		return cli_usage(a,
				 "-C (the console) and -S (the rescue shell) exclude each other");
	if (cli_has(a, "console") && cli_has(a, "trusted"))
		return cli_usage(a,
				 "the console (-C) is the zone's own: it has no trusted path (-T)");
	if (cli_has(a, "console") && a->positional.n > 1)
		return cli_usage(a, "the console (-C) takes no command");
	return cli_has(a, "console") ? zone_cmd_console(a) : life_login(a, true);
}
