/* zone_export_oci: a document that an OCI runtime would take. */
#include <errno.h>

#include "runtime/zone/zone.h"
#include "tests/unit/runtime/zone/store_dirs.h"

int main(void)
{
	struct test_dirs t;
	struct json *j = NULL;
	struct err e = { 0 };

	test_dirs_make(&t);
	CHECK_INT(zone_export_oci(&t.dirs, "web", &j, &e), -ENOENT);
	test_put(t.dirs.config, "web.json",
		 "{\"zonename\":\"web\",\"maxLwps\":77,\"hostname\":\"shop\"}");
	CHECK_INT(zone_export_oci(&t.dirs, "web", &j, &e), 0);
	CHECK_STR(json_get_string(j, "hostname", NULL), "shop");
	CHECK(json_get_string(j, "ociVersion", NULL) != NULL);
	const struct json *resources = json_get(json_get(j, "linux"), "resources");

	CHECK_INT(json_get_i64(json_get(resources, "pids"), "limit", 0), 77);
	json_free(j);
	test_put(t.dirs.config, "web.json", "{ broken");
	CHECK_INT(zone_export_oci(&t.dirs, "web", &j, &e), -EINVAL);
	test_dirs_remove(&t);
	return test_done();
}
