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

	fake_dir(root, "/zones-0123abcd");
	fake_dir(root, "/zones-0123abcd/a");
	fake_dir(root, "/zones-0123abcd/b");
	fake_dir(root, "/zones-0123abcd/c"); /* without the controller */
	fake_file(root, "/zones-0123abcd/memory.low", "0\n");
	fake_file(root, "/zones-0123abcd/a/memory.low", "1000\n");
	fake_file(root, "/zones-0123abcd/b/memory.low", "24\n");
	protect(root, "/zones-0123abcd/a");
	has(root, "/zones-0123abcd/memory.low", "1024");
	fake_file(root, "/zones-0123abcd/b/memory.low", "max\n");
	protect(root, "/zones-0123abcd/b");
	has(root, "/zones-0123abcd/memory.low", "max");
	/* what others made keeps its sum, whatever it is called */
	static const char *const others[] = { "/pods", "/zonesbackup", "/zones-1", "/a/zones" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		auto_free char *low = mem_format("%s/memory.low", others[i]);
		auto_free char *x = mem_format("%s/x", others[i]);
		auto_free char *low_of_x = mem_format("%s/memory.low", x);

		fake_dir(root, x);
		fake_file(root, low, "7\n");
		fake_file(root, low_of_x, "9\n");
		protect(root, x);
		has(root, low, "7\n");
	}
	fake_remove(root);
	return test_done();
}
