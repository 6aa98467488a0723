/* file: whole reads, atomic replacement, directories, locks - in a folder of our own below /tmp. */
#include "runtime/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

static void put(int dir, const char *name, const char *text)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void test_read(int dir)
{
	struct err e = { 0 };
	auto_free char *text = NULL, *stat = NULL;
	char *none = NULL;
	size_t len = 0;

	put(dir, "a", "hello\n");
	CHECK_INT(file_read_all(dir, "a", 6, &text, &len, &e), 0);
	CHECK_STR(text, "hello\n");
	CHECK_INT(len, 6);
	CHECK_INT(file_read_all(dir, "a", 5, &none, NULL, &e), -EFBIG);
	CHECK_INT(file_read_all(dir, "none", 5, &none, NULL, &e), -ENOENT);
	CHECK_STR(e.text, "open \"none\": No such file or directory");
	CHECK_INT(file_read_all(dir, ".", 5, &none, NULL, &e), -EINVAL);
	CHECK_INT(mkfifoat(dir, "fifo", 0600), 0);
	CHECK_INT(file_read_all(dir, "fifo", 5, &none, NULL, &e), -EINVAL);
	CHECK_INT(file_read_all(AT_FDCWD, "/dev/zero", 5, &none, NULL, &e), -EINVAL);
	CHECK_INT(file_read_all(AT_FDCWD, "/proc/self/stat", 4096, &stat, &len, &e), 0);
	CHECK(len > 20);
	CHECK(none == NULL);

	auto_free char *big = mem_array(1, 100001);
	auto_free char *again = NULL;

	memset(big, 'b', 100000);
	put(dir, "big", big);
	CHECK_INT(file_read_all(dir, "big", 100000, &again, &len, &e), 0);
	CHECK(str_eq(big, again));
}

static void test_write(int dir)
{
	struct err e = { 0 };
	auto_free char *text = NULL;
	auto_close int reader = openat(dir, "a", O_RDONLY | O_CLOEXEC);

	CHECK_INT(file_write_kernel(dir, "a", "HE", &e), 0);
	CHECK_INT(file_read_all(dir, "a", 100, &text, NULL, &e), 0);
	CHECK_STR(text, "HEllo\n");
	CHECK_INT(file_write_kernel(dir, "none", "x", &e), -ENOENT);
	CHECK(!file_exists(dir, "none"));
	CHECK_INT(file_write_fd(reader, "1\n2", "that file", &e), -EBADF);
	CHECK_STR(e.text, "write \"1\" to \"that file\": Bad file descriptor");
}

static void test_replace(int dir, const char *path)
{
	struct err e = { 0 };
	struct stat st;
	auto_free char *text = NULL, *absolute = mem_format("%s/sub/r", path),
		       *name = mem_array(1, 256);
	auto_free char *second = NULL;

	CHECK_INT(mkdirat(dir, "sub", 0755), 0);
	CHECK_INT(file_replace(dir, "sub/r", "one", 3, 0640 | FILE_DURABLE, &e), 0);
	CHECK_INT(file_replace(AT_FDCWD, absolute, "second", 6, 0604, &e), 0);
	CHECK_INT(file_read_all(dir, "sub/r", 100, &text, NULL, &e), 0);
	CHECK_STR(text, "second");
	CHECK(fstatat(dir, "sub/r", &st, 0) == 0 && (st.st_mode & 07777) == 0604);
	/* a symlink is replaced, its target stays */
	CHECK_INT(symlinkat("r", dir, "sub/link"), 0);
	CHECK_INT(file_replace(dir, "sub/link", "x", 1, 0600, &e), 0);
	CHECK(fstatat(dir, "sub/link", &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode));
	CHECK_INT(file_read_all(dir, "sub/r", 100, &second, NULL, &e), 0);
	CHECK_STR(second, "second");
	CHECK_INT(file_replace(dir, "sub", "x", 1, 0600, &e), -EISDIR);
	CHECK_INT(file_replace(dir, "none/x", "x", 1, 0600, &e), -ENOENT);
	CHECK_INT(file_replace(dir, "sub/", "x", 1, 0600, &e), -EINVAL);
	CHECK_INT(file_replace(dir, "sub/..", "x", 1, 0600, &e), -EINVAL);
	memset(name, 'n', 255);
	CHECK_INT(file_replace(dir, name, "x", 1, 0600, &e), 0);
	CHECK(file_exists(dir, name));
}

