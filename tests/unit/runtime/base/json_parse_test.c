/* json_parse: the values and their places, and everything that must be refused - with a place
 * and a reason. */
#include "runtime/base/json.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

enum { MAX = 1 << 20 };

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	auto_done(diag_list) struct diag_list d = { 0 };

	if (json_parse(text, strlen(text), MAX, &j, &d) < 0)
		printf("# %s: %s\n", text, d.n > 0 ? d.items[0].message : "?");
	return j;
}

static void check_place(const struct json *j, int line, int column)
{
	CHECK(j != NULL);
	if (!j)
		return;
	CHECK_INT(j->line, line);
	CHECK_INT(j->column, column);
}

static void test_values(void)
{
	auto_ptr(json) struct json *j =
		parse("{\"a\": 18446744073709551615, \"b\":[true,false,null],\n"
		      "  \"c\" : \"x\\u20ac\\ud83d\\ude00\\n\\/\", \"d\":{}, \"e\":-1.5e+400}");
	const struct json *b = json_get(j, "b");

	CHECK_STR(json_get(j, "a")->text, "18446744073709551615");
	CHECK_INT(b->n, 3);
	CHECK(b->items[0]->type == JSON_BOOL && b->items[0]->boolean);
	CHECK(b->items[1]->type == JSON_BOOL && !b->items[1]->boolean);
	CHECK(b->items[2]->type == JSON_NULL);
	CHECK_STR(json_get_string(j, "c", NULL), "x\xe2\x82\xac\xf0\x9f\x98\x80\n/");
	CHECK(json_get(j, "d")->type == JSON_OBJECT && json_get(j, "d")->n == 0);
	CHECK_STR(json_get(j, "e")->text, "-1.5e+400");
	check_place(j, 1, 1);
	check_place(json_get(j, "a"), 1, 7);
	check_place(b, 1, 33);
	check_place(b->items[0], 1, 34);
	check_place(b->items[1], 1, 39);
	check_place(b->items[2], 1, 45);
	check_place(json_get(j, "c"), 2, 9);
	CHECK_INT(json_get(j, "c")->key_line, 2);
	CHECK_INT(json_get(j, "c")->key_column, 3);
}

static void test_places(void)
{
	/* quotes, escapes and punctuation inside strings must not confuse the second reader;
	 * columns are characters */
	auto_ptr(json) struct json *j = parse(
		"[\"a\\\"],{\\\\\", \"\xc3\xa4\xe2\x82\xac\", 7,\r\n\t{\"\\\"k:\":[\n[ ]\n,\"\\\\\",1e5]} ]");

	check_place(j->items[0], 1, 2);
	check_place(j->items[1], 1, 14);
	check_place(j->items[2], 1, 20);
	check_place(j->items[3], 2, 2);
	check_place(j->items[3]->items[0], 2, 10);
	CHECK_INT(j->items[3]->items[0]->key_column, 3);
	CHECK_STR(j->items[3]->items[0]->key, "\"k:");
	check_place(j->items[3]->items[0]->items[0], 3, 1);
	check_place(j->items[3]->items[0]->items[1], 4, 2);
	check_place(j->items[3]->items[0]->items[2], 4, 7);

	auto_ptr(json) struct json *scalar = parse("\n\n   -0.5 \n");

	check_place(scalar, 3, 4);
	CHECK_STR(scalar->text, "-0.5");
}

