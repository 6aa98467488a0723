/* wall: a child enters and then does what a taken-over reader of archives would try. */
#include "runtime/base/wall.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "tests/unit/test.h"

enum { BAD = 99, FILTERED = 2, N_TREES = 4 };

static char top[] = "/tmp/zones-wall-XXXXXX";
static int inside, outside, readable, filled; /* directories */
static int shown;                             /* a file that is outside, and is given */
static pid_t parent;

/* --- acts: 0 when they succeed, else errno -------------------------------------------------------------------------- */

static int outcome(long r)
{
	return r < 0 ? errno : 0;
}

static int act_write_inside(void)
{
	auto_close int fd = openat(inside, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) < 0 || fchmod(fd, 0644) < 0 ||
	    mkdirat(inside, "d", 0700) < 0 || renameat2(inside, "new", inside, "d/moved", 0) < 0 ||
	    linkat(inside, "d/moved", inside, "linked", 0) < 0 ||
	    symlinkat("../outside/secret", inside, "way") < 0 ||
	    mknodat(inside, "fifo", S_IFIFO | 0600, 0) < 0 || unlinkat(inside, "d/moved", 0) < 0 ||
	    unlinkat(inside, "d", AT_REMOVEDIR) < 0)
		return errno;
	return 0;
}

static int act_read_lower(void)
{
	auto_close int fd = openat(readable, "file", O_RDONLY);

	return outcome(fd);
}

static int act_write_lower(void)
{
	auto_close int fd = openat(readable, "file", O_WRONLY);

	return outcome(fd);
}

static int act_write_outside(void)
{
	auto_close int fd = openat(outside, "planted", O_WRONLY | O_CREAT, 0600);

	return outcome(fd);
}

static int act_write_above(void)
{
	auto_close int fd = openat(inside, "../outside/planted", O_WRONLY | O_CREAT, 0600);

	return outcome(fd);
}

static int act_write_through_link(void)
{
	auto_close int fd = openat(inside, "way", O_WRONLY | O_TRUNC);

	return outcome(fd);
}

static int act_read_outside(void)
{
	auto_close int fd = open("/etc/passwd", O_RDONLY);

	return outcome(fd);
}

static int act_link_out(void)
{
	return outcome(linkat(outside, "secret", inside, "stolen", 0));
}

static int act_remove_outside(void)
{
	return outcome(unlinkat(outside, "secret", 0));
}

/* A tree may be a single file. */
static int act_read_one_file(void)
{
	auto_close int fd = openat(outside, "shown", O_RDONLY);

	return outcome(fd);
}

static int act_make_socket_file(void)
{
	return outcome(mknodat(inside, "socket", S_IFSOCK | 0600, 0));
}

static int act_fill_with_socket(void)
{
	return outcome(mknodat(filled, "socket", S_IFSOCK | 0600, 0));
}

static int act_device(void)
{
	return outcome(mknodat(inside, "disk", S_IFBLK | 0600, 0x801));
}

static int act_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

static int act_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int act_execute(void)
{
	char *argv[] = { (char *)"true", NULL };

	return outcome(execve("/bin/true", argv, NULL));
}

static int act_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int act_code_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? BAD : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int act_type_into_terminal(void)
{
	char c = 'x';

	return outcome(ioctl(0, TIOCSTI, &c));
}

static int act_signal(void)
{
	return outcome(kill(parent, SIGTERM));
}

static int act_thread_signal(void)
{
	return outcome(syscall(SYS_tgkill, parent, parent, SIGTERM));
}

