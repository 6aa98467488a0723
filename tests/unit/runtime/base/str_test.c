/* str: buffers, vectors, maps, UTF-8, nearness. */
#include "runtime/base/str.h"

#include <errno.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void test_strbuf(void)
{
	auto_done(strbuf) struct strbuf b = { 0 };

	CHECK_STR(strbuf_text(&b), "");
	strbuf_add(&b, "");
	strbuf_add(&b, "ab");
	strbuf_add_char(&b, 'c');
	strbuf_format(&b, "%d%s", 12, "x");
	strbuf_add_bytes(&b, "yz!", 2);
	CHECK_STR(strbuf_text(&b), "abc12xyz");
	CHECK_INT(b.len, 8);
	strbuf_clear(&b);
	CHECK_STR(strbuf_text(&b), "");
	for (int i = 0; i < 10000; i++)
		strbuf_format(&b, "%04d", i);
	CHECK_INT(b.len, 40000);
	CHECK(str_has_suffix(b.text, "99989999"));
	auto_free char *s = strbuf_steal(&b);

	CHECK_INT(strlen(s), 40000);
	CHECK_INT(b.len, 0);
	auto_free char *empty = strbuf_steal(&b);

	CHECK_STR(empty, "");
}

static void test_strv(void)
{
	auto_done(strv) struct strv v = { 0 }, w = { 0 };

	for (int i = 0; i < 100; i++)
		strv_format(&v, "%d", i);
	CHECK_INT(v.n, 100);
	CHECK(v.items[100] == NULL);
	CHECK(strv_has(&v, "77"));
	strv_remove(&v, 77);
	strv_remove(&v, 1000);
	CHECK(!strv_has(&v, "77"));
	CHECK_INT(v.n, 99);
	CHECK(v.items[99] == NULL);
	strv_copy(&v, &v);
	CHECK_INT(v.n, 198);
	CHECK_STR(v.items[197], "99");

	strv_split(&w, "", ',');
	CHECK_INT(w.n, 0);
	strv_split(&w, "a,,b,", ',');
	CHECK_INT(w.n, 4);
	CHECK_STR(w.items[1], "");
	CHECK_STR(w.items[3], "");
	auto_free char *joined = strv_join(&w, ", ");

	CHECK_STR(joined, "a, , b, ");
}

static void test_strmap(void)
{
	auto_done(strmap) struct strmap m = { 0 }, copy = { 0 };

	for (int i = 0; i < 50; i++) {
		auto_free char *key = mem_format("k%d", i);

		strmap_set(&m, key, "v");
	}
	strmap_set(&m, "k7", "seven");
	CHECK_INT(m.n, 50);
	CHECK_STR(strmap_get(&m, "k7"), "seven");
	strmap_set(&m, "k7", strmap_get(&m, "k7"));
	CHECK_STR(strmap_get(&m, "k7"), "seven");
	CHECK(strmap_get(&m, "none") == NULL);
	CHECK(strmap_remove(&m, "k0"));
	CHECK(!strmap_remove(&m, "k0"));
	CHECK_STR(m.items[0].key, "k1");
	strmap_copy(&copy, &m);
	CHECK_INT(copy.n, 49);
	CHECK_STR(copy.items[48].key, "k49");
}

