/* changes - two documents are walked side by side, as deep as something can be changed by itself: members of objects and maps, entries of lists. Below that a value is a whole. */
#include "runtime/zone/changes.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

const char *change_how_word(enum change_how how)
{
	static const char *const words[] = {
		[CHANGE_LIVE] = "live",
		[CHANGE_REBOOT] = "reboot",
		[CHANGE_REFUSED] = "refused",
	};

	return words[how];
}

void changes_done(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->items[i].path);
		free(c->items[i].key);
		free(c->items[i].name);
		json_free(c->items[i].from);
		json_free(c->items[i].to);
	}
	free(c->items);
	*c = (struct changes){ 0 };
}

/* --- entries of lists --------------------------------------------------------------------------------------------- */

enum { NAME_PARTS = 3 };

/* What tells an entry from the others of its list. */
static const struct identity {
	const char *key;
	const char *members[NAME_PARTS];
} identities[] = {
	{ "anet", { "linkname" } },
	{ "net", { "physical" } },
	{ "publish", { "protocol", "address", "port" } },
	{ "fs", { "dir" } },
	{ "device", { "match" } },
	{ "rctl", { "name" } },
	{ "blockIO", { "path", "device" } },
	{ "admin", { "user" } },
};

static const struct identity *identity_of(const char *key)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
		if (str_eq(identities[i].key, key))
			return &identities[i];
	return NULL;
}

static char *bare_name(const struct json *item, const struct identity *id)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < NAME_PARTS && id->members[i]; i++) {
		const struct json *part = json_get(item, id->members[i]);

		if (!part || !part->text)
			continue;
		if (b.len > 0)
			strbuf_add_char(&b, ':');
		strbuf_add(&b, part->text);
	}
	return strbuf_steal(&b);
}

/* The second entry of a name is NAME#2: every change has a path of its own. */
char *change_item_name(const struct json *list, const char *key, size_t i)
{
	const struct identity *id = identity_of(key);
	auto_free char *name = bare_name(list->items[i], id);
	size_t count = 1;

	for (size_t k = 0; k < i; k++) {
		auto_free char *other = bare_name(list->items[k], id);

		count += str_eq(other, name);
	}
	return count > 1 ? mem_format("%s#%zu", name, count) : ptr_steal(&name);
}

static size_t item_index(const struct json *list, const char *key, const char *name)
{
	for (size_t i = 0; list && i < list->n; i++) {
		auto_free char *other = change_item_name(list, key, i);

		if (str_eq(other, name))
			return i;
	}
	return SIZE_MAX;
}

const struct json *change_item_find(const struct json *document, const char *key, const char *name)
{
	const struct json *list = json_get(document, key);
	size_t i = identity_of(key) ? item_index(list, key, name) : SIZE_MAX;

	return i == SIZE_MAX ? NULL : list->items[i];
}

/* --- finding ------------------------------------------------------------------------------------------------------ */

struct find {
	const struct json *running, *wanted;
	const struct strv *unsure;
	struct changes *ret;
};

static struct json *copy_of(const struct json *j)
{
	struct json *copy = j ? json_clone(j) : NULL;

	if (copy)
		free(ptr_steal(
			&copy->key)); /* a value is put in under a name, it has none before */
	return copy;
}

static char *path_of(const char *key, const char *name, bool is_item)
{
	if (!name)
		return mem_strdup(key);
	return is_item ? mem_format("%s[%s]", key, name) : mem_format("%s.%s", key, name);
}

static void judge(const struct find *f, struct change *c)
{
	const struct change_rule *rule = change_rule_find(c->path);
	const char *wait = rule->how == CHANGE_LIVE && rule->judge
				   ? rule->judge(c, f->running, f->wanted)
				   : NULL;

	c->how = wait ? CHANGE_REBOOT : rule->how;
	c->why = wait ? wait : rule->why;
	bool settles = c->again && rule->act && rule->act->settles;

	c->act = c->how == CHANGE_LIVE || settles ? rule->act : NULL;
}

static void add_change(struct find *f, const char *key, const char *name, const struct json *from,
		       const struct json *to)
{
	auto_free char *path = path_of(key, name, identity_of(key) != NULL);
	bool again = f->unsure && strv_has(f->unsure, path);
	struct change *c;

	if (!again && json_is_same(from, to))
		return;
	f->ret->items = mem_grow(f->ret->items, f->ret->n + 1, sizeof(*f->ret->items));
	c = &f->ret->items[f->ret->n++];
	*c = (struct change){ .path = ptr_steal(&path),
			      .key = mem_strdup(key),
			      .name = mem_strdup(name),
			      .from = copy_of(from),
			      .to = copy_of(to),
			      .again = again };
	judge(f, c);
}

