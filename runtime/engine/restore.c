/* restore - a container whose processes come from files.
 *
 * The frame is create's: state directory, cgroup and limits first, the record last. In between criu makes the processes, in a mount namespace of its own (it wants the root to be a mount
 * point, and the host must see none of this) and in the container's cgroup, so that what it makes is limited from its first moment on. Its first process is our child. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/steps.h"
#include "runtime/base/sys.h"
#include "runtime/engine/checkpoint.h"
#include "runtime/engine/creation.h"
#include "runtime/engine/criu_mounts.h"
#include "runtime/engine/criu_wire.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/view.h"

#define LOG_FILE "restore.log"

enum {
	STDIO_MAX = 64 << 10,
	STATUS_MAX = 64 << 10,
	FDS_MAX = 16,
	FIRST_FREE_FD = 10,
	OPT_JOIN_NS = 39
};

struct restoration {
	struct creation k;
	const struct engine_checkpoint *from;
	struct checkpoint_dirs dirs;
	struct strv points; /* mounts from outside */
	struct strbuf opts;
	struct cgroup_entry *entry;
	int fds[FDS_MAX]; /* for criu: the folders, standard input and output, namespaces */
	size_t n_fds;
};

static void restoration_done(struct restoration *r)
{
	for (size_t i = 2; i < r->n_fds; i++)
		fd_close(&r->fds[i]); /* the first two are the folders */
	checkpoint_dirs_done(&r->dirs);
	strv_done(&r->points);
	strbuf_done(&r->opts);
	cgroup_entry_free(r->entry);
}

/* --- the request ---------------------------------------------------------------------------------------------------------- */

/* inherit_fd { key = 1, fd = 2 }: takes the descriptor. */
static void add_fd(struct restoration *r, const char *key, int fd)
{
	auto_done(strbuf) struct strbuf m = { 0 };

	r->fds[r->n_fds++] = fd;
	wire_text(&m, 1, key);
	wire_number(&m, 2, (uint64_t)fd);
	wire_message(&r->opts, CRIU_INHERIT_FD, &m);
}

