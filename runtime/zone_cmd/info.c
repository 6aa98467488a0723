/* zone info - the whole effective configuration with the origin of each value; --live adds what the kernel holds. */
#include <stdio.h>
#include <string.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

/* What is told of the root, and of the image that it came from, stands in no file. */
static bool is_storage(const char *path)
{
	static const char *const rows[] = { "storage", "storage.driver", "storage.layers",
					    "storage.snapshots" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_eq(rows[i], path))
			return true;
	return str_eq(path, "image") || str_has_prefix(path, "image.");
}

/* Every path that is asked for must be one that a zone can have; one that is not set shows nothing. */
static int check_paths(const struct cli_args *a, struct err *e)
{
	auto_ptr(json) struct json *nothing = json_new_object();
	struct json *ignored = NULL;

	for (size_t i = 1; i < a->positional.n; i++) {
		if (is_storage(a->positional.items[i]))
			continue;
		int r = zone_path_get(nothing, a->positional.items[i], &ignored, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Is the row asked for? "anet" asks for everything below it. */
static bool is_wanted(const struct cli_args *a, const char *path)
{
	for (size_t i = 1; i < a->positional.n; i++) {
		const char *rest = str_after(path, a->positional.items[i]);

		if (rest && (*rest == '\0' || *rest == '.' || *rest == '['))
			return true;
	}
	return a->positional.n <= 1;
}

static enum output_colour colour_of(const char *head, const char *cell)
{
	if (strcmp(head, "ORIGIN") != 0)
		return OUTPUT_PLAIN;
	return strcmp(cell, "file") == 0 ? OUTPUT_GREEN : OUTPUT_DIM;
}

/* The leaves of a document as "a.b[0].c" and text. */
static void add_leaves(struct output_table *t, const char *path, const struct json *j)
{
	for (size_t i = 0; i < j->n; i++) {
		auto_free char *below = j->type == JSON_ARRAY
						? mem_format("%s[%zu]", path, i)
						: mem_format("%s.%s", path, j->items[i]->key);

		add_leaves(t, below, j->items[i]);
	}
	if (j->type == JSON_ARRAY || j->type == JSON_OBJECT)
		return;
	auto_free char *text = json_print(j, false);

	strv_add(&t->cells, path);
	strv_add(&t->cells, j->type == JSON_STRING ? j->text : text);
	strv_add(&t->cells, "kernel");
}

static int print_text(const struct cli_args *a, const struct zone_info_row *rows, size_t n,
		      const struct json *live)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "PROPERTY", "VALUE", "ORIGIN" }, .colour = colour_of
	};

	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(a, rows[i].path))
			continue;
		strv_add(&t.cells, rows[i].path);
		strv_add(&t.cells, rows[i].value);
		strv_add(&t.cells, rows[i].origin);
	}
	if (live)
		add_leaves(&t, "live", live);
	output_table_print(&t, true);
	return CLI_DONE;
}

/* How many properties of the running zone differ from the file; 0 also when that is not known. */
static size_t pending_changes(const struct zone_dirs *d, const char *name)
{
	auto_done(zone_plan) struct zone_plan p = { 0 };
	struct err ignored = { 0 };

	return zone_diff(d, name, &p, &ignored) < 0 ? 0 : p.n;
}

static int print_json(const struct cli_args *a, const struct zone_info_row *rows, size_t n,
		      struct json *live, size_t pending)
{
	auto_ptr(json) struct json *j = json_new_object();

	json_set(j, "zone", json_new_string(a->positional.items[0]));
	struct json *list = json_set(j, "properties", json_new_array());

	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(a, rows[i].path))
			continue;
		struct json *row = json_add(list, json_new_object());

		json_set(row, "path", json_new_string(rows[i].path));
		json_set(row, "value", json_new_string(rows[i].value));
		json_set(row, "origin", json_new_string(rows[i].origin));
	}
	json_set(j, "pending", json_new_u64(pending));
	if (live)
		json_set(j, "live", json_clone(live));
	return output_json(j);
}

int zone_cmd_info(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	const char *name = a->positional.items[0];
	struct zone_info_row *rows = NULL;
	auto_ptr(json) struct json *live = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (!d)
		return CLI_FAILED;
	if (check_paths(a, &e) < 0 || zone_info(d, name, &rows, &n, &e) < 0)
		return output_error(a, &e);
	size_t pending = pending_changes(d, name);
	int code = CLI_DONE;

	if (cli_has(a, "live") && zone_info_live(d, name, &live, &e) < 0)
		code = output_error(a, &e);
	else
		code = cli_has(a, "json") ? print_json(a, rows, n, live, pending)
					  : print_text(a, rows, n, live);
	if (pending > 0 && !cli_has(a, "json"))
		(void)fprintf(
			stderr,
			"zone: zone \"%s\" runs with %zu other value%s than these of its file: zone diff %s, zone apply %s\n",
			name, pending, pending == 1 ? "" : "s", name, name);
	zone_info_free(rows, n);
	return code;
}
