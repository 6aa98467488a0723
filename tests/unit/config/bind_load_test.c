#include "config/bind.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "tests/unit/test.h"

struct item {
	char *name;
	uint64_t weight;
};
struct thing {
	char *text, *word, *checked;
	bool flag;
	uint64_t number, ranged, size;
	int64_t small, bounded;
	struct opt_u64 capped;
	struct strv texts;
	uint64_t *numbers;
	size_t n_numbers;
	struct strmap map;
	struct item *list, *keyed;
	size_t n_list, n_keyed;
};

static int check_no_x(const char *text, char *why, size_t size)
{
	if (strchr(text, 'x'))
		return snprintf(why, size, "it has an x") > 0 ? -EINVAL : 0;
	return strchr(text, 'y') ? -EINVAL : 0;
}
static int check_item(struct bind_ctx *c, const struct json *j, const void *object)
{
	const struct item *i = object;

	return i->weight == 13 ? bind_error(c, j, "conflict", NULL, "unlucky \"%s\"\n", i->name)
			       : 0;
}

static const char *const words[] = { "red", "green", "blue", NULL };
static const struct value_type word_type = { .name = "colour", .words = words };
static const struct value_type no_x_type = { .name = "name",
					     .check = check_no_x,
					     .example = "abc" };
static const struct value_type ranged_type = { .name = "count", .min = 2, .max = 10 };
static const struct value_type size_type = {
	.name = "size", .parse = num_size, .format = num_size_text, .example = "512M", .min = 1024
};
static const struct value_type bounded_type = { .name = "nice value",
						.min_signed = -20,
						.max = 19 };
static const struct value_type floor_type = { .name = "count", .min = 5 };

static const struct field item_fields[] = {
	{ .key = "name",
	  .kind = FIELD_STRING,
	  .flags = FIELD_REQUIRED,
	  .offset = offsetof(struct item, name) },
	{ .key = "weight",
	  .kind = FIELD_U64,
	  .offset = offsetof(struct item, weight),
	  .type = &floor_type },
};
static const struct shape item_shape = { .name = "item",
					 .size = sizeof(struct item),
					 .fields = item_fields,
					 .n = 2,
					 .strict = true,
					 .check = check_item };
static const struct field keyed_fields[] = {
	{ .kind = FIELD_STRING, .offset = offsetof(struct item, name) },
	{ .key = "weight", .kind = FIELD_U64, .offset = offsetof(struct item, weight) },
};
static const struct shape keyed_shape = {
	.name = "keyed", .size = sizeof(struct item), .fields = keyed_fields, .n = 2
};

#define AT(m) .offset = offsetof(struct thing, m)
#define ROWS                                                                                 \
	{ .key = "text", .kind = FIELD_STRING, .flags = FIELD_REQUIRED, AT(text) },          \
		{ .key = "word", .kind = FIELD_STRING, AT(word), .type = &word_type },       \
		{ .key = "checked", .kind = FIELD_STRING, AT(checked), .type = &no_x_type }, \
		{ .key = "flag", .kind = FIELD_BOOL, AT(flag) },                             \
		{ .key = "number", .kind = FIELD_U64, AT(number) },                          \
		{ .key = "ranged", .kind = FIELD_U64, AT(ranged), .type = &ranged_type },    \
		{ .key = "size", .kind = FIELD_U64, AT(size), .type = &size_type },          \
		{ .key = "small", .kind = FIELD_I64, AT(small) },                            \
		{ .key = "bounded", .kind = FIELD_I64, AT(bounded), .type = &bounded_type }, \
		{ .key = "capped",                                                           \
		  .kind = FIELD_OPT_U64,                                                     \
		  .flags = FIELD_UNENFORCED,                                                 \
		  AT(capped),                                                                \
		  .inert = "0",                                                              \
		  .without = "nothing is capped" },                                          \
		{ .key = "texts",                                                            \
		  .kind = FIELD_STRINGS,                                                     \
		  AT(texts),                                                                 \
		  .type = &no_x_type,                                                        \
		  .max_items = 3 },                                                          \
		{ .key = "numbers",                                                          \
		  .kind = FIELD_NUMBERS,                                                     \
		  AT(numbers),                                                               \
		  .count_offset = offsetof(struct thing, n_numbers) },                       \
		{ .key = "map",                                                              \
		  .kind = FIELD_MAP,                                                         \
		  AT(map),                                                                   \
		  .key_type = &no_x_type,                                                    \
		  .type = &word_type },                                                      \
		{ .key = "list",                                                             \
		  .kind = FIELD_LIST,                                                        \
		  AT(list),                                                                  \
		  .count_offset = offsetof(struct thing, n_list),                            \
		  .shape = &item_shape },                                                    \
		{ .key = "keyed",                                                            \
		  .kind = FIELD_KEYED,                                                       \
		  AT(keyed),                                                                 \
		  .count_offset = offsetof(struct thing, n_keyed),                           \
		  .shape = &keyed_shape,                                                     \
		  .key_type = &no_x_type },                                                  \
	{                                                                                    \
		.key = "ignored", .kind = FIELD_STRING, .flags = FIELD_IGNORED               \
	}
