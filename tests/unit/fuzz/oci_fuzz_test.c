#include "tests/fuzz/oci_fuzz.c"

#include "tests/unit/fuzz/replay.h"

int main(void)
{
	replay("tests/fuzz/corpus/oci", 20);
	return test_done();
}
