/* create - a new zone is a file, checked as a whole before it is written, and a record with its identity. */
#include <errno.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"
#include "runtime/zone/record.h"

/* A copy of the tree with "zonename" as its first member. */
static struct json *with_name(const struct json *tree, const char *name)
{
	struct json *root = json_new_object();

	json_set(root, "zonename", json_new_string(name));
	for (size_t i = 0; i < tree->n; i++) {
		struct json *copy = json_clone(tree->items[i]);
		auto_free char *key = ptr_steal(
			&copy->key); /* a member is put in under a name, it has none before */

		if (str_eq(key, "zonename"))
			json_free(copy);
		else
			json_set(root, key, copy);
	}
	return root;
}

static int check_name_in(const struct json *tree, const char *name, struct diag_list *diags,
			 struct err *e)
{
	const struct json *there = json_get(tree, "zonename");

	if (tree->type != JSON_OBJECT) {
		diag_add(diags, DIAG_AT(tree->line, tree->column), "", "type", NULL,
			 "the configuration must be an object");
		return diag_err(diags, e);
	}
	if (!there || (there->type == JSON_STRING && str_eq(there->text, name)))
		return 0;
	diag_add(diags, DIAG_AT(there->line, there->column), "zonename", "conflict", name,
		 "is not the name of the zone that is being made: leave it out or write \"%s\"",
		 name);
	return diag_err(diags, e);
}

/* The text with "zonename" behind its first brace: the rest stays as it was written. */
static char *insert_name(const char *text, const struct json *tree, const char *name,
			 size_t *ret_added)
{
	int at = (int)strcspn(text, "{") + 1;
	auto_free char *member =
		mem_format(" \"zonename\": \"%s\"%s", name, tree->n > 0 ? "," : "");

	*ret_added = strlen(member);
	return mem_format("%.*s%s%s", at, text, member, text + at);
}

/* What was inserted is not in the reader's file: take it out of the columns of that line. */
static void move_positions(struct diag_list *diags, const struct json *tree, size_t added)
{
	for (size_t i = 0; i < diags->n; i++)
		if (diags->items[i].line == tree->line && diags->items[i].column > tree->column)
			diags->items[i].column -= (int)added;
}

/* Positions in a text that we made ourselves mean nothing to the reader. */
static void forget_positions(struct diag_list *diags)
{
	for (size_t i = 0; i < diags->n; i++)
		diags->items[i].line = diags->items[i].column = 0;
}

/* From the given text and the changes to the text of the file. What the administrator wrote stays as it is unless there are changes. */
static int compose(const char *name, const char *text, const struct zone_new *o, char **ret,
		   struct diag_list *diags, struct err *e)
{
	auto_ptr(json) struct json *tree = NULL;
	auto_ptr(json) struct json *root = NULL;
	auto_free char *composed = NULL;
	bool has_sets = o->sets && o->sets->n > 0;
	bool as_written = o->text && !has_sets;
	size_t added = 0;
	int r = json_parse(text, strlen(text), ZONE_FILE_MAX, &tree, diags);

	if (r < 0)
		return diag_err(diags, e);
	r = check_name_in(tree, name, diags, e);
	if (r < 0)
		return r;
	root = with_name(tree, name);
	if (has_sets)
		(void)!edit_words(root, ZONE_EDIT_SET, o->sets, diags,
				  e); /* what is wrong with the rest is to be said as well */
	if (as_written)
		composed = json_get(tree, "zonename") ? mem_strdup(text)
						      : insert_name(text, tree, name, &added);
	else
		composed = config_print(root);
	r = config_check(name, composed, diags, e);
	if (as_written)
		move_positions(diags, tree, added);
	else
		forget_positions(diags);
	if (diags->n > 0)
		return diag_err(diags, e);
	if (r == 0)
		*ret = ptr_steal(&composed);
	return r;
}

/* A record of its own makes the zone's UUID last from its creation on. */
static int write_new_record(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	char uuid[37], now[32];
	int r = zone_new_uuid(uuid, e);

	if (r < 0)
		return r;
	zone_time_now(now, sizeof(now));
	zone_record_done(&z->record);
	z->record = (struct zone_record){
		.uuid = mem_strdup(uuid),
		.state = ZONE_CONFIGURED,
		.created = mem_strdup(now),
		.exit_status = -1,
	};
	return zone_record_write(d, z, e);
}

int config_compose(const struct zone_dirs *d, const char *name, const struct zone_new *o,
		   char **ret, struct diag_list *diags, struct err *e)
{
	auto_free char *start = mem_strdup(o->text);
	int r = 0;

	if (!start)
		r = template_text(d, o->template_name ? o->template_name : "default", &start, e);
	return r < 0 ? r : compose(name, start, o, ret, diags, e);
}

int zone_create(const struct zone_dirs *d, const char *name, const struct zone_new *o,
		struct diag_list *diags, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	int r;

	if (d->caller && !o->is_clone)
		return err_set(e, EPERM, "only root of the host makes new zones");
	r = zone_open(d, name, ZONE_OPEN_LOCK, &z, e);
	if (r < 0)
		return r;
	if (z->state != ZONE_NONE)
		return err_set(
			e, EEXIST,
			"zone \"%s\" exists already (%s): change it with \"zone set\", or take another name",
			name, zone_state_word(z->state));
	r = config_check_links(d, name, NULL, e);
	if (r == 0)
		r = config_compose(d, name, o, &text, diags, e);
	if (r == 0 && o->check_only) {
		zone_forget_lock(d, z);
		return 0;
	}
	if (r == 0)
		r = write_new_record(d, z, e);
	if (r == 0) {
		r = config_write(z, NULL, text, e);
		/* a record alone is no zone, but there is no reason to keep it */
		if (r < 0)
			(void)!zone_record_remove(d, name, &ignored);
	}
	if (r < 0)
		zone_forget_lock(d, z);
	return r;
}
