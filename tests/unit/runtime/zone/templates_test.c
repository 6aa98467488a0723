/* Templates: each built-in one is a valid zone, the administrator's come first, names cannot leave the folder. */
#include <errno.h>

#include "runtime/zone/config_text.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	static const char *const names[] = { "default", "linux", "isolated" };
	static const char *const wrong[] = { "../b", "/etc/passwd", "", "a b", "nosuch" };
	struct test_dirs t;
	struct err e = { 0 };

	test_dirs_make(&t);
	for (size_t i = 0; i < 3; i++) {
		auto_free char *text = NULL;

		CHECK_INT(template_text(&t.dirs, names[i], &text, &e), 0);
		struct json *j = NULL;

		CHECK(text && json_parse_simple(text, strlen(text), &j, &e) == 0 &&
		      json_get(j, "brand"));
		json_free(j);
	}
	for (size_t i = 0; i < 5; i++) {
		auto_free char *text = NULL;

		CHECK(template_text(&t.dirs, wrong[i], &text, &e) < 0);
	}
	CHECK(e.code == ENOENT && strstr(e.text, "isolated"));
	auto_free char *dir = mem_format("%s/templates", t.dirs.config);
	auto_free char *mine = NULL;

	CHECK(mkdir(dir, 0755) == 0);
	test_put(dir, "default.json", "{}");
	CHECK_INT(template_text(&t.dirs, "default", &mine, &e), 0);
	CHECK_STR(mine, "{}");
	test_dirs_remove(&t);
	return test_done();
}
