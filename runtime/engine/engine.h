/* engine - the life of a container: create, start, exec, kill, pause, update, delete, state. Works only on container_spec.
 *
 * A container is a directory STATE_ROOT/ID with
 *   state.json   the record (record.h): written atomically, names init by pid and start time
 *   config.json  the configuration as it was at create (a later change of the bundle has no effect)
 *   exec.fifo    init waits here after create; start writes one byte
 *   lock         flock(2): every operation that changes the container holds it
 * The record with status "creating" is written before the first side effect and holds what is needed to undo (cgroup paths), so a create that was killed is cleaned up by delete --force.
 *
 * States (OCI runtime.md): creating -> created -> running (<-> paused) -> stopped.
 * Errors use the words callers match (OCI.md 2.3): "container does not exist" (ENOENT), "container with given ID already exists" (EEXIST), "container not running" (EBUSY), ... */
#ifndef RUNTIME_ENGINE_ENGINE_H
#define RUNTIME_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "cgroups/cgroups.h"
#include "config/spec.h"
#include "runtime/base/err.h"
#include "runtime/base/finding.h"
#include "runtime/base/json.h"

enum engine_status {
	ENGINE_CREATING,
	ENGINE_CREATED,
	ENGINE_RUNNING,
	ENGINE_PAUSED,
	ENGINE_STOPPED
};
const char *engine_status_word(enum engine_status s);

/* Network set up by the caller once init's network namespace exists; NULL functions: the engine brings `lo` up in a new namespace and moves linux.netDevices. */
struct engine_network {
	int (*attach)(void *arg, int netns_fd, pid_t init, struct err *e);
	void (*detach)(void *arg); /* undo, when a later step of create fails */
	void *arg;
};

struct engine_create {
	const char *state_root; /* "/run/zrun", "/run/zones/..." ; made 0700 when missing */
	const char *id;         /* [A-Za-z0-9_+.-]{1,1024}, not "." or ".." */
	const struct container_spec *spec; /* borrowed during the call */
	const char *bundle;                /* absolute host path; "" for zones */
	enum cgroup_manager cgroup_manager;
	const char *pid_file;       /* NULL: none. Digits only, by rename */
	const char *console_socket; /* NULL: none */
	const char *pidfd_socket;   /* NULL: none */
	int *ret_console_master; /* alternatively to console_socket: the pty master is given to the caller (monitor, run); NULL: not wanted */
	int preserve_fds;        /* 3 .. 3+n-1 after LISTEN_FDS are kept */
	int init_fd; /* a descriptor that the program gets as number 3, -1: none (zones: zone-init's status socket) */
	int sysinfo; /* a socket to whoever answers sysinfo(2) for the container, at least 4: isolation_seal() has the rules; init holds it until its program starts. -1: none */
	int stdio[3]; /* what becomes 0,1,2 without a terminal; -1: inherit the caller's */
	const int *
		private_fds; /* the caller's own (locks, sockets that others wait on): closed in its children at once, who may outlive it. -1 is skipped; NULL */
	size_t n_private_fds;
	bool no_pivot, no_new_keyring, rootless;
	bool notify; /* engine_notify_offer() has put the socket's directory into spec */
	bool terminal_on_caller; /* foreground run with a terminal: see run.c */
	bool start_follows; /* the lock is kept for the engine_start() that comes next, which gives it back; so does engine_free() */
	struct engine_network network;
};
#define ENGINE_CREATE_INIT                                            \
	{                                                             \
		.init_fd = -1, .sysinfo = -1, .stdio = { -1, -1, -1 } \
	}

/* A container in hand. Made by create or open; free releases memory, descriptors and the lock, not the container. */
struct engine_container;
void engine_free(struct engine_container *c);

/* The caller becomes the parent of init (waitpid gives the exit status). On any failure nothing remains: no process, cgroup, mount, link, directory. */
MUST_CHECK int engine_create(const struct engine_create *o, struct engine_container **ret,
			     struct err *e);
