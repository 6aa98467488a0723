/* All five moments in an unprivileged user namespace: a real root, real mounts, real seal. Init looks around instead of executing a program and notes what it found
 * in a page shared with the test. Covers mount_run, mount_new, mount_cgroup, masked, rootfs, terminal, devices as well. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "isolation/isolation.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "tests/unit/test.h"

/* What init found. */
struct found {
	struct err e;
	bool is_built, is_sealed;
	bool proc, sys, dev, pts, mqueue, cgroup, bind, bind_file;
	bool null, link, ptmx, console, tty, masked_file, masked_dir, readonly, root_readonly;
	bool hostname, pid, attached, mounted_before_pivot, no_caps, nnp, cwd, umask;
	int mounts;
};
static struct found *found;
static int up[2], down[2];
static char folder[] = "/tmp/build_test.XXXXXX";

static int mapped(void *arg, struct err *e)
{
	char byte = 0;

	(void)arg;
	if (write(up[1], "m", 1) != 1 || read(down[0], &byte, 1) != 1)
		return err_sys(e, "talk to the test");
	return 0;
}

static int attached(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	found->attached = true;
	return 0;
}

/* The old root is still there, and the new one is complete. */
static int mounted(void *arg, struct err *e)
{
	struct stat st;
	auto_free char *inside = mem_format("%s/root/proc/self", folder);

	(void)arg;
	(void)e;
	found->mounted_before_pivot = stat(inside, &st) == 0 && found->attached;
	return 0;
}

static int console(void *arg, int master, struct err *e)
{
	(void)arg;
	(void)e;
	/* somebody has to hold it, else the terminal hangs up */
	found->tty = fcntl(master, F_GETFD) & FD_CLOEXEC && fcntl(master, F_DUPFD_CLOEXEC, 10) >= 0;
	return 0;
}

static bool is_fs(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

static bool is_device(const char *path, unsigned major, unsigned minor)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor);
}

static bool says(const char *path, const char *text)
{
	char got[64] = "";

	return readlink(path, got, sizeof(got) - 1) > 0 && strcmp(got, text) == 0;
}

static bool cannot_create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0 && errno == EROFS;
}

static void look_at_mounts(void)
{
	char name[64] = "";
	struct stat st;

	found->proc = is_fs("/proc", PROC_SUPER_MAGIC);
	found->sys = is_fs("/sys", SYSFS_MAGIC);
	found->dev = is_fs("/dev", TMPFS_MAGIC);
	found->pts = is_fs("/dev/pts", DEVPTS_SUPER_MAGIC);
	found->mqueue = is_fs("/dev/mqueue", 0x19800202);
	found->cgroup = is_fs("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC) ||
			is_fs("/sys/fs/cgroup", TMPFS_MAGIC);
	found->bind = access("/data/inside", R_OK) == 0 && cannot_create("/data/x");
	found->bind_file = stat("/etc/one", &st) == 0 && st.st_size == 6;
	found->null = is_device("/dev/null", 1, 3) && is_device("/dev/urandom", 1, 9);
	found->link = says("/dev/fd", "/proc/self/fd");
	found->ptmx = says("/dev/ptmx", "pts/ptmx");
	found->console =
		stat("/dev/console", &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) == 136;
	found->tty &= isatty(0) && isatty(1) && isatty(2) && tcgetsid(0) == getpid();
	found->masked_file = is_device("/etc/secret", 1, 3);
	found->masked_dir = access("/secrets", X_OK) == 0 && access("/secrets/a", F_OK) < 0 &&
			    access("/more/b", F_OK) < 0;
	found->readonly = cannot_create("/keep/x");
	found->root_readonly = cannot_create("/x");
	found->hostname = gethostname(name, sizeof(name)) == 0 && strcmp(name, "box") == 0;
	found->pid = getpid() == 1;
}

static void look_at_self(void)
{
	char here[64] = "";

	found->no_caps = prctl(PR_CAPBSET_READ, 0) == 0;
	found->nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
	found->cwd = getcwd(here, sizeof(here)) && strcmp(here, "/work/here") == 0;
	found->umask = umask(0) == 027;
}

static _Noreturn void run_init(struct isolation *iso, const struct container_spec *s)
{
	const struct isolation_callbacks cb = { .attached = attached,
						.mounted = mounted,
						.console = console };

	if (isolation_build(iso, &cb, &found->e) < 0)
		_exit(1);
	found->is_built = true;
	look_at_mounts();
	if (isolation_seal(iso, s->process, NULL, NULL, -1, &found->e) < 0)
		_exit(2);
	found->is_sealed = true;
	look_at_self();
	_exit(0);
}

static _Noreturn void run_setup(struct isolation *iso, const struct container_spec *s)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (isolation_join(iso, mapped, NULL, &found->e) < 0)
		_exit(found->e.code == EPERM || found->e.code == ENOSPC ? 77 : 1);
	args.flags = (unsigned)isolation_clone_flags(iso);
	pid_t pid = sys_clone3(&args, sizeof(args));

	if (pid == 0)
		run_init(iso, s);
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		_exit(3);
	_exit(proc_status_code(status));
}