static const struct field fields[] = { ROWS };
static const struct shape strict = { .name = "a thing",
				     .size = sizeof(struct thing),
				     .fields = fields,
				     .n = BIND_COUNT(fields),
				     .strict = true };
static const struct shape lenient = {
	.name = "a thing", .size = sizeof(struct thing), .fields = fields, .n = BIND_COUNT(fields)
};

struct expected {
	const char *text, *line; /* "LINE:COL: path: message" of the first, "" for none */
	const char *code;
	size_t n;
	bool lenient;
};

static const struct expected cases[] = {
	{ "{\"text\":\"a\"}", "", NULL, 0, false },
	{ "{\"text\":\"a\",\"ignored\":{}}", "", NULL, 0, false },
	{ "{}", "1:1: text: is required", "missing", 1, false },
	{ "[]", "1:1: must be an object, not an array", "type", 1, false },
	{ "{\"text\":null}", "1:9: text: must be a string, not null", "type", 1, false },
	{ "{\"text\":null}", "1:1: text: is required", "missing", 1, true },
	{ "{\"text\":\"a\",\"word\":null,\"list\":null,\"what\":1}", "", NULL, 0, true },
	{ "{\"text\":\"a\",\n\"wrod\":1}",
	  "2:1: wrod: is not a property of a thing (did you mean \"word\"?)", "unknown-key", 1,
	  false },
	{ "{\"text\":\"a\",\"\\u001b[31m\":1}", "1:13: ?[31m: is not a property of a thing",
	  "unknown-key", 1, false },
	{ "{\"text\":\"a\",\"word\":\"bleu\"}",
	  "1:20: word: \"bleu\" is not red, green or blue (did you mean \"blue\"?)", "value", 1,
	  false },
	{ "{\"text\":\"a\",\"checked\":\"x\"}", "1:23: checked: \"x\" is not a name: it has an x",
	  "value", 1, false },
	{ "{\"text\":\"a\",\"checked\":\"y\"}", "1:23: checked: \"y\" is not a name, such as abc",
	  "value", 1, false },
	{ "{\"text\":\"a\",\"flag\":1}", "1:20: flag: must be true or false, not a number", "type",
	  1, false },
	{ "{\"text\":\"a\",\"number\":-1}", "1:22: number: -1 is too small", "range", 1, false },
	{ "{\"text\":\"a\",\"number\":18446744073709551616}",
	  "1:22: number: 18446744073709551616 is too large", "range", 1, false },
	{ "{\"text\":\"a\",\"number\":1.0}",
	  "1:22: number: 1.0 is not a whole number written with digits alone", "type", 1, false },
	{ "{\"text\":\"a\",\"number\":\"1\"}", "1:22: number: must be a whole number, not a string",
	  "type", 1, false },
	{ "{\"text\":\"a\",\"ranged\":1}", "1:22: ranged: 1 is out of range: must be from 2 to 10",
	  "range", 1, false },
	{ "{\"text\":\"a\",\"ranged\":11}",
	  "1:22: ranged: 11 is out of range: must be from 2 to 10", "range", 1, false },
	{ "{\"text\":\"a\",\"size\":\"1\"}",
	  "1:20: size: \"1\" is out of range: must be at least 1K", "range", 1, false },
	{ "{\"text\":\"a\",\"size\":\"4096P\"}", "", NULL, 0, false },
	{ "{\"text\":\"a\",\"size\":\"40960P\"}", "1:20: size: \"40960P\" is too large", "range", 1,
	  false },
	{ "{\"text\":\"a\",\"size\":1e3}", "1:20: size: 1e3 is not a size, such as 512M", "value",
	  1, false },
	{ "{\"text\":\"a\",\"size\":[]}", "1:20: size: must be a size, not an array", "type", 1,
	  false },
	{ "{\"text\":\"a\",\"small\":-9223372036854775809}",
	  "1:21: small: -9223372036854775809 is too small", "range", 1, false },
	{ "{\"text\":\"a\",\"small\":9223372036854775808}",
	  "1:21: small: 9223372036854775808 is too large", "range", 1, false },
	{ "{\"text\":\"a\",\"bounded\":-21}",
	  "1:23: bounded: -21 is out of range: must be from -20 to 19", "range", 1, false },
	{ "{\"text\":\"a\",\"bounded\":-20}", "", NULL, 0, false },
	{ "{\"text\":\"a\",\"capped\":0}", "", NULL, 0, false },
	{ "{\"text\":\"a\",\"capped\":5}",
	  "1:22: capped: this version cannot enforce 5; left out (or 0), nothing is capped",
	  "unsupported", 1, false },
	{ "{\"text\":\"a\",\"texts\":[\"a\",\"x\",5]}",
	  "1:26: texts[1]: \"x\" is not a name: it has an x", "value", 2, false },
	{ "{\"text\":\"a\",\"texts\":[\"a\",\"b\",\"c\",\"d\"]}",
	  "1:21: texts: has 4 entries, at most 3 are allowed", "limit", 1, false },
	{ "{\"text\":\"a\",\"numbers\":[1,\"2\",3]}",
	  "1:26: numbers[1]: must be a whole number, not a string", "type", 1, false },
	{ "{\"text\":\"a\",\"map\":{\"x\":\"red\"}}",
	  "1:24: map.x: \"x\" is not a name: it has an x", "value", 1, false },
	{ "{\"text\":\"a\",\"map\":{\"a\":\"pink\"}}",
	  "1:24: map.a: \"pink\" is not red, green or blue", "value", 1, false },
	{ "{\"text\":\"a\",\"list\":[{\"name\":\"n\"},{\"nam\":1}]}",
	  "1:35: list[1].nam: is not a property of item (did you mean \"name\"?)", "unknown-key", 2,
	  false },
	{ "{\"text\":\"a\",\"list\":[{\"name\":\"n\\u0007\",\"weight\":13}]}",
	  "1:21: list[0]: unlucky \"n?\"?", "conflict", 1, false },
	{ "{\"text\":\"a\",\"list\":[{\"name\":\"n\",\"weight\":4}]}",
	  "1:42: list[0].weight: 4 is out of range: must be at least 5", "range", 1, false },
	{ "{\"text\":\"a\",\"keyed\":{\"x\":{}}}",
	  "1:26: keyed.x: \"x\" is not a name: it has an x", "value", 1, false },
	{ "{\"text\":\"a\",\"keyed\":{\"a\":[]}}", "1:26: keyed.a: must be an object, not an array",
	  "type", 1, false },
	{ "{\"word\":\"\",\"flag\":1,\"number\":[]}", "1:9: word: \"\" is not red, green or blue",
	  "value", 4, false },
};

