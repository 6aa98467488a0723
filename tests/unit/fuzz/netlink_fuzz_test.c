#include "tests/fuzz/netlink_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/netlink", 13);
	return test_done();
}