/* Open by id. `lock`: take the exclusive lock (waits up to 30 s). -ENOENT "container does not exist". */
MUST_CHECK int engine_open(const char *state_root, const char *id, bool lock,
			   struct engine_container **ret, struct err *e);

/* created -> running. When the same process has created it, an exec failure of init is reported here with init's own error; else it was already checked at create as far as it can be. Runs startContainer (in init) and poststart hooks. */
MUST_CHECK int engine_start(struct engine_container *c, struct err *e);

/* sd_notify(3) between the container and the service manager that started us (notify.c).
 * Before create: put the directory of a socket and NOTIFY_SOCKET into a configuration that has no such thing of its own. True: say so in engine_create. */
bool engine_notify_offer(struct container_spec *spec, const char *state_root, const char *id);
/* Before start: listen for the container, and connect to the manager at `host`, a path or "@name". *ret is NULL for a container that was made without, or is not to be started. */
struct engine_notify;
MUST_CHECK int engine_notify_open(struct engine_container *c, const char *host,
				  struct engine_notify **ret, struct err *e);
/* After start: until the container has said READY=1 and the manager has heard it, or until init has ended. */
void engine_notify_wait(struct engine_notify *n, struct engine_container *c);
void engine_notify_free(struct engine_notify *n);

/* What the kernel says now, corrected from the record: pid+start time verified, zombie is stopped, freezer asked. */
enum engine_status engine_status(struct engine_container *c);
/* False: a create was killed before it wrote its first record. Only delete has use for what is left. */
bool engine_has_record(const struct engine_container *c);
pid_t engine_pid(
	const struct engine_container *c); /* init's pid on the host; 0 when it has ended */
uint64_t engine_pid_start(
	const struct engine_container *c); /* of it, in clock ticks since the host's boot */
pid_t engine_init_pid(
	const struct engine_container
		*c); /* the same also when it has ended: for the parent that still has to reap it */
uint32_t engine_owner(const struct engine_container *c); /* uid of the caller of create */
int engine_pidfd(struct engine_container *c);            /* borrowed; -1 when it has ended */
struct cgroup *engine_cgroup(
	struct engine_container *c); /* borrowed; NULL when cgroups are disabled */
const struct container_spec *engine_spec(
	struct engine_container *c);                        /* borrowed: the saved configuration */
struct json *engine_state_json(struct engine_container *c); /* OCI state + created, rootfs, owner */

MUST_CHECK int engine_kill(struct engine_container *c, int signo, bool all, struct err *e);
MUST_CHECK int engine_pause(struct engine_container *c, struct err *e);
MUST_CHECK int engine_resume(struct engine_container *c, struct err *e);
MUST_CHECK int engine_update(struct engine_container *c, const struct resources_spec *r,
			     struct err *e);
/* New schemata for the container's resctrl group; -EOPNOTSUPP when it was made without linux.intelRdt. */
MUST_CHECK int engine_update_rdt(struct engine_container *c, const struct intel_rdt_spec *r,
				 struct err *e);
MUST_CHECK int engine_ps(struct engine_container *c, pid_t **ret, size_t *ret_n, struct err *e);

/* What the container uses, as runc's `events --stats` says it: the cgroup's counters and the interfaces of its own network namespace. */
struct json *engine_stats_json(struct engine_container *c);
/* {"type":"stats","id":ID,"data":{...}} every interval and {"type":"oom","id":ID} when the kernel has killed for memory, until the container ends; `once`: one set of statistics and back.
 * "container not running" (EBUSY) when it has ended. */
struct engine_events {
	uint64_t interval_ms;
	bool once;
	void (*emit)(void *arg,
		     const struct json *event); /* the event is borrowed during the call */
	void *arg;
};
MUST_CHECK int engine_events(struct engine_container *c, const struct engine_events *o,
			     struct err *e);

/* A running or paused container beside its configuration, read from the kernel's own view: isolation_audit() and cgroup_audit(). spec: what it should be; NULL: what it was created with. Changes
 * nothing, takes no lock. -EBUSY "container not running", -ESRCH when it ended meanwhile. */
