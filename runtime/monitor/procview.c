/* procview - the monitor's care for the zone's view of its own limits and use (runtime/procview/procview.h).
 *
 * The monitor makes the file system's connection and keeps an end of it; the server has another one (FUSE_DEV_IOC_CLONE). So the file system lives as long as one of the two processes does: a server that
 * died is replaced, and a monitor that was killed and replaced takes a new end out of the server (pidfd_getfd). Requests that nobody has taken yet wait for the next server, and their
 * readers can be killed meanwhile; the one that was being answered ends with an error, because its end of the connection is gone. When both have died together the zone gets a new file system, on top of the dead one.
 * At the halt both ends go before anything else: nobody in the zone can then be held by a request. A server that does not die by SIGKILL (traced, frozen) cannot prevent that: the kernel is told to end the connection.
 *
 * A zone that asks for it by name does not boot without. One that has it by default boots, and `zone why` tells what it lacks. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"
#include "runtime/monitor/private.h"

#define PROGRAM     "zone-procview"
#define FUSE_DEVICE "/dev/fuse"
#define NS_PER_S    UINT64_C(1000000000)

enum {
	READY_MS = 10000,
	KILL_MS = 1000,
	QUIET_MS = 10000,
	LONG_STEP = 4 /* of the back-off: nobody waits so long */
};

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

/* --- the run record ------------------------------------------------------------------------------------------------- */

static void remember(struct monitor *m, const struct err *why)
{
	struct err e = { 0 };

	free(m->run.view_error);
	m->run.view_error = why ? mem_strdup(why->text) : NULL;
	if (why)
		log_warning("%s", why->text);
	if (zone_run_write(m->dirs, m->options->name, &m->run, &e) < 0)
		log_err(&e);
}

/* --- the connection ------------------------------------------------------------------------------------------------- */

static int device_open(struct err *e)
{
	int fd = sys_openat(AT_FDCWD, FUSE_DEVICE, O_RDWR | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"" FUSE_DEVICE "\"") : fd;
}

