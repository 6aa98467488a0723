/* Files with several names are found again, also when there are many. */
#include "runtime/zone/tree_links.h"

#include <stdio.h>

#include "tests/unit/test.h"

int main(void)
{
	struct tree_links l = { 0 };
	int bad = 0;

	for (unsigned i = 0; i < 2000; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "f%u", i);
		bad += tree_links_first(&l, i & 1, i / 2, path) != NULL;
	}
	for (unsigned i = 0; i < 2000; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "f%u", i);
		const char *first = tree_links_first(&l, i & 1, i / 2, "again");

		bad += !first || strcmp(first, path) != 0;
	}
	CHECK_INT(bad, 0);
	tree_links_done(&l);
	CHECK(l.n == 0);
	return test_done();
}
