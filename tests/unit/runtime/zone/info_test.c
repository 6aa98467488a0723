/* zone_info: effective values with their origin; no live values for a zone that does not run. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static const struct zone_info_row *find(const struct zone_info_row *rows, size_t n,
					const char *path)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	}
	return NULL;
}

int main(void)
{
	struct test_dirs t;
	struct zone_info_row *rows = NULL;
	struct json *live = NULL;
	struct err e = { 0 };
	size_t n = 0;

	test_dirs_make(&t);
	CHECK_INT(zone_info(&t.dirs, "web", &rows, &n, &e), -ENOENT);
	test_put(t.dirs.config, "web.json", "{\"zonename\":\"web\",\"maxLwps\":77}");
	CHECK_INT(zone_info(&t.dirs, "web", &rows, &n, &e), 0);
	const struct zone_info_row *lwps = find(rows, n, "maxLwps");
	const struct zone_info_row *brand = find(rows, n, "brand");
	const struct zone_info_row *path = find(rows, n, "zonepath");
	auto_free char *usual = mem_format("%s/web", t.dirs.storage);

	CHECK(lwps && brand && path);
	CHECK_STR(lwps ? lwps->value : NULL, "77");
	CHECK_STR(lwps ? lwps->origin : NULL, "file");
	CHECK_STR(brand ? brand->value : NULL, "native");
	CHECK(brand && strcmp(brand->origin, "file") != 0);
	CHECK_STR(path ? path->value : NULL, usual);
	zone_info_free(rows, n);
	CHECK_INT(zone_info_live(&t.dirs, "web", &live, &e), -EBUSY);
	CHECK(strstr(e.text, "zone boot web") != NULL);
	test_put(t.dirs.config, "web.json", "{ broken");
	CHECK_INT(zone_info(&t.dirs, "web", &rows, &n, &e), -EINVAL);
	test_dirs_remove(&t);
	return test_done();
}
