/* sys - thin wrappers, and in the fault flavour the place where they fail on order.
 *
 * fault_here() counts every call of the whole process tree in a shared mapping and answers
 * whether this one is the one that shall fail. In normal builds it is a constant and disappears. */
#include "runtime/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/num.h"

#ifdef ZONES_FAULTS
struct fault {
	bool ready;
	bool kill;
	uint64_t at; /* 0: never */
	int code;
	_Atomic uint64_t *count;
};

static uint64_t fault_setting(const char *name, uint64_t otherwise)
{
	uint64_t v;
	const char *text = getenv(name);

	return text && num_u64(text, &v) == 0 ? v : otherwise;
}

/* The counter's file is opened behind our own back (no wrapper), and missing it only means that
 * each process tree without a common ancestor that counted counts for itself. */
static void fault_prepare(struct fault *f)
{
	const char *file = getenv("ZONES_FAULT_COUNTER");
	int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	int sharing = fd >= 0 ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;

	f->ready = true;
	f->at = fault_setting("ZONES_FAULT_AT", 0);
	f->code = (int)fault_setting("ZONES_FAULT_ERRNO", EIO);
	f->kill = fault_setting("ZONES_FAULT_KILL", 0) == 1;
	if (fd >= 0 && ftruncate(fd, sizeof(*f->count)) < 0)
		f->at = 0;
	void *p = mmap(NULL, sizeof(*f->count), PROT_READ | PROT_WRITE, sharing, fd, 0);

	if (fd >= 0)
		(void)close(fd);
	f->count = p == MAP_FAILED ? NULL : p;
}

static bool fault_here(void)
{
	static struct fault f;

	if (!f.ready)
		fault_prepare(&f);
	if (!f.count || ++*f.count != f.at)
		return false;
	if (f.kill)
		(void)kill(getpid(), SIGKILL);
	errno = f.code;
	return true;
}
#else
static inline bool fault_here(void)
{
	return false;
}
#endif

/* Whether a call that returned r was only interrupted and is to be made again. */
static bool again(long r)
{
	return r < 0 && errno == EINTR;
}

/* --- files ------------------------------------------------------------------------------------ */

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	int r;

	if (fault_here())
		return -1;
	do {
		r = openat(dirfd, path, flags, mode);
	} while (again(r));
	return r;
}

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	long r;

	if (fault_here())
		return -1;
	do {
		r = syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
	} while (again(r));
	return (int)r;
}

ssize_t sys_read(int fd, void *buf, size_t n)
{
	ssize_t r;

	if (fault_here())
		return -1;
	do {
		r = read(fd, buf, n);
	} while (again(r));
	return r;
}

ssize_t sys_write(int fd, const void *buf, size_t n)
{
	ssize_t r;

	if (fault_here())
		return -1;
	do {
		r = write(fd, buf, n);
	} while (again(r));
	return r;
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return fault_here() ? -1 : mkdirat(dirfd, path, mode);
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return fault_here() ? -1 : unlinkat(dirfd, path, flags);
}

int sys_symlinkat(const char *target, int dirfd, const char *path)
{
	return fault_here() ? -1 : symlinkat(target, dirfd, path);
}

int sys_linkat(int olddir, const char *old, int newdir, const char *path, int flags)
{
	return fault_here() ? -1 : linkat(olddir, old, newdir, path, flags);
}

int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev)
{
	return fault_here() ? -1 : mknodat(dirfd, path, mode, dev);
}

int sys_mkfifoat(int dirfd, const char *path, mode_t mode)
{
	return fault_here() ? -1 : mkfifoat(dirfd, path, mode);
}

int sys_renameat2(int olddir, const char *old, int newdir, const char *path, unsigned flags)
{
	return fault_here() ? -1 : renameat2(olddir, old, newdir, path, flags);
}

int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags)
{
	return fault_here() ? -1 : fchownat(dirfd, path, uid, gid, flags);
}

int sys_fchmod(int fd, mode_t mode)
{
	return fault_here() ? -1 : fchmod(fd, mode);
}

int sys_fchmodat(int dirfd, const char *path, mode_t mode)
{
	return fault_here() ? -1 : fchmodat(dirfd, path, mode, 0);
}

int sys_fsync(int fd)
{
	int r;

	if (fault_here())
		return -1;
	do {
		r = fsync(fd);
	} while (again(r));
	return r;
}

int sys_ftruncate(int fd, off_t size)
{
	int r;

	if (fault_here())
		return -1;
	do {
		r = ftruncate(fd, size);
	} while (again(r));
	return r;
}

int sys_flock(int fd, int op)
{
	int r;

	if (fault_here())
		return -1;
	do {
		r = flock(fd, op);
	} while (again(r));
	return r;
}

