#include "tests/fuzz/image_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/image", 60);
	return test_done();
}
