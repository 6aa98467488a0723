/* file_remove: any depth with few descriptors, any name, no links followed, flags cleared, other
 * mounts left alone. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

/* From <sys/mount.h>, which cannot be included beside <linux/fs.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
		 const void *data);

enum { LEVELS = 5000 };

static void put(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CHECK(fd >= 0);
}

/* d/d/d/... with a file in each level. */
static void make_deep(int dir)
{
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	bool ok = true;

	for (int i = 0; i < LEVELS && ok; i++) {
		ok = mkdirat(at, "d", 0755) == 0 && mknodat(at, "f", S_IFREG | 0600, 0) == 0;
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		(void)close(at);
		at = next;
	}
	(void)close(at);
	CHECK(ok);
}

static void test_deep(int dir)
{
	struct err e = { 0 };
	struct rlimit old, few = { 12, 12 };

	CHECK_INT(mkdirat(dir, "deep", 0755), 0);
	auto_close int deep = openat(dir, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_deep(deep);
	(void)getrlimit(RLIMIT_NOFILE, &old);
	few.rlim_max = old.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_NOFILE, &few), 0);
	CHECK_INT(file_remove_tree(dir, "deep", &e), 0);
	CHECK_STR(e.text, "");
	(void)setrlimit(RLIMIT_NOFILE, &old);
	CHECK(!file_exists(dir, "deep"));
}

static void test_names(int dir)
{
	static const char *const names[] = { "new\nline", "-rf",     " ", "\\",    "\xff\xfe",
					     "...",       ".hidden", "*", "a'b\"c" };
	struct err e = { 0 };

	CHECK_INT(mkdirat(dir, "names", 0755), 0);
	auto_close int sub = openat(dir, "names", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_free char *inner = mem_format("%s/%s", names[i], names[i]);

		CHECK_INT(mkdirat(sub, names[i], 0755), 0);
		put(sub, inner);
	}
	for (int i = 0; i < 3000; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", i);
		if (mkdirat(sub, name, 0700) < 0)
			CHECK(false);
	}
	CHECK_INT(mkfifoat(sub, "fifo", 0600), 0);
	CHECK_INT(file_remove_tree(dir, "names//", &e), 0);
	CHECK(!file_exists(dir, "names"));
}

static void test_links(int dir, const char *path)
{
	struct err e = { 0 };

	CHECK_INT(mkdirat(dir, "canary", 0755), 0);
	CHECK_INT(mkdirat(dir, "links", 0755), 0);
	put(dir, "canary/bird");
	auto_free char *absolute = mem_format("%s/canary", path);

	CHECK_INT(symlinkat(absolute, dir, "links/absolute"), 0);
	CHECK_INT(symlinkat("../canary", dir, "links/relative"), 0);
	CHECK_INT(symlinkat("../canary/bird", dir, "links/file"), 0);
	CHECK_INT(symlinkat(".", dir, "links/loop"), 0);
	CHECK_INT(linkat(dir, "canary/bird", dir, "links/hard", 0), 0);
	CHECK_INT(file_remove_tree(dir, "links", &e), 0);
	CHECK(!file_exists(dir, "links"));
	CHECK(file_exists(dir, "canary/bird"));
	CHECK_INT(symlinkat("canary", dir, "link"), 0);
	CHECK_INT(file_remove_tree(dir, "link", &e), 0);
	CHECK(!file_exists(dir, "link") && file_exists(dir, "canary/bird"));
	CHECK_INT(file_remove_tree(dir, "canary/bird", &e), 0);
	CHECK(!file_exists(dir, "canary/bird"));
}

static void test_refusals(int dir)
{
	struct err e = { 0 };

	CHECK_INT(file_remove_tree(dir, "none", &e), 0);
	CHECK_INT(file_remove_tree(dir, "none/none", &e), 0);
	CHECK_INT(file_remove_tree(dir, ".", &e), -EINVAL);
	CHECK_INT(file_remove_tree(dir, "canary/..", &e), -EINVAL);
	CHECK_INT(file_remove_tree(dir, "", &e), -EINVAL);
	CHECK_INT(file_remove_tree(AT_FDCWD, "/", &e), -EINVAL);
}

