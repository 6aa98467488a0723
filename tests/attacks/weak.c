/* weak - the programs without one of their protections, so that the attack suite can show that its attacks bite.
 *
 * build/weak/zrun and build/weak/zone are linked from the release's own objects and this file, zone from weak_zone.c as well; the linker puts a function __wrap_X of these in the place of each X (ld --wrap).
 * ZONES_WEAK in the environment names the protection that is taken out, and without it the programs are the release's. No source of the product knows of it, `make install` cannot install it, and only the tests
 * run it. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/oci_check_at.h"
#include "isolation/isolation.h"
#include "isolation/private.h"
#include "isolation/seccomp.h"
#include "runtime/base/file.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/program.h"
#include "tests/attacks/weak.h"

static char variable[] = "ZONES_WEAK=??????????????????????";
static char *const weakness = variable + sizeof("ZONES_WEAK=") - 1;

/* The environment is somebody else's later. */
__attribute__((constructor)) static void remember(void)
{
	const char *name = getenv("ZONES_WEAK");

	(void)snprintf(weakness, sizeof(variable) - sizeof("ZONES_WEAK=") + 1, "%s",
		       name ? name : "");
}

bool is_weak(const char *name)
{
	return strcmp(weakness, name) == 0;
}

const char *weak_variable(void)
{
	return *weakness ? variable : NULL;
}

/* resolve: paths below a root are put together as strings, and links in them lead where they want */
WRAP(int, sys_openat2, int dirfd, const char *path, const struct open_how *how)
{
	if (!is_weak("resolve") || !(how->resolve & RESOLVE_IN_ROOT))
		return __real_sys_openat2(dirfd, path, how);
	path += strspn(path, "/");
	return openat(dirfd, *path ? path : ".", (int)how->flags, (mode_t)how->mode);
}

/* volume: a link of the image may lead into another mount */
WRAP(int, path_open_parent_by, int root, const char *path, mode_t mkdir_mode,
     uint64_t extra_resolve, char **ret_last, struct err *e)
{
	return __real_path_open_parent_by(root, path, mkdir_mode,
					  is_weak("volume") ? 0 : extra_resolve, ret_last, e);
}

/* cwd: nobody looks where the working directory is */
WRAP(int, creds_cwd, const struct process_spec *p, struct err *e)
{
	if (!is_weak("cwd"))
		return __real_creds_cwd(p, e);
	return chdir(p->cwd) < 0 ? err_sys(e, "enter \"%s\"", p->cwd) : 0;
}

/* fds: descriptors stay open, and inherited ones stay inherited */
WRAP(int, sys_close_range, unsigned first, unsigned last, unsigned flags)
{
	return is_weak("fds") ? 0 : __real_sys_close_range(first, last, flags);
}

WRAP(int, program_kept_fds, int preserve, struct program *ret, struct err *e)
{
	if (!is_weak("fds"))
		return __real_program_kept_fds(preserve, ret, e);
	ret->n_keep = (unsigned)preserve;
	return 0;
}

/* top: what lies on a mount is found by its path, wherever that leads by now */
WRAP(int, mount_top, const struct isolation *iso, const char *path, const char **ret_rest)
{
	if (!is_weak("top"))
		return __real_mount_top(iso, path, ret_rest);
	*ret_rest = path;
	return iso->root_fd;
}

/* dumpable: whoever is root inside may look into the runtime */
WRAP(int, sys_prctl, int op, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (is_weak("dumpable") && op == PR_SET_DUMPABLE)
		a2 = 1;
	return __real_sys_prctl(op, a2, a3, a4, a5);
}

/* exe: the runtime enters containers as the file it was started from */
WRAP(int, engine_protect_self, char *const argv[], struct err *e)
{
	return is_weak("exe") ? 0 : __real_engine_protect_self(argv, e);
}

/* session: processes stay in the caller's session, with his terminal */
WRAP(pid_t, sys_setsid, void)
{
	return is_weak("session") ? 0 : __real_sys_setsid();
}

/* ids: numbers are cut off at 32 bits */
WRAP(int, num_id, const char *s, uint32_t *ret)
{
	if (!is_weak("ids"))
		return __real_num_id(s, ret);
	*ret = (uint32_t)strtoull(s, NULL, 10); /* NOLINT: that is the weakness */
	return 0;
}

/* groups: the caller's supplementary groups stay */
WRAP(int, sys_setgroups, size_t n, const gid_t *list)
{
	return is_weak("groups") ? 0 : __real_sys_setgroups(n, list);
}

