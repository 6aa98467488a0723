/* private - what the files of this folder share. Nobody outside includes it.
 *
 * struct isolation is made by the parent and inherited by its children through clone: every member set before the clone is known to all three processes, and
 * the descriptors are the same open files. That is why isolation_share() has so little to send: a detached mount that the parent gives an id mapping is the very
 * mount that init holds already. Only locked binds (mount_lock.c) are new mounts. */
#ifndef ISOLATION_PRIVATE_H
#define ISOLATION_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/spec.h"
#include "isolation/isolation.h"
#include "isolation/mount_plan.h"
#include "isolation/seccomp.h"
#include "runtime/base/err.h"
#include "runtime/base/helper.h"

/* Something of the host that will be visible inside. */
struct source {
	char *path; /* on the host, as opened; NULL: this row has none */
	int fd;     /* O_PATH */
	int tree; /* a detached copy of the mount; -1 when the parent was not allowed to make it: then init does, in its own mount namespace */
	int upper; /* overlay: the folder that takes the changes, detached too; -1: none, memory */
	bool is_dir;
	bool is_joined; /* overlay: `tree` is the finished one */
	bool is_own; /* device: `tree` is a node of the container's own, this one; ids are the host's */
	struct device_node node;
};
#define SOURCE_NONE                               \
	{                                         \
		.fd = -1, .tree = -1, .upper = -1 \
	}

struct isolation {
	const struct container_spec *spec; /* borrowed */
	const struct process_spec
		*process; /* borrowed; the one to be run, NULL when create has none */

	char *bundle;
	int *keep_fds;
	size_t n_keep_fds;
	bool no_pivot, no_new_keyring;
	int cgroup_dirfd; /* borrowed */

	bool is_host_root;      /* uid 0 of the initial user namespace */
	bool new_user, in_user; /* a user namespace is made; made or joined */
	bool has_mounts;        /* a mount namespace of the container's own, made or joined */
	bool binds_devices;     /* nodes of the host are bound, because mknod is refused in there */
	bool has_apparmor, has_selinux;

	int ns[NS_COUNT]; /* to be joined, by path; -1 */
	int proc;    /* private procfs of the parent's pid namespace; -1 until somebody needs it */
	int offsets; /* timens_offsets of the setup child */

	struct source root;
	struct source
		*stack; /* of a root in layers: the upper folder, then the layers; else NULL */
	size_t n_stack;
	struct mount_plan plan;
	struct source *sources; /* beside plan.ops */
	struct source null;     /* /dev/null, for masks */
	int nodes; /* tmpfs of the container's own device nodes (device_nodes.c); -1: there are none */
	int *locked; /* parent: the trees that mount_lock_run has replaced, borrowed from sources; sent to the setup child */
	size_t n_locked;
	bool is_cgroup_v2, is_cgroup_hybrid;
	struct strv hierarchies; /* v1: "cpu,cpuacct" "name=systemd" */

	int root_fd; /* init: the container's root */
	bool is_attached;
	mode_t umask;

	struct seccomp_program filter;

	/* exec */
	int target;      /* pidfd, borrowed */
	int target_root; /* -1 when it could not be opened */
	int enter_flags; /* namespaces to join */
};

/* plan.c: empty, with the options and with what the caller is. */
struct isolation *isolation_new(const struct container_spec *spec, const struct process_spec *p,
				const struct isolation_options *o);
DEFINE_AUTO_PTR(isolation);
/* All descriptors that it has or has borrowed, for a helper that does a part of its work. */
void isolation_descriptors(const struct isolation *iso, struct helper_fds *ret);

/* sources.c - parent: open and clone parts of the host. */
void source_done(struct source *s);
/* Opens; ENOENT and the like name the path. */
MUST_CHECK int source_open(struct source *s, const char *path, struct err *e);
/* Is it what was asked for? -EAGAIN when something else was opened. `x` may be NULL. */
MUST_CHECK int source_check(const struct source *s, const struct mount_extra *x, struct err *e);
/* parent: detach a copy. Where that is forbidden (rootless) the copy is left to init and 0 returned. */
MUST_CHECK int source_clone(struct source *s, bool recursive, struct err *e);
/* init: after this the copy is there. */
MUST_CHECK int source_need(struct source *s, bool recursive, struct err *e);
/* parent: the ids of a detached copy. -EINVAL names a file system that cannot do it. */
MUST_CHECK int source_map(const struct source *s, int userns, bool recursive, struct err *e);
/* A device node of the host, opened and verified by fstat. */
MUST_CHECK int source_open_device(struct source *s, const char *path,
				  const struct device_node *node, struct err *e);
MUST_CHECK int source_need_device(struct source *s,
				  struct err *e); /* init: the same for a device */
