/* Working directory and descriptors; ids that are none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static void test_cwd(void)
{
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	struct err e = { 0 };

	p->cwd = mem_strdup("/");
	CHECK_INT(creds_cwd(p, &e), 0);
	free(p->cwd);
	p->cwd = mem_strdup("/no/such/folder");
	CHECK_INT(creds_cwd(p, &e), -ENOENT);
	CHECK_STR(e.text, "process.cwd: enter \"/no/such/folder\": No such file or directory");
}

/* A directory that has been removed has no path: refused like one outside the root. */
static void test_cwd_without_path(void)
{
	auto_ptr(process_spec) struct process_spec *p = process_spec_new();
	char folder[] = "/tmp/creds_test.XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

	CHECK_INT(rmdir(folder), 0);
	p->cwd = mem_format("/proc/self/fd/%d", fd);
	CHECK(creds_cwd(p, &e) < 0);
	(void)close(fd);
	CHECK_INT(chdir("/"), 0);
}

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void test_descriptors(void)
{
	int keep[2] = { 12, 10 };
	struct isolation iso = { .keep_fds = keep, .n_keep_fds = 2 };
	struct err e = { 0 };

	for (int fd = 9; fd <= 13; fd++)
		CHECK(dup3(0, fd, fd == 10 ? O_CLOEXEC : 0) == fd || dup2(2, fd) == fd);
	CHECK_INT(creds_close_others(&iso, &e), 0);
	CHECK(is_cloexec(9));
	CHECK(!is_cloexec(10));
	CHECK(is_cloexec(11));
	CHECK(!is_cloexec(12));
	CHECK(is_cloexec(13));
	CHECK(!is_cloexec(1) && !is_cloexec(2));
	CHECK_INT(keep[0], 12); /* the list is the caller's */
	int missing[1] = { 4000 };

	iso.keep_fds = missing;
	iso.n_keep_fds = 1;
	CHECK_INT(creds_close_others(&iso, &e), -EBADF);
}

static void test_ids(void)
{
	struct user_spec u = { .uid = UINT64_C(4294967295) };
	struct err e = { 0 };

	CHECK_INT(creds_set_ids(&u, &e), -EINVAL);
	CHECK_STR(e.text, "process.user.uid: 4294967295 is not an id");
	u = (struct user_spec){ .gid = UINT64_C(4294967296) };
	CHECK_INT(creds_set_ids(&u, &e), -EINVAL);
	CHECK_STR(e.text, "process.user.gid: 4294967296 is not an id");
}

int main(void)
{
	test_cwd();
	test_cwd_without_path();
	test_descriptors();
	test_ids();
	return test_done();
}