/* caps: what is permitted is inheritable as well (CVE-2022-24769) */
WRAP(void, caps_parse, const struct caps_spec *c, uint64_t available, struct caps_sets *ret)
{
	__real_caps_parse(c, available, ret);
	if (is_weak("caps"))
		ret->inheritable = ret->permitted;
}

/* mask: files are covered with what the container has as /dev/null */
WRAP(int, source_need_device, struct source *s, struct err *e)
{
	static bool is_inside; /* the first time is before the root is entered */
	int r = __real_source_need_device(s, e);

	if (is_weak("mask") && is_inside) {
		s->tree = open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
		r = s->tree < 0 ? err_sys(e, "clone /dev/null") : 0;
	}
	is_inside = true;
	return r;
}

/* console: made by its path */
WRAP(int, sys_mknodat, int dirfd, const char *path, mode_t mode, dev_t dev)
{
	if (is_weak("console") && S_ISREG(mode))
		(void)close(openat(dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600));
	return __real_sys_mknodat(dirfd, path, mode, dev);
}

/* chown: what is opened as /dev/null inside, and standard input, is given to the program's user (CVE-2026-88265) */
WRAP(void, terminal_own_stdio, const struct process_spec *p)
{
	__real_terminal_own_stdio(p);
	if (!is_weak("chown"))
		return;
	(void)!fchown(0, (uid_t)p->user.uid, (gid_t)-1);
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		(void)!fchown(fd, (uid_t)p->user.uid, (gid_t)-1);
}

/* procfs: the visible /proc is written to; maps: only the first line of an id map; identity: root inside is the host's root */
WRAP(int, procfs_write, const struct isolation *iso, const char *path, const char *text,
     struct err *e)
{
	char name[PATH_MAX], line[64];

	if (is_weak("maps") && strstr(path, "_map")) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
		return __real_procfs_write(iso, path, line, e);
	}
	if (is_weak("identity") && strstr(path, "_map"))
		return __real_procfs_write(iso, path, "0 0 4294967295\n", e);
	if (!is_weak("procfs"))
		return __real_procfs_write(iso, path, text, e);
	(void)snprintf(name, sizeof(name), "/proc/%s", path);
	return file_write_kernel(AT_FDCWD, name, text, e);
}

/* sysctl: any of them; two layers look at them */
WRAP(void, oci_check_linux, struct oci_place *c, const struct linux_spec *l)
{
	if (!is_weak("sysctl"))
		__real_oci_check_linux(c, l);
}

WRAP(int, sysctl_check, const struct container_spec *spec, struct err *e)
{
	return is_weak("sysctl") ? 0 : __real_sysctl_check(spec, e);
}

/* seccomp: the filter is not loaded */
WRAP(int, seccomp_install, const struct seccomp_program *p,
     int (*listener)(void *arg, int fd, struct err *e), void *arg, struct err *e)
{
	return is_weak("seccomp") ? 0 : __real_seccomp_install(p, listener, arg, e);
}

/* nss: the container's own program is asked who a user is */
WRAP(int, isolation_find_user, int root, const char *user, struct isolation_user *ret,
     struct err *e)
{
	pid_t child = is_weak("nss") ? fork() : -1;

	if (child == 0) {
		if (fchdir(root) == 0 && chroot(".") == 0)
			(void)execl("/usr/bin/getent", "getent", "passwd", user, (char *)NULL);
		_exit(1);
	}
	if (child > 0)
		(void)waitpid(child, NULL, 0);
	return __real_isolation_find_user(root, user, ret, e);
}

/* regular: any kind of file is read, and waited for */
WRAP(int, path_read_regular, int root, const char *path, size_t max, char **ret, size_t *ret_len,
     struct err *e)
{
	if (!is_weak("regular"))
		return __real_path_read_regular(root, path, max, ret, ret_len, e);
	int fd = openat(root, path + strspn(path, "/"), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	int r = file_read_fd(fd, max, ret, ret_len, e);

	(void)close(fd);
	return r;
}

/* env: the caller's environment goes along; leak: folders stay open that were to be closed by it (not pipes: at their end it is seen that the program runs) */
static void keep_folders(void)
{
	struct stat st;

	for (int fd = 3; is_weak("leak") && fd < 64; fd++) {
		if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
			(void)fcntl(fd, F_SETFD, 0);
	}
}

WRAP(int, sys_execve, const char *path, char *const argv[], char *const envp[])
{
	keep_folders();
	return __real_sys_execve(path, argv, is_weak("env") ? environ : envp);
}

WRAP(int, sys_execveat, int dirfd, const char *path, char *const argv[], char *const envp[],
     int flags)
{
	keep_folders();
	return __real_sys_execveat(dirfd, path, argv, envp, flags);
}
