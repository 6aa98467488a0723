/* report - as a table for people, or as JSON. */
#include "runtime/zone_cmd/report.h"

#include "runtime/zone_cmd/output.h"

static enum output_colour colour(const char *head, const char *cell)
{
	if (!str_eq(head, "RESULT"))
		return OUTPUT_PLAIN;
	return str_eq(cell, "ok")        ? OUTPUT_GREEN
	       : str_eq(cell, "problem") ? OUTPUT_RED
					 : OUTPUT_YELLOW;
}

void report_print(const struct zone_attach *r)
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

struct json *report_json(const struct zone_attach *r, int result, const char *note,
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
