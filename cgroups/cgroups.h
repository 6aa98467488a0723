/* cgroups - control groups of one container on v2, v1 and hybrid hosts, behind one facade.
 *
 * cgroup_create() finds each controller wherever it is mounted (cgroups/detect.c), makes the container's directory in every hierarchy and remembers which directories were
 * made here, so that removal takes away just those. Paths are never above our own root and never contain "..".
 * Who calls: the parent of a container (engine), the monitor, the zone commands. Never a process inside a container.
 * Documents: Documentation/admin-guide/cgroup-v1, cgroup-v2.rst; OCI config-linux.md "Control groups". */
#ifndef CGROUPS_CGROUPS_H
#define CGROUPS_CGROUPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/spec.h"
#include "runtime/base/err.h"
#include "runtime/base/finding.h"
#include "runtime/base/json.h"

struct cgroup;

enum cgroup_manager { CGROUP_MANAGER_FS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };
enum cgroup_mode { CGROUP_MODE_NONE, CGROUP_MODE_V1, CGROUP_MODE_HYBRID, CGROUP_MODE_V2 };

struct cgroup_options {
	enum cgroup_manager manager;
	const char *path; /* linux.cgroupsPath, or NULL: derived from id below our own cgroup */
	bool rootless;    /* missing permissions are no error unless a limit was asked for */
	struct opt_u64 delegate_uid,
		delegate_gid; /* hand the directory and /sys/kernel/cgroup/delegate's files to this host id (v2 and unified hierarchy only) */
	const struct strmap *
		annotations; /* CGROUP_MANAGER_SYSTEMD: the container's, for org.systemd.property.*; may be NULL */
	bool exact_devices; /* device rules as given; else the devices that OCI promises (null, zero, tty, pts ...) are allowed after them */
};

enum cgroup_mode cgroup_host_mode(void);

/* CGROUP_MANAGER_SYSTEMD: `path` is "slice:prefix:name" (cgroups/unit.h), systemd makes a scope of it and leaves it to us; limits are told to systemd and then written as always.
 * Make the directories (and parents). Existing non-empty cgroups: -EBUSY "container's cgroup is not empty: N process(es) found"; frozen: -EBUSY. On failure nothing made here remains. */
MUST_CHECK int cgroup_create(const char *id, const struct cgroup_options *o, struct cgroup **ret,
			     struct err *e);
/* The same in two halves, for a caller that records what is to be undone before the first side effect: plan only looks (cgroup_save() then tells what will be made, and
 * cgroup_remove() on such a record takes away what a killed cgroup_make() left), make acts. A failing cgroup_make() leaves nothing; the object is still the caller's to free. */
MUST_CHECK int cgroup_plan(const char *id, const struct cgroup_options *o, struct cgroup **ret,
			   struct err *e);
MUST_CHECK int cgroup_make(struct cgroup *cg, struct err *e);
/* On hybrid hosts the directories themselves may be made in two halves: the unified one, in which a first process can be born, and by cgroup_make() those of v1, while that process
 * prepares itself. It must have entered them (cgroup_open_tasks) before it runs anything that the limits are for. A cgroup_make() that fails leaves the first half to cgroup_remove(). */
bool cgroup_has_halves(const struct cgroup *cg);
MUST_CHECK int cgroup_make_unified(struct cgroup *cg, struct err *e);
/* From what cgroup_save() gave, after a restart of the program. Works when the directories are gone (then the other calls say -ENOENT or succeed emptily). */
MUST_CHECK int cgroup_open(const struct json *saved, struct cgroup **ret, struct err *e);
/* From inside of a container: its own cgroup as it is shown at /sys/fs/cgroup, version 2 only; to be read and no more. -EOPNOTSUPP: none is shown. */
MUST_CHECK int cgroup_open_own(struct cgroup **ret, struct err *e);
struct json *cgroup_save(const struct cgroup *cg);
void cgroup_free(struct cgroup *cg); /* memory and descriptors only */

