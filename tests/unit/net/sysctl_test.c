#include "net/sysctl.h"

#include <errno.h>

#include "tests/unit/test.h"

int main(void)
{
	struct err e = { 0 };
	uint32_t v = 7;

	CHECK(sysctl_get("ipv4", "all", "forwarding", &v, &e) == 0 && v <= 1);
	CHECK(sysctl_get("ipv4", "no-such-link", "forwarding", &v, &e) == -ENOENT);
	CHECK(sysctl_get("ipv4", "all", "no-such-name", &v, &e) == -ENOENT);
	return test_done();
}