/* --- the container ------------------------------------------------------------------------------------------------ */

static void add_mount(struct container_spec *s, const char *to, const char *type, const char *from,
		      const char *options)
{
	struct mount_spec *m = LIST_GROW(s->mounts, s->n_mounts);

	m->destination = mem_strdup(to);
	m->type = mem_strdup(type);
	m->source = mem_strdup(from);
	strv_split(&m->options, options, ',');
}

static void add_self_map(struct id_map **maps, size_t *n, uint64_t id)
{
	*maps = list_grow((void **)maps, n, sizeof(**maps));
	**maps = (struct id_map){ .host_id = id, .size = 1 };
}

static void fill_process(struct container_spec *s)
{
	struct process_spec *p = s->process = process_spec_new();

	p->cwd = mem_strdup("/work/here");
	p->terminal = true;
	p->console_height = 30;
	p->console_width = 90;
	p->no_new_privileges = true;
	p->capabilities = mem_zero(sizeof(*p->capabilities));
	p->user.umask = (struct opt_u64){ true, 027 };
	p->oom_score_adj = (struct opt_i64){ true, 500 };
}

static void fill_mounts(struct container_spec *s)
{
	add_mount(s, "/proc", "proc", "proc", "nosuid,nodev,noexec");
	add_mount(s, "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=1m");
	add_mount(s, "/dev/pts", "devpts", "devpts",
		  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5");
	add_mount(s, "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev");
	add_mount(s, "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro");
	add_mount(s, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro");
	add_mount(s, "/data", "bind", "host", "rbind,ro");
	add_mount(s, "/etc/one", "bind", "host/inside", "bind");
	strv_split(&s->linux.masked_paths, "/etc/secret,/secrets,/more,/no/such", ',');
	strv_split(&s->linux.readonly_paths, "/keep,/no/such", ',');
}

static struct container_spec *new_spec(void)
{
	struct container_spec *s = container_spec_new();

	for (int t = 0; t < NS_COUNT; t++)
		s->linux.namespaces[t].wanted = t != NS_TIME;
	s->root.path = mem_format("%s/root", folder);
	s->root.readonly = true;
	s->hostname = mem_strdup("box");
	add_self_map(&s->linux.uid_mappings, &s->linux.n_uid_mappings, geteuid());
	add_self_map(&s->linux.gid_mappings, &s->linux.n_gid_mappings, getegid());
	fill_process(s);
	fill_mounts(s);
	return s;
}

static void make_files(void)
{
	auto_free char *command = mem_format(
		"cd %s && mkdir -p root/etc root/secrets root/more root/keep host && echo hello >host/inside && "
		"echo s >root/etc/secret && touch root/secrets/a root/more/b",
		folder);

	CHECK_INT(system(command), 0);
}

/* --- the parent ----------------------------------------------------------------------------------------------------- */

static int run(struct isolation *iso, const struct container_spec *s, struct err *e)
{
	char byte = 0;
	int status = 0;
	pid_t setup = fork();

	if (setup == 0)
		run_setup(iso, s);
	(void)close(up[1]);
	if (read(up[0], &byte, 1) == 1) {
		CHECK_INT(isolation_map_ids(iso, setup, e), 0);
		CHECK_INT(isolation_share(iso, setup, e), 0);
		CHECK_INT(write(down[1], "g", 1), 1);
	}
	CHECK_INT(waitpid(setup, &status, 0), setup);
	return proc_status_code(status);
}

static void check_found(void)
{
	CHECK_STR(found->e.text, "");
	CHECK(found->is_built && found->is_sealed);
	CHECK(found->proc && found->sys && found->dev && found->pts && found->mqueue);
	CHECK(found->cgroup);
	CHECK(found->bind);
	CHECK(found->bind_file);
	CHECK(found->null);
	CHECK(found->link && found->ptmx);
	CHECK(found->console);
	CHECK(found->tty);
	CHECK(found->masked_file);
	CHECK(found->masked_dir);
	CHECK(found->readonly);
	CHECK(found->root_readonly);
	CHECK(found->hostname && found->pid);
	CHECK(found->attached && found->mounted_before_pivot);
	CHECK(found->no_caps && found->nnp);
	CHECK(found->cwd);
	CHECK(found->umask);
}

int main(void)
{
	struct isolation *iso = NULL;
	struct err e = { 0 };

	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (!mkdtemp(folder) || found == MAP_FAILED || pipe2(up, O_CLOEXEC) < 0 ||
	    pipe2(down, O_CLOEXEC) < 0)
		return 1;
	make_files();
	auto_ptr(container_spec) struct container_spec *s = new_spec();
	const struct isolation_options o = { .bundle = folder,
					     .cgroup_dirfd = -1,
					     .no_new_keyring = true };

	CHECK_INT(isolation_plan(s, &o, &iso, &e), 0);
	int code = iso ? run(iso, s, &e) : 1;

	if (code == 77)
		test_check(true, "a container # SKIP no user namespaces here", __FILE__, __LINE__);
	else
		check_found();
	isolation_free(iso);
	CHECK_INT(file_remove_tree(AT_FDCWD, folder, &e), 0);
	return test_done();
}