static void check_case(const struct expected *x)
{
	auto_ptr(json) struct json *j = NULL;
	struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	struct thing o = { 0 };
	struct err e;
	const struct shape *shape = x->lenient ? &lenient : &strict;

	CHECK_INT(json_parse_simple(x->text, strlen(x->text), &j, &e), 0);
	bind_init(shape, &o);
	int r = bind_load(&c, shape, j, &o);
	auto_free char *line = diags.n ? diag_text(&diags, 0) : mem_strdup("");

	CHECK_INT(r, x->n ? -EINVAL : 0);
	CHECK_STR(line, x->line);
	CHECK_STR(diags.n ? diags.items[0].code : NULL, x->code);
	CHECK_INT(diags.n, x->n);
	CHECK_INT(c.errors, x->n);
	CHECK_STR(strbuf_text(&c.path), "");
	bind_free(shape, &o);
	bind_ctx_done(&c);
	diag_done(&diags);
}

static void test_long_values(void)
{
	auto_done(strbuf) struct strbuf text = { 0 };
	auto_ptr(json) struct json *j = NULL;
	struct diag_list diags = { 0 };
	struct bind_ctx c = { .diags = &diags };
	struct thing o = { 0 };
	struct err e;

	strbuf_add(&text, "{\"text\":\"a\",\"word\":\"");
	for (int i = 0; i < 50000; i++)
		strbuf_add(&text, "\xc3\xa9");
	strbuf_add(&text, "\"}");
	CHECK_INT(json_parse_simple(text.text, text.len, &j, &e), 0);
	CHECK_INT(bind_load(&c, &strict, j, &o), -EINVAL);
	CHECK(diags.n == 1 && strlen(diags.items[0].message) < 150);
	CHECK(diags.n == 1 && str_is_utf8(diags.items[0].message, strlen(diags.items[0].message)));
	bind_free(&strict, &o);
	bind_ctx_done(&c);
	diag_done(&diags);
}

static void test_places_kept(void)
{
	static const char text[] = "{\"text\":\"a\",\"texts\":[\"x\",\"b\"]}";
	auto_ptr(json) struct json *j = NULL;
	struct bind_ctx c = { 0 };
	struct thing o = { 0 };
	struct err e;

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	CHECK_INT(bind_load(&c, &strict, j, &o), -EINVAL);
	CHECK_INT(c.errors, 1);
	CHECK_INT(o.texts.n, 2);
	CHECK_STR(o.texts.items[0], "");
	CHECK_STR(o.texts.items[1], "b");
	/* Loading again replaces and leaks nothing. */
	CHECK_INT(bind_load(&c, &strict, j, &o), -EINVAL);
	CHECK_INT(o.texts.n, 2);
	bind_free(&strict, &o);
	bind_ctx_done(&c);
}

int main(void)
{
	for (size_t i = 0; i < BIND_COUNT(cases); i++)
		check_case(&cases[i]);
	test_long_values();
	test_places_kept();
	return test_done();
}
