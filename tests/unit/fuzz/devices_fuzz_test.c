#include "tests/fuzz/devices_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/devices", 12);
	return test_done();
}
