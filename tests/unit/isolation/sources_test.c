/* Host sources: opened, verified, and cloned late only when they are still the same. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void test_open(void)
{
	struct source s = SOURCE_NONE;
	struct err e = { 0 };

	CHECK_INT(source_open(&s, "/no/such/file", &e), -ENOENT);
	CHECK_STR(e.text, "open \"/no/such/file\": No such file or directory");
	CHECK_INT(source_open(&s, "/", &e), 0);
	CHECK(s.is_dir && s.fd >= 0 && s.tree == -1);
	source_done(&s);
	CHECK(s.fd == -1 && !s.path);
}

static void test_device(void)
{
	const struct device_node null = { .type = S_IFCHR, .major = 1, .minor = 3 },
				 zero = { .type = S_IFCHR, .major = 1, .minor = 5 };
	struct source s = SOURCE_NONE;
	struct err e = { 0 };

	CHECK_INT(source_open_device(&s, "/dev/null", &null, &e), 0);
	source_done(&s);
	CHECK_INT(source_open_device(&s, "/dev/null", &zero, &e), -EINVAL);
	CHECK_STR(e.text, "\"/dev/null\" on the host is not the device 1:5");
	CHECK_INT(source_open_device(&s, "/dev/stdin", &null, &e),
		  -EINVAL); /* a link is no device */
	CHECK(s.fd == -1);
}

static void test_replaced(void)
{
	char folder[] = "/tmp/sources_test.XXXXXX";
	struct source s = SOURCE_NONE;
	struct err e = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	auto_free char *path = mem_format("%s/d", folder);

	CHECK_INT(mkdir(path, 0755), 0);
	CHECK_INT(source_open(&s, path, &e), 0);
	CHECK_INT(rmdir(path), 0);
	CHECK_INT(source_need(&s, false, &e), -ENOENT);
	CHECK_INT(symlink("/etc", path), 0);
	CHECK_INT(source_need(&s, false, &e), -EAGAIN);
	CHECK(s.tree == -1);
	source_done(&s);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
}

int main(void)
{
	test_open();
	test_device();
	test_replaced();
	return test_done();
}
