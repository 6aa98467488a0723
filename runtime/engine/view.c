/* view - starts the program that shows a container its own limits and use (runtime/procview/procview.h): for a monitor, which cares for it, and for a container that asks for it by an annotation and has nobody. */
#include "runtime/engine/view.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/procview/procview.h"

#define PROGRAM     "zone-procview"
#define FUSE_DEVICE "/dev/fuse"
#define NS_PER_S    UINT64_C(1000000000)

enum { READY_MS = 10000, KILL_MS = 1000 };

/* What the server reads. Without a controller: the unified hierarchy's own. */
static const struct {
	enum procview_source_kind kind;
	struct cgroup_file file;
} cgroup_rows[] = {
	{ PROCVIEW_MEMORY_LIMIT, { "memory", "memory.limit_in_bytes", "memory.max" } },
	{ PROCVIEW_MEMORY_USAGE, { "memory", "memory.usage_in_bytes", "memory.current" } },
	{ PROCVIEW_SWAP_LIMIT, { "memory", "memory.memsw.limit_in_bytes", "memory.swap.max" } },
	{ PROCVIEW_SWAP_USAGE, { "memory", "memory.memsw.usage_in_bytes", "memory.swap.current" } },
	{ PROCVIEW_MEMORY_STAT, { "memory", "memory.stat", "memory.stat" } },
	{ PROCVIEW_CPU_QUOTA, { "cpu", "cpu.cfs_quota_us", "cpu.max" } },
	{ PROCVIEW_CPU_PERIOD, { "cpu", "cpu.cfs_period_us", NULL } },
	{ PROCVIEW_CPUSET, { "cpuset", "cpuset.effective_cpus", "cpuset.cpus.effective" } },
	{ PROCVIEW_CPU_USER, { "cpuacct", "cpuacct.usage_user", "cpu.stat" } },
	{ PROCVIEW_CPU_SYSTEM, { "cpuacct", "cpuacct.usage_sys", "cpu.stat" } },
	{ PROCVIEW_TASKS, { "pids", "pids.current", "pids.current" } },
	{ PROCVIEW_IO_BYTES, { "blkio", "blkio.throttle.io_service_bytes_recursive", "io.stat" } },
	{ PROCVIEW_IO_OPERATIONS, { "blkio", "blkio.throttle.io_serviced_recursive", NULL } },
	{ PROCVIEW_CPU_PRESSURE, { NULL, NULL, "cpu.pressure" } },
	{ PROCVIEW_IO_PRESSURE, { NULL, NULL, "io.pressure" } },
};

static const struct {
	enum procview_source_kind kind;
	const char *path;
} host_rows[] = {
	{ PROCVIEW_HOST_MEMINFO, "/proc/meminfo" },
	{ PROCVIEW_HOST_CPUINFO, "/proc/cpuinfo" },
	{ PROCVIEW_HOST_DISKSTATS, "/proc/diskstats" },
	{ PROCVIEW_HOST_ONLINE, "/sys/devices/system/cpu/online" },
};

/* The environment first: main() of `zone` puts the folder of a build tree there. Else where `make install` puts it; that is the answer even when it is missing, so that the error names it. */
char *engine_helper_path(const char *program)
{
	const char *env = secure_getenv("ZONES_LIBEXEC_DIR");

	return mem_format("%s/%s", env && path_is_clean(env) ? env : ZONES_LIBEXECDIR, program);
}

/* --- the connection ------------------------------------------------------------------------------------------------- */

int engine_fuse_open(struct err *e)
{
	int fd = sys_openat(AT_FDCWD, FUSE_DEVICE, O_RDWR | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"" FUSE_DEVICE "\"") : fd;
}

/* --- the server ----------------------------------------------------------------------------------------------------- */

static int send_one(int sock, const struct procview_message *p, int fd, struct err *e)
{
	struct procview_message copy = *p;
	struct sock_msg m = {
		.data = &copy, .size = sizeof(copy), .fds = { fd }, .n_fds = fd >= 0 ? 1 : 0
	};

	copy.version = PROCVIEW_VERSION;
	return sock_send(sock, &m, e);
}

