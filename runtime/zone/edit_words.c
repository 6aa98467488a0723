/* edit_words - the words of set, add, remove and clear, applied to the tree of a configuration file.
 *
 *   set     PATH=VALUE                          anet[0].mtu=1400
 *   add     LIST=VALUE                          anet[0].allowedAddress=10.88.0.3/24
 *   add     LIST MEMBER=VALUE...                fs dir=/tmp type=tmpfs          (as zonecfg: one new resource)
 *   remove  PATH[INDEX] · LIST=VALUE            fs[1] · dns.search=lan
 *   remove  LIST MEMBER=VALUE...                fs dir=/tmp                     (every resource that has all of them)
 *   clear   PATH                                cappedMemory.swap
 *
 * The tree is only a document here; whether the result is a valid configuration is asked afterwards, as a whole. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/zone/config_text.h"

/* "PATH=VALUE" -> PATH, VALUE; NULL as value when there is no "=". */
static char *split_word(const char *word, const char **ret_value)
{
	const char *equals = strchr(word, '=');

	*ret_value = equals ? equals + 1 : NULL;
	return equals ? mem_strndup(word, (size_t)(equals - word)) : mem_strdup(word);
}

static bool has_value(const char *word)
{
	return strchr(word, '=') != NULL;
}

static int get(const struct json *root, const char *path, struct json **ret)
{
	struct err ignored = { 0 };

	*ret = NULL;
	return zone_path_get(root, path, ret, &ignored);
}

static void problem(struct diag_list *diags, const char *path, const char *code,
		    const struct err *e)
{
	const char *rest =
		str_after(e->text, path); /* "PATH: reason": the path is shown in front anyway */

	diag_add(diags, DIAG_AT(0, 0), path, code, NULL, "%s",
		 rest && str_has_prefix(rest, ": ") ? rest + 2 : e->text);
}

/* --- set, clear --------------------------------------------------------------------------------------------------- */

static int set_word(struct json *root, const char *word, struct err *e)
{
	const char *value;
	auto_free char *path = split_word(word, &value);

	if (!value)
		return err_set(
			e, EINVAL,
			"what shall it be? Write %s=VALUE, or \"zone clear\" to go back to the default",
			path);
	return zone_path_set(root, path, value, e);
}

static int clear_word(struct json *root, const char *word, struct err *e)
{
	if (has_value(word))
		return err_set(e, EINVAL, "clear takes only the path, without \"=\"");
	return zone_path_clear(root, word, e);
}

/* --- add ---------------------------------------------------------------------------------------------------------- */

/* The row of the property table that a path is about: "anet[0].mtu" is "anet[].mtu" there. */
struct row_search {
	char *path;
	bool found, is_list;
};

static void search_row(const char *path, const char *type, const char *fallback, const char *doc,
		       unsigned flags, void *arg)
{
	struct row_search *s = arg;

	(void)fallback;
	(void)doc;
	(void)flags;
	if (!str_eq(path, s->path))
		return;
	s->found = true;
	s->is_list = str_has_prefix(type, "list of");
}

static struct row_search find_row(const char *path)
{
	struct strbuf b = { 0 };
	struct row_search s = { 0 };

	for (const char *p = path; *p; p++) {
		strbuf_add_char(&b, *p);
		if (*p == '[')
			p += strspn(p + 1, "0123456789+");
	}
	s.path = strbuf_steal(&b);
	zone_properties(search_row, &s);
	free(s.path);
	return s;
}

static int add_word(struct json *root, const char *word, struct err *e)
{
	const char *value;
	auto_free char *path = split_word(word, &value);
	auto_free char *append = mem_format("%s[+]", path);
	struct row_search row = find_row(path);
	struct json *there;

	(void)get(root, path, &there);
	if (row.is_list)
		return zone_path_set(root, append, value, e);
	if (row.found)
		return err_set(e, EINVAL, "it is not a list: use \"zone set\"");
	if (there) /* a member of a map, such as attr.owner */
		return err_set(e, EEXIST, "it is there already: use \"zone set\" to change it");
	return zone_path_set(root, path, value, e);
}

/* LIST MEMBER=VALUE...: a new object at the end of the list. */
static int add_resource(struct json *root, const struct strv *words, struct err *e)
{
	const char *list = words->items[0];
	auto_free char *append = mem_format("%s[+]", list);
	struct json *there;

	(void)get(root, list, &there);
	size_t at = there && there->type == JSON_ARRAY ? there->n : 0;
	int r = zone_path_set(root, append, "{}", e);

	for (size_t i = 1; r == 0 && i < words->n; i++) {
		const char *value;
		auto_free char *member = split_word(words->items[i], &value);
		auto_free char *path = mem_format("%s[%zu].%s", list, at, member);

		if (!value)
			return err_set(e, EINVAL, "\"%s\" is not MEMBER=VALUE", member);
		r = zone_path_set(root, path, value, e);
	}
	return r;
}

/* --- remove ------------------------------------------------------------------------------------------------------- */