static void test_closed(int dir)
{
	struct err e = { 0 };
	struct stat before, after;

	CHECK_INT(fstat(dir, &before), 0);
	CHECK_INT(file_mkdir_p(dir, "closed/inner/deep", 0755, &e), 0);
	put(dir, "closed/inner/f");
	CHECK_INT(fchmodat(dir, "closed/inner/deep", 0000, 0), 0);
	CHECK_INT(fchmodat(dir, "closed/inner", 0500, 0), 0);
	CHECK_INT(fchmodat(dir, "closed", 0000, 0), 0);
	CHECK_INT(file_remove_tree(dir, "closed", &e), 0);
	CHECK_STR(e.text, "");
	CHECK(!file_exists(dir, "closed"));
	CHECK(fstat(dir, &after) == 0 && after.st_mode == before.st_mode);
}

static bool set_flag(int dir, const char *name, int flag)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, FS_IOC_SETFLAGS, &flag) == 0;
}

static void test_flags(int dir)
{
	struct err e = { 0 };

	CHECK_INT(file_mkdir_p(dir, "flags/sub", 0755, &e), 0);
	put(dir, "flags/sub/f");
	put(dir, "flags/sub/g");
	bool can = set_flag(dir, "flags/sub/f", FS_IMMUTABLE_FL) &&
		   set_flag(dir, "flags/sub/g", FS_APPEND_FL) &&
		   set_flag(dir, "flags/sub", FS_IMMUTABLE_FL) &&
		   set_flag(dir, "flags", FS_APPEND_FL);

	CHECK_INT(file_remove_tree(dir, "flags", &e), 0);
	test_check(!file_exists(dir, "flags"),
		   can ? "immutable tree removed" : "tree removed # skip flags need root and ext4",
		   __FILE__, __LINE__);
}

/* In a mount namespace of its own (a child): what is mounted inside stays, and the answer is
 * -EXDEV. */
static int remove_around_mount(const char *path, const char *mounted)
{
	auto_free char *target = mem_format("%s/%s", path, mounted);
	auto_free char *source = mem_format("%s/canary", path);
	auto_free char *bird = mem_format("%s/canary/bird", path);
	auto_free char *tree = mem_format("%s/tree", path);
	struct err e = { 0 };

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 && unshare(CLONE_NEWNS) < 0)
		return 77;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 77;
	if (mount(source, target, NULL, MS_BIND, NULL) < 0)
		return 77;
	int r = file_remove_tree(AT_FDCWD, tree, &e);

	if (r != -EXDEV || !strstr(e.text, "is a mount point"))
		return 1;
	return file_exists(AT_FDCWD, bird) ? 0 : 2;
}

static void test_mounts(int dir, const char *path)
{
	static const char *const mounted[] = { "tree/in", "tree" };
	struct err e = { 0 };

	put(dir, "canary/bird");
	for (size_t i = 0; i < 2; i++) {
		int status = 0;

		CHECK_INT(file_mkdir_p(dir, "tree/in", 0755, &e), 0);
		pid_t pid = fork();

		if (pid == 0)
			_exit(remove_around_mount(path, mounted[i]));
		CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
		bool skip = WEXITSTATUS(status) == 77;

		test_check(skip || WEXITSTATUS(status) == 0,
			   skip ? "mounts are left alone # skip no mount namespace"
				: "mounts are left alone",
			   __FILE__, __LINE__);
	}
	CHECK_INT(file_remove_tree(dir, "tree", &e), 0);
}

int main(void)
{
	char path[] = "/tmp/zones-remove-test-XXXXXX";
	struct err e = { 0 };

	CHECK(mkdtemp(path) != NULL);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	test_deep(dir);
	test_names(dir);
	test_links(dir, path);
	test_refusals(dir);
	test_closed(dir);
	test_flags(dir);
	test_mounts(dir, path);
	(void)close(dir);
	CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
	CHECK_STR(e.text, "");
	return test_done();
}
