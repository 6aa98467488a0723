/* zone list - zones and their states. Unlike zoneadm, which shows running zones unless told otherwise, it shows all: -r is for those that run, -i for those
 * that are installed or more, -c (accepted for the habit) for all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/tenants.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"
#include "runtime/zone_cmd/output.h"

static char *id_of(const struct zone_row *r)
{
	return r->id >= 0 ? mem_format("%lld", (long long)r->id) : NULL;
}
static char *name_of(const struct zone_row *r)
{
	return mem_strdup(r->name);
}
static char *state_of(const struct zone_row *r)
{
	return mem_strdup(zone_state_word(r->state));
}
static char *path_of(const struct zone_row *r)
{
	return mem_strdup(r->path);
}
static char *brand_of(const struct zone_row *r)
{
	return mem_strdup(r->brand);
}
static char *ip_of(const struct zone_row *r)
{
	return mem_strdup(r->ip);
}
static char *uuid_of(const struct zone_row *r)
{
	return mem_strdup(r->uuid);
}
static char *aux_of(const struct zone_row *r)
{
	return mem_strdup(r->aux);
}
static char *pending_of(const struct zone_row *r)
{
	return r->pending ? mem_strdup("pending") : NULL;
}
static char *tenant_of(const struct zone_row *r)
{
	return mem_strdup(r->tenant);
}
static char *rw_of(const struct zone_row *r)
{
	return mem_strdup(r->rw);
}
static char *profile_of(const struct zone_row *r)
{
	return mem_strdup(r->profile);
}
static char *reason_of(const struct zone_row *r)
{
	return mem_strdup(r->reason);
}

struct column {
	const char *name, *head;
	char *(*value)(const struct zone_row *r); /* NULL: none */
};

static const struct column columns[] = {
	{ "id", "ID", id_of },
	{ "name", "NAME", name_of },
	{ "state", "STATUS", state_of },
	{ "path", "PATH", path_of },
	{ "brand", "BRAND", brand_of },
	{ "ip", "IP", ip_of },
	{ "uuid", "UUID", uuid_of },
	{ "aux", "AUX", aux_of },
	{ "pending", "FILE", pending_of },
	{ "tenant", "TENANT", tenant_of },
	{ "rw", "R/W", rw_of },
	{ "profile", "FILE-MAC-PROFILE", profile_of },
	{ "reason", "REASON", reason_of },
};

enum { N_COLUMNS = sizeof(columns) / sizeof(columns[0]), LINKS_INDENT = 4 };

static const char default_columns[] = "id,name,state,path,brand,ip";
static const char verbose_columns[] = "id,name,state,aux,rw,pending,path,brand,ip,reason";
static const char parsable_columns[] = "id,name,state,path,uuid,brand,ip,rw,profile";

struct choice {
	const struct column *columns[N_COLUMNS + 1];
	size_t n;
};

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (str_eq(columns[i].name, name) ||
		    (str_eq(name, "status") && str_eq(columns[i].name, "state")))
			return &columns[i];
	}
	return NULL;
}

static int choose(const struct cli_args *a, struct choice *ret)
{
	const char *usual = cli_has(a, "parsable")  ? parsable_columns
			    : cli_has(a, "verbose") ? verbose_columns
						    : default_columns;
	auto_done(strv) struct strv names = { 0 };

	strv_split(&names, cli_value(a, "columns", usual), ',');
	for (size_t i = 0; i < names.n; i++) {
		const struct column *c = find_column(names.items[i]);

		if (!c || ret->n >= N_COLUMNS)
			return cli_usage(
				a,
				"there is no column \"%s\": id, name, state, path, brand, ip, uuid, aux, pending, tenant, rw, profile, reason, each once",
				names.items[i]);
		ret->columns[ret->n++] = c;
	}
	return ret->n > 0 ? CLI_DONE : cli_usage(a, "no column is asked for");
}

