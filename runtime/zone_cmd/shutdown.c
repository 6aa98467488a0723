/* shutdown - ask the zone's init to stop, halt it at the deadline. */
#include "runtime/base/cleanup.h"
#include "runtime/base/num.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { LONGEST_MS = 86400000 };

int zone_cmd_shutdown(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0], *time = cli_value(a, "timeout", NULL);
	auto_free char *note = NULL;
	struct err e = { 0 };
	uint64_t ms = 0;

	if (time && (num_duration_ms(time, &ms) < 0 || ms == 0 || ms > LONGEST_MS))
		return cli_usage(
			a, "--timeout: \"%s\" is not a time between 1ms and 24h (30, 90s, 5m)",
			time);
	if (!d)
		return CLI_FAILED;
	int r = zone_shutdown(d, name, cli_has(a, "reboot"), (int)ms, &note, &e);

	return output_result(a, name, r, note, &e);
}