static const struct {
	const char *text;
	int line, column;
	const char *part; /* of the message */
} refused[] = {
	{ "", 1, 1, "ends too early" },
	{ "   \n ", 2, 2, "ends too early" },
	{ "{", 1, 2, "ends too early" },
	{ "[1", 1, 3, "ends too early" },
	{ "[1,", 1, 4, "ends too early" },
	{ "{\"a\"", 1, 5, "ends too early" },
	{ "{\"a\":", 1, 6, "ends too early" },
	{ "\"abc", 1, 5, "ends too early" },
	{ "\"abc\\", 1, 1, "escape" },
	{ "tru", 1, 1, "unknown word" },
	{ "nul", 1, 1, "unknown word" },
	{ "-", 1, 1, "minus" },
	{ "[1,]", 1, 4, "a value is expected" },
	{ "[,1]", 1, 2, "a value is expected" },
	{ "[1,,2]", 1, 4, "a value is expected" },
	{ "{\"a\":1,}", 1, 8, "member's name" },
	{ "{,}", 1, 2, "member's name" },
	{ "{\"a\" 1}", 1, 6, "expected \":\"" },
	{ "{\"a\",1}", 1, 5, "expected \":\"" },
	{ "{\"a\":}", 1, 6, "a value is expected" },
	{ "{\"a\"::1}", 1, 6, "a value is expected" },
	{ "{1:2}", 1, 2, "member's name" },
	{ "{a:2}", 1, 2, NULL },
	{ "{\"a\":1 \"b\":2}", 1, 8, "after a member" },
	{ "[1 2]", 1, 4, "after an array element" },
	{ "[1\n\n  2]", 3, 3, "after an array element" },
	{ "[1}", 1, 3, "after an array element" },
	{ "{\"a\":1]", 1, 7, "after a member" },
	{ "]", 1, 1, NULL },
	{ "[1] 2", 1, 5, "follows after" },
	{ "1 2", 1, 3, "follows after" },
	{ "{}{}", 1, 3, "follows after" },
	{ "{} x", 1, 4, NULL },
	{ "[01]", 1, 3, "after an array element" },
	{ "[1.]", 1, 2, "decimal point" },
	{ "[1e]", 1, 2, "exponent" },
	{ "[-x]", 1, 2, "minus" },
	{ "[+1]", 1, 2, NULL },
	{ "[.5]", 1, 2, NULL },
	{ "[0x10]", 1, 2, NULL },
	{ "[NaN]", 1, 2, NULL },
	{ "[Infinity]", 1, 2, NULL },
	{ "[True]", 1, 2, NULL },
	{ "[truex]", 1, 2, NULL },
	{ "['a']", 1, 2, "begins no value" },
	{ "[1] // x", 1, 5, "follows after" },
	{ "[1, // x\n2]", 1, 5, "comments" },
	{ "/* x */ 1", 1, 1, "comments" },
	{ "[\"\\x\"]", 1, 2, "escape" },
	{ "[\"\\u12g4\"]", 1, 2, "hexadecimal" },
	{ "[\"a\tb\"]", 1, 2, "control character" },
	{ "[\"a\nb\"]", 1, 2, "control character" },
	{ "[\"\x01\"]", 1, 2, "control character" },
	{ "[\"\\u0000\"]", 1, 2, "\\u0000" },
	{ "[\"\\ud800\"]", 1, 2, "surrogate" },
	{ "[\"\\udc00\"]", 1, 2, "surrogate" },
	{ "[\"\\ud800\\ud800\"]", 1, 2, "surrogate" },
	{ "[\"\\ud800x\"]", 1, 2, "surrogate" },
	{ "[\"\\ud800\\n\"]", 1, 2, "surrogate" },
	{ "[\"\\ud83d\\ude00\\ud83d\"]", 1, 2, "surrogate" },
	{ "{\"\\ud800\":1}", 1, 2, "surrogate" },
	{ "{\"\\u0000\":1}", 1, 2, "\\u0000" },
	{ "[\"\x80\"]", 1, 2, "UTF-8" },
	{ "[\"\xc3\"]", 1, 2, "UTF-8" },
	{ "[\"\xc0\x80\"]", 1, 2, "UTF-8" },
	{ "[\"\xed\xa0\x80\"]", 1, 2, "UTF-8" },
	{ "[\"\xf5\x80\x80\x80\"]", 1, 2, "UTF-8" },
	{ "{\"\xff\":1}", 1, 2, "UTF-8" },
	{ "\xef\xbb\xbf{}", 1, 1, "begins no value" },
	{ "[1]\v", 1, 4, "begins no value" },
	{ "[1,\f2]", 1, 4, "begins no value" },
	{ "{\"a\":\v1}", 1, 6, "begins no value" },
	{ "[1\v]", 1, 3, "begins no value" },
	{ "{\"a\":1 \"\"}", 1, 8, "after a member" },
	{ "[truefalse]", 1, 6, "after an array element" },
	{ "[1\xc2\xa0]", 1, 3, NULL },
	{ "\"\\\\\\\"", 1, 6, "ends too early" },
	{ "{\"a\":{\"b\":[1,{\"c\":tru}]}}", 1, 19, NULL },
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct json *j = NULL;
		auto_done(diag_list) struct diag_list d = { .file = "f" };
		int r = json_parse(refused[i].text, strlen(refused[i].text), MAX, &j, &d);
		auto_free char *shown =
			r < 0 && d.n > 0 ? diag_text(&d, 0) : mem_strdup("accepted");
		auto_free char *what = mem_format("refused row %zu %s", i, shown);

		for (char *p = what; *p; p++) {
			if (*p == '\n')
				*p = ' ';
		}
		bool ok = r == -EINVAL && j == NULL && d.n == 1 &&
			  d.items[0].line == refused[i].line &&
			  d.items[0].column == refused[i].column &&
			  !strchr(d.items[0].message, '\n') &&
			  (!refused[i].part || strstr(d.items[0].message, refused[i].part));

		test_check(ok, what, __FILE__, __LINE__);
		json_free(j);
	}
}

