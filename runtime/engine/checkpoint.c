/* checkpoint - a container's processes into files.
 *
 * What criu cannot know is told it: mounts from outside (criu_mounts.h), namespaces that the container only joined, and what standard input, output and error are when they lead out. */
#include "runtime/engine/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"
#include "runtime/engine/criu_mounts.h"
#include "runtime/engine/criu_wire.h"
#include "runtime/engine/view.h"

/* The administrator's; what an image's annotations say is not asked, because such a file can run programs as root. */
#define CONFIG_OF_CRIU "/etc/criu/zrun.conf"

/* criu_network_lock_method: with iptables, criu's default, it would need two more programs */
enum { NETWORK_LOCK_NFTABLES = 2 };
enum { LOG_LEVEL_CRIU = 4, TEXT_MAX = 4 << 20 };

#define LOG_FILE "dump.log"

/* --- both directions ---------------------------------------------------------------------------------------------------- */

void checkpoint_dirs_done(struct checkpoint_dirs *d)
{
	fd_close(&d->images);
	fd_close(&d->work);
}

static int open_dir(const char *path, bool make, struct err *e)
{
	int r = make ? file_mkdir_p(AT_FDCWD, path, 0700, e) : 0;
	int fd = r < 0 ? r : sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	return r < 0 ? r : fd < 0 ? err_sys(e, "open \"%s\"", path) : fd;
}

int checkpoint_open_dirs(const struct engine_checkpoint *o, bool make, struct checkpoint_dirs *ret,
			 struct err *e)
{
	int fd = open_dir(o->image_path, make, e);

	*ret = (struct checkpoint_dirs){ -1, -1 };
	if (fd < 0)
		return fd;
	ret->images = fd;
	fd = open_dir(o->work_path ? o->work_path : o->image_path, true, e);
	if (fd < 0) {
		checkpoint_dirs_done(ret);
		return fd;
	}
	ret->work = fd;
	return 0;
}

void checkpoint_common(const struct engine_checkpoint *o, const struct checkpoint_dirs *d,
		       const char *log_file, struct strbuf *opts)
{
	const struct {
		enum criu_option option;
		bool on;
	} flags[] = {
		{ CRIU_TCP_ESTABLISHED, o->tcp_established },
		{ CRIU_TCP_SKIP_IN_FLIGHT, o->tcp_skip_in_flight },
		{ CRIU_TCP_CLOSE, o->tcp_close },
		{ CRIU_LINK_REMAP, o->link_remap },
		{ CRIU_EXT_UNIX_SK, o->ext_unix_sk },
		{ CRIU_SHELL_JOB, o->shell_job },
		{ CRIU_FILE_LOCKS, o->file_locks },
		{ CRIU_AUTO_DEDUP, o->auto_dedup },
		{ CRIU_LAZY_PAGES, o->lazy_pages },
		{ CRIU_ORPHAN_PTS_MASTER, true },
		{ CRIU_EXT_MASTERS, true },
		{ CRIU_NOTIFY_SCRIPTS, true },
	};

	wire_number(opts, CRIU_IMAGES_DIR_FD, (uint64_t)d->images);
	wire_number(opts, CRIU_WORK_DIR_FD, (uint64_t)d->work);
	wire_number(opts, CRIU_LOG_LEVEL, LOG_LEVEL_CRIU);
	wire_text(opts, CRIU_LOG_FILE, log_file);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].on)
			wire_number(opts, flags[i].option, 1);
	}
	wire_number(opts, CRIU_MANAGE_CGROUPS_MODE, (uint64_t)o->cgroups);
	wire_number(opts, CRIU_NETWORK_LOCK, NETWORK_LOCK_NFTABLES);
	if (access(CONFIG_OF_CRIU, R_OK) == 0)
		wire_text(opts, CRIU_CONFIG_FILE, CONFIG_OF_CRIU);
	if (o->empty_ns)
		wire_number(opts, CRIU_EMPTY_NS, o->empty_ns);
	if (o->parent_path)
		wire_text(opts, CRIU_PARENT_IMG, o->parent_path);
}

/* --- what leads out of the container -------------------------------------------------------------------------------------- */

