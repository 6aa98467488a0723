/* Writes go below one descriptor, never through a link that leads elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

int main(void)
{
	struct isolation iso = { .proc = -1 };
	struct err e = { 0 };
	char *text = NULL;

	CHECK_INT(procfs_open(&iso, &e), 0);
	int first = iso.proc;

	CHECK_INT(procfs_open(&iso, &e), 0);
	CHECK_INT(iso.proc, first);
	CHECK_INT(procfs_write(&iso, "self/comm", "renamed", &e), 0);
	int fd = procfs_open_file(&iso, "self/comm", O_RDONLY, &e);

	CHECK(fd >= 0);
	CHECK_INT(file_read_fd(fd, 100, &text, NULL, &e), 0);
	CHECK_STR(text, "renamed\n");
	CHECK(procfs_write(&iso, "self/exe", "x", &e) < 0);
	CHECK_INT(procfs_write(&iso, "self/root/proc/self/comm", "x", &e),
		  -ELOOP); /* a magic link */
	CHECK_INT(procfs_write(&iso, "../etc/passwd", "x", &e), -EXDEV);
	CHECK_INT(procfs_write(&iso, "/self/comm", "x", &e), -EXDEV);
	CHECK_INT(procfs_write(&iso, "no/such", "x", &e), -ENOENT);
	CHECK_STR(e.text, "open `/proc/no/such`: No such file or directory");
	free(text);
	(void)close(fd);
	(void)close(iso.proc);
	return test_done();
}