/* Another end of the same connection: requests that were taken at one end are over when it is closed, the others are not. */
static int device_clone(int of, struct err *e)
{
	auto_close int fd = device_open(e);
	uint32_t from = (uint32_t)of;

	if (fd < 0)
		return fd;
	if (sys_ioctl(fd, FUSE_DEV_IOC_CLONE, &from) < 0)
		return err_sys(e, "share the connection of a FUSE file system");
	return fd_steal(&fd);
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
static int send_sources(struct monitor *m, int sock, struct err *e)
{
	struct cgroup *cg = engine_cgroup(m->container);
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

/* The block of ids that a zone has is longer than what it and its owner use (runtime/zone/ids.c): the server is its next one, whom nobody inside is. */
static uint32_t server_uid(const struct monitor *m)
{
	return m->zone->record.id_base + ZONE_IDS + 1;
}

/* Where the zone's clocks begin; 0, the host's boot, for a zone that has the host's. */
static int boot_of(struct monitor *m, uint64_t *ret, struct err *e)
{
	const struct container_spec *spec = engine_spec(m->container);

	if (!spec)
		return err_set(e, ENOENT, "the engine's copy of its configuration cannot be read");
	const struct time_offset_spec *o = &spec->linux.boottime;
	int64_t ns = o->set ? o->secs * (int64_t)NS_PER_S + (int64_t)o->nanosecs : 0;

	*ret = ns < 0 ? (uint64_t)-ns : 0;
	return 0;
}

static int send_all(struct monitor *m, int sock, struct err *e)
{
	const struct procview_message device = { .kind = PROCVIEW_DEVICE };
	struct procview_message start = { .kind = PROCVIEW_START, .uid = server_uid(m) };
	int r = boot_of(m, &start.boot, e);

	if (r < 0)
		return r;
	auto_close int clone = device_clone(m->view.device, e);

	r = clone < 0 ? clone : send_sources(m, sock, e);

	if (r == 0)
		r = send_one(sock, &device, clone, e);
	if (r == 0)
		r = sysinfo_send(m, sock, e);
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

static void server_watch(struct monitor *m);

/* Kill it and wait: its end of the connection is then closed. False: it cannot be killed now. */
static bool server_end(struct monitor *m)
{
	struct procview *v = &m->view;
	struct pollfd p = { .fd = v->pidfd, .events = POLLIN };
	int ended = 1;

	if (v->pidfd >= 0) {
		loop_remove_fd(m->loop, v->pidfd);
		(void)sys_pidfd_send_signal(v->pidfd, SIGKILL);
		while ((ended = poll(&p, 1, KILL_MS)) < 0 && errno == EINTR)
			;
		(void)waitpid(m->run.view, NULL, WNOHANG);
	}
	fd_close(&v->pidfd);
	m->run.view = 0;
	m->run.view_start = 0;
	return ended > 0;
}

static int server_exec(struct monitor *m, int theirs, struct err *e)
{
	auto_free char *file = zone_helper_path(PROGRAM);
	auto_free char *number = mem_format("%d", theirs);
	char name[] = PROGRAM;
	char *argv[] = { name, number, NULL }, *envp[] = { NULL };
	pid_t pid = -1;
	struct proc_spawn s = { .file = file,
				.argv = argv,
				.envp = envp,
				.stdin_fd = -1,
				.stdout_fd = -1,
				.stderr_fd = -1,
				.keep_fd = theirs,
				.new_session = true,
				.ret_pid = &pid };
	int r = proc_spawn(&s, e);

	if (r < 0)
		return err_wrap(e, "start the program " PROGRAM);
	m->run.view = pid;
	m->view.pidfd = sys_pidfd_open(pid, 0);
	return m->view.pidfd < 0 ? err_sys(e, "watch the program " PROGRAM) : 0;
}

static int server_start(struct monitor *m, struct err *e)
{
	int pair[2], r = sock_pair(pair, e);

	if (r < 0)
		return r;
	auto_close int ours = pair[0], theirs = pair[1];

	r = server_exec(m, theirs, e);
	fd_close(&theirs);
	if (r == 0)
		r = send_all(m, ours, e);
	if (r == 0)
		r = wait_ready(ours, e);
	if (r == 0)
		r = proc_stat(m->run.view, &m->run.view_start, NULL, e);
	if (r < 0) {
		(void)server_end(m); /* the error is told already */
		return r;
	}
	m->view.since_ms = loop_now_ms();
	server_watch(m);
	sysinfo_bypass(m, false);
	return 0;
}

/* --- its end and its successor -------------------------------------------------------------------------------------- */

static void start_again(struct monitor *m);

static void on_again(struct loop *l, int id, void *arg)
{
	struct monitor *m = arg;

	(void)l;
	(void)id;
	m->view.timer = 0;
	start_again(m);
}

/* At once the first time, then later and later. */
static void plan_again(struct monitor *m)
{
	unsigned step = m->view.step++;

	if (step >= LONG_STEP)
		sysinfo_bypass(m, true);
	if (step == 0)
		start_again(m);
	else
		m->view.timer = loop_timer(
			m->loop, (uint64_t)restart_delay("always", true, step - 1), on_again, m);
}

static void start_again(struct monitor *m)
{
	struct err e = { 0 };

	if (server_start(m, &e) == 0) {
		remember(m, NULL);
		return;
	}
	(void)err_wrap(&e, "its view of memory and processors is down");
	remember(m, &e);
	sysinfo_bypass(m, true);
	plan_again(m);
}

static void on_server(struct loop *l, int fd, short revents, void *arg)
{
	struct monitor *m = arg;
	struct err why = { 0 };

	(void)l;
	(void)fd;
	(void)revents;
	(void)server_end(m); /* it has ended */
	if (loop_now_ms() - m->view.since_ms >= QUIET_MS)
		m->view.step = 0;
	(void)err_set(
		&why, ECHILD,
		"its view of memory and processors is down: its server ended, and is started again");
	remember(m, &why);
	plan_again(m);
}

static void server_watch(struct monitor *m)
{
	loop_add_fd(m->loop, m->view.pidfd, POLLIN, on_server, m);
}

/* --- the file system ------------------------------------------------------------------------------------------------ */

static int show_files(struct monitor *m, struct err *e)
{
	struct engine_cover rows[PROCVIEW_FILES];

	for (size_t i = 0; i < PROCVIEW_FILES; i++)
		rows[i] = (struct engine_cover){ procview_files[i].name, procview_files[i].target };
	return engine_cover(m->container, m->view.tree, rows, PROCVIEW_FILES, e);
}

static bool is_demanded(const struct monitor *m)
{
	const struct zone_spec *file = m->zone->spec;

	return file && file->proc_view.set && file->proc_view.value;
}

/* The files are worth something without the answers to sysinfo(2). */
static int view_calls(struct monitor *m, struct err *e)
{
	int r = sysinfo_open(m, e);

	if (r == 0 || is_demanded(m))
		return r;
	sysinfo_close(m);
	(void)err_wrap(e, "it sees the host's memory in sysinfo(2)");
	remember(m, e);
	*e = (struct err){ 0 };
	return 0;
}

static int view_make(struct monitor *m, struct err *e)
{
	int r;

	m->view.device = device_open(e);
	if (m->view.device < 0)
		return m->view.device;
	m->view.tree = engine_fuse(m->view.device, "procview", e);
	if (m->view.tree < 0)
		return m->view.tree;
	r = engine_fuse_number(m->view.tree, &m->run.view_number, e);
	if (r == 0)
		r = view_calls(m, e);
	if (r == 0)
		r = server_start(m, e);
	return r < 0 ? r : show_files(m, e);
}

int procview_open(struct monitor *m, struct err *e)
{
	struct err cause = { 0 };

	if (!m->prepared.effective->proc_view.value)
		return 0;
	if (view_make(m, &cause) == 0) {
		sysinfo_begin(m);
		return 0;
	}
	procview_close(m);
	if (is_demanded(m)) {
		*e = cause;
		return err_wrap(e, "procView");
	}
	(void)err_wrap(&cause, "it sees the host's memory and processors");
	remember(m, &cause);
	return 0;
}

/* The server of the monitor before us, if it still is there and lets us have an end of its connection. */
static bool view_take_over(struct monitor *m, const struct zone_run *old)
{
	struct err e = { 0 };
	auto_close int pidfd = old->view > 0 ? proc_pidfd(old->view, old->view_start, &e) : -1;
	auto_close int theirs = pidfd >= 0 ? sys_pidfd_getfd(pidfd, PROCVIEW_DEVICE_FD) : -1;

	if (theirs < 0)
		return false;
	m->view.device = device_clone(theirs, &e);
	if (m->view.device < 0)
		return false;
	m->view.pidfd = fd_steal(&pidfd);
	m->run.view = old->view;
	m->run.view_start = old->view_start;
	m->run.view_number = old->view_number;
	m->view.since_ms = loop_now_ms();
	server_watch(m);
	sysinfo_take_over(m, m->view.pidfd);
	return true;
}

void procview_attach(struct monitor *m, const struct zone_run *old)
{
	struct err e = { 0 };

	if (!m->prepared.effective->proc_view.value || view_take_over(m, old))
		return;
	zone_view_kill(old);
	if (procview_open(m, &e) < 0)
		remember(m, &e); /* it runs: that is worth more */
}

void procview_close(struct monitor *m)
{
	struct err e = { 0 };

	loop_cancel(m->loop, m->view.timer);
	m->view.timer = 0;
	m->view.step = 0;
	if (!server_end(m) && m->run.view_number > 0 &&
	    engine_fuse_abort(m->run.view_number, &e) < 0)
		log_err(&e);
	m->run.view_number = 0;
	sysinfo_close(m); /* after the server: who waits for an answer then hears from the kernel */
	fd_close(&m->view.device);
	fd_close(&m->view.tree);
	free(ptr_steal(&m->run.view_error));
}
