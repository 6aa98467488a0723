/* isolation - namespaces, root file system and privileges of one container.
 *
 * Five moments, in the order they happen; each names the process that calls it:
 *
 *   parent: isolation_plan      checks, opens every HOST path (root, bind sources, device nodes, masks) as descriptors; nothing is changed yet
 *   child:  isolation_join      setup child or init itself: become the owner uid, join namespaces given by path, unshare the user namespace
 *   parent: isolation_map_ids   write uid_map, gid_map, setgroups of the process in its new user namespace
 *   parent: isolation_share     what only the parent may do once the maps exist: idmapped detached mounts through the child's user namespace
 *   init:   isolation_build     mounts, devices, masks, pivot_root, sysctl, hostname, terminal
 *   init:   isolation_seal      last: cwd, rlimits, ids, capabilities, no_new_privs, labels, seccomp; nothing but execve may follow
 *
 * The plan is inherited by the child through clone: all descriptors in it are close-on-exec, and after the clone both sides hold them.
 * isolation_share() maps the ids of detached mounts that the plan made; only binds whose options are locked have to be sent after the clone (isolation_export).
 *
 * Rules: SECURITY.md 2-6 in short - host paths are opened only in isolation_plan; below the container's root only base/path.h resolves, before and after
 * pivot_root; writes to /proc go through a private procfs; device nodes are verified by fstat before use; no descriptor leaks. */
#ifndef ISOLATION_ISOLATION_H
#define ISOLATION_ISOLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "config/spec.h"
#include "runtime/base/err.h"
#include "runtime/base/finding.h"

struct isolation;

struct isolation_options {
	const char *bundle; /* relative bind sources are below it; may be NULL when there is none */
	bool no_pivot;      /* --no-pivot: MS_MOVE + chroot */
	bool no_new_keyring;
	/* v2: the container's own cgroup directory, for cgroup mounts without a cgroup namespace; -1 */
	int cgroup_dirfd;
	/* exec: by the trusted path, on which this root (of a container whose root has parts) is writable; NULL */
	const struct root_spec *trusted;
	/* root-only host directory for compiled filters; NULL: no cache */
	const char *seccomp_cache;
	/* descriptors handed to the program (LISTEN_FDS, preserved): never closed, numbers kept */
	const int *keep_fds;
	size_t n_keep_fds;
};

/* parent. Owns everything opened; free with isolation_free(). `spec` is borrowed and must outlive it. Errors: ENOENT/ENOTDIR for missing host paths (named), EINVAL,
 * EOPNOTSUPP when this kernel lacks what the configuration asks for. */
MUST_CHECK int isolation_plan(const struct container_spec *spec, const struct isolation_options *o,
			      struct isolation **ret, struct err *e);
void isolation_free(struct isolation *iso);

/* parent: how init is to be made.
 *   clone_flags   CLONE_NEW* flags that the clone of init carries (pid, mount, network, ipc, uts; never user, cgroup, time)
 *   needs_setup   true when a setup child is needed in between: namespaces joined by path, a user namespace (init's other namespaces must be owned by it)
 *                 or a time namespace. The setup child calls isolation_join() and then clones init with clone_flags | CLONE_PARENT. */
int isolation_clone_flags(const struct isolation *iso);
bool isolation_needs_setup(const struct isolation *iso);
bool isolation_new_user_ns(const struct isolation *iso);

/* setup child. Joins what is to be joined; when a user namespace is to be made: setresgid/setresuid to the owner (when given), unshare(CLONE_NEWUSER), then calls
 * `mapped(arg)` which must block until the parent has run isolation_map_ids and isolation_share, then becomes uid 0/gid 0 of the namespace with all capabilities. Then unshares time
 * and sets its offsets. PR_SET_DUMPABLE is 0 while in here. */
MUST_CHECK int isolation_join(struct isolation *iso, int (*mapped)(void *arg, struct err *e),
			      void *arg, struct err *e);
/* parent. `child` is the setup child, waiting in mapped(). Direct writes when privileged, else newuidmap/newgidmap. */
MUST_CHECK int isolation_map_ids(struct isolation *iso, pid_t child, struct err *e);
/* parent, after isolation_map_ids (or before the clone when there is no new user namespace): idmapped clones of the root and of bind mounts. */
MUST_CHECK int isolation_share(struct isolation *iso, pid_t child, struct err *e);

/* Descriptors that the setup child still has to be sent after isolation_share(): binds whose options root inside must not take back (mount_lock.c); of all
 * others it holds the very mounts. Exported ones stay owned by iso; imported ones are taken over, -EPROTO when they are not as many as expected. */
enum { ISOLATION_MAX_SHARED = 250 };
size_t isolation_export(const struct isolation *iso, const int **ret_fds);
MUST_CHECK int isolation_import(struct isolation *iso, const int *fds, size_t n, struct err *e);

