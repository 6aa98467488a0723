/* Id blocks: aligned, never twice, the same again for the same zone, given back, and safe when many ask at once. */
#include <errno.h>
#include <sys/wait.h>

#include "runtime/base/json.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static uint32_t allocate(const struct zone_dirs *d, const char *name)
{
	struct err e = { 0 };
	uint32_t base = 0, owner = 0;

	if (zone_ids_allocate(d, name, &base, &owner, &e) < 0)
		return 0;
	return owner == base + 65536 ? base : 0;
}

static void many_at_once(const struct zone_dirs *d)
{
	enum { CHILDREN = 12 };
	pid_t pids[CHILDREN];
	uint32_t seen[CHILDREN];
	int twice = 0;

	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			auto_free char *name = mem_format("many%d", i);

			_exit(allocate(d, name) ? 0 : 1);
		}
	}
	for (int i = 0; i < CHILDREN; i++) {
		int status = 1;

		(void)waitpid(pids[i], &status, 0);
		twice += status != 0;
	}
	for (int i = 0; i < CHILDREN; i++) {
		auto_free char *name = mem_format("many%d", i);

		seen[i] = allocate(d, name);
		for (int k = 0; k < i; k++)
			twice += seen[k] == seen[i];
	}
	CHECK_INT(twice, 0);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	uint32_t base = 0, owner = 0;

	test_dirs_make(&t);
	uint32_t a = allocate(&t.dirs, "a");
	uint32_t b = allocate(&t.dirs, "b");

	CHECK(a >= 0x40000000u && b >= 0x40000000u);
	CHECK(a % 0x20000 == 0 && b % 0x20000 == 0 && a != b);
	CHECK(allocate(&t.dirs, "a") == a);
	CHECK_INT(zone_ids_release(&t.dirs, "a", &e), 0);
	CHECK_INT(zone_ids_release(&t.dirs, "nosuch", &e), 0);
	CHECK(allocate(&t.dirs, "c") == a);
	many_at_once(&t.dirs);
	test_put(t.dirs.storage, ".ids.json", "{\"x\": 5}");
	CHECK_INT(zone_ids_allocate(&t.dirs, "new", &base, &owner, &e), -EINVAL);
	test_put(t.dirs.storage, ".ids.json", "[]");
	CHECK(zone_ids_allocate(&t.dirs, "new", &base, &owner, &e) < 0);
	test_put(t.dirs.storage, ".ids.json", "{ broken");
	CHECK(zone_ids_allocate(&t.dirs, "new", &base, &owner, &e) < 0);
	CHECK(strstr(e.text, ".ids.json") != NULL);
	test_dirs_remove(&t);
	return test_done();
}
