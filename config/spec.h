/* spec - struct container_spec, the one model of a container that the engine knows.
 *
 * It is the OCI runtime-spec 1.3 configuration (config.md, config-linux.md), member for member, with C names. Two things fill it: config/oci.c from a
 * bundle's config.json and config/zone_to_oci.c from a zone.json. After the checks it is const everywhere. Plain data: no descriptors, no side effects.
 *
 * Absent and zero differ in OCI: optional numbers are struct opt_i64/opt_u64/opt_bool, optional texts are NULL, optional objects are NULL pointers.
 * A list is an array `x` with its length `n_x`. Everything is owned by the struct and released by container_spec_free(). */
#ifndef CONFIG_SPEC_H
#define CONFIG_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

struct opt_bool {
	bool set, value;
};
struct opt_i64 {
	bool set;
	int64_t value;
};
struct opt_u64 {
	bool set;
	uint64_t value;
};

struct id_map {
	uint64_t container_id, host_id, size;
};

struct root_spec {
	char *path; /* absolute, or relative to the bundle until engine/oci load makes it absolute */
	bool readonly;
	/* Extension (zones): show the tree with owners shifted by the container's user namespace, through an idmapped mount. */
	bool idmap;
	/* Extension (zones), never read from config.json: the root is what an overlay of these directories shows, the topmost first; `upper` holds "fs", which takes the changes, and "work". `path` is
	 * then but a place to mount it. */
	struct strv layers;
	char *upper;
	/* Extension (zones): read-only but for these folders of it, and root inside cannot change that. In order, up to one without a path; what is missing in the root is left out. Borrowed; NULL: the
	 * root is not locked. */
	const struct root_part *parts;
};
struct root_part {
	const char *path;
	bool readonly;
};

/* Extension (zones): what no option of mount(8) says. Not in config.json. */
struct mount_extra {
	bool image;      /* the source is a file that holds a file system of this type */
	bool any_writer; /* image: also one that others than root can write to */
	char *verity; /* image: what fs-verity must say of the file, "sha256:HEX"; NULL: not asked */
	bool pinned;  /* the source has to be this very file, as it was looked at before */
	uint64_t device, inode;
	char *upper; /* overlay over the source: folder of the host that holds "upper", "work" and "lower"; "": memory */
};
struct mount_spec {
	char *destination, *type, *source;
	struct strv options;
	struct id_map *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
	struct mount_extra *extra; /* NULL: none */
};

struct user_spec {
	uint64_t uid, gid;
	struct opt_u64 umask;
	uint64_t *additional_gids;
	size_t n_additional_gids;
};

struct rlimit_spec {
	char *type;          /* "RLIMIT_NOFILE" */
	uint64_t soft, hard; /* UINT64_MAX is RLIM_INFINITY */
};

struct caps_spec {
	struct strv bounding, effective, inheritable, permitted, ambient; /* "CAP_..." */
};

struct scheduler_spec {
	char *policy; /* "SCHED_OTHER" ... */
	struct opt_i64 nice, priority;
	struct strv flags;
	struct opt_u64 runtime, deadline, period;
};

struct io_priority_spec {
	char *class; /* "IOPRIO_CLASS_BE" */
	int64_t priority;
};

struct process_spec {
	bool terminal;
	uint64_t console_height, console_width; /* 0: not given */
	char *cwd;
	struct strv env, args;
	struct user_spec user;
	struct rlimit_spec *rlimits;
	size_t n_rlimits;
	struct caps_spec *capabilities; /* NULL: none given -> keep what the runtime has, as runc */
	bool no_new_privileges;
	char *apparmor_profile, *selinux_label;
	struct opt_i64 oom_score_adj;
	struct scheduler_spec *scheduler;
	struct io_priority_spec *io_priority;
	char *exec_affinity_initial, *exec_affinity_final; /* execCPUAffinity */
};

