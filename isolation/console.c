/* console - a running container's root seen from outside, and a new console for it.
 *
 * The pty must come from the container's devpts and be bound in its mount namespace, so a child goes in, does it with the same code that init used, and sends the
 * master back. It runs nothing of the container's. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

int isolation_open_root(pid_t pid, int pidfd, struct err *e)
{
	auto_free char *path = mem_format("/proc/%d/root", (int)pid);
	auto_close int fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open the root of process %d", (int)pid);
	/* If the process still lives now, the number was its own all the time. */
	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, 0) < 0)
		return err_sys(e, "look whether container init %d still runs", (int)pid);
	return fd_steal(&fd);
}

static bool is_same_namespace(pid_t pid, const char *file)
{
	auto_free char *theirs = mem_format("/proc/%d/ns/%s", (int)pid, file);
	auto_free char *own = mem_format("/proc/self/ns/%s", file);
	struct stat a, b;

	return stat(theirs, &a) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

struct entry {
	int pidfd, root, flags;
};

/* What is bound over /dev/console is the slave of a pty whose devpts entry is gone: nothing can be mounted on that, so it goes first. */
static int drop_old_console(int root, struct err *e)
{
	auto_close int dev = path_open_dir(root, "/dev", e);
	struct statx dir, console;

	if (dev < 0)
		return dev;
	if (statx(dev, "", AT_EMPTY_PATH, STATX_MNT_ID, &dir) < 0)
		return err_sys(e, "look at /dev");
	if (statx(dev, "console", AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &console) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at /dev/console");
	if (dir.stx_mnt_id == console.stx_mnt_id)
		return 0;
	if (sys_fchdir(dev) < 0 || sys_umount2("console", UMOUNT_NOFOLLOW | MNT_DETACH) < 0)
		return err_sys(e, "unmount the old /dev/console");
	return sys_chdir("/") < 0 ? err_sys(e, "leave /dev") : 0;
}

/* The pty belongs to who makes it: the container's root, not an id that has no name there. */
static int enter(const struct entry *in, struct err *e)
{
	int r = creds_not_dumpable(e);

	if (r < 0)
		return r;
	if (sys_setns(in->pidfd, in->flags) < 0)
		return err_sys(e, "enter the container");
	if (!(in->flags & CLONE_NEWUSER))
		return 0;
	if (sys_setresgid(0, 0, 0) < 0 || sys_setresuid(0, 0, 0) < 0)
		return err_sys(e, "become the container's root");
	/* the change of ids took both back */
	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return creds_not_dumpable(e);
}

static int make_console(void *arg, int sock, struct err *e)
{
	const struct entry *in = arg;
	auto_close int master = -1, slave = -1;
	int r = enter(in, e);

	if (r == 0)
		r = drop_old_console(in->root, e);
	if (r == 0)
		r = terminal_new(in->root, "/dev/pts", &master, &slave, e);
	if (r == 0)
		r = terminal_bind_console(in->root, "/dev/console", slave, e);
	return r < 0 ? r : helper_give(sock, master, e);
}

int isolation_new_console(pid_t pid, int pidfd, int *ret_master, struct err *e)
{
	auto_close int root = isolation_open_root(pid, pidfd, e);

	if (root < 0)
		return root;
	if (is_same_namespace(pid, "mnt"))
		return err_set(
			e, EOPNOTSUPP,
			"the container has no mount namespace of its own to put a console into");
	struct entry in = { .pidfd = pidfd, .root = root, .flags = CLONE_NEWNS };
	int kept[] = { pidfd, root };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };

	if (!is_same_namespace(pid, "user"))
		in.flags |= CLONE_NEWUSER;
	return mount_child(make_console, &in, &keep, ret_master, e);
}
