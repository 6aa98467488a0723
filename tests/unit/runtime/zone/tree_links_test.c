#include "runtime/zone/tree_links.h"

#include <stdlib.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

enum { FILES = 5000 };

int main(void)
{
	struct tree_links l = { 0 };
	int wrong = 0;

	CHECK(!tree_links_first(&l, 1, 7, "a"));
	CHECK_STR(tree_links_first(&l, 1, 7, "b"), "a");
	CHECK(!tree_links_first(&l, 2, 7, "c")); /* the same number on another device */
	CHECK_STR(tree_links_first(&l, 2, 7, "d"), "c");
	for (uint64_t i = 0; i < FILES; i++) {
		char *name = mem_format("f%llu", (unsigned long long)i);

		wrong += tree_links_first(&l, 3, i << 20, name) != NULL;
		free(name);
	}
	for (uint64_t i = 0; i < FILES; i++) {
		char *name = mem_format("f%llu", (unsigned long long)i);
		const char *first = tree_links_first(&l, 3, i << 20, "other");

		wrong += !first || strcmp(first, name) != 0;
		free(name);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(l.n, FILES + 2);
	tree_links_done(&l);
	CHECK_INT(l.n, 0);
	return test_done();
}
