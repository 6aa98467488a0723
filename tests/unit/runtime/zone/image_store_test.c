#include "runtime/zone/image_store.h"

#include <errno.h>
#include <stdlib.h>

#include "tests/unit/test.h"

static void there_and_back(const char *name, const char *file)
{
	char *as_file = image_name_to_file(name);
	char *back = image_name_from_file(as_file);

	CHECK_STR(as_file, file);
	CHECK_STR(back, name);
	free(as_file);
	free(back);
}

static void test_names(void)
{
	static const char *const foreign[] = { ".lock",        "a",           "a%2.json",
					       "a%zz.json",    "%2E%2E.json", "..json",
					       ".json",        "a%00.json",   "%2Fetc.json",
					       "a.json.json~", NULL };

	there_and_back("debian:12", "debian%3A12.json");
	there_and_back("docker.io/library/debian", "docker.io%2Flibrary%2Fdebian.json");
	for (size_t i = 0; foreign[i]; i++) {
		char *name = image_name_from_file(foreign[i]);

		test_check(!name, foreign[i], __FILE__, __LINE__);
		free(name);
	}
}

int main(void)
{
	test_names();
	return test_done();
}
