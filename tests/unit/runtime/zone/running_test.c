/* The stored running configuration: round trip, the number of the boot, broken files. */
#include "runtime/zone/running.h"

#include <errno.h>

#include "tests/unit/runtime/zone/store_dirs.h"

static struct json *parse(const char *text)
{
	struct json *j = NULL;
	struct err e = { 0 };

	CHECK_INT(json_parse_simple(text, strlen(text), &j, &e), 0);
	return j;
}

static void round_trip(struct test_dirs *t, struct zone *z)
{
	auto_done(running) struct running r = { .config = parse("{\"zonename\":\"web\"}"),
						.matches = true,
						.file_sum = UINT64_MAX };
	auto_done(running) struct running back = { 0 }, other = { 0 };
	struct err e = { 0 };

	CHECK_INT(running_load(&t->dirs, z, &back, &e), 0);
	strv_add(&r.unsure, "fs[/a]");
	CHECK_INT(running_store(&t->dirs, z, &r, &e), 0);
	CHECK_INT(running_load(&t->dirs, z, &back, &e), 1);
	CHECK(back.matches && back.file_sum == UINT64_MAX && strv_has(&back.unsure, "fs[/a]"));
	CHECK_STR(json_get_string(back.config, "zonename", NULL), "web");
	z->run.restarts = 1; /* booted again: not what was stored before */
	CHECK_INT(running_load(&t->dirs, z, &other, &e), 0);
	z->run.restarts = 0;
}

static void of_the_monitor(struct test_dirs *t, struct zone *z)
{
	auto_ptr(zone_spec) struct zone_spec *spec = zone_spec_new(), *back = NULL;
	struct err e = { 0 };

	spec->zonename = mem_strdup("web");
	spec->restart = mem_strdup("always");
	CHECK_INT(zone_running_begin(&t->dirs, z, 7, spec, &e), 0);
	CHECK_INT(zone_running_spec(&t->dirs, "web", 7, &back, &e), 1);
	CHECK_STR(back ? back->restart : NULL, "always");
	zone_running_end(&t->dirs, "web", 7);
	CHECK_INT(zone_running_spec(&t->dirs, "web", 7, &back, &e), 0);
	zone_running_end(&t->dirs, "web", 7);
}

int main(void)
{
	struct test_dirs t;
	struct zone z = { .name = (char *)"web", .lock_fd = -1 };
	struct running r = { 0 };
	struct err e = { 0 };

	test_dirs_make(&t);
	auto_free char *dir = mem_format("%s/web", t.dirs.run);

	CHECK_INT(mkdir(dir, 0700), 0);
	round_trip(&t, &z);
	of_the_monitor(&t, &z);
	test_put(dir, "running.0.json", "{\"config\":5}");
	CHECK_INT(running_load(&t.dirs, &z, &r, &e), -EINVAL);
	test_put(dir, "running.0.json", "{");
	CHECK(running_load(&t.dirs, &z, &r, &e) < 0);
	test_dirs_remove(&t);
	return test_done();
}
