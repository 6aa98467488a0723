/* quota - how much of the disk a zone's root may take. Private to runtime/zone.
 *
 *   ext4, XFS   a project quota. The project is the zone's first host id: nobody else has it (store.h). Every file of the tree the zone writes to - ZONEPATH/root, or ZONEPATH/upper of a root in layers -
 *               belongs to it, and what is made there inherits it; no user namespace but the first can change that. df inside tells the limit.
 *   btrfs       a limit of what the qgroup of the subvolume ZONEPATH/root refers to. Subvolumes below have qgroups of their own: a zone with a quota cannot make any (zone_seccomp.h),
 *               and one that has some does not boot. There is no limit of inodes.
 *
 * A tree is given to its project only while the zone does not run, so the first quota waits for the next boot; from then on a change sets limits and nothing else. Files that leave the zone as a layer leave
 * the project before. While a tree is being given or taken its top has FS_XFLAG_NODUMP, so that what a kill leaves half done is done again. */
#ifndef RUNTIME_ZONE_QUOTA_H
#define RUNTIME_ZONE_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "config/zone_spec.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"

/* Can a root at this path (what is there of it counts) have these limits? The error says what is missing; *ret_property: of which property. Always 0 without limits. */
MUST_CHECK int quota_can(const struct zone_record *r, const char *path, const struct zone_spec *s,
			 const char **ret_property, struct err *e);
/* The zone does not run: count its root if it has a limit, and set or lift the limits. What is so already is success. */
MUST_CHECK int quota_settle(const struct zone_record *r, const struct zone_spec *s, struct err *e);
/* Of a zone whose root is counted, whether it runs or not. Not set: no limit. */
MUST_CHECK int quota_set(const struct zone_record *r, const struct zone_spec *s, struct err *e);
/* Before the root is made a layer: its files leave the zone's project. `top` is ZONEPATH. */
MUST_CHECK int quota_release(const struct zone_record *r, int top, const char *tree, struct err *e);
/* The zone lets go of its files, which stay: neither the limit nor the project does. */
MUST_CHECK int quota_leave(const struct zone_record *r, struct err *e);
/* Before everything in the zonepath is removed: nothing of ours stays in the tables of the file system. */
void quota_forget(const struct zone_record *r, int top);
/* What the kernel counts. Of a directory; false: it counts nothing. */
bool quota_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit);

/* --- quota_project.c --- */
bool project_is_counted(int fd);           /* does its file system enforce project quotas? */
bool project_is_supported(void);           /* does the kernel know them? */
uint32_t project_of(int fd);               /* 0: none, or it cannot have one */
bool project_is_inherited(int fd);         /* does what is made there belong to its project? */
bool project_is_used(int fd, uint32_t id); /* has it any file? */
MUST_CHECK int project_limit(int fd, uint32_t id, const struct zone_spec *s,
			     struct err *e); /* NULL: none */
bool project_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit);
/* Make a tree, and everything in it, part of a project (0: of none). Nothing writes to it meanwhile. */
MUST_CHECK int project_give(int dirfd, const char *name, uint32_t id, struct err *e);

/* --- quota_btrfs.c; fd is the directory of a subvolume --- */
bool btrfs_has_qgroups(int fd);
MUST_CHECK int btrfs_limit(int fd, const struct opt_u64 *bytes, struct err *e);
bool btrfs_has_subvolumes(int fd);
bool btrfs_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit);

#endif
