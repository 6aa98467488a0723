/* zone_schema - the table of zone.json as a JSON Schema (2020-12) and as a list of properties.
 *
 * The schema is for editors and for checks elsewhere: it accepts nothing that breaks a rule it can express, but contradictions between values and the finer
 * points of addresses are known to `zone verify` only. A property that this version refuses is refused by the schema too. */
#include "config/zone_table.h"

#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

static struct json *shape_schema(const struct shape *shape);

static void add_string(struct json *j, const char *key, const char *value)
{
	if (value)
		(void)json_set(j, key, json_new_string(value));
}

static void set_type(struct json *j, const char *one, const char *other)
{
	struct json *list;

	if (!other) {
		add_string(j, "type", one);
		return;
	}
	list = json_set(j, "type", json_new_array());
	(void)json_add(list, json_new_string(one));
	(void)json_add(list, json_new_string(other));
}

/* --- scalars --- */

static void text_rules(struct json *j, const struct value_type *type)
{
	struct json *list;

	if (!type)
		return;
	if (type->words) {
		list = json_set(j, "enum", json_new_array());
		for (const char *const *w = type->words; *w; w++)
			(void)json_add(list, json_new_string(*w));
	}
	add_string(j, "pattern", type->pattern);
	if (type->example && !type->parse && !type->words) {
		list = json_set(j, "examples", json_new_array());
		(void)json_add(list, json_new_string(type->example));
	}
}

static struct json *bound(const struct value_type *type, uint64_t v)
{
	char text[64];

	if (type->scale != 1000)
		return json_new_u64(v);
	num_milli_text(v, text, sizeof(text));
	return json_new_number_text(text);
}

static void number_rules(struct json *j, const struct value_type *type)
{
	bool has_text = type && type->parse;

	set_type(j, has_text && type->scale > 1 ? "number" : "integer", has_text ? "string" : NULL);
	if (has_text)
		add_string(j, "pattern", type->pattern);
	(void)json_set(j, "minimum", type ? bound(type, type->min) : json_new_u64(0));
	if (type && type->max > 0)
		(void)json_set(j, "maximum", bound(type, type->max));
}

/* --- defaults --- */

/* A fallback that is a sentence for people is no value. */
static bool is_value(const struct value_type *type, const char *text)
{
	if (type && type->words)
		return zone_type_accepts(type, text);
	return !str_eq(text, "none") && !strchr(text, ' ') && zone_type_accepts(type, text);
}

static struct json *list_default(const struct field *f)
{
	auto_done(strv) struct strv words = { 0 };
	struct json *list = json_new_array();

	strv_split(&words, f->fallback, ',');
	for (size_t i = 0; i < words.n; i++) {
		const char *word = words.items[i] + (words.items[i][0] == ' ');

		if (!is_value(f->type, word)) {
			json_free(list);
			return NULL;
		}
		(void)json_add(list, json_new_string(word));
	}
	return list;
}

static struct json *number_default(const struct field *f)
{
	uint64_t v;

	if (num_u64(f->fallback, &v) == 0)
		return json_new_u64(v);
	return f->type && f->type->parse && is_value(f->type, f->fallback)
		       ? json_new_string(f->fallback)
		       : NULL;
}

static struct json *field_default(const struct field *f)
{
	if (!f->fallback)
		return NULL;
	switch (f->kind) {
	case FIELD_STRING:
		return is_value(f->type, f->fallback) ? json_new_string(f->fallback) : NULL;
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
		return json_new_bool(str_eq(f->fallback, "true"));
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_OPT_U64:
	case FIELD_OPT_I64:
		return number_default(f);
	case FIELD_STRINGS:
		return f->type ? list_default(f) : NULL;
	case FIELD_NUMBERS:
	case FIELD_MAP:
	case FIELD_OBJECT:
	case FIELD_OPT_OBJECT:
	case FIELD_LIST:
	case FIELD_KEYED:
	case FIELD_CUSTOM:
		break;
	}
	return NULL;
}

/* --- rows --- */

static void list_rules(struct json *j, const struct field *f, struct json *items)
{
	add_string(j, "type", "array");
	(void)json_set(j, "items", items);
	if (f->max_items)
		(void)json_set(j, "maxItems", json_new_u64(f->max_items));
	if (f->flags & (FIELD_REQUIRED | FIELD_NOT_EMPTY))
		(void)json_set(j, "minItems", json_new_u64(1));
}

static struct json *text_schema(const struct value_type *type)
{
	struct json *j = json_new_object();

	add_string(j, "type", "string");
	text_rules(j, type);
	return j;
}

static void map_rules(struct json *j, const struct field *f, struct json *values)
{
	add_string(j, "type", "object");
	(void)json_set(j, "additionalProperties", values);
	if (f->key_type)
		add_string(json_set(j, "propertyNames", json_new_object()), "pattern",
			   f->key_type->pattern);
	if (f->max_items)
		(void)json_set(j, "maxProperties", json_new_u64(f->max_items));
}

static struct json *number_schema(const struct value_type *type)
{
	struct json *j = json_new_object();

	number_rules(j, type);
	return j;
}

static struct json *kind_schema(const struct field *f)
{
	struct json *j;

