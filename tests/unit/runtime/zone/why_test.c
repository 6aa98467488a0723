/* zone_why: stored reasons, broken files, who holds the lock. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static bool says(const struct zone_dirs *d, const char *name, const char *part)
{
	auto_done(strv) struct strv v = { 0 };
	enum zone_state state = ZONE_NONE;
	struct err e = { 0 };

	if (zone_why(d, name, &state, &v, &e) < 0)
		return false;
	auto_free char *all = strv_join(&v, "\n");

	if (!strstr(all, part))
		printf("# %s\n", all);
	return strstr(all, part) != NULL;
}

int main(void)
{
	struct test_dirs t;
	struct strv v = { 0 };
	struct zone *z = NULL;
	enum zone_state state = ZONE_NONE;
	struct err e = { 0 };
	auto_free char *pid = mem_format("process %d is changing it", (int)getpid());

	test_dirs_make(&t);
	CHECK_INT(zone_why(&t.dirs, "web", &state, &v, &e), -ENOENT);
	test_put(t.dirs.config, "web.json", "{ broken");
	CHECK(says(&t.dirs, "web", "web.json:1:"));
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\"}");
	test_put(
		t.dirs.storage, ".records/web.json",
		"{\"state\":\"incomplete\",\"aux\":\"installing\",\"reason\":\"the disk is full\",\"reasonTime\":\"2026-01-01T00:00:00Z\"}");
	CHECK(says(&t.dirs, "web", "the disk is full (2026-01-01T00:00:00Z)"));
	CHECK_INT(zone_open(&t.dirs, "web", ZONE_OPEN_LOCK, &z, &e), 0);
	CHECK(says(&t.dirs, "web", pid));
	zone_free(z);
	CHECK(!says(&t.dirs, "web", pid));
	test_dirs_remove(&t);
	return test_done();
}
