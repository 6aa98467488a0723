/* zone verify - the configuration against this host. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

int zone_cmd_verify(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	auto_free char *file = mem_format("%s/%s.json", d->config, name);
	auto_done(diag_list) struct diag_list diags = { .file = file };

	if (zone_verify(d, name, &diags, &e) < 0)
		return output_problems(a, &diags, &e);
	auto_free char *next = mem_format(
		"zone \"%s\": everything that its configuration asks for can be had on this host",
		name);

	return output_done(a, name, NULL, next);
}