/* parent: the same for the mounts only, when the root is there already (mount_live.c). */
MUST_CHECK int sources_plan_mounts(struct isolation *iso, struct err *e);
MUST_CHECK int sources_plan(struct isolation *iso, struct err *e);
/* parent: id mappings of the root and of binds; child is the process with the user namespace, 0: joined by path. */
/* init, when all is attached: whoever may look into init while it waits for its start finds no way to the host in it. */
void sources_close(struct isolation *iso);
/* parent: id mappings of the root and of binds; child is the process with the user namespace, 0:
 * joined by path. */
MUST_CHECK int sources_map(struct isolation *iso, pid_t child, struct err *e);

/* device_nodes.c - parent, after source_open_device: is the host's node open to whom it is given to, or does the container get one of its own? Marks the source then. -EINVAL: an owner that the maps do not have. */
MUST_CHECK int device_nodes_plan(const struct isolation *iso, const struct mount_op *op,
				 struct source *s, struct err *e);
/* The same for a node of the host with these permission bits: 1 and the wanted node with ids of the host, or 0. Pure. */
MUST_CHECK int device_nodes_decide(const struct linux_spec *l, const struct mount_op *op,
				   mode_t host, struct device_node *ret, struct err *e);
/* parent: make the marked ones, as detached mounts that init attaches like any other. -EPERM: no right to make nodes. Without a mark it costs nothing. */
MUST_CHECK int device_nodes_make(struct isolation *iso, struct err *e);
/* Its parts: the tmpfs with the nodes, and the way to clone them before Linux 6.15. */
MUST_CHECK int device_nodes_fill(struct isolation *iso, struct err *e);
MUST_CHECK int device_nodes_clone_apart(struct isolation *iso, struct err *e);

/* image.c - parent: a file system in a file of the host, through a loop device that goes with the mount. */
MUST_CHECK int image_plan(const struct mount_op *op, struct source *s, struct err *e);

/* mount_overlay.c - parent: open what is below and what takes the changes; init: put them together. */
MUST_CHECK int mount_overlay_plan(const struct mount_op *op, struct source *s, struct err *e);
MUST_CHECK int mount_overlay_run(struct isolation *iso, const struct mount_op *op, struct source *s,
				 struct err *e);
/* parent, for a container that runs already, when the layers are mapped: put them together where nobody of the container looks on. mount_overlay_run has only to attach then. */
MUST_CHECK int mount_overlay_join(struct isolation *iso, const struct mount_op *op,
				  struct source *s, struct err *e);
/* mount_run.c - init: the place of a mount, checked. */
MUST_CHECK int mount_open_target(const struct isolation *iso, const struct mount_op *op,
				 bool is_dir, struct err *e);

/* init, behind the rows of mounts: the file system of ours that `path` lies on, and what remains of the path then; else the root and the whole path. Whoever shares the root with us may exchange its folders while
 * we work, and a mount moves along with the folder that it is on; its descriptor still leads to it. */
int mount_top(const struct isolation *iso, const char *path, const char **ret_rest);

/* mount_new.c - the new mount interface. Trees are descriptors of detached mounts. */
struct mount_fs {
	const char *type, *source, *data;
	const char *extra;   /* one more "key=value", or NULL */
	unsigned long flags; /* MS_*, those of the superblock count */
	uint64_t attrs;      /* MOUNT_ATTR_* */
};
/* Returns the tree or -errno; the kernel's own explanation is in the text. -E2BIG: a value is too long for fsconfig, use mount_fs_classic. */
MUST_CHECK int mount_fs_new(const struct mount_fs *fs, struct err *e);
/* mount(2) onto the directory `target`, for what the new interface cannot say. */
MUST_CHECK int mount_fs_classic(const struct mount_fs *fs, unsigned long flags, int target,
				struct err *e);
MUST_CHECK int mount_clone(int fd, bool recursive); /* -1 and errno */
MUST_CHECK int mount_attach(int tree, int target, struct err *e);
struct mount_change {
	uint64_t set, clear, propagation;
	bool recursive;
	int userns; /* for MOUNT_ATTR_IDMAP */
};
MUST_CHECK int mount_change(int fd, const struct mount_change *c); /* -1 and errno */
/* What the options of a bind ask for, on a detached copy. */
MUST_CHECK int mount_bind_options(int tree, const struct mount_opts *o, struct err *e);

/* mount_live.c - parent: run `fn` in a helper that goes among file systems of the container's. One that hangs is killed after MOUNT_CHILD_MS: -ETIMEDOUT, also when not even that ends it, because a FUSE server
 * of the container's does not answer; then it holds nothing of ours but `keep`. `fn` makes itself untraceable. With ret_fd it has a descriptor to give. */
enum { MOUNT_CHILD_MS = 10000 };
MUST_CHECK int mount_child(helper_fn fn, void *arg, const struct helper_fds *keep, int *ret_fd,
			   struct err *e);

