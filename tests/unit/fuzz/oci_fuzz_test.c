#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/file.h"
#include "tests/unit/test.h"

#include "tests/fuzz/oci_fuzz.c"

/* The corpus of the fuzzer once through its target: what was found stays fixed. Runs from the project's root, as run-unit does. */

#define CORPUS "tests/fuzz/corpus/oci"

static bool replay(const char *name)
{
	auto_free char *path = mem_format(CORPUS "/%s", name);
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (file_read_all(AT_FDCWD, path, 1 << 20, &text, &n, &e) < 0)
		return false;
	return LLVMFuzzerTestOneInput((const uint8_t *)text, n) == 0;
}

int main(void)
{
	DIR *d = opendir(CORPUS);
	size_t n = 0;

	CHECK(d);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (entry->d_name[0] == '.')
			continue;
		test_check(replay(entry->d_name), entry->d_name, __FILE__, __LINE__);
		n++;
	}
	if (d)
		(void)closedir(d);
	CHECK(n >= 20);
	return test_done();
}
