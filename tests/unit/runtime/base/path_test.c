/* path: nothing that a zone puts into its root leads out of it. A "canary" folder beside the
 * root must stay as it is, and so must the host's own directories that absolute links seem to
 * name. */
#include "runtime/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/str.h"
#include "tests/unit/test.h"

static void put(int dir, const char *name, const char *text)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Both name the same object. */
static bool is_at(int fd, int dir, const char *name)
{
	struct stat a, b;

	return fd >= 0 && fstat(fd, &a) == 0 && fstatat(dir, name, &b, 0) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static void make_tree(int top, const char *path)
{
	auto_free char *canary = mem_format("%s/canary", path);
	static const struct {
		const char *target, *name;
	} links[] = {
		{ "/etc", "root/abs" },
		{ "../../../../../../etc", "root/up" },
		{ "/missing/dir", "root/dangling" },
		{ "../../canary/new", "root/dangling_up" },
		{ "loop2", "root/loop1" },
		{ "loop1", "root/loop2" },
		{ "sub/../sub", "root/inner" },
		{ "/proc/self/root", "root/magic" },
	};

	CHECK_INT(mkdirat(top, "canary", 0755), 0);
	put(top, "canary/secret", "secret");
	CHECK_INT(mkdirat(top, "root", 0755), 0);
	CHECK_INT(mkdirat(top, "root/etc", 0755), 0);
	CHECK_INT(mkdirat(top, "root/sub", 0755), 0);
	put(top, "root/etc/file", "zone's");
	CHECK_INT(mkfifoat(top, "root/fifo", 0600), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		CHECK_INT(symlinkat(links[i].target, top, links[i].name), 0);
	CHECK_INT(symlinkat(canary, top, "root/to_canary"), 0);
}

static void check_open(int root, const char *path, int top, const char *where)
{
	struct err e = { 0 };
	auto_close int fd = path_open(root, path, O_PATH, 0, 0, &e);

	test_check(is_at(fd, top, where), path, __FILE__, __LINE__);
}

static void test_open(int root, int top)
{
	struct err e = { 0 };

	check_open(root, "/", top, "root");
	check_open(root, "", top, "root");
	check_open(root, "..", top, "root");
	check_open(root, "../../../etc", top, "root/etc");
	check_open(root, "/etc/file", top, "root/etc/file");
	check_open(root, "etc/file", top, "root/etc/file");
	check_open(root, "abs/file", top, "root/etc/file");
	check_open(root, "up/file", top, "root/etc/file");
	check_open(root, "/inner/../etc", top, "root/etc");
	CHECK_INT(path_open(root, "to_canary", O_PATH, 0, 0, &e), -ENOENT);
	CHECK_INT(path_open(root, "../canary/secret", O_PATH, 0, 0, &e), -ENOENT);
	CHECK_INT(path_open(root, "loop1", O_PATH, 0, 0, &e), -ELOOP);
	CHECK_INT(path_open(root, "abs", O_PATH, 0, RESOLVE_NO_SYMLINKS, &e), -ELOOP);
	CHECK_INT(path_open_dir(root, "etc/file", &e), -ENOTDIR);
	CHECK_STR(e.text, "open \"etc/file\" below the root: Not a directory");

	auto_close int fd = path_open(root, "etc/new", O_WRONLY | O_CREAT | O_EXCL, 0600, 0, &e);

	CHECK(is_at(fd, top, "root/etc/new"));
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	auto_close int proc = open("/proc", O_PATH | O_CLOEXEC);

	CHECK_INT(path_open(proc, "self/root", O_PATH, 0, 0, &e), -ELOOP);
	CHECK_INT(path_open(proc, "self/cwd/x", O_PATH, 0, 0, &e), -ELOOP);
}

static void test_regular(int root)
{
	struct err e = { 0 };
	auto_free char *text = NULL;
	char *none = NULL;
	size_t len = 0;
	auto_close int dev = open("/dev", O_PATH | O_CLOEXEC);

	CHECK_INT(path_read_regular(root, "abs/file", 100, &text, &len, &e), 0);
	CHECK_STR(text, "zone's");
	CHECK_INT(len, 6);
	CHECK_INT(path_read_regular(root, "abs/file", 5, &none, NULL, &e), -EFBIG);
	CHECK_INT(path_open_regular(root, "fifo", 100, &e), -EINVAL);
	CHECK_INT(path_open_regular(root, "etc", 100, &e), -EINVAL);
	CHECK_INT(path_open_regular(root, "none", 100, &e), -ENOENT);
	CHECK_INT(path_open_regular(dev, "null", 100, &e), -EINVAL);
	CHECK_STR(e.text, "\"null\" is not a regular file");
	auto_close int proc = open("/proc", O_PATH | O_CLOEXEC);

	CHECK_INT(path_open_regular(proc, "version", 4096, &e), -EINVAL);
	CHECK_STR(e.text, "\"version\" is not a regular file");
}

static void check_mkdir(int root, const char *path, int top, const char *where)
{
	struct err e = { 0 };
	auto_close int fd = path_mkdir_p(root, path, 0755, &e);

	test_check(is_at(fd, top, where), path, __FILE__, __LINE__);
	if (fd < 0)
		printf("# %s\n", e.text);
}

static void test_mkdir(int root, int top)
{
	struct err e = { 0 };
	struct stat st;

	check_mkdir(root, "/", top, "root");
	check_mkdir(root, "a/b//./c/", top, "root/a/b/c");
	check_mkdir(root, "/a/b/c", top, "root/a/b/c");
	check_mkdir(root, "abs/x/y", top, "root/etc/x/y");
	check_mkdir(root, "up/x2", top, "root/etc/x2");
	check_mkdir(root, "../../../../x3", top, "root/x3");
	check_mkdir(root, "a/../x4", top, "root/x4");
	check_mkdir(root, "/inner/x5", top, "root/sub/x5");
	CHECK(fstatat(top, "root/a/b", &st, 0) == 0 && (st.st_mode & 07777) == 0755);
	CHECK_INT(path_mkdir_p(root, "new/../x6", 0755, &e), -EINVAL);
	CHECK(!file_exists(top, "root/new") && !file_exists(top, "root/x6"));
	CHECK_INT(path_mkdir_p(root, "dangling/x", 0755, &e), -ENOTDIR);
	CHECK_INT(path_mkdir_p(root, "dangling", 0755, &e), -ENOTDIR);
	CHECK(!file_exists(AT_FDCWD, "/missing") && !file_exists(top, "root/missing"));
	CHECK_INT(path_mkdir_p(root, "dangling_up", 0755, &e), -ENOTDIR);
	CHECK_INT(path_mkdir_p(root, "to_canary/x", 0755, &e), -ENOTDIR);
	CHECK_INT(path_mkdir_p(root, "loop1/x", 0755, &e), -ELOOP);
	CHECK_INT(path_mkdir_p(root, "fifo", 0755, &e), -ENOTDIR);
	CHECK_INT(path_mkdir_p(root, "fifo/x", 0755, &e), -ENOTDIR);
	CHECK_INT(path_mkdir_p(root, "etc/file/x", 0755, &e), -ENOTDIR);
	CHECK(!file_exists(top, "canary/new") && !file_exists(top, "canary/x"));
}

static void test_parent(int root, int top)
{
	struct err e = { 0 };
	auto_free char *last = NULL, *second = NULL;
	char *none = NULL;
	auto_close int fd = path_open_parent(root, "/abs/thing/", 0, &last, &e);

	CHECK(is_at(fd, top, "root/etc"));
	CHECK_STR(last, "thing");
	CHECK_INT(path_open_parent(root, "none/thing", 0, &none, &e), -ENOENT);
	auto_close int made = path_open_parent(root, "p1/p2/thing", 0755, &second, &e);

	CHECK(is_at(made, top, "root/p1/p2"));
	CHECK_INT(path_open_parent(root, "/", 0755, &none, &e), -EINVAL);
	CHECK_INT(path_open_parent(root, "", 0755, &none, &e), -EINVAL);
	CHECK_INT(path_open_parent(root, "a/..", 0755, &none, &e), -EINVAL);
	CHECK_INT(path_open_parent(root, "a/.", 0755, &none, &e), -EINVAL);
	CHECK(none == NULL);
}

static void check_target(int root, const char *path, bool dir, bool created, const char *where)
{
	struct err e = { 0 };
	bool was_created = !created;
	auto_close int fd = path_open_target(root, path, dir, &was_created, &e);

	test_check(is_at(fd, root, where), path, __FILE__, __LINE__);
	CHECK(was_created == created);
	if (fd < 0)
		printf("# %s\n", e.text);
}

static void test_target(int root, int top)
{
	struct err e = { 0 };
	struct stat st;

	check_target(root, "/", true, false, ".");
	check_target(root, "abs/file", false, false, "etc/file");
	check_target(root, "abs/t1/t2", true, true, "etc/t1/t2");
	check_target(root, "up/t1/t3", false, true, "etc/t1/t3");
	check_target(root, "up/t1/t3", false, false, "etc/t1/t3");
	check_target(root, "fifo", false, false, "fifo");
	CHECK(fstatat(top, "root/etc/t1/t3", &st, 0) == 0 && S_ISREG(st.st_mode) &&
	      st.st_size == 0);
	CHECK_INT(path_open_target(root, "etc", false, NULL, &e), -EISDIR);
	CHECK_INT(path_open_target(root, "etc/file", true, NULL, &e), -ENOTDIR);
	CHECK_INT(path_open_target(root, "dangling", false, NULL, &e), -EINVAL);
	CHECK_INT(path_open_target(root, "dangling_up", false, NULL, &e), -EINVAL);
	CHECK_INT(path_open_target(root, "dangling_up", true, NULL, &e), -ENOTDIR);
	CHECK_INT(path_open_target(root, "to_canary/x", false, NULL, &e), -ENOTDIR);
	CHECK(!file_exists(top, "canary/new") && !file_exists(top, "canary/x"));
}

static void test_replace(int root, int top)
{
	struct err e = { 0 };
	auto_free char *text = NULL, *secret = NULL;
	struct stat st;

	CHECK_INT(symlinkat("../../canary/secret", top, "root/etc/resolv.conf"), 0);
	CHECK_INT(path_replace_file(root, "/up/resolv.conf", "new", 3, 0644, &e), 0);
	CHECK_INT(file_read_all(top, "root/etc/resolv.conf", 10, &text, NULL, &e), 0);
	CHECK_STR(text, "new");
	CHECK(fstatat(top, "root/etc/resolv.conf", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	      S_ISREG(st.st_mode));
	CHECK_INT(file_read_all(top, "canary/secret", 10, &secret, NULL, &e), 0);
	CHECK_STR(secret, "secret");
	CHECK_INT(path_replace_file(root, "dangling/x", "new", 3, 0644, &e), -ENOENT);
	CHECK_INT(path_replace_file(root, "/", "new", 3, 0644, &e), -EINVAL);
}

static int host_opened(const char *top, const char *name, struct stat *ret)
{
	struct err e = { 0 };
	auto_free char *path = mem_format("%s/%s", top, name);
	auto_close int fd = path_open_host(path, &e);

	return fd < 0 ? fd : fstat(fd, ret) < 0 ? -errno : 0;
}

static void make_host(int top, const char *path)
{
	static const char *const folders[] = { "plain", "shut",        "shut/given",
					       "users", "users/roots", "many" };
	static const char *const links[] = { "link",       "shut/link",        "shut/given/link",
					     "users/link", "users/roots/link", "many/link" };
	auto_free char *plain = mem_format("%s/plain", path);

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		CHECK_INT(mkdirat(top, folders[i], 0755), 0);
	CHECK(fchmod(top, 0755) == 0 && fchmodat(top, "shut", 0700, 0) == 0 &&
	      fchmodat(top, "many", 01777, 0) == 0);
	CHECK_INT(fchownat(top, "users", 1234, 1234, 0), 0);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		CHECK_INT(symlinkat(plain, top, links[i]), 0);
	CHECK_INT(symlinkat("shut/link", top, "again"), 0);
	CHECK_INT(symlinkat("loop", top, "loop"), 0);
	CHECK_INT(symlinkat("users/link", top, "through"), 0);
}

/* Links are followed where root alone can have made them; not below /tmp, where everybody may write. */
static void test_host(void)
{
	static const struct {
		const char *name;
		int wanted;
	} rows[] = {
		{ "plain", 0 },
		{ "plain/", 0 },
		{ "users/../plain/.", 0 },
		{ "link", 0 },
		{ "again", 0 },
		{ "shut/link", 0 },
		{ "users/roots", 0 },
		{ "shut/given/link",
		  -EPERM }, /* what is given to a zone lies below a folder that only root enters */
		{ "users/link", -EPERM },
		{ "users/roots/link",
		  -EPERM }, /* a folder of root's that a user may put elsewhere */
		{ "users/../link", -EPERM },
		{ "many/link", -EPERM },
		{ "through", -EPERM },
		{ "loop", -ELOOP },
		{ "none", -ENOENT },
		{ "plain/none/x", -ENOENT },
	};
	char path[] = "/var/lib/zones-path-test-XXXXXX";
	struct err e = { 0 };
	struct stat plain, roots, st;

	if (geteuid() != 0 || !mkdtemp(path))
		return;
	auto_close int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_host(top, path);
	CHECK(fstatat(top, "plain", &plain, 0) == 0 && fstatat(top, "users/roots", &roots, 0) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = host_opened(path, rows[i].name, &st);

		test_check(r == rows[i].wanted, rows[i].name, __FILE__, __LINE__);
		CHECK(r < 0 || st.st_ino == plain.st_ino || st.st_ino == roots.st_ino);
	}
	CHECK_INT(host_opened("", "", &st), 0);
	CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
}

static void test_clean(void)
{
	static const char *const rows[][2] = {
		{ "", "/" },
		{ "/", "/" },
		{ "a", "/a" },
		{ "//a//b/", "/a/b" },
		{ "/a/./b", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../..", "/" },
		{ "../a", "/a" },
		{ "/a/b/../..", "/" },
		{ "/a..b/...", "/a..b/..." },
		{ "/a/..b", "/a/..b" },
	};
	char buf[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *clean = path_clean(rows[i][0]);

		CHECK_STR(clean, rows[i][1]);
		CHECK(path_is_clean(rows[i][0]) == str_eq(rows[i][0], rows[i][1]));
	}
	path_of_fd(7, buf, sizeof(buf));
	CHECK_STR(buf, "/proc/self/fd/7");
}

int main(void)
{
	char path[] = "/tmp/zones-path-test-XXXXXX";
	struct err e = { 0 };

	(void)umask(022);
	CHECK(mkdtemp(path) != NULL);
	int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	make_tree(top, path);
	int root = openat(top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	test_open(root, top);
	test_regular(root);
	test_mkdir(root, top);
	test_parent(root, top);
	test_target(root, top);
	test_replace(root, top);
	test_clean();
	test_host();
	(void)close(root);
	(void)close(top);
	CHECK_INT(file_remove_tree(AT_FDCWD, path, &e), 0);
	return test_done();
}