static void test_sweep(int dir)
{
	struct err e = { 0 };
	auto_close int sub = file_open_dir(dir, "sub", &e);
	int count = 0;

	put(sub, ".zone.json.ab12cd.tmp", "left");
	put(sub, ".b.ab12cd.tmp", "in use");
	put(sub, "user.tmp", "");
	put(sub, ".user.tmp", "");
	auto_close int writer = openat(sub, ".b.ab12cd.tmp", O_RDONLY | O_CLOEXEC);

	CHECK_INT(flock(writer, LOCK_EX), 0);
	file_sweep_temporaries(sub);
	CHECK(!file_exists(sub, ".zone.json.ab12cd.tmp"));
	CHECK(file_exists(sub, ".b.ab12cd.tmp"));
	CHECK(file_exists(sub, "user.tmp"));
	CHECK(file_exists(sub, ".user.tmp"));
	fd_close(&writer);
	file_sweep_temporaries(sub);
	count += file_exists(sub, ".b.ab12cd.tmp");
	CHECK_INT(count, 0);
}

/* What a killed writer left goes with the next one; what is being written, or cannot be removed, is left alone. */
static void test_leftover(int dir)
{
	struct err e = { 0 };

	CHECK_INT(mkdirat(dir, "left", 0755), 0);
	auto_close int sub = file_open_dir(dir, "left", &e);

	put(sub, ".a.000000.tmp", "of one that was killed");
	CHECK_INT(file_replace(sub, "a", "1", 1, 0644, &e), 0);
	CHECK(file_exists(sub, "a"));
	CHECK(!file_exists(sub, ".a.000000.tmp"));
	put(sub, ".a.000000.tmp", "of one that writes");
	auto_close int writer = openat(sub, ".a.000000.tmp", O_RDONLY | O_CLOEXEC);

	CHECK_INT(flock(writer, LOCK_EX), 0);
	CHECK_INT(file_replace(sub, "a", "2", 1, 0644, &e), 0);
	CHECK_INT(unlinkat(sub, ".a.000000.tmp", 0), 0);
	CHECK_INT(mkdirat(sub, ".a.000000.tmp", 0755), 0);
	CHECK_INT(file_replace(sub, "a", "3", 1, 0644, &e), 0);
	CHECK_INT(unlinkat(sub, "a", 0), 0);
	CHECK_INT(unlinkat(sub, ".a.000000.tmp", AT_REMOVEDIR), 0);
	CHECK_INT(unlinkat(dir, "left", AT_REMOVEDIR), 0); /* nothing else was there */
}

static void test_directories(int dir)
{
	struct err e = { 0 };
	struct stat st;

	CHECK_INT(file_mkdir_p(dir, "d1/d2//d3/", 0750, &e), 0);
	CHECK(fstatat(dir, "d1/d2/d3", &st, 0) == 0 && S_ISDIR(st.st_mode) &&
	      (st.st_mode & 0777) == 0750);
	CHECK_INT(file_mkdir_p(dir, "d1/d2/d3", 0700, &e), 0);
	CHECK_INT(file_mkdir_p(dir, "d1/./d4", 0700, &e), 0);
	CHECK_INT(file_mkdir_p(dir, "", 0700, &e), -EINVAL);
	CHECK_INT(file_mkdir_p(AT_FDCWD, "/", 0700, &e), 0);
	CHECK_INT(file_mkdir_p(dir, "a", 0700, &e), -ENOTDIR);
	CHECK_INT(file_mkdir_p(dir, "a/b", 0700, &e), -ENOTDIR);
	CHECK_INT(symlinkat("d1", dir, "dlink"), 0);
	CHECK_INT(file_mkdir_p(dir, "dlink", 0700, &e), -ENOTDIR);
	CHECK_INT(file_mkdir_p(dir, "dlink/", 0700, &e), -ENOTDIR);
	CHECK_INT(file_mkdir_p(dir, "dlink/x/y", 0700, &e), 0);
	CHECK(file_exists(dir, "d1/x/y"));
	CHECK_INT(file_open_dir(dir, "dlink", &e), -ENOTDIR);
	CHECK_INT(file_open_dir(dir, "a", &e), -ENOTDIR);
	CHECK_INT(symlinkat("nowhere", dir, "dangling"), 0);
	CHECK(file_exists(dir, "dangling"));
	CHECK_INT(file_mkdir_p(dir, "dangling", 0700, &e), -ENOTDIR);
	CHECK(!file_exists(dir, "nowhere"));
}

