#include "tests/fuzz/foreign_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/foreign", 5);
	return test_done();
}
