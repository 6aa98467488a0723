/* Who can get at what a zone writes. */
#include "runtime/zone/shut.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "tests/unit/runtime/zone/store_dirs.h"

/* With that mode above the directory, and that one of the directory itself. */
static int at(const char *above, mode_t mode, const char *dir, mode_t own, struct err *e)
{
	CHECK(chmod(above, mode) == 0 && chmod(dir, own) == 0);
	return shut_check(dir, dir, true, e);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };
	struct statvfs fs;

	test_dirs_make(&t);
	auto_free char *above = mem_format("%s/above", t.top);
	auto_free char *dir = mem_format("%s/dir", above);
	auto_free char *file = mem_format("%s/file", dir);
	auto_free char *link = mem_format("%s/link", t.top);

	CHECK(chmod(t.top, 0755) == 0 && mkdir(above, 0700) == 0 && mkdir(dir, 0755) == 0);
	CHECK(symlink(dir, link) == 0);
	test_put(dir, "file", "x");
	CHECK_INT(shut_check("/nosuch/dir", "/nosuch/dir", false, &e), -ENOENT);
	if (getuid() == 0) {
		CHECK_INT(at(above, 0700, dir, 0777, &e), 0);
		CHECK_INT(shut_check(file, file, true, &e), 0);
		CHECK_INT(shut_check(link, link, true, &e), 0); /* where it leads counts */
		CHECK_INT(at(above, 0766, dir, 0777, &e), 0);
		CHECK_INT(at(above, 0710, dir, 0777, &e), -EPERM); /* the group of a list */
		CHECK_INT(at(above, 0701, dir, 0777, &e), -EPERM);
		CHECK_INT(at(above, 0755, dir, 0700, &e), -EPERM); /* the zone can change it */
		CHECK(strstr(e.text, dir) && strstr(e.text, "\"trusted\": true"));
		CHECK_INT(shut_check(file, file, true, &e),
			  0); /* of a file, its directory is above it */
		CHECK(chmod(dir, 0755) == 0);
		CHECK_INT(shut_check(file, file, true, &e), -EPERM);
		CHECK(chown(above, 1234, 0) == 0);
		CHECK_INT(at(above, 0700, dir, 0700, &e), -EPERM); /* a user enters */
	}
	if (statvfs("/proc", &fs) == 0 && (fs.f_flag & ST_NOSUID)) {
		CHECK_INT(shut_check("/proc/sys", "/proc/sys", false, &e), 0);
		CHECK_INT(shut_check("/proc/sys", "/proc/sys", true, &e), -EPERM);
		CHECK(!strstr(e.text, "nosuid"));
	}
	test_dirs_remove(&t);
	return test_done();
}
