#include "tests/fuzz/sync_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/sync", 7);
	return test_done();
}
