/* When and how late a zone is started again. */
#include "runtime/monitor/private.h"

#include "tests/unit/test.h"

int main(void)
{
	CHECK_INT(restart_delay(NULL, true, 0), -1);
	CHECK_INT(restart_delay("no", true, 0), -1);
	CHECK_INT(restart_delay("on-failure", false, 0), -1);
	CHECK_INT(restart_delay("on-failure", true, 0), 1000);
	CHECK_INT(restart_delay("always", false, 0), 1000);
	CHECK_INT(restart_delay("always", true, 3), 8000);
	CHECK_INT(restart_delay("always", true, 6), 60000);
	CHECK_INT(restart_delay("always", true, 4000000000u), 60000);
	return test_done();
}
