/* zone image - images that are kept: list, pull, import, inspect, rm, prune. */
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/zone/images.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"
#include "runtime/zone_cmd/watch.h"

enum { DIGEST_SHOWN = 19, NUMBER_MAX = 32 };

/* --- list and inspect --------------------------------------------------------------------------------------------- */

static char *size_of(const struct json *image)
{
	int64_t size = json_get_i64(image, "size", -1);
	char text[NUMBER_MAX];

	if (size < 0)
		return mem_strdup("-");
	num_size_text((uint64_t)size, text, sizeof(text));
	return mem_strdup(text);
}

static void add_row(struct strv *cells, const struct json *image)
{
	const struct json *layers = json_get(image, "layers");

	strv_add(cells, json_get_string(image, "name", "-"));
	strv_take(cells, mem_strndup(json_get_string(image, "digest", "-"), DIGEST_SHOWN));
	strv_format(cells, "%zu", layers ? layers->n : (size_t)0);
	strv_take(cells, size_of(image));
	strv_add(cells, json_get_string(image, "added", "-"));
}

static int do_list(struct cli_args *a, const struct zone_dirs *d)
{
	auto_done(output_table) struct output_table t = { .heads = { "NAME", "DIGEST", "LAYERS",
								     "SIZE", "ADDED" } };
	auto_ptr(json) struct json *list = NULL;
	struct err e = { 0 };

	if (zone_image_list(d, &list, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(list);
	for (size_t i = 0; i < list->n; i++)
		add_row(&t.cells, list->items[i]);
	output_table_print(&t, true);
	return CLI_DONE;
}

static void print_lines(const char *path, const struct json *j)
{
	for (size_t i = 0; (j->type == JSON_OBJECT || j->type == JSON_ARRAY) && i < j->n; i++) {
		auto_free char *below =
			j->type == JSON_ARRAY
				? mem_format("%s[%zu]", path, i)
				: mem_format("%s%s%s", path, *path ? "." : "", j->items[i]->key);

		print_lines(below, j->items[i]);
	}
	if (j->type == JSON_OBJECT || j->type == JSON_ARRAY)
		return;
	auto_free char *text = j->type == JSON_STRING ? mem_strdup(j->text) : json_print(j, false);
	auto_free char *line = mem_format("%-32s %s", path, text);

	output_line(0, line);
}

static int do_inspect(struct cli_args *a, const struct zone_dirs *d)
{
	auto_ptr(json) struct json *j = NULL;
	struct err e = { 0 };

	if (zone_image_inspect(d, a->positional.items[1], &j, &e) < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(j);
	print_lines("", j);
	return CLI_DONE;
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static int add(struct cli_args *a, const struct zone_dirs *d, const char *from)
{
	const char *name = a->positional.n > 2 ? a->positional.items[2] : NULL;
	auto_done(watch) struct watch w = { 0 };
	struct zone_install o = { .progress = watch_progress, .arg = &w, .warn = watch_warn };
	auto_free char *chosen = NULL;
	struct err e = { 0 };
	int r = zone_image_add(d, from, name, &o, &chosen, &e);

	output_progress_end(&w.progress);
	if (r < 0)
		return output_error(a, &e);
	auto_free char *left_out = w.warnings.n > 0 ? strv_join(&w.warnings, "; ") : NULL;
	auto_free char *note = left_out ? mem_format("image \"%s\" is kept; %s", chosen, left_out)
					: mem_format("image \"%s\" is kept", chosen);
	auto_free char *next = mem_format("next: zone install --from image:%s ZONE", chosen);

	return output_done(a, NULL, note, next);
}

static int do_import(struct cli_args *a, const struct zone_dirs *d)
{
	return add(a, d, a->positional.items[1]);
}

/* A bare name is one of a registry. */
static int do_pull(struct cli_args *a, const struct zone_dirs *d)
{
	const char *from = a->positional.items[1];
	auto_free char *whole =
		zone_image_is_reference(from) ? mem_strdup(from) : mem_format("docker://%s", from);

	return add(a, d, whole);
}

static int told_layers(struct cli_args *a, int r, size_t layers, const struct err *e)
{
	auto_free char *note = mem_format("%zu layers were removed", layers);

	return r < 0 ? output_error(a, e) : output_done(a, NULL, layers ? note : NULL, NULL);
}

static int do_rm(struct cli_args *a, const struct zone_dirs *d)
{
	struct err e = { 0 };
	size_t layers = 0;
	int r = zone_image_remove(d, a->positional.items[1], &layers, &e);

	return told_layers(a, r, layers, &e);
}

static int do_prune(struct cli_args *a, const struct zone_dirs *d)
{
	struct err e = { 0 };
	size_t layers = 0;
	int r = zone_image_prune(d, &layers, &e);

	return told_layers(a, r, layers, &e);
}

static const struct {
	const char *word, *positionals;
	size_t least, most; /* with the word itself */
	int (*run)(struct cli_args *a, const struct zone_dirs *d);
} actions[] = {
	{ "list", "", 1, 1, do_list },
	{ "pull", " NAME:TAG [AS]", 2, 3, do_pull },
	{ "import", " FROM [AS]", 2, 3, do_import },
	{ "inspect", " NAME", 2, 2, do_inspect },
	{ "rm", " NAME", 2, 2, do_rm },
	{ "prune", "", 1, 1, do_prune },
};

int zone_cmd_image(struct cli_args *a)
{
	const char *word = a->positional.n > 0 ? a->positional.items[0] : "list";

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		size_t n = a->positional.n > 0 ? a->positional.n : 1;

		if (!str_eq(actions[i].word, word))
			continue;
		if (n < actions[i].least || n > actions[i].most)
			return cli_usage(a, "it is: zone image %s%s", word, actions[i].positionals);
		const struct zone_dirs *d = zone_cmd_dirs(a);

		return d ? actions[i].run(a, d) : CLI_FAILED;
	}
	return cli_usage(a, "\"%s\" is none of list, pull, import, inspect, rm, prune", word);
}
