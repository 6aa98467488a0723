#include "config/zone_spec.h"
#include "tests/unit/test.h"

int main(void)
{
	const char *why = NULL;

	CHECK(zone_name_ok("web", NULL));
	CHECK(zone_name_ok("0-a_b.C", &why) && !why);
	CHECK(zone_name_ok("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			   NULL));
	CHECK(!zone_name_ok("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			    NULL));
	CHECK(!zone_name_ok(NULL, &why) && why);
	CHECK(!zone_name_ok("global", &why));
	CHECK_STR(why, "that is the host");
	CHECK(!zone_name_ok(".hidden", NULL));
	CHECK(!zone_name_ok("a b", NULL));
	CHECK(!zone_name_ok("\xc3\xa9", NULL));
	CHECK(!zone_name_ok("net.json", NULL));
	CHECK(!zone_name_ok("net.lock", NULL));
	CHECK(!zone_name_ok("a.tmp", &why));
	CHECK_STR(why, "it must not end with .json, .lock or .tmp");
	return test_done();
}