	switch (f->kind) {
	case FIELD_STRING:
		return text_schema(f->type);
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_OPT_U64:
	case FIELD_OPT_I64:
		return number_schema(f->type);
	case FIELD_OBJECT:
	case FIELD_OPT_OBJECT:
		return shape_schema(f->shape);
	case FIELD_CUSTOM:
		return f->schema ? f->schema() : json_new_object();
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
	case FIELD_STRINGS:
	case FIELD_NUMBERS:
	case FIELD_MAP:
	case FIELD_LIST:
	case FIELD_KEYED:
		break;
	}
	j = json_new_object();
	if (f->kind == FIELD_STRINGS)
		list_rules(j, f, text_schema(f->type));
	else if (f->kind == FIELD_NUMBERS)
		list_rules(j, f, number_schema(f->type));
	else if (f->kind == FIELD_LIST)
		list_rules(j, f, shape_schema(f->shape));
	else if (f->kind == FIELD_MAP)
		map_rules(j, f, text_schema(f->type));
	else if (f->kind == FIELD_KEYED)
		map_rules(j, f, shape_schema(f->shape));
	else
		add_string(j, "type", "boolean");
	return j;
}

/* What bind.c accepts of a row that is not enforced: its inert value, or an empty list. */
static struct json *unenforced_schema(const struct field *f)
{
	struct json *j = json_new_object();
	uint64_t v;

	if (f->kind == FIELD_LIST) {
		add_string(j, "type", "array");
		(void)json_set(j, "maxItems", json_new_u64(0));
	} else if (!f->inert) {
		(void)json_set(j, "not", json_new_object());
	} else if (num_u64(f->inert, &v) == 0) {
		(void)json_set(j, "const", json_new_u64(v));
	} else if (f->kind == FIELD_OPT_BOOL) {
		(void)json_set(j, "const", json_new_bool(str_eq(f->inert, "true")));
	} else {
		add_string(j, "const", f->inert);
	}
	return j;
}

static struct json *field_schema(const struct field *f)
{
	bool is_refused = f->flags & FIELD_UNENFORCED;
	struct json *j = is_refused ? unenforced_schema(f) : kind_schema(f);
	struct json *fallback = is_refused && !f->inert ? NULL : field_default(f);
	auto_done(strbuf) struct strbuf text = { 0 };

	strbuf_add(&text, f->doc);
	if (f->fallback)
		strbuf_format(&text, " Default: %s.", f->fallback);
	if (is_refused)
		strbuf_format(&text, " This version cannot enforce it; left out, %s.", f->without);
	add_string(j, "description", strbuf_text(&text));
	if (fallback)
		(void)json_set(j, "default", fallback);
	if (f->flags & FIELD_READONLY)
		(void)json_set(j, "readOnly", json_new_bool(true));
	return j;
}

static void shape_rules(struct json *j, const struct shape *shape)
{
	struct json *properties;
	struct json *required = json_new_array();

	add_string(j, "title", shape->name);
	add_string(j, "description", shape->doc);
	add_string(j, "type", "object");
	properties = json_set(j, "properties", json_new_object());
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];

		(void)json_set(properties, f->key, field_schema(f));
		if (f->flags & FIELD_REQUIRED)
			(void)json_add(required, json_new_string(f->key));
	}
	if (required->n > 0)
		(void)json_set(j, "required", required);
	else
		json_free(required);
	(void)json_set(j, "additionalProperties", json_new_bool(!shape->strict));
}

static struct json *shape_schema(const struct shape *shape)
{
	struct json *j = json_new_object();

	shape_rules(j, shape);
	return j;
}

struct json *zone_schema(void)
{
	struct json *j = json_new_object();

	add_string(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	add_string(j, "$id", "urn:zones:zone.json");
	shape_rules(j, &zone_shape);
	add_string(j, "title", "zone.json");
	add_string(j, "description", "A zone: /etc/zones/NAME.json");
	return j;
}

/* --- the list of properties --- */

struct listing {
	zone_property_fn fn;
	void *arg;
	struct strbuf path;
};

static void words_of(const struct value_type *type, struct strbuf *b)
{
	for (const char *const *w = type->words; *w; w++)
		strbuf_format(b, "%s%s", w == type->words ? "" : "|", *w);
}

static void type_of(const struct field *f, struct strbuf *b)
{
	static const char *const kinds[] = {
		[FIELD_STRING] = "text",          [FIELD_BOOL] = "true|false",
		[FIELD_OPT_BOOL] = "true|false",  [FIELD_U64] = "number",
		[FIELD_I64] = "number",           [FIELD_OPT_U64] = "number",
		[FIELD_OPT_I64] = "number",       [FIELD_STRINGS] = "text",
		[FIELD_NUMBERS] = "number",       [FIELD_MAP] = "object of texts",
		[FIELD_OBJECT] = "object",        [FIELD_OPT_OBJECT] = "object",
		[FIELD_LIST] = "list of objects", [FIELD_KEYED] = "object of objects",
		[FIELD_CUSTOM] = "value",
	};

	if (f->kind == FIELD_STRINGS || f->kind == FIELD_NUMBERS)
		strbuf_add(b, "list of ");
	if (f->type && f->kind != FIELD_MAP && f->type->words)
		words_of(f->type, b);
	else if (f->type && f->kind != FIELD_MAP && f->type->name)
		strbuf_add(b, f->type->name);
	else
		strbuf_add(b, kinds[f->kind]);
}

static void list_shape(struct listing *l, const struct shape *shape)
{
	size_t mark = l->path.len;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		auto_done(strbuf) struct strbuf type = { 0 };

		strbuf_format(&l->path, "%s%s", mark > 0 ? "." : "", f->key);
		type_of(f, &type);
		l->fn(strbuf_text(&l->path), strbuf_text(&type), f->fallback, f->doc, f->flags,
		      l->arg);
		if (f->kind == FIELD_LIST)
			strbuf_add(&l->path, "[]");
		if (f->shape)
			list_shape(l, f->shape);
		l->path.len = mark;
		l->path.text[mark] = '\0';
	}
}

void zone_properties(zone_property_fn fn, void *arg)
{
	struct listing l = { .fn = fn, .arg = arg };

	list_shape(&l, &zone_shape);
	strbuf_done(&l.path);
}
