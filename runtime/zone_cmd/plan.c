/* plan - see plan.h. */
#include "runtime/zone_cmd/plan.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/zone_cmd/output.h"

enum { VALUE_WIDTH = 60 };

static enum output_colour colour_of(const char *head, const char *cell)
{
	if (strcmp(head, "HOW") != 0)
		return OUTPUT_PLAIN;
	return strcmp(cell, "live") == 0     ? OUTPUT_GREEN
	       : strcmp(cell, "reboot") == 0 ? OUTPUT_YELLOW
					     : OUTPUT_RED;
}

/* "-" for what is not there; long ones are for --json. */
static char *cell_of(const char *value)
{
	if (!value)
		return mem_strdup("-");
	return strlen(value) > VALUE_WIDTH ? mem_format("%.*s...", VALUE_WIDTH - 3, value)
					   : mem_strdup(value);
}

static void print_row(struct output_table *t, const struct zone_change *c, const char *path,
		      const char *from, const char *to)
{
	strv_add(&t->cells, c->how);
	strv_add(&t->cells, path);
	strv_take(&t->cells, cell_of(from));
	strv_take(&t->cells, cell_of(to));
	strv_add(&t->cells, c->again ? "again: an apply was killed here" : c->why ? c->why : "");
}

static struct json *object_of(const char *text)
{
	struct json *j = NULL;
	struct err ignored = { 0 };

	if (!text || text[0] != '{' || json_parse_simple(text, strlen(text), &j, &ignored) < 0)
		return NULL;
	return j;
}

static char *member_text(const struct json *value)
{
	if (!value)
		return NULL;
	return value->type == JSON_STRING ? mem_strdup(value->text) : json_print(value, false);
}

static size_t print_member(struct output_table *t, const struct zone_change *c,
			   const struct json *from, const struct json *to, const char *key)
{
	auto_free char *path = mem_format("%s.%s", c->path, key);
	auto_free char *was = member_text(json_get(from, key));
	auto_free char *is = member_text(json_get(to, key));

	if (was && is && strcmp(was, is) == 0)
		return 0;
	print_row(t, c, path, was, is);
	return 1;
}

/* An object that both have: only what differs in it, a row each. Returns how many. */
static size_t print_members(struct output_table *t, const struct zone_change *c)
{
	auto_ptr(json) struct json *from = object_of(c->from);
	auto_ptr(json) struct json *to = object_of(c->to);
	size_t n = 0;

	if (!from || !to)
		return 0;
	for (size_t i = 0; i < from->n; i++)
		n += print_member(t, c, from, to, from->items[i]->key);
	for (size_t i = 0; i < to->n; i++)
		if (!json_get(from, to->items[i]->key))
			n += print_member(t, c, from, to, to->items[i]->key);
	return n;
}

void plan_print(const struct zone_plan *p)
{
	auto_done(output_table) struct output_table t = {
		.heads = { "HOW", "PROPERTY", "RUNNING", "FILE", "NOTE" }, .colour = colour_of
	};

	for (size_t i = 0; i < p->n; i++) {
		const struct zone_change *c = &p->items[i];

		if (print_members(&t, c) == 0)
			print_row(&t, c, c->path, c->from, c->to);
	}
	if (p->n > 0)
		output_table_print(&t, true);
}

static struct json *text_or_null(const char *s)
{
	return s ? json_new_string(s) : json_new_null();
}

void plan_json(const struct zone_plan *p, bool is_done, struct json *to)
{
	size_t left = is_done ? p->n - p->n_live : p->n;

	json_set(to, "state", json_new_string(zone_state_word(p->state)));
	json_set(to, "running", json_new_bool(p->running));
	json_set(to, "pending", json_new_u64(left));
	struct json *list = json_set(to, "changes", json_new_array());

	for (size_t i = 0; i < p->n; i++) {
		const struct zone_change *c = &p->items[i];
		struct json *row = json_add(list, json_new_object());

		json_set(row, "path", json_new_string(c->path));
		json_set(row, "how", json_new_string(c->how));
		json_set(row, "from", text_or_null(c->from));
		json_set(row, "to", text_or_null(c->to));
		json_set(row, "why", text_or_null(c->why));
		json_set(row, "again", json_new_bool(c->again));
	}
}
