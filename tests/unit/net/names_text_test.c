/* Who is shown to whom under which name, without a kernel. */
#include "net/names.h"

#include <stdlib.h>

#include "net/resolv.h"
#include "runtime/base/mem.h"

#include "tests/unit/test.h"

static struct json *parsed(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK(json_parse_simple(text, strlen(text), &j, &e) == 0);
	return j;
}

/* What zone number i sees behind the lines that everybody has. */
static void sees(const struct json *state, const struct strv *known, size_t i, const char *want)
{
	auto_ptr(names_book) struct names_book *b = names_book_new(state, known);
	auto_free char *text = names_text(b, i);
	const char *rest = strstr(text, resolv_hosts_head);

	CHECK(text[0] == '#' && rest != NULL);
	test_str(rest ? rest + strlen(resolv_hosts_head) : "", want, want, __FILE__, __LINE__);
}

static bool same_key(const struct json *state, size_t i, const char *want)
{
	static const struct strv none = { 0 };
	auto_ptr(names_book) struct names_book *b = names_book_new(state, &none);
	auto_free char *key = names_key(b, i);

	return str_eq(key, want);
}

#define ON(bridge, isolated, address) \
	"{\"bridge\":\"" bridge "\",\"isolated\":" isolated ",\"addresses\":[\"" address "\"]}"
#define ZONE(name, hostname, links) \
	"{\"zone\":\"" name "\",\"hostname\":\"" hostname "\",\"links\":[" links "]}"
#define STATE(zones) "{\"zones\":[" zones "]}"

static void test_bridges(void)
{
	static const struct strv none = { 0 };
	auto_ptr(json) struct json *s =
		parsed(STATE(ZONE("a", "", ON("x", "false", "10.0.0.2")) "," ZONE(
			"b", "",
			ON("x", "false", "10.0.0.3") "," ON(
				"y", "false",
				"10.1.0.3")) "," ZONE("c", "",
						      ON("y", "false",
							 "10.1.0.4")) "," ZONE("d", "",
									       ON("x", "true",
										  "10.0.0.5"))));

	sees(s, &none, 0, "10.0.0.2 a\n10.0.0.3 b\n");
	sees(s, &none, 1, "10.0.0.2 a\n10.0.0.3 b\n10.1.0.3 b\n10.1.0.4 c\n");
	sees(s, &none, 2, "10.1.0.3 b\n10.1.0.4 c\n");
	sees(s, &none, 3, "10.0.0.5 d\n");
	CHECK(same_key(s, 0, "x") && same_key(s, 1, "x/y") && same_key(s, 2, "y"));
	CHECK(same_key(s, 3, NULL));
}

/* A CNI network is no two bridges whose names make up its. */
static void test_keys(void)
{
	static const struct strv none = { 0 };
	auto_ptr(json) struct json *s =
		parsed(STATE(ZONE("a", "", ON("cni:zz", "false", "10.0.0.2")) "," ZONE(
			"b", "",
			ON("cni", "false", "10.0.1.2") "," ON("zz", "false", "10.0.2.2"))));

	CHECK(same_key(s, 0, "cni:zz") && same_key(s, 1, "cni/zz"));
	sees(s, &none, 0, "10.0.0.2 a\n");
	sees(s, &none, 1, "10.0.1.2 b\n10.0.2.2 b\n");
}

static void test_hostnames(void)
{
	auto_done(strv) struct strv known = { 0 };
	auto_ptr(json) struct json *s = parsed(STATE(ZONE("a", "db.example", ON("x", "false", "10.0.0.2")) "," ZONE(
		"b", "DB.example",
		ON("x", "false",
		   "10.0.0.3")) "," ZONE("c", "db.example",
					 ON("y", "false",
					    "10.1.0.4")) "," ZONE("d", "mail",
								  ON("y", "false",
								     "10.1.0.5")) "," ZONE("e", "a",
											   ON("y",
											      "false",
											      "10.1.0.6"))));

	strv_add(&known, "mail");
	strv_add(&known, "a");
	strv_add(&known, "d");
	/* nobody's on x; c's alone on y; "mail" is a zone that is down, "a" one on another bridge */
	sees(s, &known, 0, "10.0.0.2 db.example db a\n10.0.0.3 b\n");
	sees(s, &known, 1, "10.0.0.3 DB.example DB b\n10.0.0.2 a\n");
	sees(s, &known, 2, "10.1.0.4 db.example db c\n10.1.0.5 d\n10.1.0.6 e\n");
	sees(s, &known, 3, "10.1.0.5 mail d\n10.1.0.4 db.example db c\n10.1.0.6 e\n");
}

/* No state, however it came about, writes a second line or a name of everybody's. */
static void test_hostile(void)
{
	static const struct strv none = { 0 };
	auto_ptr(json) struct json *s = parsed(
		STATE(ZONE("a", "evil\\n6.6.6.6 bank", ON("x", "false", "10.0.0.2")) "," ZONE(
			"localhost", "ip6-loopback",
			ON("x", "false",
			   "10.0.0.3")) "," ZONE("b", "10.0.0.2",
						 ON("x", "false",
						    "6.6.6.6 bank")) "," ZONE("c",
									      "LOCALHOST.localdomain",
									      "") ",7,{}"));

	sees(s, &none, 0, "10.0.0.2 a\n");
	sees(s, &none, 1, "10.0.0.2 a\n");
	sees(s, &none, 2, "127.0.1.1 b\n10.0.0.2 a\n");
	sees(s, &none, 3, "127.0.1.1 c\n");
	sees(s, &none, 4, "");
}

int main(void)
{
	test_bridges();
	test_keys();
	test_hostnames();
	test_hostile();
	return test_done();
}
