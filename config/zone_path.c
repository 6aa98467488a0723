/* zone_path - "anet[0].allowedAddress[1]" and where it leads.
 *
 * A path is cut into steps while the table of zone.json is walked along, so a misspelt name is found at once and every step knows what kind of value is
 * expected there. In a map (attr, sysctl, service.env) everything behind the dot is the key, dots included. The tree of the file is then walked by the same
 * steps; only members that the path needs are made or removed, so the order and the rest of the file stay as they were. */
#include "config/zone_table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { MAX_STEPS = 8, APPEND = UINT32_MAX };

/* What may stand at a place. */
enum place {
	PLACE_ROW,  /* the value of a row */
	PLACE_ITEM, /* one entry of a list, a map or a list of texts */
	PLACE_FREE, /* below a row with a form of its own (rlimit.nofile) */
};

struct step {
	char *key;      /* NULL: by index */
	uint32_t index; /* APPEND: "[+]" */
	const struct field *field;
	enum place place;
	size_t end; /* of the text of the path up to and with this step */
};

struct walk {
	const char *path;
	struct step steps[MAX_STEPS];
	size_t n;
};

static void walk_done(struct walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->steps[i].key);
}

/* --- text to steps --- */

/* What is before the step, for messages: "anet[0]". */
static int length_before(const struct walk *w)
{
	return w->n > 0 ? (int)w->steps[w->n - 1].end : 0;
}

static int unknown(const struct walk *w, const struct shape *shape, const char *key, struct err *e)
{
	const char *near = bind_nearest(shape, key);

	return err_set(e, EINVAL, "no property \"%.*s%s%s\"%s%s%s", length_before(w), w->path,
		       w->n > 0 ? "." : "", key, near ? " (did you mean \"" : "", near ? near : "",
		       near ? "\"?)" : "");
}

/* The shape whose members may follow the last step, or NULL. */
static const struct shape *shape_after(const struct walk *w)
{
	const struct step *last = w->n > 0 ? &w->steps[w->n - 1] : NULL;

	if (!last)
		return &zone_shape;
	switch (last->field->kind) {
	case FIELD_OBJECT:
	case FIELD_OPT_OBJECT:
		return last->field->shape;
	case FIELD_LIST:
	case FIELD_KEYED:
		return last->place == PLACE_ITEM ? last->field->shape : NULL;
	case FIELD_STRING:
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_OPT_U64:
	case FIELD_OPT_I64:
	case FIELD_STRINGS:
	case FIELD_NUMBERS:
	case FIELD_MAP:
	case FIELD_CUSTOM:
		break;
	}
	return NULL;
}

static bool takes_index(const struct step *last)
{
	enum field_kind kind = last->field->kind;

	if (kind == FIELD_CUSTOM)
		return true;
	return last->place == PLACE_ROW &&
	       (kind == FIELD_LIST || kind == FIELD_STRINGS || kind == FIELD_NUMBERS);
}

static int no_members(const struct walk *w, struct err *e)
{
	return err_set(e, EINVAL, "\"%.*s\" has no members", length_before(w), w->path);
}

/* Add the step for a name of `n` bytes at `text`; *ret_used is more than n in a map. */
static int add_key(struct walk *w, const char *text, size_t n, size_t *ret_used, struct err *e)
{
	const struct step *last = w->n > 0 ? &w->steps[w->n - 1] : NULL;
	const struct shape *shape = shape_after(w);
	struct step s = { .place = PLACE_ROW };
	auto_free char *key = NULL;

	if (last && last->field->kind == FIELD_MAP && last->place == PLACE_ROW) {
		n = strlen(text);
		s.place = PLACE_ITEM;
	} else if (last && last->field->kind == FIELD_KEYED && last->place == PLACE_ROW) {
		s.place = PLACE_ITEM;
	} else if (last && last->field->kind == FIELD_CUSTOM) {
		s.place = PLACE_FREE;
	} else if (!shape) {
		return last && takes_index(last)
			       ? err_set(e, EINVAL,
					 "\"%.*s\" is a list: an index such as [0] or [+] must follow",
					 length_before(w), w->path)
			       : no_members(w, e);
	}
	if (n == 0)
		return err_set(e, EINVAL, "a name is missing in the path \"%s\"", w->path);
	key = mem_strndup(text, n);
	s.field = s.place == PLACE_ROW ? bind_field(shape, key) : last->field;
	if (!s.field)
		return unknown(w, shape, key, e);
	s.key = ptr_steal(&key);
	s.end = (size_t)(text - w->path) + n;
	w->steps[w->n++] = s;
	*ret_used = n;
	return 0;
}

