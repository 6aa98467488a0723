/* zone diff - what a zone's file says and the running zone is not. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/plan.h"

int zone_cmd_diff(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	auto_done(zone_plan) struct zone_plan p = { 0 };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (zone_diff(d, name, &p, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json")) {
		auto_ptr(json) struct json *j = json_new_object();

		json_set(j, "zone", json_new_string(name));
		plan_json(&p, false, j);
		return output_json(j);
	}
	plan_print(&p);
	if (!p.running)
		(void)fprintf(stderr, "zone: zone \"%s\" is %s: its file counts when it boots\n",
			      name, zone_state_word(p.state));
	return CLI_DONE;
}
