/* zone snapshot - roots as they were: a word for what is to be done, then the zone. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static const char *word(const struct cli_args *a, size_t i)
{
	return i < a->positional.n ? a->positional.items[i] : NULL;
}

/* --- which zones -------------------------------------------------------------------------------------------------- */

/* Those that are named, or with --all all that are installed. */
static int zones_of(const struct cli_args *a, const struct zone_dirs *d, struct strv *ret,
		    struct err *e)
{
	struct zone_row *rows = NULL;
	size_t n = 0;

	if (word(a, 1)) {
		strv_add(ret, word(a, 1));
		return 0;
	}
	int r = zone_list(d, &rows, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		if (rows[i].state >= ZONE_INSTALLED && !str_eq(rows[i].brand, "oci"))
			strv_add(ret, rows[i].name);
	zone_rows_free(rows, n);
	return 0;
}

/* --- create ------------------------------------------------------------------------------------------------------- */

static int create_one(const struct cli_args *a, const struct zone_dirs *d, const char *zone,
		      size_t keep, struct json *made, struct err *e)
{
	auto_free char *name = NULL;
	int r = zone_snapshot_create(d, zone, word(a, 2), keep, &name, e);

	if (r < 0)
		return r;
	struct json *row = json_add(made, json_new_object());

	json_set(row, "zone", json_new_string(zone));
	json_set(row, "snapshot", json_new_string(name));
	if (!cli_has(a, "json"))
		(void)printf("%s@%s\n", zone, name);
	return 0;
}

static int run_create(struct cli_args *a, const struct zone_dirs *d)
{
	auto_done(strv) struct strv zones = { 0 };
	auto_ptr(json) struct json *made = json_new_array();
	struct err e = { 0 }, first = { 0 };
	uint64_t keep = 0;

	if (cli_has(a, "all") == (word(a, 1) != NULL))
		return cli_usage(a, "name a zone, or take --all");
	if (cli_has(a, "keep") &&
	    (num_u64(cli_value(a, "keep", ""), &keep) < 0 || keep < 1 || keep > 100000))
		return cli_usage(a, "--keep wants a number from 1 on");
	if (zones_of(a, d, &zones, &e) < 0)
		return output_error(a, &e);
	/* one that fails does not keep the others from theirs */
	for (size_t i = 0; i < zones.n; i++) {
		struct err why = { 0 };

		if (create_one(a, d, zones.items[i], (size_t)keep, made, &why) == 0)
			continue;
		if (!cli_has(a, "json") && first.code)
			(void)output_error(a, &why);
		if (!first.code)
			first = why;
	}
	if (first.code)
		return output_error(a, &first);
	return cli_has(a, "json") ? output_json(made) : CLI_DONE;
}

/* --- list --------------------------------------------------------------------------------------------------------- */

static int list_one(const struct zone_dirs *d, const char *zone, struct output_table *t,
		    struct json *all, struct err *e)
{
	struct zone_snapshot *list = NULL;
	size_t n = 0;
	int r = zone_snapshot_list(d, zone, &list, &n, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		struct json *row = json_add(all, json_new_object());
		const char *created = list[i].created ? list[i].created : "-";

		strv_add(&t->cells, zone);
		strv_add(&t->cells, list[i].name);
		strv_add(&t->cells, created);
		strv_add(&t->cells, list[i].driver ? list[i].driver : "-");
		json_set(row, "zone", json_new_string(zone));
		json_set(row, "snapshot", json_new_string(list[i].name));
		json_set(row, "created", json_new_string(created));
		json_set(row, "driver", json_new_string(list[i].driver ? list[i].driver : ""));
	}
	zone_snapshots_free(list, n);
	return 0;
}

static int run_list(struct cli_args *a, const struct zone_dirs *d)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "ZONE", "SNAPSHOT", "CREATED", "KIND" },
	};
	auto_done(strv) struct strv zones = { 0 };
	auto_ptr(json) struct json *all = json_new_array();
	struct err e = { 0 };
	int r = zones_of(a, d, &zones, &e);

	for (size_t i = 0; r == 0 && i < zones.n; i++)
		r = list_one(d, zones.items[i], &t, all, &e);
	if (r < 0)
		return output_error(a, &e);
	if (cli_has(a, "json"))
		return output_json(all);
	output_table_print(&t, true);
	return CLI_DONE;
}