/* --- mounts ----------------------------------------------------------------------------------- */

int sys_mount(const char *src, const char *target, const char *type, unsigned long flags,
	      const void *data)
{
	return fault_here() ? -1 : mount(src, target, type, flags, data);
}

int sys_umount2(const char *target, int flags)
{
	return fault_here() ? -1 : umount2(target, flags);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return fault_here() ? -1 : (int)syscall(SYS_pivot_root, new_root, put_old);
}

int sys_chroot(const char *path)
{
	return fault_here() ? -1 : chroot(path);
}

int sys_fchdir(int fd)
{
	return fault_here() ? -1 : fchdir(fd);
}

int sys_chdir(const char *path)
{
	return fault_here() ? -1 : chdir(path);
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return fault_here() ? -1 : open_tree(dirfd, path, flags);
}

int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	return fault_here() ? -1 : move_mount(from_fd, from, to_fd, to, flags);
}

int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		      size_t size)
{
	return fault_here() ? -1 : mount_setattr(dirfd, path, flags, attr, size);
}

int sys_fsopen(const char *type, unsigned flags)
{
	return fault_here() ? -1 : fsopen(type, flags);
}

int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux)
{
	return fault_here() ? -1 : fsconfig(fd, cmd, key, value, aux);
}

int sys_fsmount(int fd, unsigned flags, unsigned attr)
{
	return fault_here() ? -1 : fsmount(fd, flags, attr);
}

int sys_fspick(int dirfd, const char *path, unsigned flags)
{
	return fault_here() ? -1 : fspick(dirfd, path, flags);
}

/* --- processes -------------------------------------------------------------------------------- */

pid_t sys_clone3(struct clone_args *args, size_t size)
{
	return fault_here() ? -1 : (pid_t)syscall(SYS_clone3, args, size);
}

int sys_unshare(int flags)
{
	return fault_here() ? -1 : unshare(flags);
}

int sys_setns(int fd, int type)
{
	return fault_here() ? -1 : setns(fd, type);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return fault_here() ? -1 : (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int signo)
{
	return fault_here() ? -1 : (int)syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return fault_here() ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

int sys_kill(pid_t pid, int signo)
{
	return fault_here() ? -1 : kill(pid, signo);
}

int sys_setresuid(uid_t r, uid_t e, uid_t s)
{
	return fault_here() ? -1 : setresuid(r, e, s);
}

int sys_setresgid(gid_t r, gid_t e, gid_t s)
{
	return fault_here() ? -1 : setresgid(r, e, s);
}

int sys_setgroups(size_t n, const gid_t *list)
{
	return fault_here() ? -1 : setgroups(n, list);
}

pid_t sys_setsid(void)
{
	return fault_here() ? -1 : setsid();
}

int sys_prctl(int op, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	return fault_here() ? -1 : prctl(op, a2, a3, a4, a5);
}

int sys_seccomp(unsigned op, unsigned flags, void *args)
{
	return fault_here() ? -1 : (int)syscall(SYS_seccomp, op, flags, args);
}

int sys_sethostname(const char *name, size_t n)
{
	return fault_here() ? -1 : sethostname(name, n);
}

int sys_setdomainname(const char *name, size_t n)
{
	return fault_here() ? -1 : setdomainname(name, n);
}

int sys_prlimit(pid_t pid, int resource, const struct rlimit *set, struct rlimit *old)
{
	/* glibc declares the resource as an enum of its own */
	return fault_here() ? -1 : prlimit(pid, (__rlimit_resource_t)resource, set, old);
}

int sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return fault_here() ? -1 : execve(path, argv, envp);
}

int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return fault_here() ? -1 : execveat(dirfd, path, argv, envp, flags);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return fault_here() ? -1 : close_range(first, last, (int)flags);
}

/* --- pipes, sockets, devices ------------------------------------------------------------------ */

int sys_socketpair(int domain, int type, int protocol, int ret[2])
{
	return fault_here() ? -1 : socketpair(domain, type, protocol, ret);
}

int sys_pipe2(int ret[2], int flags)
{
	return fault_here() ? -1 : pipe2(ret, flags);
}

ssize_t sys_sendmsg(int fd, const struct msghdr *m, int flags)
{
	ssize_t r;

	if (fault_here())
		return -1;
	do {
		r = sendmsg(fd, m, flags);
	} while (again(r));
	return r;
}

ssize_t sys_recvmsg(int fd, struct msghdr *m, int flags)
{
	ssize_t r;

	if (fault_here())
		return -1;
	do {
		r = recvmsg(fd, m, flags);
	} while (again(r));
	return r;
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	int r;

	if (fault_here())
		return -1;
	do {
		r = ioctl(fd, request, arg);
	} while (again(r));
	return r;
}