static int add_mounts(struct engine_container *c, int images, struct strbuf *opts, struct err *e)
{
	auto_free char *file = mem_format("/proc/%d/mountinfo", (int)c->record.pid);
	struct strv points auto_done(strv) = { 0 };
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, file, TEXT_MAX, &text, &n, e);

	if (r < 0)
		return r;
	criu_mounts_find(c->spec, text, &points);
	for (size_t i = 0; i < points.n; i++) {
		auto_free char *word = mem_format("mnt[%s]:%s", points.items[i], points.items[i]);

		wire_text(opts, CRIU_EXTERNAL, word);
	}
	return criu_mounts_save(images, &points, e);
}

/* Namespaces that somebody else made stay where they are. */
static int add_joined(struct engine_container *c, struct strbuf *opts, struct err *e)
{
	static const struct {
		enum ns_type kind;
		const char *name, *key;
	} rows[] = { { NS_NETWORK, "net", CRIU_NET_KEY }, { NS_PID, "pid", CRIU_PID_KEY } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_free char *file =
			mem_format("/proc/%d/ns/%s", (int)c->record.pid, rows[i].name);
		struct stat st;

		if (!c->spec->linux.namespaces[rows[i].kind].path)
			continue;
		if (stat(file, &st) < 0)
			return err_sys(e, "examine \"%s\"", file);
		auto_free char *word =
			mem_format("%s[%ju]:%s", rows[i].name, (uintmax_t)st.st_ino, rows[i].key);

		wire_text(opts, CRIU_EXTERNAL, word);
	}
	return 0;
}

/* The mount that an open file is on, from fdinfo. */
static bool mount_of(pid_t pid, int fd, uint64_t *ret)
{
	auto_free char *file = mem_format("/proc/%d/fdinfo/%d", (int)pid, fd);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	size_t n = 0;

	if (file_read_all(AT_FDCWD, file, TEXT_MAX, &text, &n, &ignored) < 0)
		return false;
	char *at = strstr(text, "mnt_id:\t");

	if (!at)
		return false;
	at += strlen("mnt_id:\t");
	at[strcspn(at, "\n")] = '\0';
	return num_u64(at, ret) == 0;
}

static bool is_own_mount(const char *mountinfo, uint64_t id)
{
	auto_free char *first = mem_format("%" PRIu64 " ", id);
	auto_free char *line = mem_format("\n%" PRIu64 " ", id);

	return str_has_prefix(mountinfo, first) || strstr(mountinfo, line);
}

/* A file or device of the host: criu leaves it out by this name, and restore puts its own in its place. NULL: it is the container's own, or no file. */
static char *outside_name(pid_t pid, int fd, const char *mountinfo)
{
	auto_free char *file = mem_format("/proc/%d/fd/%d", (int)pid, fd);
	struct stat st;
	uint64_t mount = 0;

	if (stat(file, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)) ||
	    !mount_of(pid, fd, &mount) || is_own_mount(mountinfo, mount))
		return NULL;
	return mem_format("file[%" PRIx64 ":%jx]", mount, (uintmax_t)st.st_ino);
}

static int add_stdio(struct engine_container *c, int images, struct strbuf *opts, struct err *e)
{
	pid_t pid = c->record.pid;
	auto_free char *info = mem_format("/proc/%d/mountinfo", (int)pid);
	auto_ptr(json) struct json *names = json_new_array();
	auto_free char *mountinfo = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, info, TEXT_MAX, &mountinfo, &n, e);

	for (int fd = 0; r == 0 && fd <= STDERR_FILENO; fd++) {
		auto_free char *link = mem_format("/proc/%d/fd/%d", (int)pid, fd);
		auto_free char *outside = outside_name(pid, fd, mountinfo);
		char target[PATH_MAX] = "";

		if (readlink(link, target, sizeof(target) - 1) < 0)
			target[0] = '\0'; /* closed */
		(void)json_add(names, json_new_string(outside ? outside : target));
		if (outside)
			wire_text(opts, CRIU_EXTERNAL, outside);
	}
	if (r < 0)
		return r;
	auto_free char *text = json_print(names, false);

	return file_replace(images, STDIO_FILE, text, strlen(text), 0600, e);
}