/* O_PATH-less directory descriptor for CLONE_INTO_CGROUP when the host is pure v2; -1 on v1/hybrid, and after a cgroup_kill() (see cgroup_entry). Borrowed. */
int cgroup_dirfd(const struct cgroup *cg);
/* The container's first process is inside and will stay: what kept the cgroup alive until now (CGROUP_MANAGER_SYSTEMD: a holder process) ends. Nothing to do otherwise. */
MUST_CHECK int cgroup_settle(struct cgroup *cg, struct err *e);
/* Put a process into every hierarchy. In v1/hybrid the first write waits for an RCU grace period (8-20 ms): the engine calls this while init builds its mounts. */
MUST_CHECK int cgroup_attach(struct cgroup *cg, pid_t pid, struct err *e);
/* Put an exec'd process where init is now (a sub-cgroup below ours is fine), or into `sub` below ours when not NULL: one "[controller[,controller]:]path" a line, a word with controllers wins for those. init_pid tells where init is. */
MUST_CHECK int cgroup_attach_exec(struct cgroup *cg, pid_t pid, pid_t init_pid, const char *sub,
				  struct err *e);

/* The quick way in, 0.2 ms instead of the 4-20 ms that the first cgroup_attach() waits: nobody waits for RCU when a process is born inside (CLONE_INTO_CGROUP, which works for
 * the unified hierarchy of hybrid hosts too) and when a single-threaded process moves itself (writing "0" to v1's `tasks`).
 * The parent opens an entry (init_pid 0: the container's own directories; else where init is now, or `sub` below ours, as cgroup_attach_exec), clones with
 * cgroup_entry_dirfd(), and the child calls cgroup_entry_enter() before anything that must be limited; the descriptors are close-on-exec.
 * `born_inside` tells that clone3 took CLONE_INTO_CGROUP; when it is false the unified hierarchy is entered by a write as well (slow). */
struct cgroup_entry; /* cgroup_entry_dirfd() is -1 too when being born there would be deadly: Linux 6.13 and later (seen on 6.18) kill a child at birth when the cgroup.kill of its new
 * home, or that of its parent's, was ever written. Our own kills are remembered; into a sub-cgroup, where those of root inside are not, a process walks. */
MUST_CHECK int cgroup_entry_open(struct cgroup *cg, pid_t init_pid, const char *sub,
				 struct cgroup_entry **ret, struct err *e);
int cgroup_entry_dirfd(
	const struct cgroup_entry *
		entry); /* borrowed; -1: clone without CLONE_INTO_CGROUP and enter with born_inside = false */
/* For a cgroup in two halves: the entry of the first, and the descriptors into which the process writes "0" to enter the second (cgroup_enter_tasks). Close-on-exec, the caller's. */
enum { CGROUP_MAX_TASKS = 16 };
MUST_CHECK int cgroup_entry_open_unified(struct cgroup *cg, struct cgroup_entry **ret,
					 struct err *e);
MUST_CHECK int cgroup_open_tasks(struct cgroup *cg, int fds[CGROUP_MAX_TASKS], size_t *ret_n,
				 struct err *e);
MUST_CHECK int cgroup_enter_tasks(const int *fds, size_t n, struct err *e);
MUST_CHECK int cgroup_entry_enter(const struct cgroup_entry *entry, bool born_inside,
				  struct err *e);
void cgroup_entry_free(struct cgroup_entry *entry);

/* Set limits, all or none as far as the kernel lets it: what was asked for and cannot be enforced is an error that names it (-EOPNOTSUPP), never silence.
 * Also used for live updates: absent members stay unchanged; order of memory/memsw writes is handled. Device rules: v1 files or v2 eBPF; `r->devices` empty means unchanged,
 * so a container without any device rule is limited only when the caller passes one ({ .allow = false }). Zero is "not given" for memory and weights, as in runc and crun. */
MUST_CHECK int cgroup_limit(struct cgroup *cg, const struct resources_spec *r, struct err *e);
/* Will it stop the container for the moment in which systemd denies all devices? Who can be killed freezes it before, with a guard that lets it go on; else cgroup_limit() does it alone. */
bool cgroup_limit_stops(const struct cgroup *cg, const struct resources_spec *r);
/* Can this host enforce them? Reports the first that it cannot, by name ("cappedMemory.swap: ..." wording is the caller's). Changes nothing. */
MUST_CHECK int cgroup_can_limit(const struct resources_spec *r, struct err *e);
/* The CPUs that containers may be given, "0-3": those of the cpuset we live in, else all that are online. Partitions of cgroup v2 do not shorten it. Freshly allocated. */
MUST_CHECK int cgroup_host_cpus(char **ret, struct err *e);

