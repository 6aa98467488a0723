/* The folder of all zones is given the sum of what they are protected with. */
#include "cgroups/driver.h"

#include <fcntl.h>

#include "runtime/base/file.h"
#include "tests/unit/cgroups/fake.h"
#include "tests/unit/test.h"

static void has(const char *root, const char *file, const char *want)
{
	auto_free char *path = mem_format("%s%s", root, file);
	auto_free char *text = NULL;
	struct err e = { 0 };

	CHECK_INT(file_read_all(AT_FDCWD, path, 64, &text, NULL, &e), 0);
	if (text)
		CHECK(str_has_prefix(text, want));
}

static void protect(char *root, const char *path)
{
	struct cgroup *cg = fake_cgroup(CGROUP_MODE_V2);
	struct err e = { 0 };

	(void)fake_part(cg, root, path, NULL);
	CHECK_INT(protect_folder(cg, &e), 0);
	cgroup_free(cg);
}

int main(void)
{
	char *root = fake_root();

	fake_dir(root, "/zones-1");
	fake_dir(root, "/zones-1/a");
	fake_dir(root, "/zones-1/b");
	fake_dir(root, "/zones-1/c"); /* without the controller */
	fake_dir(root, "/pods");
	fake_dir(root, "/pods/x");
	fake_file(root, "/zones-1/memory.low", "0\n");
	fake_file(root, "/zones-1/a/memory.low", "1000\n");
	fake_file(root, "/zones-1/b/memory.low", "24\n");
	fake_file(root, "/pods/memory.low", "7\n");
	fake_file(root, "/pods/x/memory.low", "9\n");
	protect(root, "/zones-1/a");
	has(root, "/zones-1/memory.low", "1024");
	fake_file(root, "/zones-1/b/memory.low", "max\n");
	protect(root, "/zones-1/b");
	has(root, "/zones-1/memory.low", "max");
	/* what others made keeps its sum */
	protect(root, "/pods/x");
	has(root, "/pods/memory.low", "7\n");
	fake_remove(root);
	return test_done();
}
