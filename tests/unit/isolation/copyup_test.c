/* A tree is copied with modes and links, and without following or opening what it must not. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static void put(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	(void)close(fd);
}

int main(void)
{
	char folder[] = "/tmp/copyup_test.XXXXXX", text[64] = "";
	struct err e = { 0 };
	struct stat st;

	if (!mkdtemp(folder))
		return 1;
	int top = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK(mkdirat(top, "from", 0755) == 0 && mkdirat(top, "to", 0755) == 0 &&
	      mkdirat(top, "from/d", 0750) == 0);
	int from = openat(top, "from", O_PATH | O_DIRECTORY | O_CLOEXEC),
	    to = openat(top, "to", O_PATH | O_DIRECTORY | O_CLOEXEC);

	put(from, "f", "one");
	put(from, "d/g", "two");
	CHECK_INT(symlinkat("/etc/passwd", from, "link"), 0);
	CHECK_INT(mkfifoat(from, "fifo", 0644), 0);
	CHECK_INT(fchmodat(from, "f", 04711, 0), 0);
	CHECK_INT(copyup(from, to, &e), 0);
	CHECK_INT(fstatat(to, "f", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(st.st_mode, S_IFREG | 04711);
	CHECK_INT(st.st_size, 3);
	CHECK_INT(fstatat(to, "d", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(st.st_mode, S_IFDIR | 0750);
	CHECK_INT(fstatat(to, "d/g", &st, AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(st.st_mode, S_IFREG | 0640);
	CHECK_INT(readlinkat(to, "link", text, sizeof(text) - 1), 11);
	CHECK_STR(text, "/etc/passwd");
	CHECK_INT(faccessat(to, "fifo", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	CHECK_INT(copyup(from, to, &e), -EEXIST);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
	return test_done();
}
