#include "tests/fuzz/control_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/control", 9);
	return test_done();
}
