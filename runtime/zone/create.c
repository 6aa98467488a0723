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
		diag_add(diags, tree->line, tree->column, "", "type", NULL,
			 "the configuration must be an object");
		return diag_err(diags, e);
	}
	if (!there || (there->type == JSON_STRING && str_eq(there->text, name)))
		return 0;
	diag_add(diags, there->line, there->column, "zonename", "conflict", name,
		 "is not the name of the zone that is being made: leave it out or write \"%s\"",
		 name);
	return diag_err(diags, e);
}

/* Positions in a text that we made ourselves mean nothing to the reader. */
static void forget_positions(struct diag_list *diags)
{
	for (size_t i = 0; i < diags->n; i++)
		diags->items[i].line = diags->items[i].column = 0;
}

/* From the given text and the changes to the text of the file. When nothing needs to be changed the text stays as it was written. */
static int compose(const char *name, const char *text, const struct strv *sets, char **ret,
		   struct diag_list *diags, struct err *e)
{
	auto_ptr(json) struct json *tree = NULL;
	auto_ptr(json) struct json *root = NULL;
	auto_free char *composed = NULL;
	bool as_given;
	int r = json_parse(text, strlen(text), ZONE_FILE_MAX, &tree, diags);

	if (r < 0)
		return diag_err(diags, e);
	r = check_name_in(tree, name, diags, e);
	if (r < 0)
		return r;
	as_given = json_get(tree, "zonename") && (!sets || sets->n == 0);
	root = with_name(tree, name);
	if (sets && sets->n > 0)
		(void)!edit_words(root, ZONE_EDIT_SET, sets, diags,
				  e); /* what is wrong with the rest is to be said as well */
	composed = as_given ? mem_strdup(text) : config_print(root);
	r = config_check(name, composed, diags, e);
	if (!as_given)
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

int zone_create(const struct zone_dirs *d, const char *name, const char *text,
		const char *template_name, const struct strv *sets, struct diag_list *diags,
		struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	auto_free char *start = NULL;
	auto_free char *composed = NULL;
	int r = zone_open(d, name, ZONE_OPEN_LOCK, &z, e);

	if (r < 0)
		return r;
	if (z->state != ZONE_NONE)
		return err_set(
			e, EEXIST,
			"zone \"%s\" exists already (%s): change it with \"zone set\", or take another name",
			name, zone_state_word(z->state));
	if (text)
		start = mem_strdup(text);
	else
		r = template_text(d, template_name ? template_name : "default", &start, e);
	if (r == 0)
		r = compose(name, start, sets, &composed, diags, e);
	if (r == 0)
		r = write_new_record(d, z, e);
	if (r < 0) {
		zone_forget_lock(d, z);
		return r;
	}
	r = config_write(z, NULL, composed, e);
	if (r < 0) {
		struct err ignored = { 0 };

		(void)!zone_record_remove(
			d, name,
			&ignored); /* a record alone is no zone, but there is no reason to keep it */
		zone_forget_lock(d, z);
	}
	return r;
}