/* What led out of the container leads to ours now. criu's own output goes elsewhere, so it gets copies. */
static int add_stdio(struct restoration *r, struct err *e)
{
	auto_ptr(json) struct json *names = NULL;
	auto_free char *text = NULL;
	struct strv seen auto_done(strv) = { 0 };
	size_t n = 0;
	int rc = file_read_all(r->dirs.images, STDIO_FILE, STDIO_MAX, &text, &n, e);

	if (rc == 0)
		rc = json_parse_simple(text, n, &names, e);
	if (rc < 0)
		return err_wrap(e, "\"%s\" in \"%s\"", STDIO_FILE, r->from->image_path);
	for (size_t i = 0; names && i < names->n && i <= STDERR_FILENO; i++) {
		const char *name =
			names->items[i]->type == JSON_STRING ? names->items[i]->text : "";
		int given = r->k.o->stdio[i] >= 0 ? r->k.o->stdio[i] : (int)i;

		if ((!str_has_prefix(name, "pipe:[") && !str_has_prefix(name, "file[")) ||
		    strv_has(&seen, name))
			continue;
		int fd = fcntl(given, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

		if (fd < 0)
			return err_sys(e, "copy descriptor %d", given);
		strv_add(&seen, name);
		add_fd(r, name, fd);
	}
	return 0;
}

/* join_namespace { ns = 1, ns_file = 2 } */
static void join(struct restoration *r, const char *name, const char *path)
{
	auto_done(strbuf) struct strbuf m = { 0 };

	wire_text(&m, 1, name);
	wire_text(&m, 2, path);
	wire_message(&r->opts, OPT_JOIN_NS, &m);
}

static int add_joined(struct restoration *r, struct err *e)
{
	static const struct {
		enum ns_type type;
		const char *name, *key;
	} rows[] = { { NS_NETWORK, "net", CRIU_NET_KEY },
		     { NS_PID, "pid", CRIU_PID_KEY },
		     { NS_IPC, "ipc", NULL },
		     { NS_UTS, "uts", NULL } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *path = r->k.spec->linux.namespaces[rows[i].type].path;

		if (path && !rows[i].key)
			join(r, rows[i].name, path);
		if (!path || !rows[i].key)
			continue;
		int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

		if (fd < 0)
			return err_sys(e, "open \"%s\"", path);
		add_fd(r, rows[i].key, fd);
	}
	return 0;
}

static int add_mounts(struct restoration *r, struct err *e)
{
	struct err none = { 0 };
	int rc = criu_mounts_load(r->dirs.images, &r->points, &none);

	if (rc == -ENOENT)
		criu_mounts_expect(r->k.spec, &r->points);
	else if (rc < 0)
		return err_set(e, none.code, "\"%s\": %s", r->from->image_path, none.text);
	for (size_t i = 0; i < r->points.n; i++) {
		const char *at = r->points.items[i];
		auto_free char *source = criu_mount_source(r->k.spec, at);

		if (!source)
			return err_set(
				e, EINVAL,
				"the images need a mount at \"%s\", which the configuration does not have",
				at);
		auto_free char *word = mem_format("mnt[%s]:%s", at, source);

		wire_text(&r->opts, CRIU_EXTERNAL, word);
	}
	return 0;
}

/* cgroup_root { ctrl = 1, path = 2 }: the new cgroup takes the place of the old one in every hierarchy. */
static void add_cgroups(struct restoration *r)
{
	auto_ptr(json) struct json *saved =
		r->k.c->cgroup ? cgroup_save(r->k.c->cgroup) : json_new_object();
	const struct json *parts = json_get(saved, "parts");

	for (size_t i = 0; parts && i < parts->n; i++) {
		const struct json *part = parts->items[i];
		const struct json *controllers = json_get(part, "controllers");
		const char *root = json_get_string(part, "root", "/");
		struct strv names auto_done(strv) = { 0 };
		auto_done(strbuf) struct strbuf m = { 0 };

		for (size_t n = 0; controllers && n < controllers->n; n++)
			strv_add(&names, controllers->items[n]->text);
		auto_free char *name = strv_join(&names, ",");
		auto_free char *path = mem_format("%s%s", strcmp(root, "/") == 0 ? "" : root,
						  json_get_string(part, "path", ""));

		wire_text(&m, 1, name);
		wire_text(&m, 2, path);
		wire_message(&r->opts, CRIU_CG_ROOT, &m);
	}
}

/* In a user namespace criu looks for some images as the container's root: it must be able to go through the folder. What is in there can be read by the host's root alone, as before. */
static int let_pass(const struct restoration *r, struct err *e)
{
	struct stat st;

	if (!r->k.spec->linux.namespaces[NS_USER].wanted)
		return 0;
	if (fstat(r->dirs.images, &st) < 0)
		return err_sys(e, "examine \"%s\"", r->from->image_path);
	if (st.st_mode & S_IXOTH)
		return 0;
	return sys_fchmod(r->dirs.images, (st.st_mode & 07777) | S_IXOTH) < 0
		       ? err_sys(e, "let the container's root search \"%s\"", r->from->image_path)
		       : 0;
}

static int build(struct restoration *r, struct err *e)
{
	checkpoint_common(r->from, &r->dirs, LOG_FILE, &r->opts);
	r->fds[r->n_fds++] = r->dirs.images;
	r->fds[r->n_fds++] = r->dirs.work;
	wire_text(&r->opts, CRIU_ROOT, r->k.c->record.rootfs);
	wire_number(&r->opts, CRIU_RST_SIBLING, 1);
	if (r->from->lsm_profile)
		wire_text(&r->opts, CRIU_LSM_PROFILE, r->from->lsm_profile);
	if (r->from->lsm_mount_context)
		wire_text(&r->opts, CRIU_LSM_MOUNT_CONTEXT, r->from->lsm_mount_context);
	add_cgroups(r);
	int rc = let_pass(r, e);

	if (rc == 0)
		rc = add_stdio(r, e);
	if (rc == 0)
		rc = add_joined(r, e);
	return rc < 0 ? rc : add_mounts(r, e);
}

/* --- in criu's process, before it is criu --------------------------------------------------------------------------------- */

/* A root that came from elsewhere may lack the places that something is mounted on. */
static int make_targets(const struct restoration *r, int root, struct err *e)
{
	for (size_t i = 0; i < r->points.n; i++) {
		auto_free char *source = criu_mount_source(r->k.spec, r->points.items[i]);
		auto_close int from = sys_openat(AT_FDCWD, source, O_PATH | O_CLOEXEC, 0);
		auto_close int dir =
			from < 0 ? -1 : sys_openat(from, ".", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

		if (from < 0)
			return err_sys(e, "the mount at \"%s\": open \"%s\"", r->points.items[i],
				       source);
		/* below a file system that is not there yet (proc, a tmpfs) this makes a place that will be covered */
		auto_close int target =
			path_open_target(root, r->points.items[i], dir >= 0, NULL, e);

		if (target < 0)
			return target;
	}
	return 0;
}

/* Descriptors still lead into the mount namespace they were opened in, where criu may not mount. Its folders get the same numbers again. */
static int reopen_dirs(const struct restoration *r, struct err *e)
{
	struct checkpoint_dirs here = { -1, -1 };
	int rc = checkpoint_open_dirs(r->from, false, &here, e);

	if (rc < 0)
		return rc;
	if (dup3(here.images, r->dirs.images, O_CLOEXEC) < 0 ||
	    dup3(here.work, r->dirs.work, O_CLOEXEC) < 0)
		rc = err_sys(e, "open the images again");
	checkpoint_dirs_done(&here);
	return rc;
}

static int prepare(void *arg, struct err *e)
{
	struct restoration *r = arg;
	const char *rootfs = r->k.c->record.rootfs;
	int rc = r->entry ? cgroup_entry_enter(r->entry, false, e) : 0;

	if (rc < 0)
		return rc;
	if (sys_unshare(CLONE_NEWNS) < 0 ||
	    sys_mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make a mount namespace");
	if (sys_mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, "make \"%s\" a mount point", rootfs);
	rc = isolation_show_devices(r->k.spec, e);
	if (rc < 0)
		return rc;
	auto_close int root = file_open_dir(AT_FDCWD, rootfs, e);

	rc = root < 0 ? root : make_targets(r, root, e);
	return rc < 0 ? rc : reopen_dirs(r, e);
}

/* --- what criu asks in between -------------------------------------------------------------------------------------------- */

static int run_hooks(struct restoration *r, pid_t pid, struct err *e)
{
	const struct hooks_spec *hooks = &r->k.spec->hooks;
	const struct {
		const char *kind;
		const struct hook_list *list;
	} rows[] = { { "prestart", &hooks->prestart },
		     { "createRuntime", &hooks->create_runtime } };
	auto_free char *state = container_state_text(r->k.c, ENGINE_CREATING, pid);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct hooks_call call = { .kind = rows[i].kind,
						 .list = rows[i].list,
						 .state = state,
						 .cwd = r->k.c->record.bundle };

		if (rows[i].list->n == 0)
			continue;
		r->k.parent.hooks_begun = true;
		rc = hooks_run(&call, e);
	}
	return rc;
}

static int deliver_console(struct restoration *r, int fd, struct err *e)
{
	struct sync_msg m = { .fds = { fd }, .n_fds = 1 };

	return parent_console(r->k.o->console_socket, r->k.o->ret_console_master, &m, e);
}

static int notified(void *arg, const char *what, pid_t pid, int fd, struct err *e)
{
	struct restoration *r = arg;
	int rc = 0;

	if (strcmp(what, "setup-namespaces") == 0)
		rc = run_hooks(r, pid, e);
	else if (strcmp(what, "orphan-pts-master") == 0 && fd >= 0)
		rc = deliver_console(r, fd, e);
	else
		fd_close(&fd);
	return rc;
}

/* --- is it what was asked for? -------------------------------------------------------------------------------------------- */

/* criu before 3.18 does not bring no_new_privs back, and images may hold other processes than the configuration promises. */
static int check_promises(const struct container_spec *spec, pid_t pid, struct err *e)
{
	const struct process_spec *p = spec->process;
	const struct {
		const char *field, *line;
		bool wanted;
	} rows[] = { { "process.noNewPrivileges", "\nNoNewPrivs:\t1\n", p && p->no_new_privileges },
		     { "linux.seccomp", "\nSeccomp:\t2\n", p && spec->linux.seccomp } };
	auto_free char *file = mem_format("/proc/%d/status", (int)pid);
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, file, STATUS_MAX, &text, &n, e);

	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].wanted && !strstr(text, rows[i].line))
			r = err_set(
				e, EOPNOTSUPP,
				"%s: the restored process is without it (this criu does not bring it back, or it was not there when the images were made)",
				rows[i].field);
	}
	return r;
}

