/* cleanup: what a scope owns is released when it is left, what was handed over is not. */
#include "runtime/base/cleanup.h"

#include <fcntl.h>

#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static int open_null(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static int keep(void)
{
	auto_close int fd = open_null();

	return fd_steal(&fd);
}

static int leave(void)
{
	auto_close int fd = open_null();

	errno = EBUSY;
	return fd;
}

int main(void)
{
	int kept = keep();
	int left = leave();
	auto_free char *text = mem_strdup("x");
	char *stolen = ptr_steal(&text);

	CHECK_INT(errno, EBUSY);
	CHECK(is_open(kept));
	CHECK(!is_open(left));
	CHECK(text == NULL);
	CHECK_STR(stolen, "x");
	fd_close(&kept);
	CHECK_INT(kept, -1);
	fd_close(&kept);
	CHECK_INT(kept, -1);
	free(stolen);
	return test_done();
}