/* "[3]" or "[+]" at `text`. */
static int add_index(struct walk *w, const char *text, size_t *ret_used, struct err *e)
{
	const struct step *last = w->n > 0 ? &w->steps[w->n - 1] : NULL;
	size_t n = strcspn(text, "]");
	struct step s = { .place = PLACE_ITEM };
	auto_free char *inner = NULL;

	if (!last || !takes_index(last))
		return err_set(e, EINVAL, "\"%.*s\" is not a list", length_before(w), w->path);
	if (text[n] != ']')
		return err_set(e, EINVAL, "\"]\" is missing in the path \"%s\"", w->path);
	inner = mem_strndup(text + 1, n - 1);
	if (str_eq(inner, "+"))
		s.index = APPEND;
	else if (num_u32(inner, &s.index) < 0 || s.index == APPEND)
		return err_set(e, EINVAL, "\"[%s]\" is not an index in the path \"%s\"", inner,
			       w->path);
	s.field = last->field;
	if (s.field->kind == FIELD_CUSTOM)
		s.place = PLACE_FREE;
	s.end = (size_t)(text - w->path) + n + 1;
	w->steps[w->n++] = s;
	*ret_used = n + 1;
	return 0;
}

static int walk_parse(const char *path, struct walk *w, struct err *e)
{
	const char *p = path;

	w->path = path;
	if (!*p)
		return err_set(e, EINVAL, "the path is empty");
	do {
		size_t used = 0;
		int r;

		if (w->n == MAX_STEPS)
			return err_set(e, EINVAL, "the path \"%.100s\" is too long", path);
		if (*p == '[')
			r = add_index(w, p, &used, e);
		else if (w->n > 0 && *p != '.')
			r = err_set(e, EINVAL, "\".\" or \"[\" is missing in the path \"%s\"",
				    path);
		else
			r = add_key(w, p + (w->n > 0), strcspn(p + (w->n > 0), ".["), &used, e);
		if (r < 0)
			return r;
		p = path + w->steps[w->n - 1].end;
	} while (*p);
	return 0;
}

/* --- steps to tree --- */

/* One step down; NULL when nothing is there. */
static struct json *step_get(const struct json *j, const struct step *s)
{
	if (s->key)
		return json_get(j, s->key);
	return j->type == JSON_ARRAY && s->index < j->n ? j->items[s->index] : NULL;
}

int zone_path_get(const struct json *root, const char *path, struct json **ret, struct err *e)
{
	auto_done(walk) struct walk w = { 0 };
	int r = walk_parse(path, &w, e);
	const struct json *j = root;

	for (size_t i = 0; r == 0 && j && i < w.n; i++)
		j = step_get(j, &w.steps[i]);
	if (r < 0)
		return r;
	*ret = (struct json *)
		j; /* the caller decides whether it may be changed, as with strchr() */
	return 0;
}

/* --- clear --- */

static void remove_item(struct json *array, size_t i)
{
	json_free(array->items[i]);
	array->n--;
	for (; i < array->n; i++)
		array->items[i] = array->items[i + 1];
}