MUST_CHECK int engine_audit(struct engine_container *c, const struct container_spec *spec,
			    struct findings *ret, struct err *e);

/* Remove everything that create made. Not stopped: -EBUSY unless `force` (then SIGKILL first, bounded, never hangs: a process in uninterruptible sleep is named). Also removes the remains of a killed create. poststop hooks run. */
MUST_CHECK int engine_delete(struct engine_container *c, bool force, struct err *e);

/* --- checkpoint and restore, through the program criu (criu.org); root only -------------------------------------------- */
/* criu's manage_cgroups_mode, by runc's words; ENGINE_CGROUPS_SOFT is the default of both. */
enum engine_criu_cgroups {
	ENGINE_CGROUPS_IGNORE = 0,
	ENGINE_CGROUPS_SOFT = 3,
	ENGINE_CGROUPS_FULL = 4,
	ENGINE_CGROUPS_STRICT = 5,
};
struct engine_checkpoint {
	const char *image_path;  /* where the images are; made by a checkpoint when missing, 0700 */
	const char *work_path;   /* logs and statistics; NULL: with the images */
	const char *parent_path; /* an earlier pre-dump, relative to image_path; NULL */
	const char *page_server; /* ADDRESS:PORT that takes the memory; NULL */
	const char *lsm_profile, *lsm_mount_context; /* restore only; NULL */
	enum engine_criu_cgroups cgroups;
	uint64_t empty_ns; /* CLONE_NEWNET: the network namespace is restored empty */
	int status_fd;     /* one byte when a lazy dump may be read; -1 */
	bool leave_running, pre_dump, auto_dedup,
		lazy_pages; /* pre_dump: memory only, it runs on */
	bool tcp_established, tcp_skip_in_flight, tcp_close;
	bool link_remap, ext_unix_sk, shell_job, file_locks;
};
#define ENGINE_CHECKPOINT_INIT                                  \
	{                                                       \
		.cgroups = ENGINE_CGROUPS_SOFT, .status_fd = -1 \
	}
/* Save a running or paused container. Unless it is left running it is then gone, as with runc and crun: its processes end and it is deleted.
 * -ENOENT: no criu; -EOPNOTSUPP: criu cannot work on this kernel, or the container is not one it can save; -EIO: criu's own reason. On failure it runs on. */
MUST_CHECK int engine_checkpoint(struct engine_container *c, const struct engine_checkpoint *o,
				 struct err *e);
/* A container from a bundle, with the processes of the images instead of new ones: it is running afterwards. The caller becomes the parent of its first process. `o` as for engine_create();
 * hooks: prestart and createRuntime when its namespaces exist, poststart at the end. On failure nothing remains. */
MUST_CHECK int engine_restore(const struct engine_create *o, const struct engine_checkpoint *from,
			      struct engine_container **ret, struct err *e);

struct engine_exec {
	const struct process_spec *process;
	const char *pid_file, *console_socket, *pidfd_socket;
	int *ret_console_master; /* as in engine_create */
	int preserve_fds;
	int stdio[3];
	const char *
		cgroup; /* sub-cgroup below the container's, one "[controller:]path" a line; NULL */
	bool ignore_paused;
	const struct root_spec *trusted; /* isolation_options.trusted; NULL */
	int program_fd; /* -1, or a host program to run instead of process->args[0] by execveat (rescue shell, helper); must be static */
	int sysinfo;    /* as in engine_create */
};
#define ENGINE_EXEC_INIT                                                 \
	{                                                                \
		.stdio = { -1, -1, -1 }, .program_fd = -1, .sysinfo = -1 \
	}
/* The caller becomes the parent of the process; *ret_pid in the caller's pid namespace. Returns after execve succeeded (close-on-exec) or failed. */
MUST_CHECK int engine_exec(struct engine_container *c, const struct engine_exec *x, pid_t *ret_pid,
			   struct err *e);

