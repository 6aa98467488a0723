/* zone_delete: nothing of the zone remains, and an installed one is refused with the way out. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	uint32_t base, owner;

	test_dirs_make(&t);
	CHECK_INT(zone_delete(&t.dirs, "web", &e), -ENOENT);
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\"}");
	test_put(t.dirs.storage, ".records/web.json", "{\"state\":\"incomplete\"}");
	CHECK_INT(zone_delete(&t.dirs, "web", &e), -EBUSY);
	CHECK(strstr(e.text, "zone uninstall web") != NULL);
	test_put(t.dirs.storage, ".records/web.json", "{\"state\":\"configured\"}");
	CHECK_INT(zone_ids_allocate(&t.dirs, "web", &base, &owner, &e), 0);
	CHECK_INT(zone_delete(&t.dirs, "web", &e), 0);
	auto_free char *ids = test_get(t.dirs.storage, ".ids.json");

	CHECK(!test_get(t.dirs.config, "web.json") &&
	      !test_get(t.dirs.storage, ".records/web.json") &&
	      !test_get(t.dirs.run, ".locks/web"));
	CHECK(!ids || !strstr(ids, "web"));
	test_put(t.dirs.config, "bad.json", "{ broken");
	CHECK_INT(zone_delete(&t.dirs, "bad", &e), 0);
	test_dirs_remove(&t);
	return test_done();
}