/* --- steps ---------------------------------------------------------------------------------------------------------------- */

static int take_child(struct restoration *r, pid_t pid, struct err *e)
{
	struct child *init = &r->k.parent.talk.main;

	init->pid = pid;
	init->pidfd = sys_pidfd_open(pid, 0);
	return init->pidfd < 0 ? err_sys(e, "find the restored process %d", (int)pid) : 0;
}

static int restore_processes(void *ctx, struct err *e)
{
	struct restoration *r = ctx;
	struct engine_container *c = r->k.c;
	pid_t pid = 0;
	int rc = c->cgroup ? cgroup_entry_open(c->cgroup, 0, NULL, &r->entry, e) : 0;

	if (rc == 0)
		rc = build(r, e);
	if (rc < 0)
		return rc;
	const struct criu_call call = { .kind = CRIU_RESTORE,
					.opts = &r->opts,
					.work_dir = r->dirs.work,
					.log_file = LOG_FILE,
					.fds = r->fds,
					.n_fds = r->n_fds,
					.prepare = prepare,
					.notify = notified,
					.arg = r };

	rc = criu_run(&call, &pid, e);
	if (rc == 0)
		rc = take_child(r, pid, e);
	if (rc == 0)
		rc = check_promises(r->k.spec, pid, e);
	if (rc < 0)
		child_kill(&r->k.parent.talk.main);
	return rc;
}

