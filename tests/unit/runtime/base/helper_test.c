/* helper: a child has what its job names and nothing else, and its end, however it comes, is told. */
#include "runtime/base/helper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "tests/unit/test.h"

static int fails(void *arg, int sock, struct err *e)
{
	(void)arg;
	(void)sock;
	return err_set(e, EXDEV, "there is\na line");
}

static int dies(void *arg, int sock, struct err *e)
{
	(void)arg;
	(void)sock;
	(void)e;
	_exit(0);
}

static int hangs(void *arg, int sock, struct err *e)
{
	(void)arg;
	(void)sock;
	(void)e;
	for (bool ends = false; !ends;)
		(void)pause();
	return 0;
}

static int gives(void *arg, int sock, struct err *e)
{
	return helper_give(sock, *(int *)arg, e);
}

static int nothing(void *arg, int sock, struct err *e)
{
	(void)arg;
	(void)sock;
	(void)e;
	return 0;
}

static int ask(helper_fn fn, int *arg, int *ret_fd, struct err *e)
{
	const struct helper_job job = { .run = fn,
					.arg = arg,
					.name = "the child",
					.keep = arg,
					.n_keep = arg ? 1 : 0,
					.timeout_ms = 1000 };

	return helper_run(&job, ret_fd, e);
}

static void test_answers(void)
{
	struct err e = { 0 };
	auto_close int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	auto_close int got = -1;
	char byte = 1;

	CHECK_INT(ask(nothing, NULL, NULL, &e), 0);
	CHECK_INT(e.code, 0);
	CHECK_INT(ask(fails, NULL, NULL, &e), -EXDEV);
	CHECK_STR(e.text, "there is?a line");
	CHECK_INT(ask(fails, NULL, &got, &e), -EXDEV);
	CHECK_INT(ask(dies, NULL, NULL, &e), -EPROTO);
	CHECK_STR(e.text, "the child died");
	CHECK_INT(ask(nothing, NULL, &got, &e), -EPROTO); /* a descriptor was promised */
	CHECK_INT(got, -1);
	CHECK_INT(ask(hangs, NULL, NULL, &e), -ETIMEDOUT);
	CHECK_STR(e.text, "the child does not answer after 1 s");
	CHECK_INT(ask(gives, &zero, &got, &e), 0);
	CHECK(fcntl(got, F_GETFD) == FD_CLOEXEC);
	CHECK_INT(read(got, &byte, 1), 1);
	CHECK_INT(byte, 0);
	CHECK_INT(ask(gives, &zero, NULL, &e), -EPROTO); /* nobody has asked for it */
	CHECK_INT(waitpid(-1, NULL, WNOHANG), -1);       /* all are reaped */
}

static int count_open(void *arg, int sock, struct err *e)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	int others = 0;

	while (d && (entry = readdir(d))) {
		int fd = atoi(entry->d_name);
		char link[64] = "";
		auto_free char *path = mem_format("/proc/self/fd/%d", fd);

		if (entry->d_name[0] == '.' || fd == dirfd(d) || fd == sock)
			continue;
		(void)!readlink(path, link, sizeof(link) - 1);
		if (fd <= STDERR_FILENO && strcmp(link, "/dev/null") == 0)
			continue;
		others += fd != *(int *)arg || strcmp(link, "/dev/zero") != 0;
	}
	if (d)
		(void)closedir(d);
	return others || fcntl(*(int *)arg, F_GETFD) < 0 ? err_set(e, E2BIG, "%d", others) : 0;
}

static void test_descriptors(void)
{
	struct err e = { 0 };
	int fds[40];
	auto_close int kept = -1;

	for (size_t i = 0; i < 40; i++)
		fds[i] = open("/dev/full", O_RDONLY | O_CLOEXEC);
	(void)close(fds[20]);
	kept = open("/dev/zero", O_RDONLY | O_CLOEXEC); /* in the middle */
	CHECK_INT(kept, fds[20]);
	CHECK_INT(ask(count_open, &kept, NULL, &e), 0);
	for (size_t i = 0; i < 40; i++)
		if (i != 20)
			(void)close(fds[i]);
}

/* The lock of a parent that ends is free, whatever its helper does. */
static void test_lock(void)
{
	char name[] = "/tmp/helper_test.XXXXXX";
	int lock = mkostemp(name, O_CLOEXEC);
	const struct helper_job job = { .run = hangs, .name = "the child", .timeout_ms = 1000 };
	const struct timespec nap = { .tv_nsec = 10000000 };
	struct helper h;
	struct err e = { 0 };
	int r = -1;

	CHECK(lock >= 0);
	CHECK_INT(flock(lock, LOCK_EX), 0);
	CHECK_INT(helper_start(&h, &job, &e), 0);
	(void)close(lock);
	auto_close int again = open(name, O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 200 && r < 0; i++) {
		r = flock(again, LOCK_EX | LOCK_NB);
		(void)nanosleep(&nap, NULL);
	}
	CHECK_INT(r, 0);
	CHECK_INT(kill(h.pid, 0), 0);
	helper_end(&h, -1);
	CHECK_INT(kill(h.pid, 0), -1);
	CHECK_INT(unlink(name), 0);
}

int main(void)
{
	test_answers();
	test_descriptors();
	test_lock();
	return test_done();
}
