/* migrate_jail - the parent prepares what needs the host's mounts; the child, first process of its namespaces, puts its root together, gives up its rights and becomes rsync. */
#include "runtime/zone/migrate_jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/base/wall.h"

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#define BIT(capability) (UINT64_C(1) << (capability))

/* Not CAP_DAC_READ_SEARCH, the smaller right of the two: open_by_handle_at(2) asks for that one and for no other, and it opens what is beside the mount that it is given, the host's "/" too. What may not be
 * written is mounted read-only. */
static const uint64_t reading = BIT(CAP_DAC_OVERRIDE);
static const uint64_t writing = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_CHOWN) | BIT(CAP_FOWNER) |
				BIT(CAP_FSETID) | BIT(CAP_SETFCAP);

/* Folders of the root that lead to the programs, or stand beside them. */
static const char *const folders[] = { "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32" };
enum { N_FOLDERS = sizeof(folders) / sizeof(folders[0]) };

static const char *const programs[] = { "/usr/bin/rsync", "/bin/rsync", "/usr/local/bin/rsync" };

int jail_rsync(const char **ret, struct err *e)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		*ret = programs[i];
		if (access(programs[i], X_OK) == 0)
			return 0;
	}
	return err_set(e, ENOENT, "rsync is not installed (Debian: apt-get install rsync)");
}

/* --- in the child: the root --------------------------------------------------------------------------------------- */

struct inside {
	const struct jail *jail;
	const char *rsync;
	const char *program; /* path of this program; NULL: not wanted */
	int tree;            /* a detached mount */
	int report;
};

static int set_attributes(const char *path, uint64_t attributes, struct err *e)
{
	struct mount_attr a = { .attr_set = attributes };

	return sys_mount_setattr(AT_FDCWD, path, 0, &a, sizeof(a)) < 0
		       ? err_sys(e, "set the attributes of the mount \"%s\"", path)
		       : 0;
}