/* What init calls back for while it builds; NULL members are skipped. */
struct isolation_callbacks {
	/* Block until the parent has attached us to the cgroups: before unshare(CLONE_NEWCGROUP) and cgroup mounts. Called once. */
	int (*attached)(void *arg, struct err *e);
	/* All mounts are there, pivot_root not yet: prestart, createRuntime, createContainer hooks run now. When it is NULL the
	 * cgroup mounts are made after pivot_root, so that attaching and building overlap as long as they can. */
	int (*mounted)(void *arg, struct err *e);
	/* process.terminal: the pty master, to be sent away; borrowed. */
	int (*console)(void *arg, int master, struct err *e);
	void *arg;
};
/* init. After it the process is in its new root, "/" is the cwd. */
MUST_CHECK int isolation_build(struct isolation *iso, const struct isolation_callbacks *cb,
			       struct err *e);

/* init or exec child, inside the root: find the program as execvp would, with the container's PATH and its user's rights; *ret_path freshly allocated.
 * Messages: exec: "x": executable file not found in $PATH  ·  exec: "/x": stat /x: no such file or directory  ·  permission denied · is a directory. */
MUST_CHECK int isolation_find_program(const struct process_spec *p, char **ret_path, struct err *e);

/* init or exec child, last. `listener` is called with the seccomp notification descriptor when the filter has one.
 * `sysinfo`, -1: none: a seqpacket socket to somebody who answers sysinfo(2) in the kernel's place. When a byte has come from there and the other end is still open, a filter that hands over this one call is loaded
 * first, and one byte with its listener is sent. Without the byte (2 s), or where the kernel refuses the filter - a chain of filters has one listener at most -, the process sees what the kernel says.
 * An error only when the filter is loaded and the listener could not be sent. */
MUST_CHECK int isolation_seal(struct isolation *iso, const struct process_spec *p,
			      int (*listener)(void *arg, int fd, struct err *e), void *arg,
			      int sysinfo, struct err *e);

/* --- exec: enter a running container ------------------------------------------------------------------------------- */
/* parent: a plan for a process that joins all namespaces of `target` (a pidfd) that differ from ours. Loads what seal needs from `spec` (seccomp, labels, user namespace). */
MUST_CHECK int isolation_plan_exec(const struct container_spec *spec, const struct process_spec *p,
				   int target_pidfd, const struct isolation_options *o,
				   struct isolation **ret, struct err *e);
/* setup child: setns to all of them. The process exec'ed must be a child made afterwards (pid namespace). */
MUST_CHECK int isolation_enter(struct isolation *iso, struct err *e);
/* parent: may the setup child that calls isolation_enter live in our memory (runtime/base/borrow.h)? It changes nothing there; a time namespace wants it for itself. */
bool isolation_may_borrow(const struct isolation *iso);
/* exec child, after isolation_enter and the clone: chdir "/", terminal (through cb->console) . */
MUST_CHECK int isolation_build_exec(struct isolation *iso, const struct process_spec *p,
				    const struct isolation_callbacks *cb, struct err *e);

/* --- the container's root seen from outside (engine, zone) ----------------------------------------------------------- */
/* O_PATH descriptor of the root directory of the process behind pidfd/pid (through /proc/PID/root of the host's own procfs, checked against the pidfd). Use only base/path.h below it. */
MUST_CHECK int isolation_open_root(pid_t pid, int pidfd, struct err *e);

/* A new console for a running container whose old pty is gone: forks a child that enters the container's mount namespace, makes a pty in its devpts, binds it over /dev/console,
 * and returns the master. parent. */
MUST_CHECK int isolation_new_console(pid_t pid, int pidfd, int *ret_master, struct err *e);

/* --- mounts of a running container (mount_live.c); parent ---------------------------------------------------------------- */
/* spec: the container's, with the one mount to add as its only row. The source is opened on the host, the target below the container's root; a missing target is made.
 * -EOPNOTSUPP: without a mount namespace of its own, or a file system that would show the host's processes or devices. */
MUST_CHECK int isolation_mount_add(const struct container_spec *spec, const char *bundle, int pidfd,
				   struct err *e);
/* The same for the one row of spec->linux.devices: its node, made or bound as at create. isolation_mount_remove() takes it away; the empty file below stays. */
MUST_CHECK int isolation_device_add(const struct container_spec *spec, int pidfd, struct err *e);
/* For restore, in a mount namespace that nobody else has: device nodes that a container with this configuration gets of its own are shown in the place of the host's, for criu binds by path. */
MUST_CHECK int isolation_show_devices(const struct container_spec *spec, struct err *e);
/* lsm.c: would a process get this AppArmor profile, this SELinux context? -EOPNOTSUPP: the kernel has no such LSM, -ENOENT and -EINVAL: it is not known there. Nothing is changed; for host root. */
MUST_CHECK int isolation_can_profile(const char *profile, struct err *e);
MUST_CHECK int isolation_can_label(const char *label, struct err *e);
/* Would this file be taken as an image? Nothing is mounted. */
MUST_CHECK int isolation_check_image(const char *path, bool readonly, const struct mount_extra *x,
				     struct err *e);
