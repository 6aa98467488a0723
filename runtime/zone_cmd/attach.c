/* zone attach - make detached files a zone's again; the report is printed when it was asked for, or when it has something to say. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/report.h"

int zone_cmd_attach(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_done(zone_attach) struct zone_attach r = { .check_only = cli_has(a, "check"),
							.force = cli_has(a, "force") };
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_free char *note = NULL;
	struct err e = { 0 };

	if (!d)
		return CLI_FAILED;
	int result = zone_attach(d, a->positional.items[0], &r, &note, &diags, &e);

	if (result < 0 && r.n == 0)
		return output_problems(a, &diags, &e);
	if (cli_has(a, "json")) {
		auto_ptr(json) struct json *j = report_json(&r, result, note, &e);

		(void)output_json(j);
		return result < 0 ? CLI_FAILED : CLI_DONE;
	}
	if (r.n > 0 && (r.check_only || r.n_problems > 0))
		report_print(&r);
	return output_result(a, r.name, result, note, &e);
}
