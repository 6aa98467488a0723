/* A copy is what the source was: hard links, holes, modes, attributes, symlinks; and it never goes where it should not. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "runtime/zone/tree.h"
#include "tests/unit/runtime/zone/store_dirs.h"

static int from_fd, to_fd;
static char *from_path;

static void make_source(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(mkdirat(from_fd, "d", 02750) == 0 && fchmodat(from_fd, "d", 02750, 0) == 0);
	test_put(from_path, "d/file", "hello\n");
	CHECK(fchmodat(from_fd, "d/file", 04711, 0) == 0);
	CHECK(linkat(from_fd, "d/file", from_fd, "second", 0) == 0);
	CHECK(symlinkat("/etc/passwd", from_fd, "link") == 0 &&
	      symlinkat("nosuch", from_fd, "d/dangling") == 0);
	CHECK(mkfifoat(from_fd, "fifo", 0620) == 0 && fchmodat(from_fd, "fifo", 0620, 0) == 0);
	int hole = openat(from_fd, "hole", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(ftruncate(hole, 64 << 20) == 0 && pwrite(hole, "end", 3, (64 << 20) - 3) == 3);
	(void)fsetxattr(hole, "user.colour", "blue", 4, 0);
	CHECK(futimens(hole,
		       (const struct timespec[2]){ { .tv_sec = 1000 }, { .tv_sec = 2000 } }) == 0);
	(void)close(hole);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", from_path);
	CHECK(bind(s, (const struct sockaddr *)&a, sizeof(a)) == 0);
	(void)close(s);
}

static void compare(const char *to_path)
{
	struct stat a, b;
	char text[16] = "";
	auto_free char *file = test_get(to_path, "d/file");

	CHECK_STR(file, "hello\n");
	CHECK(fstatat(to_fd, "d/file", &a, 0) == 0 && fstatat(to_fd, "second", &b, 0) == 0 &&
	      a.st_ino == b.st_ino && a.st_nlink == 2);
	CHECK_INT(a.st_mode & 07777, 04711);
	CHECK(fstatat(to_fd, "d", &a, 0) == 0 && (a.st_mode & 07777) == 02750);
	CHECK(readlinkat(to_fd, "link", text, sizeof(text) - 1) == 11 &&
	      strcmp(text, "/etc/passwd") == 0);
	CHECK(fstatat(to_fd, "d/dangling", &a, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(a.st_mode));
	CHECK(fstatat(to_fd, "fifo", &a, 0) == 0 && S_ISFIFO(a.st_mode) &&
	      (a.st_mode & 07777) == 0620);
	CHECK(fstatat(to_fd, "hole", &a, 0) == 0 && a.st_size == 64 << 20 && a.st_blocks < 4096 &&
	      a.st_mtim.tv_sec == 2000);
	CHECK(fstatat(to_fd, "socket", &a, AT_SYMLINK_NOFOLLOW) < 0);
	int hole = openat(to_fd, "hole", O_RDONLY | O_CLOEXEC);
	char value[8] = "";

	CHECK(pread(hole, text, 3, (64 << 20) - 3) == 3 && memcmp(text, "end", 3) == 0);
	CHECK(fgetxattr(hole, "user.colour", value, sizeof(value)) == 4 || errno == EOPNOTSUPP ||
	      errno == ENODATA);
	(void)close(hole);
}

static void nested(const char *path)
{
	struct err e = { 0 };
	struct tree_job job = { .root = to_fd };
	int at = dup(from_fd);

	for (int i = 0; i < 300 && at >= 0; i++) {
		int next = mkdirat(at, "n", 0755) == 0
				   ? openat(at, "n", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
				   : -1;

		(void)close(at);
		at = next;
	}
	CHECK(at >= 0);
	(void)close(at);
	CHECK_INT(tree_copy(&job, path, &e), -ELOOP);
	CHECK(strstr(e.text, "nested") != NULL);
}

int main(void)
{
	struct test_dirs t;
	struct err e = { 0 };

	test_dirs_make(&t);
	from_path = mem_format("%s/from", t.top);
	auto_free char *to_path = mem_format("%s/to", t.top);
	auto_free char *other = mem_format("%s/other", t.top);

	CHECK(mkdir(from_path, 0755) == 0 && mkdir(to_path, 0755) == 0 && mkdir(other, 0755) == 0);
	from_fd = open(from_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to_fd = open(to_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree_job job = { .root = to_fd };

	if (getuid() > 65535 || getgid() > 65535) {
		CHECK(tree_copy(&job, from_path, &e) < 0);
		test_dirs_remove(&t);
		return test_done();
	}
	make_source();
	CHECK_INT(tree_copy(&job, from_path, &e), 0);
	if (e.code)
		printf("# %s\n", e.text);
	CHECK(job.skipped_sockets == 1 && job.skipped_devices == 0);
	compare(to_path);
	CHECK_INT(tree_copy(&job, t.top, &e), -EINVAL);
	CHECK(strstr(e.text, "into itself") != NULL);
	CHECK(tree_copy(&job, "/nosuch/tree", &e) < 0);
	(void)close(to_fd);
	to_fd = open(other, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	nested(from_path);
	(void)close(from_fd);
	(void)close(to_fd);
	free(from_path);
	test_dirs_remove(&t);
	return test_done();
}
