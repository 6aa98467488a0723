/* console - attach to a zone's console; "~." at the start of a line leaves. */
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cli.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static void notice(const char *line)
{
	(void)fprintf(stderr, "%s%s\r\n", isatty(STDERR_FILENO) ? "\r" : "", line);
}

int zone_cmd_console(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (isatty(STDIN_FILENO))
		notice("[connected to the console; ~. at the start of a line leaves]");
	return zone_console(d, a->positional.items[0], notice, &e) < 0 ? output_error(a, &e)
								       : CLI_DONE;
}