/* What this host does not have, the texts do without. */
static int send_sources(struct cgroup *cg, int sock, struct err *e)
{
	struct err ignored = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && cg && i < sizeof(cgroup_rows) / sizeof(cgroup_rows[0]); i++) {
		bool v1 = false;
		auto_close int fd = cgroup_open_file(cg, &cgroup_rows[i].file, &v1, &ignored);
		const struct procview_message p = { .kind = cgroup_rows[i].kind, .v1 = v1 };

		r = fd < 0 ? 0 : send_one(sock, &p, fd, e);
	}
	for (size_t i = 0; r == 0 && i < sizeof(host_rows) / sizeof(host_rows[0]); i++) {
		auto_close int fd =
			sys_openat(AT_FDCWD, host_rows[i].path, O_RDONLY | O_CLOEXEC, 0);
		const struct procview_message p = { .kind = host_rows[i].kind };

		r = fd < 0 ? 0 : send_one(sock, &p, fd, e);
	}
	return r;
}

/* Where the container's clocks begin; 0, the host's boot, for one that has the host's. */
static uint64_t boot_of(const struct container_spec *spec)
{
	const struct time_offset_spec *o = &spec->linux.boottime;
	int64_t ns = o->set ? o->secs * (int64_t)NS_PER_S + (int64_t)o->nanosecs : 0;

	return ns < 0 ? (uint64_t)-ns : 0;
}

static int send_all(struct engine_container *c, const struct engine_view *v, int sock,
		    struct err *e)
{
	const struct procview_message device = { .kind = PROCVIEW_DEVICE };
	struct procview_message start = { .kind = PROCVIEW_START, .uid = v->uid };
	const struct container_spec *spec = engine_spec(c);

	if (!spec)
		return err_set(e, ENOENT, "the engine's copy of its configuration cannot be read");
	start.boot = boot_of(spec);
	int r = send_sources(engine_cgroup(c), sock, e);

	if (r == 0)
		r = send_one(sock, &device, v->device, e);
	if (r == 0 && v->more)
		r = v->more(v->arg, sock, e);
	return r < 0 ? r : send_one(sock, &start, -1, e);
}

static int wait_ready(int sock, struct err *e)
{
	char byte;
	struct sock_msg m = { .data = &byte, .size = 1 };
	int r = sock_timeout(sock, READY_MS, e);

	if (r == 0)
		r = sock_recv(sock, &m, e);
	return r > 0 ? 0 : err_set(e, EPROTO, "the program " PROGRAM " did not begin its work");
}

static int run_program(int theirs, pid_t *ret, struct err *e)
{
	auto_free char *file = engine_helper_path(PROGRAM);
	auto_free char *number = mem_format("%d", theirs);
	char name[] = PROGRAM;
	char *argv[] = { name, number, NULL }, *envp[] = { NULL };
	struct proc_spawn s = { .file = file,
				.argv = argv,
				.envp = envp,
				.stdin_fd = -1,
				.stdout_fd = -1,
				.stderr_fd = -1,
				.keep_fd = theirs,
				.new_session = true,
				.ret_pid = ret };
	int r = proc_spawn(&s, e);

	return r < 0 ? err_wrap(e, "start the program " PROGRAM) : 0;
}

bool engine_view_end(pid_t pid, int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int ended = 1;

	if (pidfd >= 0) {
		(void)sys_pidfd_send_signal(pidfd, SIGKILL);
		while ((ended = poll(&p, 1, KILL_MS)) < 0 && errno == EINTR)
			;
		(void)waitpid(pid, NULL, WNOHANG); /* if it is our child */
	}
	return ended > 0;
}

int engine_view_start(struct engine_container *c, const struct engine_view *v, pid_t *ret_pid,
		      int *ret_pidfd, struct err *e)
{
	int pair[2], r = sock_pair(pair, e);
	pid_t pid = -1;

	if (r < 0)
		return r;
	auto_close int ours = pair[0], theirs = pair[1];

	r = run_program(theirs, &pid, e);
	if (r < 0)
		return r;
	fd_close(&theirs);
	auto_close int pidfd = sys_pidfd_open(pid, 0);

	r = pidfd < 0 ? err_sys(e, "watch the program " PROGRAM) : send_all(c, v, ours, e);
	if (r == 0)
		r = wait_ready(ours, e);
	if (r < 0) {
		(void)engine_view_end(pid, pidfd); /* without a pidfd: it ends with our socket */
		return r;
	}
	*ret_pid = pid;
	*ret_pidfd = fd_steal(&pidfd);
	return 0;
}

/* --- the files ------------------------------------------------------------------------------------------------------ */

int view_cover(int tree, int pidfd, struct err *e)
{
	struct isolation_cover rows[PROCVIEW_FILES];

	for (size_t i = 0; i < PROCVIEW_FILES; i++)
		rows[i] = (struct isolation_cover){ procview_files[i].name,
						    procview_files[i].target };
	return isolation_cover(tree, rows, PROCVIEW_FILES, pidfd, e);
}