static int act_trace(void)
{
	return outcome(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}

static int act_mount(void)
{
	return outcome(mount("none", top, "tmpfs", 0, NULL));
}

static int act_unshare(void)
{
	return outcome(syscall(SYS_unshare, 0x10000000));
}

static int act_become(void)
{
	return outcome(setresuid(1, 1, 1));
}

/* The C library ends the process with a signal to itself: that must remain. */
static int act_open_many(void)
{
	for (int i = 0; i < 100; i++) {
		auto_close int fd = openat(inside, ".", O_RDONLY | O_DIRECTORY);

		if (fd < 0)
			return errno;
	}
	return 0;
}

/* Run it behind the wall; `landlock` tells that only Landlock forbids it. */
static const struct {
	const char *name;
	int (*act)(void);
	int wanted; /* 0: succeeds; EACCES: Landlock; EPERM: the filter */
} acts[] = {
	{ "write inside", act_write_inside, 0 },
	{ "read the tree that may be read", act_read_lower, 0 },
	{ "open the tree again and again", act_open_many, 0 },
	{ "write into the tree that may be read", act_write_lower, EACCES },
	{ "write outside", act_write_outside, EACCES },
	{ "write above the tree", act_write_above, EACCES },
	{ "write through a symlink", act_write_through_link, EACCES },
	{ "read outside", act_read_outside, EACCES },
	{ "take a file in by a hard link", act_link_out, EACCES },
	{ "remove outside", act_remove_outside, EACCES },
	{ "read a single file", act_read_one_file, 0 },
	{ "make a socket's file", act_make_socket_file, EACCES },
	{ "make a socket's file in a tree that is filled", act_fill_with_socket, 0 },
	{ "make a device", act_device, EACCES },
	{ "make a socket", act_socket, EPERM },
	{ "fork", act_fork, EPERM },
	{ "execute", act_execute, EPERM },
	{ "map code", act_code, EPERM },
	{ "make memory code", act_code_later, EPERM },
	{ "type into a terminal", act_type_into_terminal, EPERM },
	{ "signal the parent", act_signal, EPERM },
	{ "signal a thread of the parent", act_thread_signal, EPERM },
	{ "trace the parent", act_trace, EPERM },
	{ "mount", act_mount, EPERM },
	{ "make a namespace", act_unshare, EPERM },
	{ "become another user", act_become, EPERM },
};

static const struct wall_tree *trees(void)
{
	static struct wall_tree t[N_TREES];

	t[0] = (struct wall_tree){ inside, WALL_WRITE };
	t[1] = (struct wall_tree){ readable, WALL_READ };
	t[2] = (struct wall_tree){ filled, WALL_FILL };
	t[3] = (struct wall_tree){ shown, WALL_EXECUTE };
	return t;
}

static int behind(int (*act)(void))
{
	struct err e = { 0 };
	pid_t pid = fork();

	if (pid == 0) {
		const struct wall w = { .capabilities = UINT64_C(1) << CAP_DAC_OVERRIDE,
					.trees = trees(),
					.n_trees = N_TREES };

		_exit(wall_enter(&w, &e) < 0 ? BAD : act());
	}
	return pid < 0 ? -1 : proc_wait(pid, &e);
}

/* --- what the kernel says of it ------------------------------------------------------------------------------------- */

/* The value of a line of /proc/PID/status. */
static unsigned long long status_of(pid_t pid, const char *key, int base)
{
	auto_free char *path = mem_format("/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	char line[256];
	unsigned long long value = BAD;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			value = strtoull(line + strlen(key) + 1, NULL, base);
	}
	if (f)
		(void)fclose(f);
	return value;
}

/* A child that has done `enter` and waits. */
static pid_t waiting(int (*enter)(struct err *e))
{
	int ends[2];
	char c = 0;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		int r = enter(&e);

		(void)!write(ends[1], r < 0 ? "n" : "y", 1);
		for (;;)
			(void)!read(ends[0], &c, 0),
				(void)nanosleep(&(struct timespec){ 60, 0 }, NULL);
	}
	(void)!read(ends[0], &c, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	CHECK_INT(c, 'y');
	return pid;
}

static int enter_all(struct err *e)
{
	const struct wall w = { .trees = trees(), .n_trees = N_TREES };

	return wall_enter(&w, e);
}

static int enter_programs(struct err *e)
{
	const struct wall w = { .trees = trees(), .n_trees = N_TREES, .programs = true };

	return wall_enter(&w, e);
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

static void test_status(void)
{
	pid_t pid = waiting(enter_all);

	CHECK_INT(status_of(pid, "CapEff", 16), 0);
	CHECK_INT(status_of(pid, "CapPrm", 16), 0);
	CHECK_INT(status_of(pid, "CapInh", 16), 0);
	CHECK_INT(status_of(pid, "CapAmb", 16), 0);
	if (status_of(getpid(), "CapEff", 16) & 1 << CAP_SETPCAP)
		CHECK_INT(status_of(pid, "CapBnd", 16), 0);
	CHECK_INT(status_of(pid, "NoNewPrivs", 10), 1);
	CHECK_INT(status_of(pid, "Seccomp", 10), FILTERED);
	end(pid);
	pid = waiting(enter_programs);
	CHECK_INT(status_of(pid, "CapEff", 16), 0);
	CHECK_INT(status_of(pid, "NoNewPrivs", 10), 1);
	end(pid);
}

static void test_drop_host(void)
{
	unsigned long long gone = 1ull << CAP_SYS_MODULE | 1ull << CAP_SYS_RAWIO |
				  1ull << CAP_SYS_BOOT | 1ull << CAP_SYS_PACCT |
				  1ull << CAP_MAC_ADMIN;
	unsigned long long before = status_of(getpid(), "CapEff", 16);
	pid_t pid = waiting(wall_drop_host);

	CHECK((status_of(pid, "CapEff", 16) & gone) == 0);
	CHECK((status_of(pid, "CapPrm", 16) & gone) == 0);
	CHECK_INT(status_of(pid, "CapEff", 16) & 1ull << CAP_SYS_ADMIN,
		  before & 1ull << CAP_SYS_ADMIN);
	CHECK_INT(status_of(pid, "NoNewPrivs", 10), status_of(getpid(), "NoNewPrivs", 10));
	if (before &
	    1 << CAP_SETPCAP) { /* a program of the host may load a module yet, and that alone */
		CHECK((status_of(pid, "CapBnd", 16) & gone) ==
		      (status_of(getpid(), "CapBnd", 16) & 1ull << CAP_SYS_MODULE));
	}
	end(pid);
}

static int make(const char *name)
{
	auto_free char *path = mem_format("%s/%s", top, name);

	return mkdir(path, 0755) < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void make_file(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT, 0644);

	CHECK(fd >= 0 && write(fd, "canary", 6) == 6);
}

static void test_acts(void)
{
	struct stat st;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (acts[i].wanted == EACCES && wall_landlock_abi() < 3) {
			printf("# this kernel's Landlock cannot refuse: %s\n", acts[i].name);
			continue;
		}
		int got = behind(acts[i].act);
		/* a second wall may stand in front: what Landlock refuses may be refused by the lack of a capability too */
		bool fine = acts[i].wanted == EACCES ? got == EACCES || got == EPERM || got == EXDEV
						     : got == acts[i].wanted;

		test_check(fine, acts[i].name, __FILE__, __LINE__);
		if (!fine)
			printf("# %s: %s\n", acts[i].name, strerror(got));
	}
	CHECK(fstatat(outside, "planted", &st, 0) < 0);
	CHECK(fstatat(outside, "secret", &st, 0) == 0 && st.st_size == 6);
}

int main(void)
{
	struct err e = { 0 };

	parent = getpid();
	if (!mkdtemp(top))
		return 1;
	inside = make("inside");
	outside = make("outside");
	readable = make("readable");
	make_file(outside, "secret");
	make_file(readable, "file");
	filled = make("filled");
	make_file(outside, "shown");
	shown = openat(outside, "shown", O_PATH | O_CLOEXEC);
	CHECK(wall_landlock_abi() >= 0);
	test_acts();
	test_status();
	test_drop_host();
	CHECK_INT(file_remove_tree(AT_FDCWD, top, &e), 0);
	return test_done();
}
