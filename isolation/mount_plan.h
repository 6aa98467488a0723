/* mount_plan - what will be mounted, made and hidden in a container, as a list. Pure: only needs the configuration.
 *
 * Three phases. BUILD happens before the root is entered, in the order of the configuration (config.md: "mounted in listed order"), then the device nodes and
 * links. CGROUP holds the cgroup mounts: they need the process to sit in its cgroups, which takes 8-20 ms on v1, so they are put off to the end wherever no
 * other row touches their place. HIDE is masked and read-only paths. */
#ifndef ISOLATION_MOUNT_PLAN_H
#define ISOLATION_MOUNT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/mount_opts.h"
#include "config/spec.h"
#include "runtime/base/err.h"

enum mount_op_kind {
	MOUNT_OP_FS, /* a file system of its own: proc, sysfs, tmpfs, devpts, mqueue, overlay ... */
	MOUNT_OP_BIND,     /* a part of the host */
	MOUNT_OP_IMAGE,    /* a file system in a file of the host */
	MOUNT_OP_OVERLAY,  /* a part of the host that never changes, and a place for changes */
	MOUNT_OP_CGROUP,   /* /sys/fs/cgroup, v1 or v2 */
	MOUNT_OP_REMOUNT,  /* other attributes for a mount made by an earlier row */
	MOUNT_OP_DEVICE,   /* a device node */
	MOUNT_OP_LINK,     /* a symbolic link below /dev */
	MOUNT_OP_MASK,     /* make unreadable */
	MOUNT_OP_READONLY, /* make unwritable */
};

enum mount_phase { MOUNT_PHASE_BUILD, MOUNT_PHASE_CGROUP, MOUNT_PHASE_HIDE };

enum mount_idmap {
	MOUNT_IDMAP_NONE,
	MOUNT_IDMAP_CONTAINER, /* the maps of the container's user namespace */
	MOUNT_IDMAP_OWN,       /* the row's own uidMappings and gidMappings */
};

struct device_node {
	mode_t type; /* S_IFCHR, S_IFBLK or S_IFIFO */
	unsigned major, minor;
	mode_t mode;
	bool is_granted; /* a rule of linux.resources.devices allows this very number */
	bool has_mode;   /* asked for; else `mode` is what a node gets outside a user namespace */
	uid_t uid;
	gid_t gid;
};

struct mount_op {
	enum mount_op_kind kind;
	enum mount_phase phase;
	char *target; /* clean and absolute, below the container's root */
	char *source; /* BIND: as configured; FS: the source word; LINK: what it points to; else NULL */
	char *type; /* FS, CGROUP */
	struct mount_opts opts;
	enum mount_idmap idmap;
	struct device_node node; /* DEVICE */
	const struct mount_spec
		*mount; /* the row it comes from, borrowed; NULL for devices, links, masks */
	size_t row;     /* its number, for messages */
};

struct mount_plan {
	struct mount_op *ops;
	size_t n;
};

/* -EINVAL names the row: unknown data on a bind, a target in /proc, idmap without a user namespace. Without a mount namespace the plan is empty. */
MUST_CHECK int mount_plan_make(const struct container_spec *spec, struct mount_plan *ret,
			       struct err *e);
/* Only row 0 of spec->mounts, without devices, links and hidden paths: for a mount into a running container. */
MUST_CHECK int mount_plan_make_one(const struct container_spec *spec, struct mount_plan *ret,
				   struct err *e);
/* Only row 0 of spec->linux.devices, likewise, which counts as granted. */
void mount_plan_make_device(const struct container_spec *spec, struct mount_plan *ret);
void mount_plan_done(struct mount_plan *p);

/* One line each, root, pivot, sysctl and names included. Freshly allocated. */
char *mount_plan_text(const struct container_spec *spec, const struct mount_plan *p);

/* May this clean path be covered by a mount? False below /proc but for the few files that lxcfs and the like replace. */
bool mount_plan_allows_target(const char *target);
/* True when a is b or lies below it. Clean paths. */
bool mount_plan_is_within(const char *a, const char *b);

#endif
