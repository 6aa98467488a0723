/* The run record: round trip, 64-bit start times, broken files. */
#include <errno.h>

#include "runtime/zone/record.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct zone_run r = { .monitor = 4242,
			      .monitor_start = 1ull << 53,
			      .state = ZONE_RUNNING,
			      .init = 4243,
			      .init_start = 99,
			      .restarts = 3,
			      .id = 4243 };
	struct zone_run back = { 0 };
	struct err e = { 0 };

	test_dirs_make(&t);
	CHECK_INT(zone_run_load(&t.dirs, "web", &back, &e), 0);
	r.address = mem_strdup("10.88.0.2/24");
	r.net_saved = mem_strdup("{\"a\":\"\\\"quoted\\\"\"}");
	CHECK_INT(zone_run_write(&t.dirs, "web", &r, &e), 0);
	CHECK_INT(zone_run_load(&t.dirs, "web", &back, &e), 1);
	CHECK(back.monitor == 4242 && back.monitor_start == 1ull << 53 && back.init == 4243 &&
	      back.init_start == 99);
	CHECK(back.state == ZONE_RUNNING && back.restarts == 3 && back.id == 4243);
	CHECK_STR(back.net_saved, r.net_saved);
	CHECK_STR(back.address, "10.88.0.2/24");
	CHECK_STR(back.reason, NULL);
	zone_run_done(&back);
	zone_run_done(&r);
	CHECK(r.monitor == 0);
	auto_free char *dir = mem_format("%s/web", t.dirs.run);

	test_put(dir, "run.json", "{\"state\":\"installed\"}");
	CHECK_INT(zone_run_load(&t.dirs, "web", &back, &e), -EINVAL);
	test_put(dir, "run.json", "{\"state\":\"running\",\"monitor\":-5,\"init\":99999999999}");
	CHECK_INT(zone_run_load(&t.dirs, "web", &back, &e), 1);
	CHECK(back.monitor == 0 && back.init == 0);
	zone_run_done(&back);
	CHECK_INT(zone_run_remove(&t.dirs, "web", &e), 0);
	CHECK(!file_exists(AT_FDCWD, dir));
	CHECK_INT(zone_run_remove(&t.dirs, "web", &e), 0);
	test_dirs_remove(&t);
	return test_done();
}