/* --- diff --------------------------------------------------------------------------------------------------------- */

struct differences {
	struct json *list; /* NULL: they are printed */
};

static int tell(void *arg, char what, const char *path)
{
	struct differences *d = arg;
	const char text[] = { what, ' ', '\0' };

	if (d->list) {
		struct json *row = json_add(d->list, json_new_object());

		json_set(row, "change", json_new_string((char[]){ what, '\0' }));
		json_set(row, "path", json_new_string(path));
		return 0;
	}
	auto_free char *line = mem_format("%s%s", text, path);

	output_line(0, line);
	return 0;
}

static int run_diff(struct cli_args *a, const struct zone_dirs *d)
{
	auto_ptr(json) struct json *list = cli_has(a, "json") ? json_new_array() : NULL;
	struct differences found = { list };
	struct err e = { 0 };

	const struct zone_compare c = {
		.from = word(a, 2), .to = word(a, 3), .each = tell, .arg = &found
	};

	if (zone_snapshot_diff(d, word(a, 1), &c, &e) < 0)
		return output_error(a, &e);
	return list ? output_json(list) : CLI_DONE;
}

/* --- get ---------------------------------------------------------------------------------------------------------- */

/* A file that is there keeps what it holds until the snapshot's is found. */
static int open_target(const char *file, bool *ret_is_new)
{
	const int flags = O_WRONLY | O_CREAT | O_NOCTTY | O_CLOEXEC;
	int fd = sys_openat(AT_FDCWD, file, flags | O_EXCL, 0600);

	*ret_is_new = fd >= 0;
	return fd < 0 && errno == EEXIST ? sys_openat(AT_FDCWD, file, flags, 0600) : fd;
}

static int run_get(struct cli_args *a, const struct zone_dirs *d)
{
	const char *file = word(a, 4);
	bool is_stdout = str_eq(file, "-"), is_new = false;
	struct err e = { 0 };
	auto_close int to =
		is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3) : open_target(file, &is_new);

	if (to < 0) {
		(void)err_sys(&e, "open \"%s\"", file);
		return output_error(a, &e);
	}
	int r = zone_snapshot_get(d, word(a, 1), word(a, 2), word(a, 3), to, &e);

	if (r < 0 && is_new)
		(void)unlink(file);
	if (r < 0 || !is_stdout)
		return output_result(a, word(a, 1), r, NULL, &e);
	return CLI_DONE;
}

/* --- delete, rollback --------------------------------------------------------------------------------------------- */

static int run_delete(struct cli_args *a, const struct zone_dirs *d)
{
	struct err e = { 0 };
	int r = zone_snapshot_delete(d, word(a, 1), word(a, 2), &e);

	return output_result(a, word(a, 1), r, NULL, &e);
}

static int run_rollback(struct cli_args *a, const struct zone_dirs *d)
{
	struct err e = { 0 };
	int r = zone_snapshot_rollback(d, word(a, 1), word(a, 2), &e);

	return output_result(a, word(a, 1), r, NULL, &e);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *word;
	size_t least, most; /* words behind it */
	int (*run)(struct cli_args *a, const struct zone_dirs *d);
	const char *usage;
} actions[] = {
	{ "create", 0, 2, run_create, "create NAME [SNAPSHOT], or create --all" },
	{ "list", 0, 1, run_list, "list [NAME]" },
	{ "rollback", 2, 2, run_rollback, "rollback NAME SNAPSHOT" },
	{ "delete", 2, 2, run_delete, "delete NAME SNAPSHOT" },
	{ "diff", 2, 3, run_diff, "diff NAME SNAPSHOT [SNAPSHOT]" },
	{ "get", 4, 4, run_get, "get NAME SNAPSHOT PATH FILE" },
};

int zone_cmd_snapshot(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	size_t n = a->positional.n - 1;

	if (!d)
		return CLI_FAILED;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!str_eq(actions[i].word, word(a, 0)))
			continue;
		if (actions[i].run != run_create && (cli_has(a, "all") || cli_has(a, "keep")))
			return cli_usage(a, "--all and --keep belong to create");
		if (n >= actions[i].least && n <= actions[i].most)
			return actions[i].run(a, d);
		return cli_usage(a, "%s", actions[i].usage);
	}
	return cli_usage(a, "it begins with create, list, rollback, delete, diff or get");
}
