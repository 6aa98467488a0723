/* zone schema - the JSON Schema of a zone's file, made from the table that parses it. */
#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

int zone_cmd_schema(struct cli_args *a)
{
	auto_ptr(json) struct json *j = zone_schema();

	(void)a;
	return output_json(j);
}
