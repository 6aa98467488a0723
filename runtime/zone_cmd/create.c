/* zone create - make a new zone's configuration. */
#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/change.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

int zone_cmd_create(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	const char *file = cli_value(a, "file", NULL);
	auto_done(diag_list) struct diag_list diags = { .file = file };
	auto_done(strv) struct strv sets = { 0 };
	auto_free char *text = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	if (file && cli_has(a, "template"))
		return cli_usage(a, "--file and --template exclude each other");
	for (size_t i = 1; i < a->positional.n; i++)
		strv_add(&sets, a->positional.items[i]);
	if (file && change_read_text(file, &text, &e) < 0)
		return output_error(a, &e);
	struct zone_new o = { .text = text,
			      .template_name = cli_value(a, "template", NULL),
			      .sets = &sets };

	if (zone_create(d, name, &o, &diags, &e) < 0)
		return output_problems(a, &diags, &e);
	auto_free char *next =
		mem_format("zone \"%s\" is configured; next: zone install %s", name, name);

	return output_done(a, name, NULL, next);
}
