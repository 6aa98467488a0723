/* diag: the printed line, the JSON form, the bound, the error value. */
#include "runtime/base/diag.h"

#include <errno.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "tests/unit/test.h"

static void check_text(const struct diag_list *l, size_t i, const char *want)
{
	auto_free char *text = diag_text(l, i);

	CHECK_STR(text, want);
}

static void test_text(void)
{
	auto_done(diag_list) struct diag_list l = { .file = "/etc/zones/web.json" }, bare = { 0 };
	struct err e = { 0 };

	CHECK_INT(diag_err(&l, &e), -EINVAL);
	diag_add(&l, DIAG_AT(3, 7), "anet[0].link", "unknown-key", "bridge", "unknown key \"%s\"",
		 "brige");
	diag_add(&l, DIAG_AT(0, 0), "", "missing", "write one first", "the file is empty");
	diag_add(&l, DIAG_AT(4, 1), "cpu", "range", NULL, "too many");
	diag_add(&bare, DIAG_AT(1, 2), NULL, "syntax", NULL, "bad");
	check_text(
		&l, 0,
		"/etc/zones/web.json:3:7: anet[0].link: unknown key \"brige\" (did you mean \"bridge\"?)");
	check_text(&l, 1, "/etc/zones/web.json: the file is empty (write one first)");
	check_text(&l, 2, "/etc/zones/web.json:4:1: cpu: too many");
	check_text(&bare, 0, "1:2: bad");
	CHECK_INT(diag_err(&bare, &e), -EINVAL);
	CHECK_STR(e.text, "1:2: bad");
	CHECK_INT(diag_err(&l, &e), -EINVAL);
	CHECK_STR(
		e.text,
		"/etc/zones/web.json:3:7: anet[0].link: unknown key \"brige\" (did you mean \"bridge\"?) (and 2 more)");

	auto_ptr(json) struct json *j = diag_json(&l);

	CHECK_INT(j->n, 3);
	CHECK_STR(json_get_string(j->items[0], "file", ""), "/etc/zones/web.json");
	CHECK_INT(json_get_i64(j->items[0], "line", 0), 3);
	CHECK_INT(json_get_i64(j->items[0], "column", 0), 7);
	CHECK_STR(json_get_string(j->items[0], "path", ""), "anet[0].link");
	CHECK_STR(json_get_string(j->items[0], "code", ""), "unknown-key");
	CHECK_STR(json_get_string(j->items[0], "hint", ""), "bridge");
	CHECK(json_get(j->items[2], "hint")->type == JSON_NULL);
}

static void test_bound(void)
{
	auto_done(diag_list) struct diag_list l = { .file = "f" };
	struct err e = { 0 };

	for (int i = 0; i < 250; i++)
		diag_add(&l, DIAG_AT(i, 1), "p", "type", NULL, "%d", i);
	CHECK_INT(l.n, 100);
	CHECK_INT(l.dropped, 150);
	CHECK_STR(l.items[99].message, "99");
	check_text(&l, l.n, "f: 150 more errors are not shown");
	CHECK_INT(diag_err(&l, &e), -EINVAL);
	CHECK_STR(e.text, "f: p: 0 (and 249 more)");
}

int main(void)
{
	test_text();
	test_bound();
	return test_done();
}
