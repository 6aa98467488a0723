/* quota - which of the two ways a file system has, and what becomes of it in the life of a root (quota.h). */
#include "runtime/zone/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/storage.h"

static const char *const trees[] = { "root", "upper" };
enum { TREES = sizeof(trees) / sizeof(trees[0]) };

static bool has_limit(const struct zone_spec *s)
{
	return s->quota.set || s->quota_inodes.set;
}

static const char *tree_of(const struct zone_record *r)
{
	return trees[storage_is_overlay(r)];
}

/* --- can it be had? ----------------------------------------------------------------------------------------------- */

static int can_btrfs(const struct zone_record *r, int fd, const char *path,
		     const struct zone_spec *s, const char **ret_property, struct err *e)
{
	if (s->quota_inodes.set) {
		*ret_property = "quotaInodes";
		return err_set(e, EOPNOTSUPP,
			       "btrfs (\"%s\") has no limit of inodes: leave it out, or use quota",
			       path);
	}
	if (storage_is_overlay(r))
		return err_set(
			e, EOPNOTSUPP,
			"the zone's root is in layers, whose top is no subvolume of btrfs (\"%s\") and is not counted",
			path);
	if (r->zonepath && !str_eq(storage_driver(r), STORAGE_BTRFS))
		return err_set(
			e, EOPNOTSUPP,
			"the zone's root in \"%s\" is no subvolume of btrfs and is not counted",
			path);
	if (!btrfs_has_qgroups(fd))
		return err_set(e, EOPNOTSUPP,
			       "btrfs does not count on \"%s\": btrfs quota enable %s", path, path);
	return 0;
}

/* How project quotas are switched on differs. */
static int no_project(int fd, const char *path, struct err *e)
{
	struct statfs fs = { 0 };

	(void)fstatfs(fd, &fs);
	if (fs.f_type != EXT4_SUPER_MAGIC && fs.f_type != XFS_SUPER_MAGIC)
		return err_set(
			e, EOPNOTSUPP,
			"the file system of \"%s\" cannot limit what a directory takes: put the zonepath on ext4 or XFS, mounted with prjquota, or on btrfs",
			path);
	if (!project_is_supported())
		return err_set(
			e, EOPNOTSUPP,
			"this kernel has no quotas (CONFIG_QUOTA, CONFIG_XFS_QUOTA): put the zonepath on btrfs");
	if (fs.f_type == XFS_SUPER_MAGIC)
		return err_set(e, EOPNOTSUPP,
			       "XFS does not count projects on \"%s\": mount it with -o prjquota",
			       path);
	return err_set(
		e, EOPNOTSUPP,
		"ext4 does not count projects on \"%s\": unmount it, tune2fs -O project,quota -Q prjquota DEVICE, and mount it with -o prjquota",
		path);
}

int quota_can(const struct zone_record *r, const char *path, const struct zone_spec *s,
	      const char **ret_property, struct err *e)
{
	*ret_property = s->quota.set ? "quota" : "quotaInodes";
	if (!has_limit(s))
		return 0;
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	if (btrfs_is(fd))
		return can_btrfs(r, fd, path, s, ret_property, e);
	if (!project_is_counted(fd))
		return no_project(fd, path, e);
	if (project_is_inherited(fd))
		return err_set(
			e, EBUSY,
			"what is in \"%s\" is given to project %u already: take another zonepath",
			path, project_of(fd));
	return 0;
}

/* --- in a zone's life --------------------------------------------------------------------------------------------- */

static int open_tree(const struct zone_record *r, int *ret_top, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);
	int fd = top < 0 ? top : file_open_dir(top, tree_of(r), e);

	if (fd >= 0)
		*ret_top = fd_steal(&top);
	return fd;
}

static bool is_ours(const struct zone_record *r, int fd)
{
	return !btrfs_is(fd) && r->id_base > 0 && project_of(fd) == r->id_base;
}

/* Only where a limit may be left. */
static int lift(int fd, const struct zone_record *r, struct err *e)
{
	struct opt_u64 used = { 0 }, limit = { 0 };

	/* a plain directory is counted with the subvolume that it is in, which is not ours */
	if (btrfs_is(fd))
		return btrfs_is_subvolume(fd, ".") && btrfs_usage(fd, &used, &limit) && limit.set
			       ? btrfs_limit(fd, NULL, e)
			       : 0;
	return is_ours(r, fd) && project_is_counted(fd) ? project_limit(fd, r->id_base, NULL, e)
							: 0;
}

int quota_set(const struct zone_record *r, const struct zone_spec *s, struct err *e)
{
	auto_close int top = -1;
	auto_close int fd = open_tree(r, &top, e);

	if (fd < 0)
		return fd;
	if (!has_limit(s))
		return lift(fd, r, e);
	if (btrfs_is(fd) && btrfs_is_subvolume(fd, "."))
		return btrfs_limit(fd, &s->quota, e);
	if (!is_ours(r, fd))
		return err_set(e, EOPNOTSUPP, "the files of the zone are not counted yet");
	return project_limit(fd, r->id_base, s, e);
}

static int count(const struct zone_record *r, int top, int fd, struct err *e)
{
	if (!btrfs_is(fd)) {
		if (!is_ours(r, fd) && !file_exists(top, SNAPSHOT_BACK) &&
		    project_is_used(fd, r->id_base))
			return err_set(
				e, EBUSY,
				"the project %u has files already that are not the zone's, on the file system of \"%s\"",
				r->id_base, r->zonepath);
		return project_give(top, tree_of(r), r->id_base, e);
	}
	if (btrfs_has_subvolumes(fd))
		return err_set(
			e, EOPNOTSUPP,
			"the zone's root has subvolumes of its own, whose files would not count: btrfs subvolume list -o %s/%s",
			r->zonepath, tree_of(r));
	return 0;
}

int quota_settle(const struct zone_record *r, const struct zone_spec *s, struct err *e)
{
	const char *property = NULL;
	auto_close int top = -1;
	auto_close int fd = open_tree(r, &top, e);
	int n = fd < 0 ? fd : quota_can(r, r->zonepath, s, &property, e);

	if (n == 0 && (has_limit(s) || is_ours(r, fd))) /* also to finish what was interrupted */
		n = count(r, top, fd, e);
	if (n == 0)
		n = quota_set(r, s, e);
	return n < 0 && has_limit(s) ? err_wrap(e, "%s", property ? property : "quota") : n;
}

int quota_release(const struct zone_record *r, int top, const char *tree, struct err *e)
{
	auto_close int fd = file_open_dir(top, tree, e);

	if (fd < 0)
		return fd;
	return is_ours(r, fd) ? project_give(top, tree, 0, e) : 0;
}

void quota_forget(const struct zone_record *r, int top)
{
	for (size_t i = 0; i < TREES; i++) {
		struct err ignored = { 0 };
		auto_close int fd = file_open_dir(top, trees[i], &ignored);

		if (fd >= 0) /* what cannot be opened has nothing that counts */
			(void)!lift(fd, r, &ignored);
	}
}

int quota_leave(const struct zone_record *r, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);

	if (top < 0)
		return top;
	quota_forget(r, top);
	return quota_release(r, top, tree_of(r), e);
}

bool quota_usage(int fd, struct opt_u64 *ret_used, struct opt_u64 *ret_limit)
{
	if (btrfs_is(fd) && !btrfs_is_subvolume(fd, "."))
		return false;
	return btrfs_is(fd) ? btrfs_usage(fd, ret_used, ret_limit)
			    : project_usage(fd, ret_used, ret_limit);
}