int zone_path_clear(struct json *root, const char *path, struct err *e)
{
	auto_done(walk) struct walk w = { 0 };
	struct json *parents[MAX_STEPS];
	struct json *j = root;
	int r = walk_parse(path, &w, e);

	if (r < 0)
		return r;
	if (w.n == 1 && w.steps[0].field->flags & FIELD_REQUIRED)
		return err_set(e, EINVAL, "\"%s\" is required and cannot be cleared", path);
	for (size_t i = 0; i < w.n; i++) {
		parents[i] = j;
		j = step_get(j, &w.steps[i]);
		if (!j)
			return 0; /* nothing there is what was asked for */
	}
	/* A container that becomes empty goes too, as it could mean something else ("linkProtection": []); entries of lists stay. */
	for (size_t i = w.n; i-- > 0;) {
		if (w.steps[i].key)
			(void)json_unset(parents[i], w.steps[i].key);
		else
			remove_item(parents[i], w.steps[i].index);
		if (parents[i]->n > 0 || i == 0 || !w.steps[i - 1].key)
			break;
	}
	return 0;
}

/* --- set --- */

static struct json *parse_json(const char *text)
{
	struct json *j = NULL;
	struct err ignored;

	return json_parse_simple(text, strlen(text), &j, &ignored) == 0 ? j : NULL;
}

static int not_a(const char *path, const char *value, const char *what, struct err *e)
{
	return err_set(e, EINVAL, "%.150s: \"%.100s\" is not %s", path, value, what);
}

/* Quoted JSON text, or the text as it is. */
static struct json *text_value(const char *value)
{
	struct json *j = value[0] == '"' ? parse_json(value) : NULL;

	return j ? j : json_new_string(value);
}

static int bool_value(const char *path, const char *value, struct json **ret, struct err *e)
{
	if (!str_eq(value, "true") && !str_eq(value, "false"))
		return not_a(path, value, "true or false", e);
	*ret = json_new_bool(str_eq(value, "true"));
	return 0;
}

static int number_value(const char *path, const char *value, const struct value_type *type,
			struct json **ret, struct err *e)
{
	auto_ptr(json) struct json *j = parse_json(value);
	uint64_t ignored;

	if (j && j->type == JSON_NUMBER) {
		*ret = ptr_steal(&j);
		return 0;
	}
	if (!type || !type->parse)
		return not_a(path, value, "a whole number", e);
	if (type->parse(value, &ignored) == -EINVAL)
		return err_set(e, EINVAL, "%.150s: \"%.100s\" is not a %s, such as %s", path, value,
			       type->name, type->example);
	*ret = json_new_string(value);
	return 0;
}

/* A JSON list; or for values that never contain a comma themselves, bare words between commas. */
static int strings_value(const char *path, const char *value, const struct field *f,
			 struct json **ret, struct err *e)
{
	auto_done(strv) struct strv parts = { 0 };
	auto_ptr(json) struct json *j = parse_json(value);

	if (j && j->type == JSON_ARRAY) {
		*ret = ptr_steal(&j);
		return 0;
	}
	if (!f->type || value[0] == '[')
		return not_a(path, value, "a list such as [\"one\", \"two\"]", e);
	*ret = json_new_array();
	strv_split(&parts, value, ',');
	for (size_t i = 0; i < parts.n; i++)
		(void)json_add(*ret, json_new_string(parts.items[i]));
	return 0;
}

static int json_value(const char *path, const char *value, enum json_type type, struct json **ret,
		      struct err *e)
{
	struct json *j = NULL;
	int r = json_parse_simple(value, strlen(value), &j, e);

	if (r < 0)
		return err_wrap(e, "%.150s", path);
	if (j->type != type) {
		json_free(j);
		return not_a(path, value, json_type_name(type), e);
	}
	*ret = j;
	return 0;
}

/* The text of `value` as the last step of the path wants it. */
static int typed_value(const struct step *s, const char *path, const char *value, struct json **ret,
		       struct err *e)
{
	const struct field *f = s->field;
	bool is_item = s->place == PLACE_ITEM;

