/* zone audit - what was promised against what is enforced. */
#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/finding.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

enum { WIDTH = 48 };

struct audited {
	const char *name;
	struct findings found;
	struct err error; /* code 0: none */
};
struct audits {
	struct audited *items;
	size_t n;
};
static void audits_done(struct audits *l)
{
	for (size_t i = 0; i < l->n; i++)
		findings_done(&l->items[i].found);
	free(l->items);
}

/* --- the table -------------------------------------------------------------------------------------------------------- */

static enum output_colour colour_of(const char *head, const char *cell)
{
	if (!str_eq(head, "VERDICT") || str_eq(cell, "ok"))
		return OUTPUT_PLAIN;
	return str_eq(cell, "differs") ? OUTPUT_RED : OUTPUT_YELLOW;
}

/* "-" for what is not known; long ones are for --json. */
static char *cell_of(const char *text)
{
	if (!text)
		return mem_strdup("-");
	return strlen(text) > WIDTH ? mem_format("%.*s...", WIDTH - 3, text) : mem_strdup(text);
}

static void print_table(const struct audits *l, bool quiet)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "ZONE", "VERDICT", "PROPERTY", "PROMISED", "ENFORCED", "NOTE" },
		.colour = colour_of
	};

	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->items[i].found.n; k++) {
			const struct finding *f = &l->items[i].found.items[k];

			if (quiet && f->verdict == FINDING_OK)
				continue;
			strv_add(&t.cells, l->items[i].name);
			strv_add(&t.cells, finding_word(f->verdict));
			strv_add(&t.cells, f->property);
			strv_take(&t.cells, cell_of(f->promised));
			strv_take(&t.cells, cell_of(f->enforced));
			strv_add(&t.cells, f->why ? f->why : "");
		}
	}
	if (t.cells.n > 0)
		output_table_print(&t, true);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------- */

static struct json *text_of(const char *s)
{
	return s ? json_new_string(s) : json_new_null();
}

static struct json *zone_json(const struct audited *z, bool quiet)
{
	struct json *j = json_new_object();
	struct json *list;

	json_set(j, "zone", json_new_string(z->name));
	json_set(j, "ok",
		 json_new_bool(!z->error.code && findings_count(&z->found, FINDING_DIFFERS) == 0));
	if (z->error.code)
		json_set(j, "error", json_new_string(z->error.text));
	list = json_set(j, "findings", json_new_array());
	for (size_t i = 0; i < z->found.n; i++) {
		const struct finding *f = &z->found.items[i];
		struct json *row;

		if (quiet && f->verdict == FINDING_OK)
			continue;
		row = json_add(list, json_new_object());
		json_set(row, "property", json_new_string(f->property));
		json_set(row, "promised", text_of(f->promised));
		json_set(row, "enforced", text_of(f->enforced));
		json_set(row, "verdict", json_new_string(finding_word(f->verdict)));
		json_set(row, "why", text_of(f->why));
	}
	return j;
}

static void print_json(const struct audits *l, bool quiet)
{
	auto_ptr(json) struct json *list = json_new_array();

	for (size_t i = 0; i < l->n; i++)
		json_add(list, zone_json(&l->items[i], quiet));
	(void)output_json(list);
}

/* --- the verb --------------------------------------------------------------------------------------------------------- */

static void audit_one(const struct zone_dirs *d, struct audits *l, const char *name, bool is_named)
{
	struct audited one = { .name = name };
	int r = zone_audit(d, name, &one.found, &one.error);

	/* of all that run, one that ends meanwhile is none */
	if (r < 0 && !is_named && (r == -EBUSY || r == -ESRCH || r == -ENOENT)) {
		findings_done(&one.found);
		return;
	}
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = one;
}

static int finish(struct cli_args *a, const struct audits *l)
{
	bool json = cli_has(a, "json");
	int code = CLI_DONE;

	if (json)
		print_json(l, cli_has(a, "quiet"));
	else
		print_table(l, cli_has(a, "quiet"));
	for (size_t i = 0; i < l->n; i++) {
		const struct audited *z = &l->items[i];

		if (z->error.code && !json)
			(void)output_error(a, &z->error);
		if (z->error.code || findings_count(&z->found, FINDING_DIFFERS) > 0)
			code = CLI_FAILED;
	}
	return code;
}

int zone_cmd_audit(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	auto_done(audits) struct audits l = { 0 };
	struct zone_row *rows = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int code;

	if (!d)
		return CLI_FAILED;
	if (cli_has(a, "all") == (a->positional.n > 0))
		return cli_usage(a, "name zones, or say -a for all that run");
	if (cli_has(a, "all") && zone_list(d, &rows, &n, &e) < 0)
		return output_error(a, &e);
	for (size_t i = 0; i < a->positional.n; i++)
		audit_one(d, &l, a->positional.items[i], true);
	for (size_t i = 0; i < n; i++)
		if (rows[i].id >= 0)
			audit_one(d, &l, rows[i].name, false);
	code = finish(a, &l);
	zone_rows_free(rows, n);
	return code;
}
