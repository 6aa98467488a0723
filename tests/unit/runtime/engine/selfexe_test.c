#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/engine/engine.h"
#include "tests/unit/test.h"

static bool can_be_overwritten(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct statvfs fs;
	int seals = fcntl(fd, F_GET_SEALS);
	bool open = (seals < 0 || !(seals & F_SEAL_WRITE)) &&
		    (fstatvfs(fd, &fs) < 0 || !(fs.f_flag & ST_RDONLY));

	(void)close(fd);
	return open;
}

/* The second image gets an argument, so that only it prints a plan. */
int main(int argc, char **argv)
{
	char *again[] = { argv[0], (char *)"second", NULL };
	struct err e = { 0 };

	if (argc == 1)
		return engine_protect_self(again, &e) < 0
			       ? 1
			       : 2; /* comes back only when it failed or had nothing to do */
	CHECK(engine_protect_self(argv, &e) == 0);
	CHECK(!can_be_overwritten());
	CHECK(getenv("_ZONES_PROTECTED") == NULL);
	return test_done();
}