static void remove_item(struct json *list, size_t i)
{
	json_free(list->items[i]);
	list->n--;
	for (; i < list->n; i++)
		list->items[i] = list->items[i + 1];
}

static bool is_text(const struct json *j, const char *text)
{
	if (j->type == JSON_BOOL)
		return str_eq(text, j->boolean ? "true" : "false");
	return (j->type == JSON_STRING || j->type == JSON_NUMBER) && str_eq(j->text, text);
}

static int remove_word(struct json *root, const char *word, struct err *e)
{
	const char *value;
	auto_free char *path = split_word(word, &value);
	struct json *there;
	size_t before;

	if (!value)
		return zone_path_clear(root, path, e);
	if (get(root, path, &there) < 0 || !there)
		return err_set(e, ENOENT, "it is not set");
	if (there->type != JSON_ARRAY && is_text(there, value))
		return zone_path_clear(root, path, e);
	before = there->n;
	for (size_t i = there->type == JSON_ARRAY ? there->n : 0; i > 0; i--) {
		if (is_text(there->items[i - 1], value))
			remove_item(there, i - 1);
	}
	return there->n < before ? 0 : err_set(e, ENOENT, "\"%s\" is not in it", value);
}

/* Does item i of the list have every MEMBER=VALUE? */
static bool has_members(const struct json *root, const struct strv *words, size_t i)
{
	for (size_t w = 1; w < words->n; w++) {
		const char *value;
		auto_free char *member = split_word(words->items[w], &value);
		auto_free char *path = mem_format("%s[%zu].%s", words->items[0], i, member);
		struct json *there;

		if (get(root, path, &there) < 0 || !there || !is_text(there, value))
			return false;
	}
	return true;
}

static int remove_resource(struct json *root, const struct strv *words, struct err *e)
{
	struct json *list;
	size_t before;

	if (get(root, words->items[0], &list) < 0 || !list || list->type != JSON_ARRAY)
		return err_set(e, ENOENT, "there is no such list");
	for (size_t i = 1; i < words->n; i++) {
		if (!has_value(words->items[i]))
			return err_set(e, EINVAL, "\"%s\" is not MEMBER=VALUE", words->items[i]);
	}
	before = list->n;
	for (size_t i = list->n; i > 0; i--) {
		if (has_members(root, words, i - 1))
			remove_item(list, i - 1);
	}
	return list->n < before ? 0 : err_set(e, ENOENT, "nothing in it has all of these values");
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

typedef int (*word_fn)(struct json *root, const char *word, struct err *e);
typedef int (*resource_fn)(struct json *root, const struct strv *words, struct err *e);

struct edit_kind {
	word_fn word;
	resource_fn resource; /* "LIST MEMBER=VALUE..." */
	bool backwards; /* higher indices first, so that fs[0] and fs[1] mean what they meant when they were typed */
};

static const struct edit_kind kinds[] = {
	[ZONE_EDIT_SET] = { set_word, NULL, false },
	[ZONE_EDIT_ADD] = { add_word, add_resource, false },
	[ZONE_EDIT_REMOVE] = { remove_word, remove_resource, true },
	[ZONE_EDIT_CLEAR] = { clear_word, NULL, true },
};

static int by_index_descending(const void *a, const void *b)
{
	return strverscmp(*(char *const *)b, *(char *const *)a);
}

/* The first word names a list and the others are its members. */
static bool is_resource(const struct edit_kind *k, const struct strv *words)
{
	if (!k->resource || words->n < 2 || has_value(words->items[0]))
		return false;
	return has_value(words->items[1]) && !str_has_suffix(words->items[0], "]");
}

int edit_words(struct json *root, enum zone_edit_kind kind, const struct strv *words,
	       struct diag_list *diags, struct err *e)
{
	const struct edit_kind *k = &kinds[kind];
	auto_done(strv) struct strv ordered = { 0 };
	struct err one = { 0 };

	for (size_t i = 0; i < words->n; i++) {
		if (!str_is_utf8(words->items[i], strlen(words->items[i])))
			diag_add(diags, DIAG_AT(0, 0), "", "syntax", NULL, "word %zu is not UTF-8",
				 i + 1);
	}
	if (diags->n)
		return diag_err(diags, e);
	if (is_resource(k, words)) {
		if (k->resource(root, words, &one) < 0)
			problem(diags, words->items[0], "value", &one);
		return diags->n ? diag_err(diags, e) : 0;
	}
	strv_copy(&ordered, words);
	if (k->backwards && ordered.n > 1)
		qsort(ordered.items, ordered.n, sizeof(ordered.items[0]), by_index_descending);
	for (size_t i = 0; i < ordered.n; i++) {
		const char *value;
		auto_free char *path = split_word(ordered.items[i], &value);

		if (kind == ZONE_EDIT_ADD && !value)
			(void)err_set(&one, EINVAL,
				      "what shall be added? Write %s=VALUE or %s MEMBER=VALUE...",
				      path, path);
		else if (k->word(root, ordered.items[i], &one) == 0)
			continue;
		problem(diags, path, "value", &one);
	}
	return diags->n ? diag_err(diags, e) : 0;
}
