/* replay - a fuzzer's corpus once through its target: what was found stays fixed. Runs from the project's root, as run-unit does. Include the target first. */
#ifndef TESTS_UNIT_FUZZ_REPLAY_H
#define TESTS_UNIT_FUZZ_REPLAY_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static inline bool replay_file(const char *corpus, const char *name)
{
	auto_free char *path = mem_format("%s/%s", corpus, name);
	auto_free char *text = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (file_read_all(AT_FDCWD, path, 1 << 20, &text, &n, &e) < 0)
		return false;
	return LLVMFuzzerTestOneInput((const uint8_t *)text, n) == 0;
}

/* Every file of the folder, of which there must be at least so many. */
static inline void replay(const char *corpus, size_t least)
{
	DIR *d = opendir(corpus);
	size_t n = 0;

	CHECK(d);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		if (entry->d_name[0] == '.')
			continue;
		test_check(replay_file(corpus, entry->d_name), entry->d_name, __FILE__, __LINE__);
		n++;
	}
	if (d)
		(void)closedir(d);
	CHECK(n >= least);
}

#endif