static void end_processes(void *ctx)
{
	struct restoration *r = ctx;

	child_kill(&r->k.parent.talk.main);
}

static int commit(void *ctx, struct err *e)
{
	struct restoration *r = ctx;
	int rc = container_save_spec(r->k.c, r->k.spec, e);

	return rc < 0 ? rc : creation_commit(&r->k, &r->k.parent.talk.main, e);
}

/* The creation is the first member, so the shared steps take a restoration as well. */
_Static_assert(offsetof(struct restoration, k) == 0,
	       "the steps of creation.h get a struct creation");

static const struct step restore_steps[] = {
	{ "reserve the id", creation_reserve, creation_release },
	{ "create the cgroup", creation_make_cgroup, creation_remove_cgroup },
	{ "create the resctrl group", creation_make_resctrl, creation_remove_resctrl },
	{ "set the limits", creation_set_limits, NULL },
	{ "restore", restore_processes, end_processes },
	{ "save the record", commit, NULL },
};

static void finish(struct creation *k)
{
	struct engine_container *c = k->c;

	c->creating = false;
	c->init = k->parent.talk.main;
	c->pidfd = fcntl(c->init.pidfd, F_DUPFD_CLOEXEC, 3);
	container_unlock(c, true);
}

static int check(const struct engine_create *o, struct err *e)
{
	const struct process_spec *p = o->spec->process;

	if (geteuid() != 0)
		return err_set(e, EPERM, "restore: criu needs root");
	if (p && p->terminal && !o->console_socket && !o->ret_console_master)
		return err_set(
			e, EINVAL,
			"process.terminal: nobody takes the console (a console socket is needed)");
	return view_check_criu(o->spec, e);
}

int engine_restore(const struct engine_create *o, const struct engine_checkpoint *from,
		   struct engine_container **ret, struct err *e)
{
	struct restoration r = { .k = { .o = o, .spec = o->spec, .placeholder = -1 },
				 .from = from,
				 .dirs = { -1, -1 } };
	int rc = check(o, e);

	if (rc == 0)
		rc = checkpoint_open_dirs(from, false, &r.dirs, e);
	if (rc == 0)
		rc = container_new(o->state_root, o->id, &r.k.c, e);
	if (rc == 0) {
		r.k.parent.o = o;
		r.k.parent.c = r.k.c;
		r.k.parent.talk = (struct talk){ .setup = CHILD_NONE, .main = CHILD_NONE };
		rc = steps_run(restore_steps, STEPS_COUNT(restore_steps), &r, e);
	}
	restoration_done(&r);
	if (rc < 0) {
		if (r.k.c)
			creation_failed(&r.k);
		engine_free(r.k.c);
		return rc;
	}
	finish(&r.k);
	*ret = r.k.c;
	return container_poststart(r.k.c, e);
}