static void test_lock_directory(int dir)
{
	auto_close int one = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int two = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	CHECK_INT(file_lock_fd(one, "dir", true, 0, &e), 0);
	CHECK_INT(file_lock_fd(two, "dir", true, 50, &e), -EWOULDBLOCK);
	CHECK_STR(e.text, "\"dir\" is locked by another process");
	CHECK_INT(flock(one, LOCK_UN), 0);
	CHECK_INT(file_lock_fd(two, "dir", true, 0, &e), 0);
}

static void test_lock(int dir)
{
	struct err e = { 0 };
	int fd = -1, other = -1;
	auto_free char *want = mem_format("\"lock\" is locked by process %d", (int)getpid());

	CHECK_INT(file_lock(dir, "lock", true, 0, &fd, &e), 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_INT(file_lock(dir, "lock", true, 0, &other, &e), -EWOULDBLOCK);
	CHECK_STR(e.text, want);
	CHECK_INT(file_lock(dir, "lock", false, 50, &other, &e), -EWOULDBLOCK);
	fd_close(&fd);
	CHECK_INT(file_lock(dir, "lock", false, 0, &fd, &e), 0);
	CHECK_INT(file_lock(dir, "lock", false, 0, &other, &e), 0);
	fd_close(&fd);
	fd_close(&other);
	CHECK_INT(symlinkat("lock", dir, "locklink"), 0);
	CHECK_INT(file_lock(dir, "locklink", true, 0, &fd, &e), -ELOOP);
}

/* One who waits gets the lock when it is released, also when the holder removes the file. */
static void test_lock_wait(int dir)
{
	struct err e = { 0 };
	int fd = -1;
	int status = 0;

	CHECK_INT(file_lock(dir, "lock2", true, 0, &fd, &e), 0);
	pid_t pid = fork();

	if (pid == 0) {
		struct err mine = { 0 };
		struct stat st, there;
		int got = -1;
		bool ok;

		(void)close(fd); /* the description is shared with the parent */
		ok = file_lock(dir, "lock2", true, 5000, &got, &mine) == 0 &&
		     fstat(got, &st) == 0 && fstatat(dir, "lock2", &there, 0) == 0 &&
		     st.st_ino == there.st_ino;
		_exit(ok ? 0 : 1);
	}
	(void)usleep(100000);
	CHECK_INT(unlinkat(dir, "lock2", 0), 0);
	fd_close(&fd);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_free_bytes(int dir)
{
	struct err e = { 0 };
	unsigned long long bytes = 0;

	CHECK_INT(file_free_bytes(dir, &bytes, &e), 0);
	CHECK(bytes > 0);
	CHECK_INT(file_free_bytes(-1, &bytes, &e), -EBADF);
}

int main(void)
{
	char path[] = "/tmp/zones-file-test-XXXXXX";
	struct err e = { 0 };

	(void)umask(022);
	CHECK(mkdtemp(path) != NULL);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	test_read(dir);
	test_write(dir);
	test_replace(dir, path);
	test_sweep(dir);
	test_leftover(dir);
	test_directories(dir);
	test_lock(dir);
	test_lock_directory(dir);
	test_lock_wait(dir);
	test_free_bytes(dir);
	(void)close(dir);
	CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
	CHECK(!file_exists(AT_FDCWD, path));
	return test_done();
}
