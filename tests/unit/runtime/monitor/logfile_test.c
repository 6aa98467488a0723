/* The console log is appended to, rotated, bounded, and never follows a symlink. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/monitor/private.h"

#include "tests/unit/test.h"

static off_t size_of(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : -1;
}

int main(void)
{
	char top[] = "/tmp/zones-logfile.XXXXXX";
	static char block[65536];
	struct logfile l;
	struct err e = { 0 };
	int dir;

	memset(block, 'x', sizeof(block));
	CHECK(mkdtemp(top) != NULL);
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(logfile_open(&l, dir, &e) == 0);
	logfile_write(&l, "one\n", 4);
	CHECK_INT(size_of(dir, "console.log"), 4);
	logfile_close(&l);
	CHECK(logfile_open(&l, dir, &e) == 0);
	CHECK_INT(l.size, 4);
	for (int i = 0; i < 5 * LOGFILE_MAX / (int)sizeof(block); i++)
		logfile_write(&l, block, sizeof(block));
	CHECK(size_of(dir, "console.log") <= LOGFILE_MAX);
	CHECK(size_of(dir, "console.log.1") > 0 && size_of(dir, "console.log.1") <= LOGFILE_MAX);
	CHECK(size_of(dir, "console.log.3") > 0);
	CHECK_INT(size_of(dir, "console.log.4"), -1);
	logfile_close(&l);
	logfile_write(&l, "after close", 11); /* harmless */

	CHECK(unlinkat(dir, "console.log", 0) == 0);
	CHECK(symlinkat("canary", dir, "console.log") == 0);
	CHECK(logfile_open(&l, dir, &e) < 0);
	CHECK_INT(size_of(dir, "canary"), -1);
	(void)close(dir);
	CHECK(file_remove_tree(AT_FDCWD, top, &e) == 0);
	return test_done();
}
