/* Names of huge page sizes, as the kernel's directories and cgroup files spell them. */
#include "cgroups/stats.h"

#include "tests/unit/test.h"

int main(void)
{
	static const struct {
		const char *directory, *want;
	} rows[] = {
		{ "hugepages-2048kB", "2MB" },
		{ "hugepages-1048576kB", "1GB" },
		{ "hugepages-64kB", "64KB" },
		{ "hugepages-1536kB", "1536KB" },
		{ "hugepages-", NULL },
		{ "hugepages-0kB", NULL },
		{ "hugepages-xkB", NULL },
		{ ".", NULL },
		{ "2048kB", NULL },
	};
	char size[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ok = stats_page_size(rows[i].directory, size, sizeof(size));

		CHECK_STR(ok ? size : NULL, rows[i].want);
	}
	CHECK(!stats_page_size("hugepages-2048kB", size, 3)); /* it does not fit */
	return test_done();
}
