/* Nodes are recognised, links made and kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/file.h"
#include "tests/unit/test.h"

static void test_match(void)
{
	const struct device_node null = { .type = S_IFCHR, .major = 1, .minor = 3 },
				 zero = { .type = S_IFCHR, .major = 1, .minor = 5 },
				 block = { .type = S_IFBLK, .major = 1, .minor = 3 };
	int fd = open("/dev/null", O_PATH | O_CLOEXEC), dir = open("/", O_PATH | O_CLOEXEC);

	CHECK(devices_match(fd, &null));
	CHECK(!devices_match(fd, &zero));
	CHECK(!devices_match(fd, &block));
	CHECK(!devices_match(dir, &null));
	CHECK(!devices_match(-1, &null));
	(void)close(fd);
	(void)close(dir);
}

static int make_link(struct isolation *iso, const char *path, const char *text)
{
	struct mount_op op = { .kind = MOUNT_OP_LINK };
	struct err e = { 0 };

	op.target = strdup(path);
	op.source = strdup(text);
	int r = devices_link(iso, &op, &e);

	free(op.target);
	free(op.source);
	return r;
}

static void check_link(int root, const char *path, const char *want)
{
	char text[128] = "";

	(void)!readlinkat(root, path, text, sizeof(text) - 1);
	CHECK_STR(text, want);
}

static void test_links(void)
{
	char folder[] = "/tmp/devices_test.XXXXXX";
	struct isolation iso = { 0 };
	struct err e = { 0 };

	CHECK(mkdtemp(folder) != NULL);
	iso.root_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(make_link(&iso, "/dev/fd", "/proc/self/fd"), 0);
	check_link(iso.root_fd, "dev/fd", "/proc/self/fd");
	CHECK_INT(make_link(&iso, "/dev/fd", "/elsewhere"), 0); /* what is there stays */
	check_link(iso.root_fd, "dev/fd", "/proc/self/fd");
	/* but for ptmx */
	CHECK_INT(mkfifoat(iso.root_fd, "dev/ptmx", 0600), 0);
	CHECK_INT(make_link(&iso, "/dev/ptmx", "pts/ptmx"), 0);
	check_link(iso.root_fd, "dev/ptmx", "pts/ptmx");
	CHECK_INT(make_link(&iso, "/dev/ptmx", "pts/ptmx"), 0);
	/* the kernel's core file is not below this root */
	CHECK_INT(make_link(&iso, "/dev/core", "/proc/kcore"), 0);
	CHECK_INT(faccessat(iso.root_fd, "dev/core", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	(void)close(iso.root_fd);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
}

/* A FIFO needs no rights: made, found again, and refused where something else is. */
static void test_fifo(void)
{
	char folder[] = "/tmp/devices_test.XXXXXX", path[] = "/run/p";
	struct mount_op op = { .kind = MOUNT_OP_DEVICE,
			       .target = path,
			       .node = { .type = S_IFIFO, .mode = 0640 } };
	struct source none = SOURCE_NONE;
	struct isolation iso = { 0 };
	struct err e = { 0 };
	struct stat st;

	CHECK(mkdtemp(folder) != NULL);
	(void)umask(0);
	iso.root_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK_INT(devices_run(&iso, &op, &none, &e), 0);
	CHECK(fstatat(iso.root_fd, "run/p", &st, 0) == 0 && st.st_mode == (S_IFIFO | 0640));
	CHECK_INT(devices_run(&iso, &op, &none, &e), 0);
	op.node = (struct device_node){ .type = S_IFCHR, .major = 1, .minor = 3 };
	CHECK_INT(devices_run(&iso, &op, &none, &e), -EEXIST);
	(void)close(iso.root_fd);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
}

int main(void)
{
	test_match();
	test_links();
	test_fifo();
	return test_done();
}
