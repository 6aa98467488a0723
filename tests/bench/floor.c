/* floor - the least kernel work that any container runtime must ask for: the yardstick of tests/bench/run.
 *
 * usage: floor ROOTFS COMMAND...
 * One clone into five namespaces, a private root by pivot_root, /proc /dev /sys, a cgroup directory in every mounted hierarchy, exec, reap, remove. No checks beyond errors, no safety: not a runtime. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const hierarchies[] = { "cpu",     "cpuacct", "cpuset", "memory",
					   "devices", "freezer", "blkio",  "pids",
					   "systemd", "unified", NULL };

static void must(long r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	(void)close(fd);
}

static void group_name(char *buf, size_t n, size_t i, const char *file)
{
	(void)snprintf(buf, n, "/sys/fs/cgroup/%s/zones-floor%d%s", hierarchies[i], (int)getpid(),
		       file);
}

static void groups_make(void)
{
	char path[256];

	for (size_t i = 0; hierarchies[i]; i++) {
		group_name(path, sizeof(path), i, "");
		if (mkdir(path, 0755) < 0 || strcmp(hierarchies[i], "cpuset") != 0)
			continue;
		group_name(path, sizeof(path), i, "/cpuset.cpus");
		put(path, "0");
		group_name(path, sizeof(path), i, "/cpuset.mems");
		put(path, "0");
	}
}

static _Noreturn void child(const char *root, char **argv, int go)
{
	char byte;

	must(mount("", "/", NULL, MS_REC | MS_SLAVE, NULL), "make / slave");
	must(mount(root, root, NULL, MS_BIND | MS_REC, NULL), "bind the root");
	must(chdir(root), "enter the root");
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL), "mount proc");
	must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755"), "mount dev");
	must(mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_RDONLY, NULL), "mount sys");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "leave the old root");
	must(chdir("/"), "enter /");
	(void)!read(go, &byte, 1);
	(void)execv(argv[0], argv);
	must(-1, "exec");
	_exit(127);
}

int main(int argc, char **argv)
{
	struct clone_args args = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
					    CLONE_NEWIPC | CLONE_NEWUTS,
				   .exit_signal = SIGCHLD };
	char path[256], pid[32];
	int go[2], status;

	if (argc < 3)
		return 2;
	must(pipe2(go, O_CLOEXEC), "pipe");
	groups_make();
	long k = syscall(SYS_clone3, &args, sizeof(args));

	must(k, "clone3");
	if (k == 0) {
		(void)close(go[1]);
		child(argv[1], argv + 2, go[0]);
	}
	(void)close(go[0]);
	(void)snprintf(pid, sizeof(pid), "%ld", k);
	for (size_t i = 0; hierarchies[i]; i++) {
		group_name(path, sizeof(path), i, "/cgroup.procs");
		put(path, pid);
	}
	(void)close(go[1]);
	(void)waitpid((pid_t)k, &status, 0);
	for (size_t i = 0; hierarchies[i]; i++) {
		group_name(path, sizeof(path), i, "");
		(void)rmdir(path);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
