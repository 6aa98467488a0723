/* namespaces - which are made, which are joined, in which order.
 *
 *   made by the clone of init     pid mount network ipc uts
 *   made by the setup child       user (so that it owns the others), time (unshare(2) is for children only)
 *   made by init, late            cgroup (its root is where the process sits, so the parent must have moved it first)
 *   joined by the setup child     whatever has a path; the user namespace last, because in it we have no rights over the others - unless we
 *                                 have none outside (rootless): what is refused before is tried again after it */
#include "isolation/private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/names.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/sys.h"

enum { FDINFO_MAX = 4096 };

/* --- plan --------------------------------------------------------------------------------------------------------- */

static bool is_same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

/* Open the namespace at a path of the host. *ret is -1 when it is the one we are in: nothing is to be joined. */
static int open_one(enum ns_type t, const char *path, int *ret, struct err *e)
{
	auto_free char *own = mem_format("/proc/self/ns/%s", ns_proc_files[t]);
	auto_close int fd =
		sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "linux.namespaces: open the %s namespace \"%s\"", ns_words[t],
			       path);
	if (ioctl(fd, NS_GET_NSTYPE) != ns_clone_flags[t])
		return err_set(e, EINVAL, "linux.namespaces: \"%s\" is not a %s namespace", path,
			       ns_words[t]);
	*ret = is_same_file(fd, own) ? -1 : fd_steal(&fd);
	return 0;
}

int namespaces_plan(struct isolation *iso, struct err *e)
{
	const struct ns_spec *ns = iso->spec->linux.namespaces;

	for (int t = 0; t < NS_COUNT; t++) {
		int r = ns[t].wanted && ns[t].path
				? open_one((enum ns_type)t, ns[t].path, &iso->ns[t], e)
				: 0;

		if (r < 0)
			return r;
	}
	iso->new_user = ns[NS_USER].wanted && !ns[NS_USER].path;
	iso->in_user = iso->new_user || iso->ns[NS_USER] >= 0;
	/* The host's own mount namespace given by path is none: nothing may be mounted in it. */
	iso->has_mounts = ns[NS_MOUNT].wanted && (!ns[NS_MOUNT].path || iso->ns[NS_MOUNT] >= 0);
	return 0;
}

static bool makes(const struct isolation *iso, enum ns_type t)
{
	const struct ns_spec *ns = &iso->spec->linux.namespaces[t];

	return ns->wanted && !ns->path;
}

int isolation_clone_flags(const struct isolation *iso)
{
	static const enum ns_type by_clone[] = { NS_PID, NS_MOUNT, NS_NETWORK, NS_IPC, NS_UTS };
	int flags = 0;

	for (size_t i = 0; i < sizeof(by_clone) / sizeof(by_clone[0]); i++)
		if (makes(iso, by_clone[i]))
			flags |= ns_clone_flags[by_clone[i]];
	return flags;
}

bool isolation_needs_setup(const struct isolation *iso)
{
	for (int t = 0; t < NS_COUNT; t++)
		if (iso->ns[t] >= 0)
			return true;
	return iso->new_user || makes(iso, NS_TIME);
}

bool isolation_new_user_ns(const struct isolation *iso)
{
	return iso->new_user;
}

/* --- setup child -------------------------------------------------------------------------------------------------- */

static int set_dumpable(bool on, struct err *e)
{
	return sys_prctl(PR_SET_DUMPABLE, on, 0, 0, 0) < 0
		       ? err_sys(e, "change the dumpable attribute")
		       : 0;
}

static int join_one(const struct isolation *iso, enum ns_type t, struct err *e)
{
	if (sys_setns(iso->ns[t], ns_clone_flags[t]) < 0)
		return err_sys(e, "join the %s namespace \"%s\"", ns_words[t],
			       iso->spec->linux.namespaces[t].path);
	return 0;
}

/* Join all but the user namespace. `refused` collects those that need its rights; NULL: there is no second try. */
static int join_most(const struct isolation *iso, unsigned wanted, unsigned *refused, struct err *e)
{
	struct err cause = { 0 };

	for (int t = 0; t < NS_COUNT; t++) {
		if (t == NS_USER || iso->ns[t] < 0 || !(wanted & 1u << t))
			continue;
		int r = join_one(iso, (enum ns_type)t, &cause);

		if (r == -EPERM && refused) {
			*refused |= 1u << t;
			continue;
		}
		if (r < 0) {
			*e = cause;
			return r;
		}
	}
	return 0;
}

static int join_all(const struct isolation *iso, struct err *e)
{
	unsigned refused = 0;
	bool has_user = iso->ns[NS_USER] >= 0;
	int r = join_most(iso, ~0u, has_user ? &refused : NULL, e);

	if (r < 0 || !has_user)
		return r;
	r = join_one(iso, NS_USER, e);
	if (r == 0)
		r = idmap_become_root(e);
	if (r == 0)
		r = set_dumpable(false, e);
	return r < 0 ? r : join_most(iso, refused, NULL, e);
}

static int become_owner(const struct isolation *iso, struct err *e)
{
	const struct opt_u64 *owner = &iso->spec->linux.owner_uid;

	if (!owner->set)
		return 0;
	gid_t gid = (gid_t)owner->value;
	uid_t uid = (uid_t)owner->value;

	if (sys_setgroups(0, NULL) < 0 || sys_setresgid(gid, gid, gid) < 0 ||
	    sys_setresuid(uid, uid, uid) < 0)
		return err_sys(e, "become the owner %u of the user namespace", (unsigned)uid);
	return 0;
}

