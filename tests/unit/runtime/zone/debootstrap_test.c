#include "runtime/zone/debootstrap.h"

#include "tests/unit/test.h"

int main(void)
{
	CHECK(debootstrap_suite_ok("bookworm"));
	CHECK(debootstrap_suite_ok("bookworm-backports"));
	CHECK(debootstrap_suite_ok("sid"));
	CHECK(!debootstrap_suite_ok(NULL));
	CHECK(!debootstrap_suite_ok(""));
	CHECK(!debootstrap_suite_ok("--hook-dir=/x"));
	CHECK(!debootstrap_suite_ok("../x"));
	CHECK(!debootstrap_suite_ok("a b"));
	CHECK(!debootstrap_suite_ok("a\n"));
	return test_done();
}
