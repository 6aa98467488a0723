/* zrun events - one JSON line for each event, in the words of runc. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/num.h"
#include "runtime/zrun_cmd/commands.h"

static void print(void *arg, const struct json *event)
{
	auto_free char *line = json_print(event, false);

	(void)arg;
	(void)printf("%s\n", line);
	(void)fflush(stdout);
}

int zrun_events(struct cli_args *a)
{
	struct engine_events o = { .once = cli_has(a, "stats"), .emit = print };
	const char *interval = cli_value(a, "interval", "5s");
	struct engine_container *c = NULL;
	struct err e = { 0 };
	int r = num_duration_ms(interval, &o.interval_ms);

	if (r < 0 || o.interval_ms == 0 || o.interval_ms > INT_MAX)
		r = err_set(&e, EINVAL, "--interval: \"%s\" is not a duration such as 5s",
			    interval);
	if (r == 0)
		r = zrun_open(a, false, &c, &e);
	if (r == 0)
		r = engine_events(c, &o, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
