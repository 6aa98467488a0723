/* zrun mounts - add a mount to a running container, or take one away. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/diag.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/mem.h"
#include "runtime/zrun_cmd/commands.h"

/* A row from options, in the form of config.json, so that there is one parser and one set of messages. */
static struct json *row_of_options(const struct cli_args *a)
{
	static const char *const members[] = { "destination", "source", "type" };
	struct json *row = json_new_object(), *options = NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *value = cli_value(a, members[i], NULL);

		if (value)
			(void)json_set(row, members[i], json_new_string(value));
	}
	for (size_t i = 0; i < a->repeated.n; i++) {
		const char *value = str_after(a->repeated.items[i], "option=");

		if (!options)
			options = json_set(row, "options", json_new_array());
		(void)json_add(options, json_new_string(value ? value : ""));
	}
	return row;
}

/* {"destination": ...}, or the list of them that crun reads. */
static int rows_of_file(const char *path, struct json **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = str_eq(path, "-")
			? file_read_fd(STDIN_FILENO, OCI_MAX_CONFIG_SIZE, &text, &n, e)
			: file_read_all(AT_FDCWD, path, OCI_MAX_CONFIG_SIZE, &text, &n, e);

	if (r == 0)
		r = json_parse_simple(text, n, ret, e);
	return r < 0 ? err_wrap(e, "mounts \"%s\"", path) : 0;
}

static int read_rows(const struct cli_args *a, struct json **ret, struct err *e)
{
	const char *file = a->positional.n > 2 ? a->positional.items[2] : NULL;

	if (!file && !cli_has(a, "destination"))
		return err_set(e, EINVAL, "a file or --destination is needed");
	if (!file) {
		*ret = row_of_options(a);
		return 0;
	}
	return rows_of_file(file, ret, e);
}

/* The rows as a configuration of their own: checked as every other is. */
static int parse_rows(struct engine_container *c, struct json *rows, struct container_spec **ret,
		      struct err *e)
{
	static const char head[] = "{\"ociVersion\":\"" OCI_VERSION "\",\"root\":{\"path\":\"/\"},"
				   "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]}}";
	auto_ptr(json) struct json *document = NULL;
	const struct container_spec *spec = engine_spec(c);
	struct json *list = rows;

	if (json_parse_simple(head, strlen(head), &document, e) < 0)
		return -e->code;
	if (rows->type != JSON_ARRAY) {
		list = json_new_array();
		(void)json_add(list, rows);
	}
	(void)json_set(document, "mounts", list);
	/* "idmap" is right or wrong by this */
	if (spec && spec->linux.namespaces[NS_USER].wanted)
		(void)json_set(json_add(json_get(json_get(document, "linux"), "namespaces"),
					json_new_object()),
			       "type", json_new_string("user"));
	auto_free char *text = json_print(document, false);

	auto_done(diag_list) struct diag_list diags = { 0 };

	return oci_parse(text, strlen(text), ret, &diags) < 0 ? diag_err(&diags, e) : 0;
}

static int add(const struct cli_args *a, struct engine_container *c, struct err *e)
{
	auto_ptr(container_spec) struct container_spec *rows = NULL;
	struct json *given = NULL;
	int r = read_rows(a, &given, e);

	if (r == 0 && given)
		r = parse_rows(c, given, &rows, e);
	for (size_t i = 0; r == 0 && rows && i < rows->n_mounts; i++)
		r = engine_mount_add(c, &rows->mounts[i], e);
	return r;
}

static int remove_all(const struct cli_args *a, struct engine_container *c, struct err *e)
{
	int r = a->positional.n > 2 ? 0 : err_set(e, EINVAL, "a destination is needed");

	for (size_t i = 2; r == 0 && i < a->positional.n; i++)
		r = engine_mount_remove(c, a->positional.items[i], e);
	return r;
}

int zrun_mounts(struct cli_args *a)
{
	const char *what = a->positional.items[0];
	struct engine_container *c = NULL;
	struct err e = { 0 };
	bool is_add = str_eq(what, "add");

	if (!is_add && !str_eq(what, "remove"))
		return cli_usage(a, "\"%s\" is neither add nor remove", what);
	int r = engine_open(zrun_of(a)->root, a->positional.items[1], true, &c, &e);

	if (r == 0)
		r = is_add ? add(a, c, &e) : remove_all(a, c, &e);
	engine_free(c);
	return r < 0 ? zrun_fail(&e) : CLI_DONE;
}
