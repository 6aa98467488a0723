/* boot - start a zone. */
#include "runtime/base/cleanup.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/life.h"
#include "runtime/zone_cmd/output.h"

int zone_cmd_boot(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct strv words = life_words(a, 1);
	struct zone_boot o = { .single_user = cli_has(a, "single-user"),
			       .writable = cli_has(a, "writable"),
			       .args = &words };
	auto_free char *note = NULL;
	struct err e = { 0 };

	int r;

	if (!d)
		return CLI_FAILED;
	r = zone_boot(d, a->positional.items[0], &o, &note, &e);
	return output_result(a, a->positional.items[0], r, note, &e);
}