static void test_questions(void)
{
	char small[4];

	CHECK(str_eq(NULL, NULL));
	CHECK(!str_eq("", NULL));
	CHECK(str_eq("a", "a"));
	CHECK(str_has_prefix("abc", "ab"));
	CHECK(!str_has_prefix("a", "ab"));
	CHECK_STR(str_after("net0", "net"), "0");
	CHECK(str_after("bet0", "net") == NULL);
	CHECK(str_has_suffix("a.json", ".json"));
	CHECK(!str_has_suffix("json", ".json"));
	CHECK(str_empty(NULL) && str_empty("") && !str_empty("x"));
	CHECK_INT(str_format(small, sizeof(small), "%d", 123), 0);
	CHECK_STR(small, "123");
	CHECK_INT(str_format(small, sizeof(small), "%d", 1234), -ENAMETOOLONG);
	CHECK_STR(small, "");
	const char *text = "a\033\n\x7f\x9b\xc2\x9b\xc3\xa4\xc3\x9b\xff";
	char shown[16] = "";
	unsigned char last = 0;

	for (size_t i = 0; text[i]; i++)
		shown[i] = str_harmless(&last, text[i]);
	CHECK_STR(shown, "a????\xc2?\xc3\xa4\xc3\x9b\xff");
	/* a byte before it makes no character of it: only the beginning of one does */
	const char *torn = "\x80\x9b\xe9\x9b"
			   "31m\xc3\xa4\x9b\xe0\x82\x9b\xe9\x9b\x9b\xf0\x9f\x98\x80\x9b";
	char rest[32] = "";

	last = 0;
	for (size_t i = 0; torn[i]; i++)
		rest[i] = str_harmless(&last, torn[i]);
	CHECK_STR(rest, "??\xe9\x9b"
			"31m\xc3\xa4?\xe0??\xe9\x9b\x9b\xf0\x9f\x98\x80?");
	/* beyond the last character, and half of a pair: no characters either */
	const char *beyond = "\xf4\x9b"
			     "31m\xed\xa0\x9b"
			     "31m\xf4\x8f\xbf\xbf\xed\x9f\x9b";
	char left[32] = "";

	last = 0;
	for (size_t i = 0; beyond[i]; i++)
		left[i] = str_harmless(&last, beyond[i]);
	CHECK_STR(left, "\xf4?31m\xed\xa0?31m\xf4\x8f\xbf\xbf\xed\x9f\x9b");
	CHECK(str_is_line_safe("a b=c", NULL));
	CHECK(!str_is_line_safe("a\nb", NULL));
	CHECK(!str_is_line_safe("a\x7f", NULL));
	CHECK(!str_is_line_safe("a:b", ":"));
}

static void test_utf8(void)
{
	static const struct {
		const char *bytes;
		bool ok;
	} rows[] = {
		{ "", true },
		{ "ascii", true },
		{ "\xc3\xa4", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xc3", false },
		{ "\x80", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xe0\x80\x80", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xed\xa0\x80", false },
		{ "\xf0\x80\x80\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xe2\x82", false },
		{ "\xe2\x82x", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(str_is_utf8(rows[i].bytes, strlen(rows[i].bytes)) == rows[i].ok);
	CHECK(str_is_utf8("a\0b", 3));
}

static void test_nearest(void)
{
	static const char *const words[] = { "boot",  "halt", "shutdown", "install",
					     "mount", "m",    NULL };
	char longer[100];

	CHECK_INT(str_distance("", "", 5), 0);
	CHECK_INT(str_distance("abc", "abc", 5), 0);
	CHECK_INT(str_distance("abc", "acb", 5), 1);
	CHECK_INT(str_distance("kitten", "sitting", 9), 3);
	CHECK_INT(str_distance("abc", "", 9), 3);
	CHECK_INT(str_distance("abcdefgh", "x", 3), 4);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CHECK_INT(str_distance(longer, longer, 3), 0);
	CHECK_INT(str_distance(longer, "x", 3), 4);
	CHECK_STR(str_nearest("bott", words), "boot");
	CHECK_STR(str_nearest("shutdwon", words), "shutdown");
	CHECK_STR(str_nearest("INSTALL", words), "install");
	CHECK_STR(str_nearest("amount", words), "mount");
	CHECK(str_nearest("zzzz", words) == NULL);
	CHECK(str_nearest("x", words) == NULL);
	CHECK(str_nearest("hold", words) == NULL);
}

int main(void)
{
	test_strbuf();
	test_strv();
	test_strmap();
	test_questions();
	test_utf8();
	test_nearest();
	return test_done();
}