/* mount_lock.c - parent: options of binds that root inside cannot take back. */
MUST_CHECK int mount_lock_run(struct isolation *iso, int userns, struct err *e);
/* Helpers of the parent: a folder over "/" of a mount namespace of their own, which becomes the working directory; a detached mount under a name in it. */
MUST_CHECK int mount_stage_make(struct err *e);
MUST_CHECK int mount_stage_add(const struct source *s, const char *name, struct err *e);
/* overlay.c - a helper, on its stage: copy the stage into a mount namespace of the user namespace `userns`, and be root of that. The working directory goes along. */
MUST_CHECK int mount_stage_enter(int userns, struct err *e);
/* parent: run `fn` in a helper that nobody in the container can see and that holds nothing but `keep`; what it returns, a detached mount, is ours then. */
typedef int (*mount_make_fn)(void *arg, struct err *e);
MUST_CHECK int mount_make_apart(mount_make_fn fn, void *arg, const struct helper_fds *keep,
				struct err *e);
/* setup child: takes the descriptors over. */
MUST_CHECK int mount_lock_import(struct isolation *iso, const int *fds, size_t n, struct err *e);
/* Can root inside mount and unmount? Only then can it take options back. */
bool mount_may_change(const struct isolation *iso);
/* Is row i of the plan such a bind? Pure, the same in every process. */
bool mount_lock_wanted(const struct isolation *iso, size_t i);

/* rootlock.c - on the stage of mount_lock.c: a root that is read-only but for root.parts. */
bool rootlock_wanted(const struct isolation *iso);
/* `root` is attached there. *ret_writable: a second, detached mount of it for rootlock_targets(). */
MUST_CHECK int rootlock_stage(const struct isolation *iso, int root, int *ret_writable,
			      struct err *e);
/* As the container's root: make the places of its mounts as far as they are missing. */
void rootlock_targets(const struct isolation *iso, int writable);

/* trusted.c - exec, parent: make the mount namespace with the writable root, and a user namespace beside the container's, to be entered instead of the container's own. */
MUST_CHECK int trusted_plan(struct isolation *iso, pid_t pid, const struct root_spec *root,
			    struct err *e);
/* setup child, when the other namespaces have been entered. Nothing to do is success. */
MUST_CHECK int trusted_enter(const struct isolation *iso, struct err *e);

/* mount_run.c - init: follow the plan. */
MUST_CHECK int mount_run(struct isolation *iso, enum mount_phase phase, struct err *e);
/* A part of the host, found by path in init's own copy of the host's mounts, for what cannot be mounted afresh. */
MUST_CHECK int mount_host_tree(const char *path, bool recursive, struct err *e);
/* mount_cgroup.c */
MUST_CHECK int mount_cgroup_plan(struct isolation *iso, struct err *e);
MUST_CHECK int mount_cgroup_run(struct isolation *iso, const struct mount_op *op, struct source *s,
				struct err *e);
/* copyup.c - fill a fresh tmpfs with what it will cover. */
MUST_CHECK int copyup(int from, int to, struct err *e);

/* overlay.c - a root in layers. */
/* parent: open and detach what spec->root names. */
MUST_CHECK int overlay_plan(struct isolation *iso, struct err *e);
/* parent, when the container's user namespace is there: map the layers and put them together; the finished, detached mount is iso->root.tree, which the setup child is sent (mount_lock.c). */
MUST_CHECK int overlay_build(struct isolation *iso, int userns, struct err *e);
void overlay_done(struct isolation *iso);

/* rootfs.c - init. */
MUST_CHECK int rootfs_attach(struct isolation *iso, struct err *e);
MUST_CHECK int rootfs_enter(struct isolation *iso, struct err *e);
MUST_CHECK int rootfs_finish(struct isolation *iso, struct err *e);

/* devices.c, masked.c - rows of the plan. */
MUST_CHECK int devices_run(struct isolation *iso, const struct mount_op *op, struct source *s,
			   struct err *e);
MUST_CHECK int devices_link(struct isolation *iso, const struct mount_op *op, struct err *e);
/* The directory that holds `path` below root, made if it is missing, and the last name. A link of the image may lead it elsewhere in the root's own mount, but not into another one: that may be a folder of the
 * host's, who has shared it for something else. -EPERM then. */
MUST_CHECK int devices_open_parent(int root, const char *path, char **ret_last, struct err *e);
/* Does what is there look like this node? */
bool devices_match(int fd, const struct device_node *node);
MUST_CHECK int masked_run(struct isolation *iso, struct err *e);

/* sysctl.c */
MUST_CHECK int sysctl_check(const struct container_spec *spec, struct err *e); /* pure */
/* One of them, and the namespace that holds it. Pure. */
MUST_CHECK int sysctl_check_one(const struct container_spec *spec,
				const struct strmap_item *parameter, enum ns_type *ret,
				struct err *e);