/* Foreground: forward signals, copy the terminal (raw mode, window size), wait for `pid`; returns its exit code (0..255, 128+signal). master -1: no terminal. Restores the terminal always. `escape`: a sequence such as "~." at the start of a line detaches: returns ENGINE_DETACHED.
 * `notify`, or NULL: when the container says READY=1 the manager is told that we are. */
enum { ENGINE_DETACHED = 1000 };
MUST_CHECK int engine_foreground(pid_t pid, int master, struct engine_notify *notify,
				 struct err *e);

/* Ids below a state root, sorted. Missing root: empty list. */
MUST_CHECK int engine_list(const char *state_root, struct strv *ret, struct err *e);

/* Re-execute the program from a sealed or read-only copy of itself before it enters a container's namespaces (CVE-2019-5736). Called first in main() of both programs by verbs that create or exec. Returns 0 when already protected. */
MUST_CHECK int engine_protect_self(char *const argv[], struct err *e);

/* The OCI features document (features.md): what this build does on this kernel. */
struct json *engine_features(void);

/* --- the inside of a running container, seen from outside (inside.c) ---------------------------------------------------- */
/* O_PATH descriptor of its root directory; resolve below it with base/path.h only. */
MUST_CHECK int engine_open_root(struct engine_container *c, struct err *e);
/* The root of a container that does not run, when its spec.root has layers: isolation_overlay(). More than ENGINE_MAX_LAYERS are refused. */
enum { ENGINE_MAX_LAYERS = 128 };
MUST_CHECK int engine_overlay(const struct strv *layers, const char *upper, struct err *e);
/* One mount more: `mount` is a row of config.json's mounts. The record is not changed: what is added lives as long as the container's mount namespace. */
MUST_CHECK int engine_mount_add(struct engine_container *c, const struct mount_spec *mount,
				struct err *e);
/* One device node more: a row of config.json's linux.devices. The right to use it is engine_update()'s. */
MUST_CHECK int engine_device_add(struct engine_container *c, const struct device_spec *device,
				 struct err *e);
MUST_CHECK int engine_mount_remove(struct engine_container *c, const char *target, struct err *e);
/* Set a kernel parameter of the running container's own namespaces, as config.json's linux.sysctl. *ret_old: the value before, freshly allocated; NULL: it could not be read. */
MUST_CHECK int engine_sysctl(struct engine_container *c, const char *name, const char *value,
			     char **ret_old, struct err *e);
/* A limit of all processes of the running container (rlimits.c). Who has `from` gets `to`; who has set another for itself keeps it unless it is above `to`, then it is lowered to that. `from` not set:
 * what its init has. All or none; it is frozen meanwhile. -EPERM: the hard limit cannot be raised here. */
struct engine_rlimit {
	const char *type; /* "RLIMIT_NOFILE" */
	struct rlimit from, to;
	bool has_from;
};
struct engine_rlimits_saved; /* what each had before */
MUST_CHECK int engine_rlimit(struct engine_container *c, const struct engine_rlimit *change,
			     struct engine_rlimits_saved **ret, struct err *e);
/* Has the host left us the right to raise hard limits of processes that run? */
bool engine_can_raise_rlimits(void);
/* As it was before engine_rlimit(); processes that were born since get what init had. */
MUST_CHECK int engine_rlimit_undo(struct engine_container *c,
				  const struct engine_rlimits_saved *saved, struct err *e);
/* A container that stands still since engine_rlimit() was killed, with all that belonged to it, goes on. Costs one look at a file when there is none. */
MUST_CHECK int engine_go_on(const char *state_root, const char *id, struct err *e);
/* The scheduling policy (SCHED_...) of every thread of the running container (policy.c): who has `from` gets `to`, whoever has another has chosen it himself. *ret: who had `to` before, for the way back;
 * may be NULL. A failure leaves all as it was; -ENOTRECOVERABLE when that is not sure. */
struct engine_policy {
	int from, to;
};
struct engine_policy_saved;
MUST_CHECK int engine_policy(struct engine_container *c, const struct engine_policy *p,
			     struct engine_policy_saved **ret, struct err *e);
