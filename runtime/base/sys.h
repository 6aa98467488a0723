/* sys - every system call with side effects, one thin wrapper each.
 *
 * The wrappers retry EINTR where that is right (nowhere else does), add nothing else, and return what the call returns with errno set.
 * In the fault flavour (-DZONES_FAULTS) each is a numbered fault point: with ZONES_FAULT_AT=N in the environment the N-th call of the
 * process tree fails with ZONES_FAULT_ERRNO (default EIO), or, with ZONES_FAULT_KILL=1, the process kills itself with SIGKILL before it.
 * The counter lives in the file ZONES_FAULT_COUNTER (mmap'd shared), so it goes on across fork, clone and exec. */
#ifndef RUNTIME_BASE_SYS_H
#define RUNTIME_BASE_SYS_H

#include <linux/openat2.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>

struct mount_attr;
struct clone_args;

int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
int sys_openat2(int dirfd, const char *path, const struct open_how *how);
ssize_t sys_read(int fd, void *buf, size_t n);
ssize_t sys_write(int fd, const void *buf, size_t n);
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_symlinkat(const char *target, int dirfd, const char *path);
int sys_linkat(int olddir, const char *old, int newdir, const char *path, int flags);
int sys_mknodat(int dirfd, const char *path, mode_t mode, dev_t dev);
int sys_mkfifoat(int dirfd, const char *path, mode_t mode);
int sys_renameat2(int olddir, const char *old, int newdir, const char *path, unsigned flags);
int sys_fchownat(int dirfd, const char *path, uid_t uid, gid_t gid, int flags);
int sys_fchmod(int fd, mode_t mode);
int sys_fchmodat(int dirfd, const char *path, mode_t mode);
int sys_fsync(int fd);
int sys_ftruncate(int fd, off_t size);
int sys_flock(int fd, int op);

int sys_mount(const char *src, const char *target, const char *type, unsigned long flags,
	      const void *data);
int sys_umount2(const char *target, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_chroot(const char *path);
int sys_fchdir(int fd);
int sys_chdir(const char *path);
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags, struct mount_attr *attr,
		      size_t size);
int sys_fsopen(const char *type, unsigned flags);
int sys_fsconfig(int fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fd, unsigned flags, unsigned attr);
int sys_fspick(int dirfd, const char *path, unsigned flags);

/* behaves like fork: never with CLONE_VM, that is borrow_clone3() */
pid_t sys_clone3(struct clone_args *args, size_t size);
int sys_unshare(int flags);
int sys_setns(int fd, int type);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int signo);
int sys_pidfd_getfd(int pidfd, int fd); /* close-on-exec */
int sys_kill(pid_t pid, int signo);
int sys_setresuid(uid_t r, uid_t e, uid_t s);
int sys_setresgid(gid_t r, gid_t e, gid_t s);
int sys_setgroups(size_t n, const gid_t *list);
pid_t sys_setsid(void);
int sys_prctl(int op, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5);
int sys_seccomp(unsigned op, unsigned flags, void *args);
int sys_sethostname(const char *name, size_t n);
int sys_setdomainname(const char *name, size_t n);
int sys_prlimit(pid_t pid, int resource, const struct rlimit *set, struct rlimit *old);
int sys_execve(const char *path, char *const argv[], char *const envp[]);
int sys_execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_socketpair(int domain, int type, int protocol, int ret[2]);
int sys_pipe2(int ret[2], int flags);
ssize_t sys_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t sys_recvmsg(int fd, struct msghdr *m, int flags);
int sys_ioctl(int fd, unsigned long request, void *arg);

#endif