/* The usual table has a mark for zones that run with something else than their files say, when there is one. */
static void add_pending(const struct cli_args *a, struct choice *c, const struct zone_row *rows,
			size_t n)
{
	bool is_usual = !cli_has(a, "columns") && !cli_has(a, "verbose") && !cli_has(a, "parsable");

	for (size_t i = 0; is_usual && i < n; i++) {
		if (!rows[i].pending)
			continue;
		c->columns[c->n++] = find_column("pending");
		return;
	}
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct cli_args *a, const struct zone_row *r)
{
	const char *tenant = cli_value(a, "tenant", NULL);

	if (tenant && !str_eq(r->tenant, tenant))
		return false;
	if (a->positional.n > 0)
		return strv_has(&a->positional, r->name);
	if (cli_has(a, "configured"))
		return true;
	if (cli_has(a, "installed"))
		return r->state >= ZONE_INSTALLED;
	return !cli_has(a, "running") || r->state >= ZONE_READY;
}

static enum output_colour colour_of(const char *head, const char *cell)
{
	static const struct {
		const char *state;
		enum output_colour colour;
	} colours[] = {
		{ "running", OUTPUT_GREEN },        { "ready", OUTPUT_BLUE },
		{ "shutting_down", OUTPUT_YELLOW }, { "down", OUTPUT_RED },
		{ "incomplete", OUTPUT_RED },       { "unavailable", OUTPUT_RED },
	};

	for (size_t i = 0; strcmp(head, "STATUS") == 0 && i < sizeof(colours) / sizeof(colours[0]);
	     i++) {
		if (strcmp(cell, colours[i].state) == 0)
			return colours[i].colour;
	}
	return OUTPUT_PLAIN;
}

struct below {
	const struct zone_dirs *dirs;
	const struct zone_row *rows;
	size_t *printed; /* their indices, line by line */
	struct zone_links_view *links;
};

/* Under the row of a zone that runs: its links, and what is to be known of a zone whose links cannot be looked at. */
static void print_links(size_t row, void *arg)
{
	const struct below *b = arg;
	auto_ptr(json) struct json *links = NULL;
	struct err why = { 0 };

	if (zone_row_links(b->dirs, &b->rows[b->printed[row]], b->links, &links, &why) < 0) {
		auto_free char *line = mem_format("its links cannot be looked at: %s", why.text);

		output_line(LINKS_INDENT, line);
	}
	for (size_t i = 0; links && i < links->n; i++) {
		auto_free char *line = zone_link_text(links->items[i]);

		output_line(LINKS_INDENT, line);
	}
}

static int print_table(struct cli_args *a, const struct choice *c, const struct zone_row *rows,
		       size_t n)
{
	auto_free size_t *printed = mem_array(n + 1, sizeof(*printed));
	auto_done(zone_links_view) struct zone_links_view links = { 0 };
	struct below b = {
		.dirs = zone_cmd_dirs(a), .rows = rows, .printed = printed, .links = &links
	};
	auto_done(output_table) struct output_table t = {
		.colour = colour_of, .below = cli_has(a, "verbose") ? print_links : NULL, .arg = &b
	};
	size_t n_printed = 0;

	for (size_t i = 0; i < c->n; i++)
		t.heads[i] = c->columns[i]->head;
	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(a, &rows[i]))
			continue;
		printed[n_printed++] = i;
		for (size_t k = 0; k < c->n; k++) {
			char *cell = c->columns[k]->value(&rows[i]);

			strv_take(&t.cells, cell ? cell : mem_strdup("-"));
		}
	}
	output_table_print(&t, true);
	return CLI_DONE;
}

/* ":" and "\\" inside a field get a "\\" in front, so a shell's read -r and a split at unescaped colons agree. */
static void print_field(const char *text)
{
	for (; *text; text++) {
		if (*text == ':' || *text == '\\')
			(void)putchar('\\');
		(void)putchar((unsigned char)*text < 0x20 ? '?' : *text);
	}
}

/* As zoneadm prints them. */
static bool is_dash(const struct column *c)
{
	return str_eq(c->name, "id") || str_eq(c->name, "rw");
}

