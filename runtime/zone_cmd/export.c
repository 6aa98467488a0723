/* zone export - the configuration as a document: the zone's file, or the config.json that the engine gets. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static int configuration(const struct zone_dirs *d, const char *name, struct json **ret,
			 struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r == 0)
		*ret = zone_spec_save(z->spec);
	return r;
}

int zone_cmd_export(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	const char *file = cli_value(a, "file", NULL);
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	int r = cli_has(a, "oci") ? zone_export_oci(d, name, &j, &e)
				  : configuration(d, name, &j, &e);

	if (r < 0)
		return output_error(a, &e);
	if (!file || str_eq(file, "-"))
		return output_json(j);
	auto_free char *text = json_print(j, true);
	auto_free char *whole = mem_format("%s\n", text);

	r = file_replace(AT_FDCWD, file, whole, strlen(whole), 0644, &e);
	return output_result(a, name, r, NULL, &e);
}
