/* zone import - a zone out of an archive of `zone export --archive`, or the configuration of another container manager as a zone's. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

static int archive(struct cli_args *a, const struct zone_dirs *d, const char *file,
		   const char *name)
{
	bool from_input = str_eq(file, "-");
	auto_done(watch) struct watch w = { 0 };
	const struct zone_install o = watch_options(&w);
	auto_done(diag_list) struct diag_list diags = { .file = file };
	struct zone_import in = {
		.file = from_input ? NULL : file, .fd = STDIN_FILENO, .name = name, .options = &o
	};
	struct err e = { 0 };
	int r = zone_import_archive(d, &in, &diags, &e);
	auto_free char *made = in.made;
	auto_free char *note = watch_note(&w);

	if (r < 0)
		return output_problems(a, &diags, &e);
	auto_free char *next =
		mem_format("zone \"%s\" is installed; next: zone boot %s", made, made);

	return output_done(a, made, note, next);
}

/* --- from other container managers -------------------------------------------------------------------------------- */

static struct json *row_json(const struct zone_foreign_row *row)
{
	struct json *j = json_new_object();

	json_set(j, "key", json_new_string(row->key));
	json_set(j, "value", json_new_string(row->value));
	if (row->line > 0)
		json_set(j, "line", json_new_i64(row->line));
	if (row->property)
		json_set(j, "property", json_new_string(row->property));
	else
		json_set(j, "why", json_new_string(row->text));
	return j;
}

static int print_json(const struct zone_foreign *f)
{
	auto_ptr(json) struct json *j = json_new_object();
	struct json *mapped, *left;

	json_set(j, "ok", json_new_bool(true));
	json_set(j, "zone", json_new_string(f->name));
	json_set(j, "file", json_new_string(f->file));
	if (f->root)
		json_set(j, "root", json_new_string(f->root));
	mapped = json_set(j, "mapped", json_new_array());
	left = json_set(j, "left", json_new_array());
	for (size_t i = 0; i < f->n; i++)
		json_add(f->rows[i].property ? mapped : left, row_json(&f->rows[i]));
	return output_json(j);
}

static void print_rows(const struct zone_foreign *f)
{
	struct output_table t = { .heads = { "LINE", "SETTING", "PROPERTY", "LEFT OUT BECAUSE" } };

	for (size_t i = 0; i < f->n; i++) {
		const struct zone_foreign_row *row = &f->rows[i];

		if (row->line > 0)
			strv_format(&t.cells, "%d", row->line);
		else
			strv_add(&t.cells, "-");
		strv_add(&t.cells, row->key);
		strv_add(&t.cells, row->property ? row->property : "-");
		strv_add(&t.cells, row->property ? "" : row->text);
	}
	if (f->n > 0)
		output_table_print(&t, true);
	output_table_done(&t);
}

static int foreign(struct cli_args *a, const struct zone_dirs *d, const char *what,
		   const char *name)
{
	auto_done(zone_foreign) struct zone_foreign f = { 0 };
	auto_done(diag_list) struct diag_list diags = { 0 };
	struct err e = { 0 };
	int r = zone_import_foreign(d, what, name, &f, &diags, &e);

	if (r < 0)
		return output_problems(a, &diags, &e);
	if (cli_has(a, "json"))
		return print_json(&f);
	print_rows(&f);
	auto_free char *note =
		f.root ? mem_format("its root file system is there: zone install --from %s %s",
				    f.root, f.name)
		       : NULL;

	return output_done(a, f.name, note, NULL);
}

int zone_cmd_import(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *what = a->positional.items[0];
	const char *name = a->positional.n > 1 ? a->positional.items[1] : NULL;

	if (!d)
		return CLI_FAILED;
	if (!zone_foreign_is(what) && strchr(what, ':') && access(what, F_OK) < 0)
		return cli_usage(
			a,
			"\"%s\" is neither a file nor begins with lxc:, nspawn:, docker-inspect: or zonecfg:",
			what);
	return zone_foreign_is(what) ? foreign(a, d, what, name) : archive(a, d, what, name);
}
