#include "net/network_rows.h"

#include <string.h>

#include "tests/unit/test.h"

static bool keeps(const char *name, const char *zone, const void *arg)
{
	return strcmp(name, "kept") == 0 || strcmp(zone, arg) == 0;
}

static struct json *parsed(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &j, &e) == 0);
	return j;
}

static void check(struct json *tree, const char *want)
{
	auto_free char *got = json_print(tree, false);

	CHECK_STR(got, want);
}

/* Of what "z" has in one tree the other lacks a row, or only the name. */
static void adding(void)
{
	auto_ptr(json) struct json *to =
		parsed("{\"x\":[{\"name\":\"a\",\"bits\":2,\"zones\":[\"y\"]}]}");
	auto_ptr(json) struct json *from = parsed(
		"{\"x\":[{\"name\":\"a\",\"bits\":1,\"zones\":[\"z\"]},{\"name\":\"b\",\"bits\":3,\"zones\":[\"z\"]},{\"name\":\"c\",\"zones\":[\"y\"]},{\"zones\":3}]}");
	static const char want[] =
		"{\"x\":[{\"name\":\"a\",\"bits\":2,\"zones\":[\"y\",\"z\"]},{\"name\":\"b\",\"bits\":3,\"zones\":[\"z\"]}]}";

	network_rows_add_missing(to, from, "none", "z");
	network_rows_add_missing(to, from, "x", "z");
	check(to, want);
	network_rows_add_missing(to, from, "x", "z");
	check(to, want);
}

int main(void)
{
	auto_ptr(json) struct json *tree = parsed("{}");
	auto_ptr(json) struct json *odd =
		parsed("{\"x\":[1,{\"name\":\"a\"},{\"name\":\"a\",\"zones\":[3,\"z\"]}],\"y\":3}");
	struct json *row;

	CHECK(network_rows(tree, "x") == NULL && network_rows_find(tree, "x", "a") == NULL);
	CHECK(!network_rows_keep(tree, "x", keeps, "z"));
	row = network_rows_make(tree, "x", "a");
	CHECK(network_rows_make(tree, "x", "a") == row && network_rows_find(tree, "x", "a") == row);
	CHECK(network_rows_other(row, "z") == NULL && network_rows_other(NULL, "z") == NULL);
	CHECK(network_rows_join(row, "z") && !network_rows_join(row, "z"));
	CHECK(network_rows_join(row, "y"));
	CHECK_STR(network_rows_other(row, "z"), "y");
	CHECK(network_rows_join(network_rows_make(tree, "x", "kept"), "k"));
	CHECK(network_rows_keep(tree, "x", keeps, "z"));
	CHECK(!network_rows_keep(tree, "x", keeps, "z"));
	check(tree,
	      "{\"x\":[{\"name\":\"a\",\"zones\":[\"z\"]},{\"name\":\"kept\",\"zones\":[\"k\"]}]}");
	CHECK(network_rows_keep(odd, "x", keeps, "z"));
	CHECK(network_rows(odd, "y") == NULL);
	check(odd, "{\"x\":[{\"name\":\"a\",\"zones\":[\"z\"]}],\"y\":3}");
	CHECK(network_rows_keep(odd, "x", keeps, "nobody"));
	check(odd, "{\"y\":3}");
	adding();
	return test_done();
}
