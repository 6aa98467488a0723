/* zone_uninstall: from every remainder of an install back to configured, removing nothing that is not the zone's. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static enum zone_state state_of(const struct zone_dirs *d, const char *name)
{
	auto_ptr(zone) struct zone *z = NULL;
	struct err e = { 0 };

	return zone_open(d, name, 0, &z, &e) < 0 ? ZONE_NONE : z->state;
}

/* An installed zone as install leaves it. */
static void make_installed(const struct zone_dirs *d, const char *name, const char *zonepath,
			   const char *state)
{
	auto_free char *file = mem_format("%s.json", name);
	auto_free char *record_file = mem_format(".records/%s.json", name);
	auto_free char *config = mem_format("{\"zonename\":\"%s\",\"anet\":[]}", name);
	auto_free char *record = mem_format(
		"{\"uuid\":\"1\",\"state\":\"%s\",\"zonepath\":\"%s\",\"brand\":\"native\",\"idBase\":1073741824}",
		state, zonepath);
	auto_free char *root = mem_format("%s/root", zonepath);

	test_put(d->config, file, config);
	test_put(d->storage, record_file, record);
	(void)mkdir(zonepath, 0700);
	CHECK(mkdir(root, 0755) == 0);
	test_put(root, "file", "x");
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	char *note = NULL;

	test_dirs_make(&t);
	auto_free char *a = mem_format("%s/a", t.dirs.storage);
	auto_free char *shared = mem_format("%s/shared", t.top);
	auto_free char *precious = mem_format("%s/precious", t.top);
	auto_free char *linked = mem_format("%s/linked", t.top);

	CHECK_INT(zone_uninstall(&t.dirs, "a", &note, &e), -ENOENT);
	make_installed(&t.dirs, "a", a, "incomplete");
	CHECK(state_of(&t.dirs, "a") == ZONE_INCOMPLETE);
	CHECK_INT(zone_uninstall(&t.dirs, "a", &note, &e), 0);
	CHECK(state_of(&t.dirs, "a") == ZONE_CONFIGURED && !file_exists(AT_FDCWD, a) && !note);
	CHECK_INT(zone_uninstall(&t.dirs, "a", &note, &e), 0);
	CHECK(note && strstr(note, "not installed"));
	free(ptr_steal(&note));

	CHECK(mkdir(shared, 0700) == 0);
	test_put(shared, "mine", "keep\n");
	make_installed(&t.dirs, "b", shared, "installed");
	CHECK_INT(zone_uninstall(&t.dirs, "b", &note, &e), 0);
	CHECK(note && strstr(note, "stays"));
	free(ptr_steal(&note));
	auto_free char *kept = test_get(shared, "mine");

	CHECK_STR(kept, "keep\n");

	make_installed(&t.dirs, "c", precious, "installed");
	CHECK(symlink(precious, linked) == 0);
	auto_free char *record =
		mem_format("{\"state\":\"installed\",\"zonepath\":\"%s\"}", linked);

	test_put(t.dirs.storage, ".records/c.json", record);
	CHECK(state_of(&t.dirs, "c") == ZONE_UNAVAILABLE);
	CHECK_INT(zone_uninstall(&t.dirs, "c", &note, &e), 0);
	CHECK(note && strstr(note, "left alone"));
	free(ptr_steal(&note));
	auto_free char *file = test_get(precious, "root/file");

	CHECK_STR(file, "x");
	test_put(t.dirs.storage, ".records/a.json", "{ broken");
	CHECK(state_of(&t.dirs, "a") == ZONE_UNAVAILABLE);
	CHECK_INT(zone_uninstall(&t.dirs, "a", &note, &e), 0);
	CHECK(state_of(&t.dirs, "a") == ZONE_CONFIGURED);
	free(note);
	test_dirs_remove(&t);
	return test_done();
}
