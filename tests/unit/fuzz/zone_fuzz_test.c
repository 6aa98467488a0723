#include "tests/fuzz/zone_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/zone", 40);
	return test_done();
}