/* As it was before engine_policy(); processes that were born since get what the others had. */
MUST_CHECK int engine_policy_undo(struct engine_container *c,
				  const struct engine_policy_saved *saved, struct err *e);
void engine_policy_saved_free(struct engine_policy_saved *saved); /* NULL is fine */
bool engine_can_set_policy(void);
void engine_rlimits_saved_free(struct engine_rlimits_saved *saved); /* NULL is fine */
/* A new console for a container whose pty is gone: *ret_master; /dev/console inside shows the new one. */
MUST_CHECK int engine_new_console(struct engine_container *c, int *ret_master, struct err *e);
/* Where a program of ours that is not a command lies. Freshly allocated; the file need not be there. */
char *engine_helper_path(const char *program);
/* --- view.c: a container's view of its own limits and use; runtime/procview/procview.h has the whole picture --- */
/* A connection for a FUSE file system. Its file system, detached, with its number for the end of all its requests: isolation.h has the rules. */
MUST_CHECK int engine_fuse_open(struct err *e);
MUST_CHECK int engine_fuse(int device, const char *name, struct err *e);
MUST_CHECK int engine_fuse_number(int tree, unsigned *ret, struct err *e);
MUST_CHECK int engine_fuse_abort(unsigned number, struct err *e);
/* The server: a child of ours, which reads the files of the container's cgroup and of the host, and becomes user and group `uid`, which nobody else may have. On failure it is gone. */
struct engine_view {
	int device; /* an end of the connection */
	uint32_t uid;
	int (*more)(void *arg, int sock, struct err *e); /* what else to send it; NULL */
	void *arg;
};
MUST_CHECK int engine_view_start(struct engine_container *c, const struct engine_view *v,
				 pid_t *ret_pid, int *ret_pidfd, struct err *e);
/* Kill it and wait: its end of the connection is then closed. False: it cannot be killed now. pidfd -1: there is none. */
bool engine_view_end(pid_t pid, int pidfd);
/* The server's files over those of a running container. */
MUST_CHECK int engine_view_show(struct engine_container *c, int tree, struct err *e);
/* For a server of the container's processes that shall have no power over others: its user namespace, and a detached procfs, attached nowhere, that shows whoever opens it what he may trace and nothing else. */
MUST_CHECK int engine_user_namespace(struct engine_container *c, struct err *e);
MUST_CHECK int engine_traceable_procfs(struct err *e);
/* A user of the container by "name", "name:group", "uid" or "uid:gid", from its own files, read with our bounded parser. Groups go into process->user; home, shell and name are freshly allocated. */
struct engine_user {
	char *name, *home, *shell;
};
MUST_CHECK int engine_find_user(struct engine_container *c, const char *user,
				struct process_spec *process, struct engine_user *ret,
				struct err *e);
void engine_user_done(struct engine_user *u);
/* The same user's numbers, from the files below an open root. */
MUST_CHECK int engine_user_ids(int root, const char *user, uint32_t *ret_uid, uint32_t *ret_gid,
			       struct err *e);

/* --- questions about this host, for `verify` (host_checks.c); nothing is changed -------------------------------------- */
/* Could these limits be enforced here? Reports the first that cannot. */
MUST_CHECK int engine_can_limit(const struct resources_spec *r, struct err *e);
/* Does this kernel have that type of file system? Its module is loaded if there is one, as a mount would do. */
MUST_CHECK int engine_can_mount(const char *type, struct err *e);
/* Would this file be mounted as an image of a file system: whose it is, and what fs-verity says of it? */
MUST_CHECK int engine_check_image(const char *path, bool readonly, const struct mount_extra *x,
				  struct err *e);
/* Can a process be given this AppArmor profile, this SELinux context: has the kernel the LSM, and is it known there? */
MUST_CHECK int engine_can_profile(const char *profile, struct err *e);
MUST_CHECK int engine_can_label(const char *label, struct err *e);
/* Does the file system under `path` support idmapped mounts? -EOPNOTSUPP names its type. */
MUST_CHECK int engine_can_idmap(const char *path, struct err *e);

#endif
