#include <sys/resource.h>

#include "isolation/audit.h"
#include "tests/unit/test.h"

static const char limits[] =
	"Limit                     Soft Limit           Hard Limit           Units     \n"
	"Max cpu time              unlimited            unlimited            seconds   \n"
	"Max processes             40                   60                   processes \n"
	"Max open files            1024                 unlimited            files     \n";

int main(void)
{
	struct rlimit r = { 0 };

	CHECK(audit_limit_parse(limits, RLIMIT_NPROC, &r));
	CHECK_INT(r.rlim_cur, 40);
	CHECK_INT(r.rlim_max, 60);
	CHECK(audit_limit_parse(limits, RLIMIT_CPU, &r));
	CHECK(r.rlim_cur == RLIM_INFINITY && r.rlim_max == RLIM_INFINITY);
	CHECK(audit_limit_parse(limits, RLIMIT_NOFILE, &r));
	CHECK(r.rlim_cur == 1024 && r.rlim_max == RLIM_INFINITY);
	CHECK(!audit_limit_parse(limits, RLIMIT_STACK, &r)); /* it is not there */
	CHECK(!audit_limit_parse("Max processes x", RLIMIT_NPROC, &r));
	CHECK(audit_is_confined("web (enforce)", "web"));
	CHECK(audit_is_confined("web//hat (enforce)", "web") &&
	      audit_is_confined("web//&inner (enforce)", "web"));
	CHECK(!audit_is_confined("web (complain)", "web")); /* it forbids nothing */
	CHECK(!audit_is_confined("unconfined", "web") &&
	      !audit_is_confined("webby (enforce)", "web") && !audit_is_confined("", "web"));
	return test_done();
}
