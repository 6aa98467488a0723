#include "tests/fuzz/archive_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/archive", 90);
	return test_done();
}
