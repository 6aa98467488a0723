/* zone_set and zone_replace_config: the whole result is valid, or the file stays byte for byte. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static int set(const struct zone_dirs *d, const char *words, struct diag_list *diags, struct err *e)
{
	auto_done(strv) struct strv v = { 0 };

	*e = (struct err){ 0 };
	diag_done(diags);
	strv_split(&v, words, ' ');
	return zone_set(d, "web", ZONE_EDIT_SET, &v, diags, e);
}

int main(void)
{
	static const char file[] =
		"{\n  \"zonename\": \"web\",\n  \"maxLwps\": 100,\n  \"attr\": {\n    \"z\": \"1\",\n    \"a\": \"2\"\n  }\n}\n";
	struct test_dirs t;
	struct diag_list diags = { 0 };
	struct err e;

	test_dirs_make(&t);
	CHECK_INT(set(&t.dirs, "maxLwps=5", &diags, &e), -ENOENT);
	test_put(t.dirs.config, "web.json", file);
	CHECK_INT(set(&t.dirs, "maxLwps=200 attr.m=3", &diags, &e), 0);
	auto_free char *text = test_get(t.dirs.config, "web.json");

	CHECK_STR(
		text,
		"{\n  \"zonename\": \"web\",\n  \"maxLwps\": 200,\n  \"attr\": {\n    \"z\": \"1\",\n    \"a\": \"2\",\n    \"m\": \"3\"\n  }\n}\n");
	CHECK_INT(set(&t.dirs, "maxLwps=300 zonename=other", &diags, &e), -EINVAL);
	CHECK(diags.n == 1 && diags.items[0].line == 0);
	CHECK_INT(set(&t.dirs, "maxLwps=0", &diags, &e), -EINVAL);
	auto_free char *same = test_get(t.dirs.config, "web.json");

	CHECK_STR(same, text);
	diag_done(&diags);
	CHECK_INT(zone_replace_config(&t.dirs, "web", "something else", file, &diags, &e), -ESTALE);
	CHECK_INT(zone_replace_config(&t.dirs, "web", text, "{\"zonename\":\"web\",\"x\":1}",
				      &diags, &e),
		  -EINVAL);
	CHECK_INT(zone_replace_config(&t.dirs, "web", text, file, &diags, &e), 0);
	test_put(t.dirs.config, "web.json", "{ broken");
	CHECK_INT(set(&t.dirs, "maxLwps=5", &diags, &e), -EINVAL);
	CHECK(strstr(e.text, "zone edit web") && strstr(e.text, "web.json:1:"));
	CHECK_INT(zone_replace_config(&t.dirs, "web", "{ broken", file, &diags, &e), 0);
	diag_done(&diags);
	test_dirs_remove(&t);
	return test_done();
}
