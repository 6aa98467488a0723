/* Where nothing counts, a quota is refused by name and with words; without one nothing is asked for. */
#include "runtime/zone/quota.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/test.h"

int main(void)
{
	const struct zone_record none = { 0 };
	struct zone_spec nothing = { 0 }, bytes = { .quota = { true, 10 << 20 } },
			 inodes = { .quota_inodes = { true, 5000 } };
	struct opt_u64 used = { 0 }, limit = { 0 };
	const char *property = NULL;
	struct err e = { 0 };

	CHECK_INT(quota_can(&none, "/proc", &nothing, &property, &e), 0);
	CHECK_INT(quota_can(&none, "/nosuch", &nothing, &property, &e), 0);
	CHECK_INT(quota_can(&none, "/proc", &bytes, &property, &e), -EOPNOTSUPP);
	CHECK_STR(property, "quota");
	CHECK(strstr(e.text, "\"/proc\"") && strstr(e.text, "prjquota"));
	e = (struct err){ 0 };
	CHECK_INT(quota_can(&none, "/proc", &inodes, &property, &e), -EOPNOTSUPP);
	CHECK_STR(property, "quotaInodes");
	e = (struct err){ 0 };
	CHECK_INT(quota_can(&none, "/nosuch", &bytes, &property, &e), -ENOENT);
	CHECK(!quota_usage(-1, &used, &limit) && !used.set && !limit.set);
	return test_done();
}
