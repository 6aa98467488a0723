/* json - the tree: access, building, printing. Reading text is in json_parse.c.
 *
 * Printing is our own so that empty containers are "[]" and "{}" and the output is valid JSON
 * whatever the strings hold: bytes that are not UTF-8 (a file name can be anything) become
 * U+FFFD. */
#include "runtime/base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"

/* --- access ----------------------------------------------------------------------------------- */

void json_free(struct json *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < j->n; i++)
		json_free(j->items[i]);
	free(j->items);
	free(j->text);
	free(j->key);
	free(j);
}

struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->n; i++) {
		if (strcmp(object->items[i]->key, key) == 0)
			return object->items[i];
	}
	return NULL;
}

const char *json_get_string(const struct json *object, const char *key, const char *otherwise)
{
	const struct json *j = json_get(object, key);

	return j && j->type == JSON_STRING ? j->text : otherwise;
}

int64_t json_get_i64(const struct json *object, const char *key, int64_t otherwise)
{
	const struct json *j = json_get(object, key);
	int64_t v;

	return j && j->type == JSON_NUMBER && num_i64(j->text, &v) == 0 ? v : otherwise;
}

bool json_get_bool(const struct json *object, const char *key, bool otherwise)
{
	const struct json *j = json_get(object, key);

	return j && j->type == JSON_BOOL ? j->boolean : otherwise;
}

const char *json_type_name(enum json_type t)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",       [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
	};

	return names[t];
}

static const size_t slot = sizeof(void *); /* of `items` */

/* --- building --------------------------------------------------------------------------------- */

static struct json *json_new(enum json_type type)
{
	struct json *j = mem_zero(sizeof(*j));

	j->type = type;
	return j;
}

static struct json *json_new_text(enum json_type type, char *text)
{
	struct json *j = json_new(type);

	j->text = text;
	return j;
}

struct json *json_new_object(void)
{
	return json_new(JSON_OBJECT);
}

struct json *json_new_array(void)
{
	return json_new(JSON_ARRAY);
}

struct json *json_new_string(const char *s)
{
	return json_new_text(JSON_STRING, mem_strdup(s));
}

struct json *json_new_i64(int64_t v)
{
	return json_new_text(JSON_NUMBER, mem_format("%" PRId64, v));
}

struct json *json_new_u64(uint64_t v)
{
	return json_new_text(JSON_NUMBER, mem_format("%" PRIu64, v));
}

struct json *json_new_number_text(const char *text)
{
	return json_new_text(JSON_NUMBER, mem_strdup(text));
}

struct json *json_new_bool(bool v)
{
	struct json *j = json_new(JSON_BOOL);

	j->boolean = v;
	return j;
}

struct json *json_new_null(void)
{
	return json_new(JSON_NULL);
}

struct json *json_clone(const struct json *j)
{
	struct json *copy = mem_dup(j, sizeof(*j));

	copy->text = mem_strdup(j->text);
	copy->key = mem_strdup(j->key);
	copy->items = NULL;
	copy->n = 0;
	for (size_t i = 0; i < j->n; i++)
		(void)json_add(copy, json_clone(j->items[i]));
	return copy;
}

struct json *json_set(struct json *object, const char *key, struct json *value)
{
	assert(object->type == JSON_OBJECT && !value->key);
	value->key = mem_strdup(key);
	for (size_t i = 0; i < object->n; i++) {
		if (strcmp(object->items[i]->key, key) == 0) {
			json_free(object->items[i]);
			object->items[i] = value;
			return value;
		}
	}
	return json_add(object, value);
}

/* Also used for members by those who know that the name is new. */
struct json *json_add(struct json *array, struct json *value)
{
	assert(array->type == JSON_ARRAY || (array->type == JSON_OBJECT && value->key));
	if ((array->n & (array->n - 1)) == 0)
		array->items = mem_grow(array->items, array->n ? array->n * 2 : 1, slot);
	array->items[array->n++] = value;
	return value;
}

bool json_unset(struct json *object, const char *key)
{
	for (size_t i = 0; i < object->n; i++) {
		struct json *member = object->items[i];

		if (!member->key || strcmp(member->key, key) != 0)
			continue;
		json_free(member);
		object->n--;
		memmove(object->items + i, object->items + i + 1, (object->n - i) * slot);
		return true;
	}
	return false;
}

/* --- printing --------------------------------------------------------------------------------- */

/* Length of the character at s: 1-4 bytes, or 0 when the bytes there are not UTF-8. */
static size_t character_at(const char *s, size_t left)
{
	for (size_t n = 1; n <= 4 && n <= left; n++) {
		if (str_is_utf8(s, n))
			return n;
	}
	return 0;
}

static void print_character(struct strbuf *b, const char *s, size_t n)
{
	static const struct {
		char c;
		const char *escape;
	} escapes[] = {
		{ '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" }, { '\t', "\\t" },
		{ '\r', "\\r" }, { '\b', "\\b" },  { '\f', "\\f" },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (*s == escapes[i].c) {
			strbuf_add(b, escapes[i].escape);
			return;
		}
	}
	if ((unsigned char)*s < 0x20 || *s == 0x7f)
		strbuf_format(b, "\\u%04x", (unsigned)*s);
	else
		strbuf_add_bytes(b, s, n);
}

static void print_string(struct strbuf *b, const char *s)
{
	size_t left = strlen(s);

	strbuf_add_char(b, '"');
	while (left > 0) {
		size_t n = character_at(s, left);

		if (n > 0)
			print_character(b, s, n);
		else
			strbuf_add(b, "\xef\xbf\xbd");
		n = n > 0 ? n : 1;
		s += n;
		left -= n;
	}
	strbuf_add_char(b, '"');
}

static void print_value(struct strbuf *b, const struct json *j, bool pretty, int level);

static void print_line(struct strbuf *b, bool pretty, int level)
{
	if (pretty)
		strbuf_format(b, "\n%*s", level * 2, "");
}

static void print_items(struct strbuf *b, const struct json *j, bool pretty, int level)
{
	bool is_object = j->type == JSON_OBJECT;

	strbuf_add_char(b, is_object ? '{' : '[');
	for (size_t i = 0; i < j->n; i++) {
		if (i > 0)
			strbuf_add_char(b, ',');
		print_line(b, pretty, level + 1);
		if (is_object) {
			print_string(b, j->items[i]->key);
			strbuf_add(b, pretty ? ": " : ":");
		}
		print_value(b, j->items[i], pretty, level + 1);
	}
	if (j->n > 0)
		print_line(b, pretty, level);
	strbuf_add_char(b, is_object ? '}' : ']');
}

static void print_value(struct strbuf *b, const struct json *j, bool pretty, int level)
{
	switch (j->type) {
	case JSON_NULL:
		strbuf_add(b, "null");
		break;
	case JSON_BOOL:
		strbuf_add(b, j->boolean ? "true" : "false");
		break;
	case JSON_NUMBER:
		strbuf_add(b, j->text);
		break;
	case JSON_STRING:
		print_string(b, j->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		print_items(b, j, pretty, level);
		break;
	}
}

char *json_print(const struct json *j, bool pretty)
{
	struct strbuf b = { 0 };

	print_value(&b, j, pretty, 0);
	return strbuf_steal(&b);
}

bool json_is_same(const struct json *a, const struct json *b)
{
	if (!a || !b)
		return a == b;
	auto_free char *left = json_print(a, false);
	auto_free char *right = json_print(b, false);

	return str_eq(left, right);
}