/* A parent with rights writes the maps of a process that nobody may look into. Without rights it can only reach its own, dumpable children; nobody else is in
 * the new namespace yet. */
static int make_user(struct isolation *iso, int (*mapped)(void *arg, struct err *e), void *arg,
		     struct err *e)
{
	int r = become_owner(iso, e);

	if (r < 0)
		return r;
	if (sys_unshare(CLONE_NEWUSER) < 0)
		return err_sys(e, "make a user namespace");
	r = set_dumpable(!iso->is_host_root, e);
	if (r == 0 && mapped)
		r = mapped(arg, e);
	if (r == 0)
		r = idmap_become_root(e);
	return r < 0 ? r : set_dumpable(false, e);
}

static void offset_line(struct strbuf *b, const char *clock, const struct time_offset_spec *o)
{
	if (o->set)
		strbuf_format(b, "%s %lld %llu\n", clock, (long long)o->secs,
			      (unsigned long long)o->nanosecs);
}

/* The file was opened while we had the host's rights: the kernel judges by them. */
static int make_time(struct isolation *iso, struct err *e)
{
	auto_done(strbuf) struct strbuf text = { 0 };

	if (sys_unshare(ns_clone_flags[NS_TIME]) < 0)
		return err_sys(e, "make a time namespace");
	offset_line(&text, "monotonic", &iso->spec->linux.monotonic);
	offset_line(&text, "boottime", &iso->spec->linux.boottime);
	if (!text.len)
		return 0;
	return file_write_fd(iso->offsets, text.text, "linux.timeOffsets", e);
}

int isolation_join(struct isolation *iso, int (*mapped)(void *arg, struct err *e), void *arg,
		   struct err *e)
{
	bool has_time = makes(iso, NS_TIME);

	if (has_time) {
		iso->offsets = procfs_open_file(iso, "self/timens_offsets", O_WRONLY, e);
		if (iso->offsets < 0)
			return iso->offsets;
	}
	int r = limits_early(iso, e);

	if (r == 0)
		r = set_dumpable(false, e);
	if (r == 0)
		r = join_all(iso, e);
	if (r == 0 && iso->new_user)
		r = make_user(iso, mapped, arg, e);
	if (r == 0 && has_time)
		r = make_time(iso, e);
	fd_close(&iso->offsets);
	return r;
}

/* --- exec --------------------------------------------------------------------------------------------------------- */

pid_t namespaces_pid_of(int pidfd)
{
	auto_free char *path = mem_format("/proc/self/fdinfo/%d", pidfd);
	auto_free char *text = NULL;
	struct err ignored = { 0 };
	uint32_t pid = 0;

	if (file_read_all(AT_FDCWD, path, FDINFO_MAX, &text, NULL, &ignored) < 0)
		return 0;
	char *line = strstr(text, "\nPid:\t");

	if (!line)
		return 0;
	line += strlen("\nPid:\t");
	line[strcspn(line, "\n")] = 0;
	return num_u32(line, &pid) < 0
		       ? 0
		       : (pid_t)pid; /* -1 once it has been reaped, 0 when it is outside our pid namespace */
}

/* Made for the container, so it cannot be ours; to join one that we sit in already changes nothing. Only a user namespace refuses that, and a time namespace wants a process of one thread. */
static bool surely_other(const struct isolation *iso, enum ns_type t)
{
	return t != NS_USER && t != NS_TIME && makes(iso, t);
}

int namespaces_plan_exec(struct isolation *iso, pid_t pid, struct err *e)
{
	for (int t = 0; t < NS_COUNT; t++) {
		if (surely_other(iso, (enum ns_type)t)) {
			iso->enter_flags |= ns_clone_flags[t];
			continue;
		}
		auto_free char *own = mem_format("/proc/self/ns/%s", ns_proc_files[t]);
		auto_free char *theirs = mem_format("/proc/%d/ns/%s", (int)pid, ns_proc_files[t]);
		struct stat a, b;

		if (stat(theirs, &b) < 0)
			return err_sys(e, "examine the %s namespace of process %d", ns_words[t],
				       (int)pid);
		if (stat(own, &a) < 0 || a.st_ino != b.st_ino || a.st_dev != b.st_dev)
			iso->enter_flags |= ns_clone_flags[t];
	}
	iso->in_user = iso->enter_flags & CLONE_NEWUSER;
	iso->has_mounts = iso->enter_flags & CLONE_NEWNS;
	return 0;
}

int isolation_enter(struct isolation *iso, struct err *e)
{
	const struct process_spec *p = iso->process;
	int r = limits_early(iso, e);

	if (r == 0 && p && p->exec_affinity_initial)
		r = limits_affinity(p->exec_affinity_initial, "process.execCPUAffinity.initial", e);
	if (r == 0)
		r = set_dumpable(false, e);
	if (r < 0)
		return r;
	if (iso->enter_flags && sys_setns(iso->target, iso->enter_flags) < 0)
		return err_sys(e, "enter the container's namespaces");
	r = trusted_enter(iso, e);
	if (r < 0)
		return r;
	/* Where the root is not the top of the mount namespace (chroot), setns alone would leave us above it. */
	if (iso->target_root >= 0 && (sys_fchdir(iso->target_root) < 0 || sys_chroot(".") < 0))
		return err_sys(e, "enter the container's root");
	if (sys_chdir("/") < 0)
		return err_sys(e, "enter the container's root");
	if (iso->in_user)
		r = idmap_become_root(e);
	return r < 0 ? r : set_dumpable(false, e);
}

bool isolation_may_borrow(const struct isolation *iso)
{
	return !(iso->enter_flags & ns_clone_flags[NS_TIME]);
}
