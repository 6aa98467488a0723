/* zone publish - a zone as an image for others. */
#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

int zone_cmd_publish(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0], *to = a->positional.items[1];
	auto_done(watch) struct watch w = { 0 };
	const struct zone_publishing o = {
		.to = to,
		.compression = cli_value(a, "compress", NULL),
		.tree = { .progress = watch_progress, .arg = &w, .warn = watch_warn }
	};
	auto_free char *digest = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	int r = zone_publish(d, name, &o, &digest, &e);

	output_progress_end(&w.progress);
	if (r < 0)
		return output_error(a, &e);
	auto_free char *left_out = w.warnings.n > 0 ? strv_join(&w.warnings, "; ") : NULL;
	auto_free char *note = mem_format("the image is %s%s%s", digest, left_out ? "; " : "",
					  left_out ? left_out : "");
	auto_free char *next = mem_format("try it: podman run %s", to);

	return output_done(a, name, note, next);
}
