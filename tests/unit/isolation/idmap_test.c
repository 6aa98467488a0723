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
	return test_done();
}