MUST_CHECK int cgroup_freeze(
	struct cgroup *cg, bool on,
	struct err *e); /* waits at most 10 s; always thaws again when freezing fails */
MUST_CHECK int cgroup_is_frozen(struct cgroup *cg, bool *ret, struct err *e);
/* The files that answer it, for who asks for many without their cgroups: frozen when one of them has something else than "0" or "THAWED". */
void cgroup_freezers(struct cgroup *cg, struct strv *ret);
bool cgroup_freezer_says(const char *text); /* pure: frozen? */
/* Signal every process. SIGKILL uses cgroup.kill, or freeze-signal-thaw on v1; frozen groups are thawed so that they can die. Gone or empty is success.
 * Between cgroup_plan() and the end of cgroup_make(): only what was made is touched, the rest is forgotten. */
MUST_CHECK int cgroup_kill(struct cgroup *cg, int signo, struct err *e);
MUST_CHECK int cgroup_pids(struct cgroup *cg, pid_t **ret, size_t *ret_n,
			   struct err *e); /* the whole subtree, sorted */
/* Of a container whose processes have all ended: a directory that another one has taken meanwhile is that one's, and is asked for nobody and removed by nobody from now on. */
void cgroup_leave_taken(struct cgroup *cg);
/* Also when root inside moves processes from one sub-cgroup to another meanwhile, which can hide them from the former: where there are sub-cgroups on cgroup v2, every process of the host is asked. */
MUST_CHECK int cgroup_pids_surely(struct cgroup *cg, pid_t **ret, size_t *ret_n, struct err *e);
MUST_CHECK int cgroup_wait_empty(struct cgroup *cg, int timeout_ms,
				 struct err *e); /* -ETIMEDOUT names a remaining pid */

/* Values that a hierarchy does not offer are set to false, and so are limits that are "unlimited". Bytes, nanoseconds, counts. `swap` is swap alone (v1's memsw is converted). */
struct cgroup_stats {
	struct opt_u64 cpu_ns, cpu_throttled_ns;
	struct opt_u64 memory, memory_max, memory_limit, memory_cache, swap, swap_limit, oom_kills;
	struct opt_u64
		locked; /* memory that the kernel cannot take back, nearly all of it by mlock(2) */
	struct opt_u64 pids, pids_limit;
	struct opt_u64 io_read_bytes, io_write_bytes, io_read_ops, io_write_ops;
	struct opt_u64 cpu_limit;  /* thousandths of a CPU: quota by period */
	struct opt_u64 cpu_weight; /* v1's shares, 2 ... 262144, or v2's weight, 1 ... 10000 */
	struct opt_u64 cpu_pressure, memory_pressure,
		io_pressure; /* "some avg10": hundredths of a percent of the last 10 s that somebody waited (PSI) */
};
MUST_CHECK int cgroup_stats(struct cgroup *cg, struct cgroup_stats *ret, struct err *e);
/* Without cpu_throttled_ns, cpu_weight, memory_max, memory_cache, locked and the operations of I/O: two thirds of the cost. */
MUST_CHECK int cgroup_stats_brief(struct cgroup *cg, struct cgroup_stats *ret, struct err *e);
/* cpu_weight alone. False: this host does not offer it. */
bool cgroup_cpu_weight(struct cgroup *cg, uint64_t *ret);
/* Descriptor for reading of one file of the container's cgroup, for a reader without the right to open it: `v1_file` where cgroup v1 has the controller, else `v2_file` of the unified
 * hierarchy. NULL: that hierarchy has no such file. *ret_v1 tells which it is. -ENOENT when this host does not offer it. */
struct cgroup_file {
	const char *controller, *v1_file, *v2_file;
};
MUST_CHECK int cgroup_open_file(struct cgroup *cg, const struct cgroup_file *f, bool *ret_v1,
				struct err *e);
/* The same and more as runc's `events --stats` prints it: cpu, cpuset, memory, pids, blkio, hugetlb, with pressure where the kernel has it. Numbers of cgroup v2 are converted to the
 * units and meanings of v1 (nanoseconds; swap is memory and swap), as its readers expect. */
struct json *cgroup_stats_json(struct cgroup *cg);

