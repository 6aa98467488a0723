/* Users from files that a tenant wrote. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/isolation.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static int root = -1;
static char folder[] = "/tmp/users_test.XXXXXX";

static void write_text(const char *path, const char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	(void)close(fd);
}

static int find(const char *who, struct isolation_user *u)
{
	struct err e = { 0 };

	*u = (struct isolation_user){ 0 };
	return isolation_find_user(root, who, u, &e);
}

static void test_found(void)
{
	struct isolation_user u;

	CHECK_INT(find("ann", &u), 0);
	CHECK_INT(u.uid, 1000);
	CHECK_INT(u.gid, 100);
	CHECK_STR(u.home, "/home/ann");
	CHECK_STR(u.shell, "/bin/zsh");
	CHECK_INT(u.n_groups, 2);
	CHECK(u.n_groups == 2 && u.groups[0] == 50 && u.groups[1] == 60);
	isolation_user_done(&u);
	CHECK_INT(find("1000", &u), 0);
	CHECK_STR(u.name, "ann");
	isolation_user_done(&u);
	CHECK_INT(find("ann:wheel", &u), 0);
	CHECK_INT(u.gid, 50);
	CHECK_INT(u.n_groups, 0);
	isolation_user_done(&u);
	CHECK_INT(find("0:77", &u), 0);
	CHECK_INT(u.uid, 0);
	CHECK_INT(u.gid, 77);
	isolation_user_done(&u);
	CHECK_INT(find("4294967294", &u), 0);
	CHECK_INT(u.uid, 4294967294u);
	CHECK_INT(u.gid, 0);
	CHECK_STR(u.home, "/");
	CHECK_STR(u.shell, "/bin/sh");
	isolation_user_done(&u);
}

static void test_refused(void)
{
	struct isolation_user u;

	CHECK_INT(find("nobody-there", &u), -ENOENT);
	CHECK_INT(find("ann:nogroup", &u), -ENOENT);
	CHECK_INT(find("-1", &u), -EINVAL);
	CHECK_INT(find("4294967295", &u), -EINVAL);
	CHECK_INT(find("4294967296", &u), -EINVAL);
	CHECK_INT(find("0:-1", &u), -EINVAL);
	CHECK_INT(find("", &u), -EINVAL);
	CHECK_INT(find("a\nb", &u), -EINVAL);
	CHECK_INT(find("ann:b:c", &u), -EINVAL);
	/* lines whose ids are no ids are no lines */
	CHECK_INT(find("minus", &u), -ENOENT);
	CHECK_INT(find("empty", &u), -ENOENT);
	CHECK_INT(find("huge", &u), -ENOENT);
}

static void test_hostile_files(void)
{
	struct isolation_user u;

	(void)unlinkat(root, "etc/passwd", 0);
	CHECK_INT(mkfifoat(root, "etc/passwd", 0644), 0);
	CHECK_INT(find("ann", &u), -EINVAL);
	(void)unlinkat(root, "etc/passwd", 0);
	CHECK_INT(symlinkat("/etc/passwd", root, "etc/passwd"),
		  0); /* a loop below the root, not the host's file */
	CHECK(find("root", &u) < 0);
	(void)unlinkat(root, "etc/passwd", 0);
	write_text("etc/passwd", "big:x:1:1::/:/bin/sh\n");
	int fd = openat(root, "etc/passwd", O_WRONLY | O_CLOEXEC);

	CHECK_INT(ftruncate(fd, 1 << 22), 0);
	(void)close(fd);
	CHECK_INT(find("big", &u), -EFBIG);
	(void)unlinkat(root, "etc/passwd", 0);
	CHECK_INT(find("5", &u), 0);
	CHECK_INT(u.uid, 5);
	isolation_user_done(&u);
}

int main(void)
{
	struct err e = { 0 };

	if (!mkdtemp(folder))
		return 1;
	root = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(mkdirat(root, "etc", 0755), 0);
	write_text(
		"etc/passwd",
		"root:x:0:0:root:/root:/bin/sh\nbroken line\nminus:x:-1:0::/:\nempty:x::0::/:\nhuge:x:4294967296:0::/:\n"
		"ann:x:1000:100:A,B:/home/ann:/bin/zsh");
	write_text("etc/group",
		   "root:x:0:\nwheel:x:50:bob,ann\nother:x:60:ann\nlast:x:70:annabel,xann\n");
	test_found();
	test_refused();
	test_hostile_files();
	(void)close(root);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
	return test_done();
}