MUST_CHECK int sysctl_run(struct isolation *iso, struct err *e);
char *sysctl_path(
	const char *
		name); /* "net.ipv4.ip_forward" -> "net/ipv4/ip_forward"; NULL when it is no name. Pure */

/* identity.c */
MUST_CHECK int identity_run(const struct container_spec *spec, struct err *e);
MUST_CHECK int identity_personality(const struct container_spec *spec, struct err *e);

/* terminal.c */
/* A pty of the container's own devpts, which is `pts` below root; size from the process. */
MUST_CHECK int terminal_new(int root, const char *pts, int *ret_master, int *ret_slave,
			    struct err *e);
/* Show the slave as `path`, which is /dev/console, below root. */
MUST_CHECK int terminal_bind_console(int root, const char *path, int slave, struct err *e);
/* New session, pty, controlling terminal, 0 1 2, master to the callback. */
MUST_CHECK int terminal_run(struct isolation *iso, const struct process_spec *p,
			    const struct isolation_callbacks *cb, struct err *e);
/* Pipes on 0 1 2 are given to the process' user, so that it can open /dev/stdout again. Devices never are. */
void terminal_own_stdio(const struct process_spec *p);

/* namespaces.c */
MUST_CHECK int namespaces_plan(struct isolation *iso, struct err *e);
MUST_CHECK int namespaces_plan_exec(struct isolation *iso, pid_t pid, struct err *e);
/* pid of a pidfd in our numbering, 0 when it has ended. */
pid_t namespaces_pid_of(int pidfd);

/* idmap.c */
char *idmap_text(const struct id_map *maps, size_t n); /* pure: lines for uid_map */
/* What an id of the container is on the host; false: nothing. Pure. */
bool idmap_host_id(const struct id_map *maps, size_t n, uint32_t id, uint32_t *ret);
/* Is this id of the host one of the container's? Pure. */
bool idmap_has_host_id(const struct id_map *maps, size_t n, uint64_t id);
/* A user namespace with these maps, held by nothing but the descriptor. */
MUST_CHECK int idmap_namespace(struct isolation *iso, const struct mount_spec *m, struct err *e);
/* uid 0, gid 0, no groups, where the namespace has them. */
MUST_CHECK int idmap_become_root(struct err *e);

/* creds.c, caps.c, limits.c, lsm.c - parts of seal. */
MUST_CHECK int creds_keyring(const struct isolation *iso, struct err *e);
MUST_CHECK int creds_set_ids(const struct user_spec *u, struct err *e);
MUST_CHECK int creds_cwd(const struct process_spec *p, struct err *e);
MUST_CHECK int creds_close_others(const struct isolation *iso, struct err *e);
MUST_CHECK int creds_not_dumpable(struct err *e);

struct caps_sets {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};
/* Names to bits; unknown names and what `available` lacks are left out. Pure. */
void caps_parse(const struct caps_spec *c, uint64_t available, struct caps_sets *ret);
MUST_CHECK int caps_read_permitted(uint64_t *ret, struct err *e);
MUST_CHECK int caps_before_ids(const struct caps_sets *s,
			       struct err *e); /* bounding set, keep over setuid */
MUST_CHECK int caps_after_ids(const struct caps_sets *s, struct err *e);

/* While still privileged on the host: what a user namespace forbids later. */
/* In the parent: a hard limit that this host's root may not raise is refused before anything is made, where the caller hears of it. */
MUST_CHECK int limits_check(const struct process_spec *p, struct err *e);
MUST_CHECK int limits_early(struct isolation *iso, struct err *e);
MUST_CHECK int limits_run(struct isolation *iso, const struct process_spec *p, struct err *e);
/* "0-3,7" -> bits, at most size*8 of them; -EINVAL. Pure. */
MUST_CHECK int limits_parse_list(const char *text, unsigned long *bits, size_t n_bits);
MUST_CHECK int limits_affinity(const char *text, const char *key, struct err *e);

bool lsm_is_selinux_enabled(void);
/* Pure: is the profile in the list that the kernel shows? */
bool lsm_has_profile(const char *list, const char *profile);
MUST_CHECK int lsm_plan(struct isolation *iso, struct err *e);
MUST_CHECK int lsm_run(struct isolation *iso, const struct process_spec *p, struct err *e);

/* procfs.c - all writes to /proc. `path` is below the private procfs: "self/oom_score_adj". */
MUST_CHECK int procfs_open(struct isolation *iso, struct err *e); /* parent; once */
MUST_CHECK int procfs_open_file(const struct isolation *iso, const char *path, int flags,
				struct err *e);
MUST_CHECK int procfs_write(const struct isolation *iso, const char *path, const char *text,
			    struct err *e);

#endif
