/* zone_list: a row for every zone, whatever is wrong with it. */
#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct zone_row *rows = NULL;
	struct err e = { 0 };
	size_t n = 0;

	test_dirs_make(&t);
	CHECK_INT(zone_list(&t.dirs, &rows, &n, &e), 0);
	CHECK_INT(n, 0);
	zone_rows_free(rows, n);
	test_put(
		t.dirs.config, "a.json",
		"{\"zonename\":\"a\",\"brand\":\"linux\",\"zonepath\":\"/srv/a\",\"anet\":[{\"allowedAddress\":[\"10.88.0.9/24\"]}]}");
	test_put(t.dirs.config, "b.json", "{ broken");
	test_put(t.dirs.storage, ".records/gone.json", "{\"state\":\"configured\"}");
	CHECK_INT(zone_list(&t.dirs, &rows, &n, &e), 0);
	CHECK_INT(n, 2);
	CHECK_STR(rows[0].name, "a");
	CHECK_STR(rows[0].brand, "linux");
	CHECK_STR(rows[0].path, "/srv/a");
	CHECK_STR(rows[0].ip, "10.88.0.9/24");
	CHECK(rows[0].id == -1 && rows[0].state == ZONE_CONFIGURED && !rows[0].reason &&
	      !rows[0].aux);
	CHECK_STR(rows[1].brand, "-");
	CHECK(rows[1].reason && strstr(rows[1].reason, "b.json:1:"));
	zone_rows_free(rows, n);
	test_dirs_remove(&t);
	return test_done();
}
