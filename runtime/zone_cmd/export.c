/* zone export - the configuration as a document: the zone's file, the config.json that the engine gets, or all of the zone as one archive. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

static int configuration(const struct zone_dirs *d, const char *name, struct json **ret,
			 struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open(d, name, ZONE_OPEN_MUST_EXIST | ZONE_OPEN_NEED_SPEC, &z, e);

	if (r == 0)
		*ret = zone_spec_save(z->spec);
	return r;
}

/* The whole zone. With "-" standard output is the archive's, so that nothing else may be printed there. */
static int archive(struct cli_args *a, const struct zone_dirs *d, const char *name,
		   const char *file)
{
	bool to_output = str_eq(file, "-");
	auto_done(watch) struct watch w = { 0 };
	const struct zone_install o = watch_options(&w);
	struct err e = { 0 };

	if (cli_has(a, "oci") || cli_has(a, "file"))
		return cli_usage(a, "--archive FILE stands alone");
	if (to_output && cli_is_terminal(STDOUT_FILENO))
		return cli_usage(a, "an archive is nothing for a terminal: name a file");
	int r = zone_export_archive(d, name, to_output ? NULL : file, STDOUT_FILENO, &o, &e);
	auto_free char *note = watch_note(&w);

	if (!to_output || r < 0)
		return output_result(a, name, r, note, &e);
	if (note)
		(void)fprintf(stderr, "zone: %s\n", note);
	return CLI_DONE;
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
	if (cli_has(a, "archive"))
		return archive(a, d, name, cli_value(a, "archive", NULL));
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