/* `to` is in the new root, which is the current directory, and exists. */
static int bind_mount(const char *from, const char *to, uint64_t attributes, struct err *e)
{
	auto_close int fd = sys_open_tree(AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (fd < 0 || sys_move_mount(fd, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount \"%s\"", from);
	return set_attributes(to, attributes, e);
}

/* What a program needs to be executed. */
static int bind_programs(struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < N_FOLDERS && r == 0; i++) {
		auto_free char *from = mem_format("/%s", folders[i]);
		char target[256] = "";
		struct stat st;

		if (lstat(from, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode)) {
			if (readlink(from, target, sizeof(target) - 1) < 0 ||
			    sys_symlinkat(target, AT_FDCWD, folders[i]) < 0)
				return err_sys(e, "make the link \"%s\"", folders[i]);
			continue;
		}
		if (sys_mkdirat(AT_FDCWD, folders[i], 0755) < 0)
			return err_sys(e, "create \"%s\"", folders[i]);
		r = bind_mount(from, folders[i],
			       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
	}
	return r;
}

static int bind_tree(const struct inside *in, struct err *e)
{
	const char *name = JAIL_TREE + 1;
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

	if (sys_mkdirat(AT_FDCWD, name, 0700) < 0 ||
	    sys_move_mount(in->tree, "", AT_FDCWD, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "mount the zone's root");
	return set_attributes(name, attributes | (in->jail->writable ? 0 : MOUNT_ATTR_RDONLY), e);
}

/* The program's own processes are all that is seen there; a kernel that knows no subset gives none, and only the sanitizers miss it. */
static int bind_program(const char *program, struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, JAIL_PROGRAM + 1,
				       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	if (fd < 0 || sys_mkdirat(AT_FDCWD, "proc", 0555) < 0)
		return err_sys(e, "make a place for this program");
	(void)sys_mount("proc", "proc", "proc", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			"subset=pid");
	return bind_mount(program, JAIL_PROGRAM + 1,
			  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, e);
}

static int make_root(const struct inside *in, struct err *e)
{
	int r;

	if (sys_mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make the mounts private");
	if (sys_mount("none", in->jail->stage, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") <
		    0 ||
	    sys_chdir(in->jail->stage) < 0)
		return err_sys(e, "mount on \"%s\"", in->jail->stage);
	r = bind_programs(e);
	if (r == 0)
		r = bind_tree(in, e);
	if (r == 0 && in->program)
		r = bind_program(in->program, e);
	if (r == 0)
		r = set_attributes(".", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
				   e);
	if (r < 0)
		return r;
	if (sys_pivot_root(".", ".") < 0 || sys_umount2(".", MNT_DETACH) < 0 || sys_chdir("/") < 0)
		return err_sys(e, "enter the new root");
	return 0;
}

/* --- in the child: rights and descriptors ------------------------------------------------------------------------- */

/* What is not there, or is a link to another one, needs no rule. */
static void add_tree(struct wall *w, struct wall_tree *trees, const char *path, enum wall_use use)
{
	int fd = sys_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISLNK(st.st_mode))
		trees[w->n_trees++] = (struct wall_tree){ fd_steal(&fd), use };
	fd_close(&fd);
}

/* Root gets at exec what the bounding set leaves. Landlock is a second wall: what is not below one of these trees is not opened, and nothing is mounted in namespaces of its own. */
static int give_up_rights(const struct inside *in, struct err *e)
{
	const struct rlimit none = { 0, 0 };
	struct wall_tree trees[N_FOLDERS + 3];
	struct wall w = { .capabilities = in->jail->writable ? writing : reading,
			  .trees = trees,
			  .programs = true };
	const struct place {
		const char *path;
		enum wall_use use;
	} others[] = {
		{ JAIL_TREE, in->jail->writable ? WALL_FILL : WALL_READ },
		{ JAIL_PROGRAM, WALL_EXECUTE },
		{ "/proc", WALL_READ },
	};
	int r;

	for (size_t i = 0; i < N_FOLDERS; i++)
		add_tree(&w, trees, folders[i], WALL_EXECUTE);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		add_tree(&w, trees, others[i].path, others[i].use);
	r = wall_enter(&w, e);
	for (size_t i = 0; i < w.n_trees; i++)
		fd_close(&trees[i].fd);
	if (r == 0 && sys_prlimit(0, RLIMIT_CORE, &none, NULL) < 0)
		r = err_sys(e, "give up rights");
	return r;
}

static int lift(int fd)
{
	auto_close int null =
		fd < 0 ? sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0) : -1;

	return fcntl(fd < 0 ? null : fd, F_DUPFD_CLOEXEC, 10);
}

/* Before the root is left: /dev/null is opened. The numbers of the tree and of the report are above all of these. */
static int place_descriptors(const struct inside *in, struct err *e)
{
	const int wanted[] = { in->jail->in, in->jail->out, in->jail->err, in->jail->helper };
	int n = in->jail->helper >= 0 ? 4 : 3, lifted[4] = { -1, -1, -1, -1 };
	const int keep[] = { in->tree, in->report };

	for (int i = 0; i < n; i++) {
		lifted[i] = lift(wanted[i]);
		if (lifted[i] < 0)
			return err_sys(e, "prepare the descriptors");
	}
	for (int i = 0; i < n; i++) {
		if (dup2(lifted[i], i) < 0)
			return err_sys(e, "prepare the descriptors");
	}
	proc_close_others(n, keep, 2);
	return 0;
}

static int become_rsync(const struct inside *in, struct err *e)
{
	auto_done(strv) struct strv env = { 0 };
	const char *asan = getenv("ASAN_OPTIONS");
	int r;

	proc_reset_signals();
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(e, "tie rsync to its caller");
	r = place_descriptors(in, e);
	if (r == 0)
		r = make_root(in, e);
	if (r == 0)
		r = give_up_rights(in, e);
	if (r < 0)
		return r;
	strv_add(&env, "PATH=/usr/bin:/bin");
	strv_add(&env, "LC_ALL=C");
	if (asan)
		strv_format(&env, "ASAN_OPTIONS=%s", asan);
	(void)sys_execve(in->rsync, in->jail->argv->items, env.items);
	return err_sys(e, "execute \"%s\"", in->rsync);
}

static _Noreturn void child(struct inside *in)
{
	struct err failure = { 0 };
	int tree = fcntl(in->tree, F_DUPFD_CLOEXEC, 64);
	int report = fcntl(in->report, F_DUPFD_CLOEXEC, 64);

	in->report = report;
	in->tree = tree;
	if (tree < 0 || report < 0)
		(void)err_sys(&failure, "prepare the descriptors");
	else
		(void)become_rsync(in, &failure);
	(void)sys_write(report, &failure, sizeof(failure)); /* smaller than PIPE_BUF */
	proc_exit(127);
}

/* --- in the parent ------------------------------------------------------------------------------------------------ */

static int hear_child(int report, pid_t pid, struct err *e)
{
	struct err failure, ignored = { 0 };
	ssize_t n = sys_read(report, &failure, sizeof(failure));

	if (n == 0)
		return 0; /* its end closed at exec */
	(void)!proc_wait(pid, &ignored);
	if (n != (ssize_t)sizeof(failure))
		return err_set(e, EPROTO, "rsync did not say how it started");
	err_sanitize(&failure);
	*e = failure;
	return err_wrap(e, "start rsync");
}

static int start_child(struct inside *in, pid_t *ret, struct err *e)
{
	struct clone_args how = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
					   CLONE_NEWIPC | CLONE_NEWUTS,
				  .exit_signal = SIGCHLD };
	int ends[2];

	if (sys_pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int reader = ends[0];
	auto_close int writer = ends[1];

	in->report = writer;
	pid_t pid = sys_clone3(&how, sizeof(how));

	if (pid < 0)
		return err_sys(e, "start a process in namespaces of its own");
	if (pid == 0)
		child(in);
	fd_close(&writer);
	int r = hear_child(reader, pid, e);

	if (r == 0)
		*ret = pid;
	return r;
}

int jail_spawn(const struct jail *j, pid_t *ret_pid, struct err *e)
{
	auto_free char *self = NULL;
	struct inside in = { .jail = j, .tree = -1, .report = -1 };
	auto_close int tree = -1;
	int r = jail_rsync(&in.rsync, e);

	if (r == 0 && j->helper >= 0)
		r = proc_self_exe(&self, e);
	if (r < 0)
		return r;
	in.program = self;
	/* only in the host's namespace can a mount of it be copied */
	tree = j->is_mount ? fcntl(j->tree, F_DUPFD_CLOEXEC, 3)
			   : sys_open_tree(j->tree, "",
					   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree < 0)
		return err_sys(e, "take the zone's root");
	in.tree = tree;
	return start_child(&in, ret_pid, e);
}
