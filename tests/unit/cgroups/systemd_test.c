#include "cgroups/systemd.h"

#include <errno.h>
#include <unistd.h>

#include "tests/unit/test.h"

int main(void)
{
	struct err e = { 0 };
	bool booted = access("/run/systemd/system", F_OK) == 0;

	CHECK_INT(systemd_refuse(&e), -EOPNOTSUPP);
	CHECK(strstr(e.text, booted ? "not part of this build" : "which is not running") != NULL);
	return test_done();
}