static void test_nul_bytes(void)
{
	static const char in_string[] = "[\"a\0b\"]", outside[] = "[1]\0";
	struct json *j = NULL;
	auto_done(diag_list) struct diag_list d = { 0 };

	CHECK_INT(json_parse(in_string, sizeof(in_string) - 1, MAX, &j, &d), -EINVAL);
	CHECK_INT(json_parse(outside, sizeof(outside) - 1, MAX, &j, &d), -EINVAL);
	CHECK_INT(d.n, 2);
}

static void test_duplicates(void)
{
	struct json *j = NULL;
	static const char text[] =
		"{\"a\":1,\n\"b\":{\"x\":1,\"y\":2,\"x\":3},\n\"a\":[{\"k\":1,\"\\u006b\":2}],\n\"a\":4}";
	auto_done(diag_list) struct diag_list d = { 0 };

	CHECK_INT(json_parse(text, strlen(text), MAX, &j, &d), -EINVAL);
	CHECK_INT(d.n, 4);
	CHECK_STR(d.items[0].code, "duplicate");
	CHECK_STR(d.items[0].path, "b.x");
	CHECK_INT(d.items[0].line, 2);
	CHECK_INT(d.items[0].column, 18);
	CHECK_STR(d.items[1].path, "a[0].k");
	CHECK_STR(d.items[2].path, "a");
	CHECK_INT(d.items[2].line, 3);
	CHECK_STR(d.items[2].message, "\"a\" is given twice, first in line 1");
	CHECK_INT(d.items[3].line, 4);
}

/* `n` copies of open, then of close. */
static char *nested(int n, const char *open, const char *close)
{
	struct strbuf b = { 0 };

	for (int i = 0; i < n; i++)
		strbuf_add(&b, open);
	for (int i = 0; i < n; i++)
		strbuf_add(&b, close);
	return strbuf_steal(&b);
}

static void test_limits(void)
{
	struct json *none = NULL;
	auto_done(diag_list) struct diag_list d = { 0 };
	auto_free char *good = nested(64, "[", "]");
	auto_free char *deep = nested(65, "[", "]");
	auto_free char *bomb = nested(100000, "[", "]");
	auto_free char *objects = nested(64, "{\"a\":", "}");
	auto_ptr(json) struct json *j = parse(good);

	CHECK(j != NULL);
	CHECK_INT(json_parse(deep, strlen(deep), MAX, &none, &d), -EINVAL);
	CHECK_STR(d.items[0].message, "nested deeper than 64 levels");
	CHECK_INT(d.items[0].column, 65);
	CHECK_INT(json_parse(bomb, strlen(bomb), MAX, &none, &d), -EINVAL);
	CHECK_INT(json_parse(objects, strlen(objects), MAX, &none, &d), -EINVAL);
	CHECK_INT(d.items[2].column, 64 * 5 + 1);
	CHECK_INT(json_parse("[1,2]", 5, 4, &none, &d), -EINVAL);
	CHECK_STR(d.items[3].code, "limit");

	auto_free char *many = nested(100001, "1,", "");

	many[0] = '[';
	many[1] = ' ';
	CHECK_INT(json_parse(many, strlen(many), MAX, &none, &d), -EINVAL);
	many[200000 - 1] = ']';
	many[200000] = '\0';
	auto_ptr(json) struct json *full = parse(many);

	CHECK(full && full->n == 99999);
}

/* 100,000 members of which each name comes twice: must not take quadratic time, and the list of
 * errors is bounded. */
static void test_many_members(void)
{
	auto_done(strbuf) struct strbuf b = { 0 };
	auto_done(diag_list) struct diag_list d = { 0 };
	struct json *none = NULL;

	for (int i = 0; i < 90000; i++)
		strbuf_format(&b, "%s\"m%d\":1", i ? "," : "{", i % 45000);
	strbuf_add(&b, "}");
	CHECK_INT(json_parse(b.text, b.len, 4 * MAX, &none, &d), -EINVAL);
	CHECK_INT(d.n, 100);
	CHECK_INT(d.dropped, 45000 - 100);
}

static void test_simple(void)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse_simple("{\n \"a\": }", 9, &j, &e), -EINVAL);
	CHECK_STR(e.text, "2:7: a value is expected before this character");
	CHECK_INT(json_parse_simple("{}", 2, &j, &e), 0);
	CHECK(j && j->type == JSON_OBJECT);
	json_free(j);
}

int main(void)
{
	test_values();
	test_places();
	test_refused();
	test_nul_bytes();
	test_duplicates();
	test_limits();
	test_many_members();
	test_simple();
	return test_done();
}