static void find_items(struct find *f, const char *key)
{
	const struct json *from = json_get(f->running, key), *to = json_get(f->wanted, key);

	for (size_t i = 0; from && i < from->n; i++) {
		auto_free char *name = change_item_name(from, key, i);

		add_change(f, key, name, from->items[i], change_item_find(f->wanted, key, name));
	}
	for (size_t i = 0; to && i < to->n; i++) {
		auto_free char *name = change_item_name(to, key, i);

		if (!change_item_find(f->running, key, name))
			add_change(f, key, name, NULL, to->items[i]);
	}
}

static void find_members(struct find *f, const char *key)
{
	const struct json *from = json_get(f->running, key), *to = json_get(f->wanted, key);

	for (size_t i = 0; from && i < from->n; i++)
		add_change(f, key, from->items[i]->key, from->items[i],
			   json_get(to, from->items[i]->key));
	for (size_t i = 0; to && i < to->n; i++)
		if (!json_get(from, to->items[i]->key))
			add_change(f, key, to->items[i]->key, NULL, to->items[i]);
}

static void find_key(struct find *f, const char *key)
{
	const struct json *from = json_get(f->running, key), *to = json_get(f->wanted, key);
	const struct json *any = from ? from : to;

	if (identity_of(key))
		find_items(f, key);
	else if (any && any->type == JSON_OBJECT)
		find_members(f, key);
	else
		add_change(f, key, NULL, from, to);
}

static bool has_path(const struct changes *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->items[i].path, path))
			return true;
	return false;
}

/* An interrupted change that neither document knows any more: what it may have left has to go. */
static void find_lost(struct find *f, const char *path)
{
	size_t at = strcspn(path, ".["), n = strlen(path);
	auto_free char *key = mem_strndup(path, at);
	bool is_item = path[at] == '[' && path[n - 1] == ']';
	auto_free char *name =
		at == n ? NULL : mem_strndup(path + at + 1, n - at - 1 - (is_item ? 1 : 0));

	if (!has_path(f->ret, path) && is_item == (identity_of(key) != NULL))
		add_change(f, key, name, NULL, NULL);
}

void changes_find(const struct json *running, const struct json *wanted, const struct strv *unsure,
		  struct changes *ret)
{
	struct find f = { running, wanted, unsure, ret };

	*ret = (struct changes){ 0 };
	for (size_t i = 0; i < wanted->n; i++)
		find_key(&f, wanted->items[i]->key);
	for (size_t i = 0; i < running->n; i++)
		if (!json_get(wanted, running->items[i]->key))
			find_key(&f, running->items[i]->key);
	for (size_t i = 0; unsure && i < unsure->n; i++)
		find_lost(&f, unsure->items[i]);
}

size_t changes_count(const struct changes *c, enum change_how how)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->items[i].how == how;
	return n;
}

/* --- merging ------------------------------------------------------------------------------------------------------ */

static struct json *container_of(struct json *to, const char *key, bool is_list)
{
	for (size_t i = 0; i < to->n; i++)
		if (str_eq(to->items[i]->key, key))
			return to->items[i];
	return json_set(to, key, is_list ? json_new_array() : json_new_object());
}

static void put_item(struct json *list, const char *key, const char *name, struct json *value)
{
	size_t i = item_index(list, key, name);

	if (i == SIZE_MAX) {
		if (value)
			json_add(list, value);
		return;
	}
	json_free(list->items[i]);
	if (value) {
		list->items[i] = value;
		return;
	}
	memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof(struct json *));
	list->n--;
}

/* As it is in the running configuration. */
static void keep(struct json *to, const struct change *c)
{
	struct json *value = copy_of(c->from);
	bool is_item = identity_of(c->key) != NULL;

	if (!c->name && value) {
		json_set(to, c->key, value);
		return;
	}
	if (!c->name) {
		(void)json_unset(to, c->key);
		return;
	}
	struct json *in = container_of(to, c->key, is_item);

	if (is_item)
		put_item(in, c->key, c->name, value);
	else if (value)
		json_set(in, c->name, value);
	else
		(void)json_unset(in, c->name);
	if (in->n == 0)
		(void)json_unset(to, c->key);
}

/* Does nothing of a property change now, but something later? */
static bool waits_whole(const struct changes *c, const char *key)
{
	size_t waiting = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (!str_eq(c->items[i].key, key))
			continue;
		if (c->items[i].how == CHANGE_LIVE)
			return false;
		waiting++;
	}
	return waiting > 0;
}

/* Lists of which nothing changes now stay as they are, the order of their entries included. */
static void keep_lists(struct json *to, const struct json *running, const struct changes *c)
{
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		const char *key = identities[i].key;
		struct json *value;

		if (!waits_whole(c, key))
			continue;
		value = copy_of(json_get(running, key));
		if (value)
			json_set(to, key, value);
	}
}

struct json *changes_merge(const struct json *running, const struct json *wanted,
			   const struct changes *c)
{
	struct json *merged = json_clone(wanted);

	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].how != CHANGE_LIVE)
			keep(merged, &c->items[i]);
	keep_lists(merged, running, c);
	return merged;
}
