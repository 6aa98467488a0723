/* zone_create: all or nothing. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static int create(const struct zone_dirs *d, const char *name, const char *text, const char *sets,
		  struct diag_list *diags, struct err *e)
{
	auto_done(strv) struct strv v = { 0 };

	*e = (struct err){ 0 };
	diag_done(diags);
	strv_split(&v, sets, ' ');
	return zone_create(d, name, &(struct zone_new){ .text = text, .sets = &v }, diags, e);
}

int main(void)
{
	struct test_dirs t;
	struct diag_list diags = { 0 };
	struct zone *z = NULL;
	struct err e;

	test_dirs_make(&t);
	CHECK_INT(create(&t.dirs, "web", NULL, "", &diags, &e), 0);
	auto_free char *text = test_get(t.dirs.config, "web.json");

	CHECK(text && strncmp(text, "{\n  \"zonename\": \"web\",", 22) == 0);
	CHECK_INT(zone_open(&t.dirs, "web", 0, &z, &e), 0);
	CHECK(z && z->state == ZONE_CONFIGURED && z->has_record && z->record.uuid &&
	      strlen(z->record.uuid) == 36 && z->record.created);
	zone_free(z);
	CHECK_INT(create(&t.dirs, "web", NULL, "", &diags, &e), -EEXIST);

	CHECK_INT(create(&t.dirs, "given", "{ \"maxLwps\": 7,  \"zonename\": \"given\" }", "",
			 &diags, &e),
		  0);
	auto_free char *given = test_get(t.dirs.config, "given.json");

	CHECK_STR(given, "{ \"maxLwps\": 7,  \"zonename\": \"given\" }");
	CHECK_INT(create(&t.dirs, "named", "{\"maxLwps\":7}", "attr.a=b", &diags, &e), 0);
	auto_free char *named = test_get(t.dirs.config, "named.json");

	CHECK(named && strstr(named, "\"zonename\": \"named\"") && strstr(named, "\"a\": \"b\""));

	CHECK_INT(create(&t.dirs, "bad", "{\"zonename\":\"other\"}", "", &diags, &e), -EINVAL);
	CHECK(diags.n == 1 && diags.items[0].line == 1);
	CHECK_INT(create(&t.dirs, "bad", "{\n  \"zonename\": \"bad\",\n  \"maxLwsp\": 7 }", "",
			 &diags, &e),
		  -EINVAL);
	CHECK(diags.n == 1 && diags.items[0].line == 3);
	CHECK_INT(create(&t.dirs, "bad", "[]", "", &diags, &e), -EINVAL);
	CHECK_INT(create(&t.dirs, "bad", "{", "", &diags, &e), -EINVAL);
	CHECK_INT(
		create(&t.dirs, "bad", NULL, "maxLwsp=3 autoboot=maybe brand=solaris", &diags, &e),
		-EINVAL);
	CHECK_INT(diags.n, 3);
	CHECK_INT(create(&t.dirs, "a/b", NULL, "", &diags, &e), -EINVAL);
	CHECK(!test_get(t.dirs.config, "bad.json") &&
	      !test_get(t.dirs.storage, ".records/bad.json") &&
	      !test_get(t.dirs.run, ".locks/bad"));
	diag_done(&diags);
	test_dirs_remove(&t);
	return test_done();
}
