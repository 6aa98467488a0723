/* zone why - the reasons behind a zone's state. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static int print_json(const char *name, enum zone_state state, const struct strv *reasons)
{
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "zone", json_new_string(name));
	json_set(j, "state", json_new_string(zone_state_word(state)));
	struct json *list = json_set(j, "reasons", json_new_array());

	for (size_t i = 0; i < reasons->n; i++)
		json_add(list, json_new_string(reasons->items[i]));
	return output_json(j);
}

int zone_cmd_why(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	enum zone_state state = ZONE_NONE;
	auto_done(strv) struct strv reasons = { 0 };
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (zone_why(d, name, &state, &reasons, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return print_json(name, state, &reasons);
	(void)printf("zone \"%s\" is %s%s\n", name, zone_state_word(state),
		     reasons.n ? ":" : "; nothing is wrong with it");
	for (size_t i = 0; i < reasons.n; i++)
		output_line(2, reasons.items[i]);
	return CLI_DONE;
}
