/* Rights by the zone's file; with root, whom every host knows. */
#include "runtime/zone/admin.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static int allowed(const struct test_dirs *t, const char *name, uid_t uid, const char *auth)
{
	struct err e = { 0 };

	return zone_admin_allows(&t->dirs, name, uid, auth, &e);
}

int main(void)
{
	auto_done(diag_list) struct diag_list diags = { 0 };
	auto_ptr(zone) struct zone *z = NULL;
	struct test_dirs t;
	struct err e = { 0 };

	test_dirs_make(&t);
	test_put(
		t.dirs.config, "web.json",
		"{\"zonename\":\"web\",\"admin\":[{\"user\":\"no such\",\"auths\":[\"manage\"]},{\"user\":\"root\",\"auths\":[\"login\"]}]}");
	test_put(t.dirs.config, "none.json", "{\"zonename\":\"none\"}");
	test_put(t.dirs.config, "broken.json", "{");
	CHECK_INT(allowed(&t, "web", 0, ADMIN_LOGIN), 0);
	CHECK_INT(allowed(&t, "web", 0, ADMIN_MANAGE), -EPERM);
	CHECK_INT(allowed(&t, "web", 0, ""), -EPERM);
	CHECK_INT(allowed(&t, "web", 1, ADMIN_LOGIN), -EPERM);
	CHECK_INT(allowed(&t, "none", 0, ADMIN_LOGIN), -EPERM);
	CHECK_INT(allowed(&t, "broken", 0, ADMIN_LOGIN), -EPERM);
	CHECK_INT(allowed(&t, "nowhere", 0, ADMIN_LOGIN), -EPERM);
	CHECK_INT(allowed(&t, "../etc/web", 0, ADMIN_LOGIN), -EPERM);
	CHECK_INT(allowed(&t, "", 0, ADMIN_LOGIN), -EPERM);
	CHECK_INT(zone_open(&t.dirs, "web", 0, &z, &e), 0);
	zone_admin_verify(z->spec, &diags);
	CHECK_INT(diags.n, 1);
	CHECK_STR(diags.n ? diags.items[0].path : "", "admin[0].user");
	test_dirs_remove(&t);
	return test_done();
}