/* --- the request ---------------------------------------------------------------------------------------------------------- */

/* criu_page_server_info { address = 1, port = 2 } */
static int add_page_server(const char *where, struct strbuf *opts, struct err *e)
{
	auto_done(strbuf) struct strbuf info = { 0 };
	const char *colon = strrchr(where, ':');
	uint32_t port = 0;

	if (!colon || colon == where || num_u32(colon + 1, &port) < 0 || port == 0 || port > 65535)
		return err_set(e, EINVAL, "page server \"%s\" is not ADDRESS:PORT", where);
	auto_free char *address = mem_strndup(where, (size_t)(colon - where));

	wire_text(&info, 1, address);
	wire_number(&info, 2, port);
	wire_message(opts, CRIU_PAGE_SERVER, &info);
	return 0;
}

static int build(struct engine_container *c, const struct engine_checkpoint *o,
		 const struct checkpoint_dirs *d, struct strbuf *opts, struct err *e)
{
	checkpoint_common(o, d, LOG_FILE, opts);
	wire_number(opts, CRIU_PID, (uint64_t)c->record.pid);
	wire_text(opts, CRIU_ROOT, c->record.rootfs);
	if (o->leave_running)
		wire_number(opts, CRIU_LEAVE_RUNNING, 1);
	if (o->pre_dump)
		wire_number(opts, CRIU_TRACK_MEM, 1);
	if (o->status_fd >= 0)
		wire_number(opts, CRIU_STATUS_FD, (uint64_t)o->status_fd);
	int r = o->page_server ? add_page_server(o->page_server, opts, e) : 0;

	if (r == 0)
		r = add_joined(c, opts, e);
	if (r == 0)
		r = add_mounts(c, d->images, opts, e);
	return r < 0 ? r : add_stdio(c, d->images, opts, e);
}

static int check(struct engine_container *c, struct err *e)
{
	enum engine_status status = engine_status(c);

	if (geteuid() != 0)
		return err_set(e, EPERM, "checkpoint: criu needs root");
	if (status != ENGINE_RUNNING && status != ENGINE_PAUSED)
		return err_set(
			e, EBUSY,
			"container not running: it is %s, and only a running one can be saved",
			engine_status_word(status));
	int r = container_load_spec(c, e);

	return r < 0 ? r : view_check_criu(c->spec, e);
}

static int dump(struct engine_container *c, const struct engine_checkpoint *o, struct err *e)
{
	auto_done(checkpoint_dirs) struct checkpoint_dirs dirs = { -1, -1 };
	auto_done(strbuf) struct strbuf opts = { 0 };
	int r = checkpoint_open_dirs(o, true, &dirs, e);

	if (r == 0)
		r = build(c, o, &dirs, &opts, e);
	if (r < 0)
		return r;
	const int fds[] = { dirs.images, dirs.work, o->status_fd };
	const struct criu_call call = { .kind = o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP,
					.opts = &opts,
					.work_dir = dirs.work,
					.log_file = LOG_FILE,
					.fds = fds,
					.n_fds = o->status_fd >= 0 ? 3 : 2 };

	return criu_run(&call, NULL, e);
}

/* criu thaws nobody: what is frozen would wait for ever. */
static int with_thaw(struct engine_container *c, const struct engine_checkpoint *o, struct err *e)
{
	bool paused = engine_status(c) == ENGINE_PAUSED;
	struct err ignored = { 0 };
	int r = paused ? cgroup_freeze(engine_cgroup(c), false, e) : 0;

	if (r == 0)
		r = dump(c, o, e);
	if (paused && (r < 0 || o->leave_running || o->pre_dump))
		(void)!cgroup_freeze(engine_cgroup(c), true, &ignored);
	return r;
}

int engine_checkpoint(struct engine_container *c, const struct engine_checkpoint *o, struct err *e)
{
	bool taken = false;
	int r = container_lock(c, &taken, e);

	if (r < 0)
		return r;
	r = check(c, e);
	if (r == 0)
		r = with_thaw(c, o, e);
	if (r == 0 && !o->leave_running && !o->pre_dump)
		r = engine_delete(c, true, e);
	container_unlock(c, taken);
	return r;
}