static void print_fields(const struct choice *c, const struct zone_row *row)
{
	for (size_t k = 0; k < c->n; k++) {
		auto_free char *cell = c->columns[k]->value(row);
		const char *none = is_dash(c->columns[k]) ? "-" : "";

		if (k > 0)
			(void)putchar(':');
		print_field(cell ? cell : none);
	}
	(void)putchar('\n');
}

static int print_parsable(const struct cli_args *a, const struct choice *c,
			  const struct zone_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_wanted(a, &rows[i]))
			print_fields(c, &rows[i]);
	}
	return CLI_DONE;
}

static void add_links(struct json *to, const struct zone_dirs *d, const struct zone_row *row,
		      struct zone_links_view *view)
{
	struct json *links = NULL;
	struct err why = { 0 };

	if (zone_row_links(d, row, view, &links, &why) < 0)
		json_set(to, "linksError", json_new_string(why.text));
	json_set(to, "links", links ? links : json_new_null());
}

static int print_json(struct cli_args *a, const struct zone_row *rows, size_t n)
{
	auto_done(zone_links_view) struct zone_links_view links = { 0 };
	auto_ptr(json) struct json *list = json_new_array();

	for (size_t i = 0; i < n; i++) {
		if (!is_wanted(a, &rows[i]))
			continue;
		struct json *row = json_add(list, json_new_object());

		json_set(row, "id", rows[i].id >= 0 ? json_new_i64(rows[i].id) : json_new_null());
		json_set(row, "pending", json_new_bool(rows[i].pending));
		for (size_t k = 1; k < N_COLUMNS; k++) {
			if (columns[k].value == pending_of)
				continue;
			auto_free char *cell = columns[k].value(&rows[i]);

			json_set(row, columns[k].name,
				 cell ? json_new_string(cell) : json_new_null());
		}
		add_links(row, zone_cmd_dirs(a), &rows[i], &links);
	}
	return output_json(list);
}

/* Names that were asked for and do not exist. */
static int check_names(const struct cli_args *a, const struct zone_row *rows, size_t n,
		       struct err *e)
{
	for (size_t i = 0; i < a->positional.n; i++) {
		bool found = false;

		for (size_t k = 0; k < n && !found; k++)
			found = str_eq(rows[k].name, a->positional.items[i]);
		if (!found)
			return err_set(e, ENOENT, "zone \"%s\" does not exist",
				       a->positional.items[i]);
	}
	return 0;
}

/* One that neither has a file nor is named by any zone. */
static int check_tenant(const struct cli_args *a, const struct zone_dirs *d,
			const struct zone_row *rows, size_t n, struct err *e)
{
	const char *tenant = cli_value(a, "tenant", NULL);
	auto_done(strv) struct strv names = { 0 };
	int r;

	for (size_t i = 0; tenant && i < n; i++) {
		if (str_eq(rows[i].tenant, tenant))
			return 0;
	}
	r = tenant ? tenant_names(d, &names, e) : 0;
	if (r < 0 || !tenant || strv_has(&names, tenant))
		return r;
	auto_free char *all = strv_join(&names, ", ");

	return err_set(e, ENOENT, "tenant \"%s\" does not exist: %s%s", tenant,
		       names.n > 0 ? "there are " : "there is none", all ? all : "");
}

int zone_cmd_list(struct cli_args *a)
{
	const struct zone_dirs *d = zone_cmd_dirs(a);
	struct choice chosen = { 0 };
	struct zone_row *rows = NULL;
	struct err e = { 0 };
	size_t n = 0;
	int code;

	if (!d)
		return CLI_FAILED;
	code = choose(a, &chosen);
	if (code != CLI_DONE)
		return code;
	if (zone_list(d, &rows, &n, &e) < 0)
		return output_error(a, &e);
	add_pending(a, &chosen, rows, n);
	if (check_names(a, rows, n, &e) < 0 || check_tenant(a, d, rows, n, &e) < 0)
		code = output_error(a, &e);
	else if (cli_has(a, "json"))
		code = print_json(a, rows, n);
	else
		code = cli_has(a, "parsable") ? print_parsable(a, &chosen, rows, n)
					      : print_table(a, &chosen, rows, n);
	zone_rows_free(rows, n);
	return code;
}
