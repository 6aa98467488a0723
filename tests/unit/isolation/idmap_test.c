/* Maps as the kernel reads them. */
#include <stdlib.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "tests/unit/test.h"

int main(void)
{
	const struct id_map maps[] = { { 0, 100000, 65536 }, { 65536, 4294967294u, 1 } };
	auto_free char *two = idmap_text(maps, 2);
	auto_free char *none = idmap_text(NULL, 0);

	CHECK_STR(two, "0 100000 65536\n65536 4294967294 1\n");
	CHECK_STR(none, "");
	uint32_t id = 7;

	CHECK(!idmap_host_id(maps, 2, 65537, &id) && id == 7);
	CHECK(!idmap_host_id(NULL, 0, 0, &id) && id == 7);
	CHECK(idmap_host_id(maps, 2, 65535, &id) && id == 165535);
	CHECK(idmap_host_id(maps, 2, 65536, &id) && id == 4294967294u);
	CHECK(idmap_has_host_id(maps, 2, 100000) && idmap_has_host_id(maps, 2, 4294967294u));
	CHECK(!idmap_has_host_id(maps, 2, 99999) && !idmap_has_host_id(maps, 2, 165536));
	return test_done();
}
