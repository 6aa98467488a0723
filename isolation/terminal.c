/* terminal - a pty that belongs to the container.
 *
 * The master comes from the container's own devpts, whose directory is opened below the root and verified by its file system's magic; inside a devpts directory
 * "ptmx" is always the multiplexer. The slave is asked of the master (TIOCGPTPEER), never opened by its path, which the image could have prepared
 * (CVE-2025-52565). A new session gets it as controlling terminal, so nobody can type into the caller's (CVE-2017-5226). */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2, WINDOW_MAX = 65535 };

static int open_ptmx(int root, const char *pts, struct err *e)
{
	const struct device_node ptmx = { .type = S_IFCHR,
					  .major = PTMX_MAJOR,
					  .minor = PTMX_MINOR };
	const struct open_how how = {
		.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	struct statfs fs;
	auto_close int dir = path_open_dir(root, pts, e);

	if (dir < 0)
		return err_wrap(e, "process.terminal needs a devpts");
	if (fstatfs(dir, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(e, EINVAL, "process.terminal: \"/dev/pts\" is not a devpts");
	auto_close int master = sys_openat2(dir, "ptmx", &how);

	if (master < 0)
		return err_sys(e, "open the container's /dev/pts/ptmx");
	if (!devices_match(master, &ptmx))
		return err_set(e, EINVAL,
			       "the container's /dev/pts/ptmx is not the terminal multiplexer");
	return fd_steal(&master);
}

int terminal_new(int root, const char *pts, int *ret_master, int *ret_slave, struct err *e)
{
	int unlock = 0;
	auto_close int master = open_ptmx(root, pts, e);

	if (master < 0)
		return master;
	if (sys_ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(e, "unlock the terminal");
	/* this request takes a number, not a pointer */
	auto_close int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (slave < 0)
		return err_sys(e, "open the terminal's other end");
	*ret_master = fd_steal(&master);
	*ret_slave = fd_steal(&slave);
	return 0;
}

int terminal_bind_console(int root, const char *path, int slave, struct err *e)
{
	struct stat st;
	auto_free char *last = NULL;
	auto_close int parent = devices_open_parent(root, path, &last, e);

	if (parent < 0)
		return err_wrap(e, "make /dev/console");
	/* mknod makes a file only where nothing is, not even a dangling link */
	if (sys_mknodat(parent, last, S_IFREG | 0600, 0) < 0 && errno != EEXIST)
		return err_sys(e, "make /dev/console");
	auto_close int target = sys_openat(parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	if (target < 0 || fstat(target, &st) < 0)
		return err_sys(e, "open /dev/console");
	if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		return err_set(e, EINVAL, "/dev/console is neither a file nor a device");
	auto_close int tree = mount_clone(slave, false);

	if (tree < 0)
		return err_sys(e, "clone the terminal's mount");
	return mount_attach(tree, target, e) < 0 ? err_wrap(e, "bind /dev/console") : 0;
}

static int set_size(int master, const struct process_spec *p, struct err *e)
{
	struct winsize size = {
		.ws_row = (unsigned short)(p->console_height > WINDOW_MAX ? WINDOW_MAX
									  : p->console_height),
		.ws_col = (unsigned short)(p->console_width > WINDOW_MAX ? WINDOW_MAX
									 : p->console_width),
	};

	if (!size.ws_row && !size.ws_col)
		return 0;
	return sys_ioctl(master, TIOCSWINSZ, &size) < 0 ? err_sys(e, "process.consoleSize") : 0;
}

static int take_terminal(int slave, const struct process_spec *p, struct err *e)
{
	if (fchown(slave, (uid_t)p->user.uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
		return err_sys(e, "give the terminal to user %llu",
			       (unsigned long long)p->user.uid);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys(e, "make the terminal the controlling one");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(slave, fd) < 0)
			return err_sys(e, "put the terminal in place");
	return 0;
}

int terminal_run(struct isolation *iso, const struct process_spec *p,
		 const struct isolation_callbacks *cb, struct err *e)
{
	auto_close int master = -1, slave = -1;
	const char *pts, *console;
	int top;

	(void)sys_setsid(); /* fails only for a session leader, which is what we want to be */
	if (!p || !p->terminal)
		return 0;
	top = mount_top(iso, "/dev/pts", &pts);
	int r = terminal_new(top, pts, &master, &slave, e);

	if (r == 0)
		r = set_size(master, p, e);
	top = mount_top(iso, "/dev/console", &console);
	if (r == 0 && iso->has_mounts && iso->target < 0)
		r = terminal_bind_console(top, console, slave, e);
	if (r == 0)
		r = take_terminal(slave, p, e);
	if (r == 0 && cb && cb->console)
		r = cb->console(cb->arg, master, e);
	return r;
}

void terminal_own_stdio(const struct process_spec *p)
{
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != (uid_t)p->user.uid)
			(void)!fchown(fd, (uid_t)p->user.uid,
				      (gid_t)-1); /* a pipe of somebody else stays his */
}
