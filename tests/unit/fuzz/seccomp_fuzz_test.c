#include "tests/fuzz/seccomp_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/seccomp", 12);
	return test_done();
}
