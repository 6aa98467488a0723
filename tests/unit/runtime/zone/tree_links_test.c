/* Files with several names are found again, also when there are many. */
#include "runtime/zone/tree_links.h"

#include <stdio.h>

#include "tests/unit/test.h"

int main(void)
{
	struct tree_links l = { 0 };
	int bad = 0;

	for (unsigned i = 0; i < 2000; i++) {
		struct statx st = { .stx_ino = i / 2, .stx_dev_major = 8, .stx_dev_minor = i & 1 };
		char path[32];

		(void)snprintf(path, sizeof(path), "f%u", i);
		bad += tree_links_first(&l, &st, path) != NULL;
	}
	for (unsigned i = 0; i < 2000; i++) {
		struct statx st = { .stx_ino = i / 2, .stx_dev_major = 8, .stx_dev_minor = i & 1 };
		char path[32];

		(void)snprintf(path, sizeof(path), "f%u", i);
		const char *first = tree_links_first(&l, &st, "again");

		bad += !first || strcmp(first, path) != 0;
	}
	CHECK_INT(bad, 0);
	tree_links_done(&l);
	CHECK(l.table == NULL);
	return test_done();
}
