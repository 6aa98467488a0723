/* zone help - the verbs, one verb, or the properties of a zone's file, all out of the tables that do the work. */
#include <stdio.h>

#include "config/zone_spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli_help.h"
#include "runtime/base/mem.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static void print_property(const char *path, const char *type, const char *fallback,
			   const char *doc, unsigned flags, void *arg)
{
	(void)flags;
	(void)arg;
	(void)printf("%s%s%s  (%s%s%s)\n", output_colour(OUTPUT_BOLD), path,
		     output_colour(OUTPUT_PLAIN), type, fallback ? "; default: " : "",
		     fallback ? fallback : "");
	if (doc)
		(void)printf("    %s\n", doc);
}

static void add_property(const char *path, const char *type, const char *fallback, const char *doc,
			 unsigned flags, void *arg)
{
	struct json *row = json_add(arg, json_new_object());

	(void)flags;
	json_set(row, "path", json_new_string(path));
	json_set(row, "type", json_new_string(type));
	json_set(row, "default", fallback ? json_new_string(fallback) : json_new_null());
	json_set(row, "doc", doc ? json_new_string(doc) : json_new_null());
}

static int help_properties(const struct cli_args *a)
{
	if (cli_has(a, "json")) {
		auto_ptr(json) struct json *list = json_new_array();

		zone_properties(add_property, list);
		return output_json(list);
	}
	if (cli_has(a, "man")) {
		auto_free char *text = zone_properties_manual();

		(void)fputs(text, stdout);
		return CLI_DONE;
	}
	zone_properties(print_property, NULL);
	return CLI_DONE;
}

int zone_cmd_help(struct cli_args *a)
{
	const struct zone_cmd *context = a->program_data;
	const char *topic = a->positional.n > 0 ? a->positional.items[0] : NULL;

	if (str_eq(topic, "properties"))
		return help_properties(a);
	if (!topic) {
		cli_help_program(context->program, stdout);
		(void)printf("\"%s help properties\" lists what a zone's file can say.\n",
			     context->program->name);
		return CLI_DONE;
	}
	for (const struct cli_verb *v = zone_cmd_verbs; v->name; v++) {
		if (str_eq(v->name, topic)) {
			cli_help_verb(context->program, v);
			return CLI_DONE;
		}
	}
	return cli_usage(a, "there is no command \"%s\"", topic);
}
