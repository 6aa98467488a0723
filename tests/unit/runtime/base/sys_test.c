/* sys: the wrappers pass everything on; in the fault flavour the n-th call of the whole process
 * tree fails. */
#include "runtime/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test.h"

static void test_files(const char *path)
{
	char buf[8] = "";
	struct stat st;
	int dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	const struct open_how how = { .flags = O_RDWR | O_CREAT | O_CLOEXEC,
				      .mode = 0600,
				      .resolve = RESOLVE_BENEATH };

	CHECK(dir >= 0);
	CHECK_INT(sys_mkdirat(dir, "d", 0755), 0);
	int fd = sys_openat2(dir, "d/f", &how);

	CHECK(fd >= 0);
	CHECK_INT(sys_write(fd, "abc", 3), 3);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	CHECK_INT(sys_read(fd, buf, sizeof(buf)), 3);
	CHECK_STR(buf, "abc");
	CHECK_INT(sys_ftruncate(fd, 1), 0);
	CHECK_INT(sys_fchmod(fd, 0640), 0);
	CHECK_INT(sys_fsync(fd), 0);
	CHECK_INT(sys_flock(fd, LOCK_EX | LOCK_NB), 0);
	CHECK(fstat(fd, &st) == 0 && st.st_size == 1 && (st.st_mode & 0777) == 0640);
	CHECK_INT(sys_openat2(dir, "../x", &how), -1);
	CHECK_INT(errno, EXDEV);
	CHECK_INT(sys_symlinkat("f", dir, "d/l"), 0);
	CHECK_INT(sys_linkat(dir, "d/f", dir, "d/h", 0), 0);
	CHECK_INT(sys_mkfifoat(dir, "d/p", 0600), 0);
	CHECK_INT(sys_mknodat(dir, "d/n", S_IFREG | 0600, 0), 0);
	CHECK_INT(sys_fchmodat(dir, "d/n", 0444), 0);
	CHECK_INT(sys_fchownat(dir, "d/n", getuid(), getgid(), AT_SYMLINK_NOFOLLOW), 0);
	CHECK_INT(sys_renameat2(dir, "d/n", dir, "d/f", 1 /* RENAME_NOREPLACE */), -1);
	CHECK_INT(errno, EEXIST);
	static const char *const names[] = { "d/f", "d/l", "d/h", "d/p", "d/n" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		CHECK_INT(sys_unlinkat(dir, names[i], 0), 0);
	CHECK_INT(sys_unlinkat(dir, "d", AT_REMOVEDIR), 0);
	(void)close(fd);
	(void)close(dir);
}

static void test_processes(void)
{
	int fds[2], status = 0;
	char c = 0;
	struct iovec io = { .iov_base = &c, .iov_len = 1 };
	struct msghdr h = { .msg_iov = &io, .msg_iovlen = 1 };

	CHECK_INT(sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	pid_t pid = fork();

	if (pid == 0) {
		c = 'x';
		_exit(sys_setsid() == getpid() && sys_sendmsg(fds[1], &h, MSG_NOSIGNAL) == 1 ? 0
											     : 1);
	}
	CHECK_INT(sys_recvmsg(fds[0], &h, 0), 1);
	CHECK(c == 'x');
	int pidfd = sys_pidfd_open(pid, 0);

	CHECK(pidfd >= 0);
	(void)sys_pidfd_send_signal(pidfd, 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK_INT(sys_pidfd_send_signal(pidfd, 0), -1);
	CHECK_INT(errno, ESRCH);
	CHECK_INT(sys_kill(getpid(), 0), 0);
	CHECK_INT(sys_close_range((unsigned)pidfd, (unsigned)pidfd, 0), 0);
	CHECK_INT(fcntl(pidfd, F_GETFD), -1);
	(void)close(fds[0]);
	(void)close(fds[1]);

	struct rlimit limit;

	CHECK_INT(sys_prlimit(0, RLIMIT_NOFILE, NULL, &limit), 0);
	CHECK(limit.rlim_cur > 0);
	CHECK_INT(sys_mount("a", "/none/such", "tmpfs", 0, NULL), -1);
	CHECK_INT(sys_umount2("/none/such", 0), -1);
	CHECK_INT(sys_execveat(AT_FDCWD, "/none/such", (char *const[]){ NULL },
			       (char *const[]){ NULL }, 0),
		  -1);
	CHECK_INT(errno, ENOENT);
}

#ifdef ZONES_FAULTS
/* In a child, so that the settings are read anew: three calls in it, one in its own child, three
 * more. */
static int faulty(const char *counter, const char *at)
{
	int status = 0, failed = 0;

	(void)setenv("ZONES_FAULT_COUNTER", counter, 1);
	(void)setenv("ZONES_FAULT_AT", at, 1);
	(void)setenv("ZONES_FAULT_ERRNO", "28", 1);
	for (int i = 1; i <= 3; i++)
		failed += sys_kill(getpid(), 0) < 0 && errno == ENOSPC ? i : 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sys_kill(getpid(), 0) < 0 ? 1 : 0);
	(void)waitpid(pid, &status, 0);
	failed += WIFEXITED(status) && WEXITSTATUS(status) == 1 ? 4 : 0;
	for (int i = 5; i <= 7; i++)
		failed += sys_kill(getpid(), 0) < 0 ? i : 0;
	return failed;
}

static void test_faults(const char *path)
{
	char counter[200], at[8];

	(void)snprintf(counter, sizeof(counter), "%s/counter", path);
	for (int n = 1; n <= 8; n++) {
		int status = 0;

		(void)snprintf(at, sizeof(at), "%d", n);
		(void)unlink(counter);
		pid_t pid = fork();

		if (pid == 0)
			_exit(faulty(counter, at));
		(void)waitpid(pid, &status, 0);
		CHECK_INT(WEXITSTATUS(status), n <= 7 ? n : 0);
	}
	int status = 0;

	(void)unlink(counter);
	(void)setenv("ZONES_FAULT_KILL", "1", 1);
	pid_t pid = fork();

	if (pid == 0)
		_exit(faulty(counter, "2"));
	(void)waitpid(pid, &status, 0);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	(void)unlink(counter);
}
#endif

int main(void)
{
	char path[] = "/tmp/zones-sys-test-XXXXXX";

	CHECK(mkdtemp(path) != NULL);
#ifdef ZONES_FAULTS
	test_faults(path);
#endif
	test_files(path);
	test_processes();
	CHECK_INT(rmdir(path), 0);
	return test_done();
}
