#include "runtime/view/view.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static void test_text(void)
{
	struct view_text t = { 0 };
	static char big[VIEW_TEXT_MAX];

	view_add(&t, "%s %d", "a", 5);
	CHECK_STR(t.at, "a 5");
	view_add_bytes(&t, "xyz", 2);
	CHECK_STR(t.at, "a 5xy");
	CHECK_INT(t.len, 5);
	for (int i = 0; i < 1000; i++)
		view_add(&t, "%04d", i);
	CHECK_INT(t.len, 4005);
	CHECK_STR(t.at + 4001, "0999");
	CHECK(!t.failed);
	view_add_bytes(&t, big, sizeof(big));
	CHECK(t.failed);
	CHECK_INT(t.len, 4005);
	view_add(&t, "more");
	CHECK_INT(t.len, 4005);
	view_text_done(&t);
	CHECK(!t.at && t.len == 0 && !t.failed);
}

static void test_numbers(void)
{
	CHECK_INT(view_number("17\n"), 17);
	CHECK(view_number("18446744073709551614") == UINT64_MAX - 1);
	CHECK(view_number("18446744073709551616") == VIEW_NONE);
	CHECK(view_number("99999999999999999999") == VIEW_NONE);
	CHECK(view_number("max\n") == VIEW_NONE);
	CHECK(view_number("-1") == VIEW_NONE);
	CHECK(view_number("") == VIEW_NONE);
	CHECK(view_number(NULL) == VIEW_NONE);
}

static void test_words(void)
{
	static const char stat[] = "cache 1\nrss 2\ntotal_rss 30\nrss_huge 4\nlast 5";

	CHECK_INT(view_word(stat, "cache"), 1);
	CHECK_INT(view_word(stat, "rss"), 2);
	CHECK_INT(view_word(stat, "total_rss"), 30);
	CHECK_INT(view_word(stat, "last"), 5);
	CHECK(view_word(stat, "tota") == VIEW_NONE);
	CHECK(view_word(stat, "none") == VIEW_NONE);
	CHECK(view_word("", "none") == VIEW_NONE);
	CHECK_INT(view_word("MemFree:       12 kB\nMemTotal:\t  16 kB\n", "MemTotal"), 16);
	CHECK(view_word("limit max\n", "limit") == VIEW_NONE);
}

static void test_values(void)
{
	static const char line[] = "8:0 rbytes=4096 wbytes=7\n8:16 rbytes=1 dios=3";

	CHECK_INT(view_value(line, "rbytes"), 4096);
	CHECK_INT(view_value(line, "wbytes"), 7);
	CHECK(view_value(line, "dios") == VIEW_NONE);
	CHECK(view_value(line, "bytes") == VIEW_NONE);
	CHECK_INT(view_value("total=5", "total"), 5);
	CHECK(view_value("total", "total") == VIEW_NONE);
}

int main(void)
{
	test_text();
	test_numbers();
	test_words();
	test_values();
	return test_done();
}
