/* selfexe - never run from a binary that a container could reach and overwrite (CVE-2019-5736).
 *
 * A process in a container can get hold of /proc/PID/exe of a runtime that enters its namespaces, or make the runtime execute itself (#!/proc/self/exe). So before that the program
 * executes itself again from a file that cannot be written: a detached, read-only mount of its own binary (two system calls, nothing is copied), or, where mounts are not allowed, a
 * sealed copy in memory. Whether that has been done is asked of the kernel (mount flag, seals), never of the environment: the marker there only ends a loop when it did not help.
 * zrun does the same before it has a C library, where it can (runtime/launcher/launcher.c); then there is nothing left to do here. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"

#define MARKER "_ZONES_PROTECTED"

enum { ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* Could somebody who opens our /proc/PID/exe write to it? */
static bool is_protected(int self)
{
	struct statvfs fs;
	int seals = fcntl(self, F_GET_SEALS);

	if (seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS)
		return true;
	return fstatvfs(self, &fs) == 0 && fs.f_flag & ST_RDONLY;
}

static int read_only_mount(struct err *e)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	auto_close int tree =
		sys_open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0)
		return err_sys(e, "detach the mount of this program");
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return err_sys(e, "make the mount of this program read-only");
	return fd_steal(&tree);
}

static int sealed_copy(int self, struct err *e)
{
	auto_close int copy = memfd_create("zones", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	off_t done = 0;

	if (copy < 0 || fstat(self, &st) < 0)
		return err_sys(e, "copy this program");
	while (done < st.st_size) {
		ssize_t n = sendfile(copy, self, NULL, (size_t)(st.st_size - done));

		if (n <= 0)
			return n < 0 ? err_sys(e, "copy this program")
				     : err_set(e, EIO, "copy this program: it shrinks");
		done += n;
	}
	if (sys_fchmod(copy, 0500) < 0 || fcntl(copy, F_ADD_SEALS, ALL_SEALS) < 0)
		return err_sys(e, "seal the copy of this program");
	return fd_steal(&copy);
}

int engine_protect_self(char *const argv[], struct err *e)
{
	bool tried = getenv(MARKER) != NULL;
	auto_close int self = sys_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	struct err first = { 0 };

	/* whatever happens, nobody after us sees it: no hook, no helper, no container */
	(void)unsetenv(MARKER);
	if (self < 0)
		return err_sys(e, "open this program");
	if (is_protected(self))
		return 0;
	if (tried)
		return err_set(e, EPERM, "this program cannot be protected from being overwritten");
	auto_close int again = read_only_mount(&first);

	if (again < 0) {
		log_debug("%s; using a copy in memory", first.text);
		again = sealed_copy(self, e);
	}
	if (again < 0)
		return again;
	if (setenv(MARKER, "1", 1) < 0)
		return err_sys(e, "set the environment");
	(void)sys_execveat(again, "", argv, environ, AT_EMPTY_PATH);
	int r = err_sys(e, "execute this program again");

	(void)unsetenv(MARKER);
	return r;
}
