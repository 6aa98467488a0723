/* The library that reads archives is there when it is asked for, whole, and the same each time. */
#include "runtime/zone/libarchive.h"

#include "tests/unit/test.h"

int main(void)
{
	struct err e = { 0 };

	CHECK(libarchive_load(&e) == 0);
	struct archive *a = libarchive()->archive_read_new();

	CHECK(a != NULL);
	CHECK(libarchive()->archive_read_support_format_tar(a) == ARCHIVE_OK);
	CHECK(libarchive()->archive_read_free(a) == ARCHIVE_OK);
	CHECK(libarchive_load(&e) == 0);
	return test_done();
}