/* To be told of out-of-memory kills: an eventfd on v1's memory.oom_control, inotify on v2's memory.events. -EOPNOTSUPP without a memory controller. */
struct cgroup_oom;
MUST_CHECK int cgroup_oom_watch(struct cgroup *cg, struct cgroup_oom **ret, struct err *e);
int cgroup_oom_fd(const struct cgroup_oom *w); /* borrowed; readable: call cgroup_oom_happened() */
bool cgroup_oom_happened(
	struct cgroup_oom *w); /* since the last call; also takes what made it readable */
void cgroup_oom_free(struct cgroup_oom *w);
/* To be told that a fork or a new thread was refused because of pids.max: inotify on pids.events. v1 has that file too, but counts only what was refused to processes of the container's own directory
 * and tells nobody (seen on 6.18): there the caller must ask now and then. -EOPNOTSUPP without a pids controller that counts. */
struct cgroup_forks;
MUST_CHECK int cgroup_forks_watch(struct cgroup *cg, struct cgroup_forks **ret, struct err *e);
int cgroup_forks_fd(
	const struct cgroup_forks *w); /* borrowed; readable: call cgroup_forks_refused(); -1: v1 */
uint64_t cgroup_forks_refused(
	struct cgroup_forks
		*w); /* how many since the last call; also takes what made it readable */
void cgroup_forks_free(struct cgroup_forks *w);
/* The directory of the memory controller as /proc/PID/cgroup and the kernel's log call it, "/zones/web". Freshly allocated; NULL without one. */
char *cgroup_memory_path(const struct cgroup *cg);
/* The limits as the kernel holds them: rows "cpu.cfs_quota_us=150000" and so on, for `zone info --live`, audit and tests. Freshly allocated array of strings. */
MUST_CHECK int cgroup_show_limits(struct cgroup *cg, struct strmap *ret, struct err *e);

/* What cgroup_limit() was given beside what the kernel holds now: a line for each limit ("resources.memory.limit"), for the device rules, and one for the processes, which must all be in all
 * hierarchies. Without device rules in `r` none are judged. Changes nothing. -ENOENT when the cgroup is gone. */
MUST_CHECK int cgroup_audit(struct cgroup *cg, const struct resources_spec *r, struct findings *ret,
			    struct err *e);

/* Is its directory in every hierarchy there now? */
bool cgroup_is_there(const struct cgroup *cg);
/* Was each of its directories made for it? Before cgroup_make(): was each missing when it was planned? */
bool cgroup_is_all_made(const struct cgroup *cg);
/* False when every hierarchy was refused (rootless): its processes are where the caller is. */
bool cgroup_has_any(const struct cgroup *cg);

/* Remove what cgroup_create made, children first, EBUSY retried with back-off (at most 5 s). Sub-cgroups that a tenant made go too. */
MUST_CHECK int cgroup_remove(struct cgroup *cg, struct err *e);
/* The quick way for the usual end: nobody is looked for, because only an empty cgroup can be removed. True when everything is gone; false when somebody lives there or a
 * directory was not ours: then kill, wait and remove. Never waits. */
bool cgroup_remove_if_empty(struct cgroup *cg);

/* Host directory of the container in the unified hierarchy (or pure v2), "" when there is none. Borrowed. For /sys/fs/cgroup mounts and messages. */
const char *cgroup_unified_path(const struct cgroup *cg);

/* --- resctrl: shares of cache and memory bandwidth (OCI linux.intelRdt), beside the cgroups ------------------------------ */
/* What would be done for the container: a JSON object to be kept in its record. -EOPNOTSUPP without a mounted resctrl. The group is closID, or the id of the container. Looks only. */
MUST_CHECK int resctrl_plan(const struct intel_rdt_spec *r, const char *id, struct json **ret,
			    struct err *e);
/* Make it: the group with its schemata, or, when it was there before, check that it has what is asked for. Leaves nothing on failure. */
MUST_CHECK int resctrl_make(const struct json *plan, const struct intel_rdt_spec *r, struct err *e);
MUST_CHECK int resctrl_attach(const struct json *plan, pid_t pid, struct err *e);
MUST_CHECK int resctrl_update(const struct json *plan, const struct intel_rdt_spec *r,
			      struct err *e);
/* Takes away what resctrl_make() made and nothing else; gone is success. */
MUST_CHECK int resctrl_remove(const struct json *plan, struct err *e);

#endif
