/* The wall around skopeo: a child enters it and tries what a skopeo that a registry has taken over would try. */
#include "runtime/zone/image_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/wall.h"
#include "tests/unit/test.h"

static char top[] = "/var/lib/zones-fetch-XXXXXX";

static int try_open(const char *path, int flags)
{
	auto_close int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

static int try_below(const char *name)
{
	auto_free char *path = mem_format("%s/%s", top, name);

	return try_open(path, O_WRONLY | O_CREAT);
}

/* What it must be able to do, with or without Landlock. */
static int check_work(void)
{
	auto_close int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK_INT(try_below("folder/blob"), 0);
	CHECK_INT(try_open("/etc/hosts", O_RDONLY), 0);
	CHECK_INT(try_open("/dev/null", O_RDWR), 0);
	CHECK_INT(try_open("/proc/self/stat", O_RDONLY), 0);
	CHECK(tcp >= 0);
	CHECK_INT(access("/usr/bin/env", X_OK), 0);
	return 0;
}

static void check_refused(void)
{
	/* no capability is left of root's */
	CHECK_INT(mount("none", "/mnt", "tmpfs", 0, NULL) < 0 ? errno : 0, EPERM);
	CHECK_INT(chown("/var/tmp", 1, 1) < 0 ? errno : 0, EPERM);
	/* uid 0 owns what it can read, and is believed by servers of the host */
	auto_close int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);
	struct stat before, after;

	CHECK(fd >= 0 && fstat(fd, &before) == 0);
	(void)!fchmod(fd, 0777);
	(void)!chmod("/etc/shadow", 0666);
	CHECK(fstat(fd, &after) == 0 && before.st_mode == after.st_mode);
	CHECK_INT(fsetxattr(fd, "user.x", "x", 1, 0) < 0 ? errno : 0, EPERM);
	CHECK_INT(socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? errno : 0, EAFNOSUPPORT);
	CHECK_INT(kill(getppid(), 0) < 0 ? errno : 0, EPERM);
	CHECK_INT(truncate("/var/lib/nothing", 0) < 0 ? errno : 0, EPERM);
	if (wall_landlock_abi() == 0)
		return;
	CHECK_INT(try_below("beside"), EACCES);
	CHECK_INT(try_open("/tmp/zones-fetch-test", O_WRONLY | O_CREAT), EACCES);
	CHECK_INT(try_open("/var/tmp/zones-fetch-test", O_WRONLY | O_CREAT), EACCES);
	CHECK_INT(try_open("/etc/shadow", O_RDONLY), EACCES);
	CHECK_INT(try_open("/etc/ssh", O_RDONLY | O_DIRECTORY), EACCES);
	CHECK_INT(try_open("/root", O_RDONLY | O_DIRECTORY), EACCES);
	CHECK_INT(try_open("/etc/hosts", O_WRONLY), EACCES);
	CHECK_INT(try_open("/usr/bin/env", O_WRONLY), EACCES);
}

static int in_the_child(const char *folder)
{
	struct err e = { 0 };

	if (image_fetch_wall(folder, &e) < 0) {
		CHECK_STR(e.text, "");
		return test_done();
	}
	(void)check_work();
	check_refused();
	return test_done();
}

int main(void)
{
	struct err e = { 0 };

	if (geteuid() != 0) {
		puts("ok 1 # skip needs root\n1..1");
		return 0;
	}
	CHECK(mkdtemp(top) != NULL);
	auto_free char *folder = mem_format("%s/folder", top);
	auto_free char *blob = mem_format("%s/folder/blob", top);

	CHECK_INT(mkdir(folder, 0700), 0);
	CHECK_INT(try_below("before"), 0); /* outside of the wall it can be written */
	struct stat shadow, later;

	CHECK_INT(stat("/etc/shadow", &shadow), 0);
	pid_t pid = fork();

	if (pid == 0)
		proc_exit(in_the_child(folder));
	CHECK_INT(proc_wait(pid, &e), 0);
	CHECK(stat("/etc/shadow", &later) == 0 && shadow.st_mode == later.st_mode);
	auto_free char *before = mem_format("%s/before", top);

	CHECK_INT(unlink(blob), 0);
	CHECK_INT(unlink(before), 0);
	CHECK_INT(rmdir(folder), 0);
	CHECK_INT(rmdir(top), 0);
	return test_done();
}
