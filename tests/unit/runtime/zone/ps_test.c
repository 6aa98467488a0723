/* zone_ps: no processes for a zone that does not run, an error for one that does not exist. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct zone_process *list = NULL;
	struct err e = { 0 };
	size_t n = 5;

	test_dirs_make(&t);
	CHECK_INT(zone_ps(&t.dirs, "web", &list, &n, &e), -ENOENT);
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\"}");
	CHECK_INT(zone_ps(&t.dirs, "web", &list, &n, &e), 0);
	CHECK(n == 0 && !list);
	zone_processes_free(list, n);
	test_dirs_remove(&t);
	return test_done();
}