struct hook_spec {
	char *path;
	struct strv args, env;
	struct opt_i64 timeout; /* seconds, > 0 */
};
struct hook_list {
	struct hook_spec *items;
	size_t n;
};
struct hooks_spec {
	struct hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

enum ns_type {
	NS_PID,
	NS_NETWORK,
	NS_MOUNT,
	NS_IPC,
	NS_UTS,
	NS_USER,
	NS_CGROUP,
	NS_TIME,
	NS_COUNT
};
struct ns_spec {
	bool wanted; /* listed in the configuration */
	char *path;  /* NULL: make a new one; else join the one at this host path */
};

struct device_spec {
	char *type; /* "c" "b" "u" "p" */
	char *path;
	int64_t major, minor;
	struct opt_u64 file_mode; /* permission bits */
	struct opt_u64 uid, gid;
};

struct device_rule_spec {
	bool allow;
	char *type;                  /* NULL or "a": any; "c"; "b" */
	struct opt_i64 major, minor; /* absent: any */
	char *access;                /* NULL: "rwm" */
};

struct memory_spec {
	struct opt_i64 limit, reservation, swap, kernel,
		kernel_tcp; /* bytes; -1 unlimited; swap is memory+swap */
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};
struct cpu_spec {
	struct opt_u64 shares;
	struct opt_i64 quota; /* microseconds per period; <= 0 unlimited */
	struct opt_u64 burst, period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	char *cpus, *mems;
	struct opt_i64 idle;
};
struct weight_device_spec {
	int64_t major, minor;
	struct opt_u64 weight, leaf_weight;
};
struct throttle_device_spec {
	int64_t major, minor;
	uint64_t rate;
};
struct throttle_list {
	struct throttle_device_spec *items;
	size_t n;
};
struct block_io_spec {
	struct opt_u64 weight, leaf_weight;
	struct weight_device_spec *weight_devices;
	size_t n_weight_devices;
	struct throttle_list read_bps, write_bps, read_iops, write_iops;
};
struct hugepage_spec {
	char *page_size;
	uint64_t limit;
};
struct net_priority_spec {
	char *name;
	uint64_t priority;
};
struct network_spec {
	struct opt_u64 class_id;
	struct net_priority_spec *priorities;
	size_t n_priorities;
};
struct rdma_spec {
	char *device; /* key of the object */
	struct opt_u64 hca_handles, hca_objects;
};

struct resources_spec {
	struct device_rule_spec *devices;
	size_t n_devices;
	struct memory_spec *memory;
	struct cpu_spec *cpu;
	struct opt_i64 pids_limit; /* -1 unlimited, 0 is a real limit */
	struct block_io_spec *block_io;
	struct hugepage_spec *hugepages;
	size_t n_hugepages;
	struct network_spec *network;
	struct rdma_spec *rdma;
	size_t n_rdma;
	struct strmap unified;
};

struct seccomp_arg_spec {
	uint64_t index, value, value_two;
	char *op; /* "SCMP_CMP_EQ" */
};
struct seccomp_rule_spec {
	struct strv names;
	char *action;
	struct opt_u64 errno_ret;
	struct seccomp_arg_spec *args;
	size_t n_args;
};
struct seccomp_spec {
	char *default_action; /* "SCMP_ACT_ERRNO" */
	struct opt_u64 default_errno_ret;
	struct strv architectures, flags;
	char *listener_path, *listener_metadata;
	struct seccomp_rule_spec *rules;
	size_t n_rules;
};

struct net_device_spec {
	char *host_name; /* key of the object */
	char *name;      /* name inside; NULL: the same */
};

struct intel_rdt_spec {
	char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct strv schemata;
	bool enable_monitoring;
};

struct memory_policy_spec {
	char *mode, *nodes;
	struct strv flags;
};

struct personality_spec {
	char *domain; /* "LINUX" "LINUX32" */
	struct strv flags;
};

struct time_offset_spec {
	bool set;
	int64_t secs;
	uint64_t nanosecs;
};

struct linux_spec {
	struct ns_spec namespaces[NS_COUNT];
	struct id_map *uid_mappings, *gid_mappings;
	size_t n_uid_mappings, n_gid_mappings;
	struct time_offset_spec monotonic, boottime;
	struct device_spec *devices;
	size_t n_devices;
	struct net_device_spec *net_devices;
	size_t n_net_devices;
	char *cgroups_path;
	struct resources_spec *resources;
	struct strmap sysctl;
	struct seccomp_spec *seccomp;
	char *rootfs_propagation;
	struct strv masked_paths, readonly_paths;
	char *mount_label;
	struct personality_spec *personality;
	struct intel_rdt_spec *intel_rdt;
	struct memory_policy_spec *memory_policy;
	/* Extensions (zones), never read from config.json: */
	struct opt_u64
		owner_uid; /* host uid that makes the user namespace: kernel budgets per user become the zone's own */
	bool delegate_cgroup; /* give the container's cgroup directory and the delegation files to its root */
	char *cgroup_hierarchy; /* which hierarchy /sys/fs/cgroup shows: NULL as the host, "unified" cgroup2 only */
};

struct container_spec {
	char *oci_version;
	struct root_spec root;
	struct mount_spec *mounts;
	size_t n_mounts;
	char *hostname, *domainname;
	struct process_spec *process; /* NULL: create works, start fails */
	struct hooks_spec hooks;
	struct strmap annotations;
	struct linux_spec linux;
	bool has_hooks;
};

struct container_spec *container_spec_new(void);
void container_spec_free(struct container_spec *s);
DEFINE_AUTO_PTR(container_spec);
struct process_spec *process_spec_new(void);
void process_spec_free(struct process_spec *p);
DEFINE_AUTO_PTR(process_spec);
struct resources_spec *resources_spec_new(void);
void resources_spec_free(struct resources_spec *r);
DEFINE_AUTO_PTR(resources_spec);

/* Deep copies, through the same tables that load and save use. */
/* The row's own, made when there is none. */
struct mount_extra *mount_spec_extra(struct mount_spec *m);
struct container_spec *container_spec_clone(const struct container_spec *s);
struct process_spec *process_spec_clone(const struct process_spec *p);

/* Append a zeroed row to a list of the model and return it: mount = LIST_GROW(spec->mounts, spec->n_mounts). */
#define LIST_GROW(list, n) ((__typeof__(list))list_grow((void **)&(list), &(n), sizeof(*(list))))
void *list_grow(void **items, size_t *n, size_t size);

#endif