/* -EINVAL when nothing is mounted exactly there. */
MUST_CHECK int isolation_mount_remove(const char *target, int pidfd, struct err *e);

/* --- kernel parameters and resource limits of a running container (sysctl_live.c, rlimit_live.c); parent ----------------- */
/* Set one parameter in the namespace that holds it, checked as those of config.json. *ret_old (may be NULL): the value before, freshly allocated, also when the kernel refuses the new one; untouched when it
 * could not be read. */
MUST_CHECK int isolation_sysctl(const struct container_spec *spec, int pidfd,
				const struct strmap_item *parameter, char **ret_old, struct err *e);
/* Ask for, or set, one limit (RLIMIT_...) of processes of a container: by our own right (CAP_SYS_RESOURCE), or else by that of its user namespace, which can raise no hard limit. The caller knows
 * that the pids are the container's. Those that have ended are `gone`. -EPERM: a hard limit cannot be raised here; those before it in the list are set. */
struct isolation_rlimit {
	pid_t pid;
	bool gone;
	struct rlimit value;
};
bool isolation_is_capable(int capability); /* CAP_..., of the caller on the host */
MUST_CHECK int isolation_rlimits_get(int pidfd, int resource, struct isolation_rlimit *list,
				     size_t n, struct err *e);
MUST_CHECK int isolation_rlimits_set(int pidfd, int resource, struct isolation_rlimit *list,
				     size_t n, struct err *e);

/* --- a running container beside its configuration (audit.c); parent ------------------------------------------------------ */
/* Lines for: its namespaces, id maps and their owner; of every process: namespaces, ids, capabilities, seccomp, no_new_privs, hard limits, OOM score; names, kernel parameters; root, mounts with their
 * options, devices, hidden paths, and that nothing else of the host is mounted. Changes nothing; what root inside may change is FINDING_CHANGED. -ESRCH when init ended meanwhile. */
struct isolation_audit {
	pid_t init;
	int pidfd;         /* of it */
	const pid_t *pids; /* all, init among them */
	size_t n;
};
MUST_CHECK int isolation_audit(const struct container_spec *spec, const struct isolation_audit *of,
			       struct findings *ret, struct err *e);

/* --- files of ours over files of a running container (mount_cover.c); parent --------------------------------------------- */
/* A read-only FUSE file system for the connection that begins at `device`, a descriptor of /dev/fuse: everybody may read it, nothing in it is a device or can be executed. Returns the
 * detached mount. The first request waits in the connection afterwards. */
MUST_CHECK int isolation_fuse(int device, const char *name, struct err *e);
/* The number of a FUSE file system, and the end of all its requests by that number, whoever still has the connection open: for a server that cannot be killed (traced, frozen, stuck in the kernel). */
/* A detached procfs of our pid namespace, without anything but processes, and of these only those that its reader may trace. */
MUST_CHECK int isolation_traceable_procfs(struct err *e);
MUST_CHECK int isolation_fuse_number(int tree, unsigned *ret, struct err *e);
MUST_CHECK int isolation_fuse_abort(unsigned number, struct err *e);
/* Show files of a detached mount in the container, each over the file that is there; a target that the container does not have is left out. The mount itself is never visible anywhere; to close its descriptor costs a wait
 * for RCU, so it is kept while nobody wants to wait. Whoever
 * rules the container's mounts can take the files away again: it then sees what is beneath. */
struct isolation_cover {
	const char *from, *target; /* a name in the mount; a path in the container */
};
MUST_CHECK int isolation_cover(int tree, const struct isolation_cover *rows, size_t n, int pidfd,
			       struct err *e);

/* A user and its groups from the container's /etc/passwd and /etc/group, read with our own bounded parser below `root` (at most 1 MiB each, never NSS). `user` is "name", "name:group", "uid", "uid:gid".
 * home and shell are freshly allocated ("/" and "/bin/sh" when unknown). -ENOENT names the user. */
struct isolation_user {
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	char *name, *home, *shell;
};
MUST_CHECK int isolation_find_user(int root, const char *user, struct isolation_user *ret,
				   struct err *e);
void isolation_user_done(struct isolation_user *u);

/* --- a root in layers, seen by the host (overlay.c) ------------------------------------------------------------------------ */
/* The tree that a container with spec.root.layers has as its root, while no container has it: a detached mount, gone with its descriptor; owners as on the disk. `upper` NULL: the layers alone, read-only.
 * What is written is not flushed by fsync(2) on it. Whoever has it must keep the container from being started. At most ISOLATION_MAX_LAYERS. */
enum { ISOLATION_MAX_LAYERS = 128 };
MUST_CHECK int isolation_overlay(const struct strv *layers, const char *upper, struct err *e);

/* The list of operations that isolation_build will perform, one line each, for --dry-run and tests. Freshly allocated. Pure with regard to the system: only needs the spec. */
char *isolation_plan_text(const struct container_spec *spec);

#endif
