/* zone attach - make detached files a zone's again; the report is printed when it was asked for, or when it has something to say. */
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static enum output_colour colour(const char *head, const char *cell)
{
	if (!str_eq(head, "RESULT"))
		return OUTPUT_PLAIN;
	return str_eq(cell, "ok")        ? OUTPUT_GREEN
	       : str_eq(cell, "problem") ? OUTPUT_RED
					 : OUTPUT_YELLOW;
}

static void print_report(const struct zone_attach *r)
{
	struct output_table t = { .heads = { "CHECK", "RESULT", "WHAT" }, .colour = colour };

	for (size_t i = 0; i < r->n; i++) {
		strv_add(&t.cells, r->rows[i].check);
		strv_add(&t.cells, r->rows[i].result);
		strv_add(&t.cells, r->rows[i].text);
	}
	output_table_print(&t, true);
	output_table_done(&t);
}

static struct json *report_json(const struct zone_attach *r, int result, const char *note,
				const struct err *e)
{
	struct json *j = json_new_object();
	struct json *list;

	json_set(j, "ok", json_new_bool(result == 0));
	json_set(j, "zone", json_new_string(r->name ? r->name : ""));
	if (note)
		json_set(j, "note", json_new_string(note));
	if (result < 0) {
		json_set(j, "error", json_new_string(e->text));
		json_set(j, "code", json_new_string(output_errno_word(e->code)));
	}
	list = json_set(j, "report", json_new_array());
	for (size_t i = 0; i < r->n; i++) {
		struct json *row = json_add(list, json_new_object());

		json_set(row, "check", json_new_string(r->rows[i].check));
		json_set(row, "result", json_new_string(r->rows[i].result));
		json_set(row, "text", json_new_string(r->rows[i].text));
	}
	return j;
}

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
		print_report(&r);
	return output_result(a, r.name, result, note, &e);
}