	switch (f->kind) {
	case FIELD_STRING:
		*ret = text_value(value);
		return 0;
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
		return bool_value(path, value, ret, e);
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_OPT_U64:
	case FIELD_OPT_I64:
		return number_value(path, value, f->type, ret, e);
	case FIELD_STRINGS:
		if (!is_item)
			return strings_value(path, value, f, ret, e);
		*ret = text_value(value);
		return 0;
	case FIELD_NUMBERS:
		return is_item ? number_value(path, value, f->type, ret, e)
			       : json_value(path, value, JSON_ARRAY, ret, e);
	case FIELD_MAP:
		if (!is_item)
			return json_value(path, value, JSON_OBJECT, ret, e);
		*ret = text_value(value);
		return 0;
	case FIELD_OBJECT:
	case FIELD_OPT_OBJECT:
		return json_value(path, value, JSON_OBJECT, ret, e);
	case FIELD_LIST:
		return json_value(path, value, is_item ? JSON_OBJECT : JSON_ARRAY, ret, e);
	case FIELD_KEYED:
		return json_value(path, value, JSON_OBJECT, ret, e);
	case FIELD_CUSTOM:
		*ret = parse_json(value);
		if (!*ret)
			*ret = json_new_string(value);
		return 0;
	}
	return -EINVAL;
}

/* Put `value` below `parent`, which takes it. */
static struct json *step_put(struct json *parent, const struct step *s, struct json *value)
{
	if (s->key)
		return json_set(parent, s->key, value);
	if (s->index == APPEND || s->index >= parent->n)
		return json_add(parent, value);
	json_free(parent->items[s->index]);
	parent->items[s->index] = value;
	return value;
}

/* Can the step be made in this container? NULL: in one that will be made for it. */
static int step_fits(const struct walk *w, size_t i, const struct json *parent, struct err *e)
{
	const struct step *s = &w->steps[i];
	int before = i > 0 ? (int)w->steps[i - 1].end : 0;
	size_t n = parent ? parent->n : 0;

	if (parent && parent->type != (s->key ? JSON_OBJECT : JSON_ARRAY))
		return err_set(e, EINVAL, "\"%.*s\" is %s in the file", before, w->path,
			       json_type_name(parent->type));
	if (!s->key && s->index != APPEND && s->index > n)
		return err_set(e, EINVAL, "\"%.*s\" has %zu entries, \"[+]\" adds one", before,
			       w->path, n);
	return 0;
}

static int read_only(const struct walk *w, const struct json *old, const struct json *value,
		     struct err *e)
{
	const struct step *last = &w->steps[w->n - 1];

	assert(value);
	if (!(last->field->flags & FIELD_READONLY) || !old || old->type != JSON_STRING ||
	    value->type != JSON_STRING || str_eq(old->text, value->text))
		return 0;
	return err_set(e, EINVAL, "\"%s\" cannot be set; use \"zone rename\"", w->path);
}

int zone_path_set(struct json *root, const char *path, const char *value, struct err *e)
{
	auto_done(walk) struct walk w = { 0 };
	auto_ptr(json) struct json *new_value = NULL;
	struct json *j = root;
	int r = walk_parse(path, &w, e);

	if (r < 0)
		return r;
	assert(w.n > 0);
	r = typed_value(&w.steps[w.n - 1], path, value, &new_value, e);
	if (r == 0)
		r = read_only(&w, json_get(root, path), new_value, e);
	/* First look, then change: a path that does not fit leaves the tree as it is. */
	for (size_t i = 0; r == 0 && i < w.n; i++) {
		r = step_fits(&w, i, j, e);
		j = r == 0 && j ? step_get(j, &w.steps[i]) : NULL;
	}
	if (r < 0)
		return r;
	j = root;
	for (size_t i = 0; i + 1 < w.n; i++) {
		struct json *next = step_get(j, &w.steps[i]);

		j = next ? next
			 : step_put(j, &w.steps[i],
				    w.steps[i + 1].key ? json_new_object() : json_new_array());
	}
	(void)step_put(j, &w.steps[w.n - 1], ptr_steal(&new_value));
	return 0;
}
