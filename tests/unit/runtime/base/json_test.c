/* json: building, changing, printing. */
#include "runtime/base/json.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static void check_print(const struct json *j, bool pretty, const char *want)
{
	auto_free char *text = json_print(j, pretty);

	CHECK_STR(text, want);
}

static void test_build(void)
{
	auto_ptr(json) struct json *o = json_new_object();
	struct json *list = json_set(o, "list", json_new_array());

	json_add(list, json_new_i64(INT64_MIN));
	json_add(list, json_new_u64(UINT64_MAX));
	json_add(list, json_new_number_text("1.5"));
	json_set(o, "path", json_new_string("/a/b"));
	json_set(o, "on", json_new_bool(true));
	json_set(o, "none", json_new_null());
	json_set(o, "empty", json_new_array());
	json_set(o, "nothing", json_new_object());
	check_print(
		o, false,
		"{\"list\":[-9223372036854775808,18446744073709551615,1.5],\"path\":\"/a/b\",\"on\":true,"
		"\"none\":null,\"empty\":[],\"nothing\":{}}");
	json_set(o, "path", json_new_i64(7));
	CHECK_INT(o->n, 6);
	CHECK(json_unset(o, "list"));
	CHECK(!json_unset(o, "list"));
	CHECK(json_unset(o, "none"));
	check_print(o, true,
		    "{\n  \"path\": 7,\n  \"on\": true,\n  \"empty\": [],\n  \"nothing\": {}\n}");

	auto_ptr(json) struct json *copy = json_clone(o);

	json_set(o, "path", json_new_null());
	CHECK_INT(json_get_i64(copy, "path", 0), 7);
	for (int i = 0; i < 100; i++)
		json_add(json_get(copy, "empty"), json_new_i64(i));
	CHECK_STR(json_get(copy, "empty")->items[99]->text, "99");
}

static void test_get(void)
{
	auto_ptr(json) struct json *o = json_new_object();

	json_set(o, "s", json_new_string("x"));
	json_set(o, "n", json_new_number_text("1.5"));
	CHECK_STR(json_get_string(o, "s", "d"), "x");
	CHECK_STR(json_get_string(o, "n", "d"), "d");
	CHECK_STR(json_get_string(o, "absent", "d"), "d");
	CHECK_INT(json_get_i64(o, "n", -3), -3);
	CHECK_INT(json_get_i64(o, "s", -3), -3);
	CHECK(json_get_bool(o, "s", true));
	CHECK(json_get(NULL, "s") == NULL);
	CHECK(json_get(json_get(o, "s"), "s") == NULL);
	CHECK_STR(json_type_name(JSON_OBJECT), "an object");
	CHECK_STR(json_type_name(JSON_NULL), "null");
}

static void test_strings(void)
{
	auto_ptr(json) struct json *s =
		json_new_string("\"\\\b\f\n\r\t\x01\x7f\xe2\x82\xac/\xff\xc3");

	check_print(
		s, false,
		"\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f\xe2\x82\xac/\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_round_trip(void)
{
	static const char text[] =
		"{\"a\":[1,-2.5e10,\"\xf0\x9f\x98\x80\\u001f\",{\"\":[[],{}]}],\"b\":null}";
	auto_ptr(json) struct json *j = NULL;
	auto_ptr(json) struct json *again = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	check_print(j, false, text);
	auto_free char *pretty = json_print(j, true);

	CHECK_INT(json_parse_simple(pretty, strlen(pretty), &again, &e), 0);
	check_print(again, false, text);
}

static void test_is_same(void)
{
	auto_ptr(json) struct json *one = json_new_array();
	auto_ptr(json) struct json *other = json_new_array();

	CHECK(json_is_same(NULL, NULL) && !json_is_same(one, NULL) && !json_is_same(NULL, one));
	CHECK(json_is_same(one, other));
	json_add(one, json_new_string("1"));
	json_add(other, json_new_i64(1));
	CHECK(!json_is_same(one, other));
}

int main(void)
{
	test_build();
	test_get();
	test_strings();
	test_round_trip();
	test_is_same();
	return test_done();
}
