/* rootfs - attach the container's root, enter it, leave the host's mounts behind.
 *
 * The root is a detached clone of the directory, made by the parent. It is attached over the directory it was cloned from - hooks written for other runtimes
 * look for it there - or, when that path means something else by now, over "/"; either way nothing but this mount namespace sees it.
 * pivot_root(".", ".") puts the old root on top of the new one, from where umount2 takes it with every mount of the host (pivot_root(2), NOTES). */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/names.h"
#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/sys.h"

/* The directory of the root in our own mount namespace; "/" when its path leads elsewhere. */
static int open_place(const struct isolation *iso, struct err *e)
{
	struct stat wanted, found;
	auto_close int fd =
		sys_openat(AT_FDCWD, iso->root.path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (fd >= 0 && fstat(iso->root.fd, &wanted) == 0 && fstat(fd, &found) == 0 &&
	    wanted.st_dev == found.st_dev && wanted.st_ino == found.st_ino)
		return fd_steal(&fd);
	log_debug("\"%s\" leads elsewhere in the new mount namespace", iso->root.path);
	int top = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	return top < 0 ? err_sys(e, "open the old root") : top;
}

static int stop_propagation(struct err *e)
{
	const struct mount_change slave = { .propagation = MS_SLAVE, .recursive = true };
	auto_close int top = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (top < 0 || mount_change(top, &slave) < 0)
		return err_sys(e, "stop mounts from reaching the host");
	return 0;
}

int rootfs_attach(struct isolation *iso, struct err *e)
{
	if (!iso->has_mounts) {
		iso->root_fd = iso->root.fd;
		return 0;
	}
	int r = stop_propagation(e);

	if (r == 0)
		r = source_need(&iso->root, true, e);
	if (r < 0)
		return r;
	auto_close int place = open_place(iso, e);

	if (place < 0)
		return place;
	r = mount_attach(iso->root.tree, place, e);
	if (r < 0)
		return err_wrap(e, "root \"%s\"", iso->root.path);
	iso->root_fd = iso->root.tree;
	return 0;
}

/* umount2(2) has taken what was on top of the new root. That this was the old root is too important to be taken for granted: whatever is mounted over the host's "/" would have been in its place. */
static int check_left(int root, struct err *e)
{
	struct stat ours, above;

	if (fstat(root, &ours) < 0 || fstatat(root, "..", &above, 0) < 0)
		return err_sys(e, "examine the new root");
	if (ours.st_dev != above.st_dev || ours.st_ino != above.st_ino)
		return err_set(e, EBUSY,
			       "leave the old root: it is still mounted over the new one");
	return 0;
}

static int enter_by_pivot(int root, struct err *e)
{
	if (sys_pivot_root(".", ".") < 0)
		return err_sys(e, "pivot into the new root");
	if (sys_umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "leave the old root");
	return check_left(root, e);
}

static int enter_by_chroot(struct err *e)
{
	return sys_chroot(".") < 0 ? err_sys(e, "change the root directory") : 0;
}

/* --no-pivot, for roots that cannot be pivoted away from (initramfs). */
static int enter_by_move(struct isolation *iso, struct err *e)
{
	if (sys_move_mount(iso->root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "move the new root over \"/\"");
	return enter_by_chroot(e);
}

int rootfs_enter(struct isolation *iso, struct err *e)
{
	int r;

	if (sys_fchdir(iso->root_fd) < 0)
		return err_sys(e, "enter the new root");
	if (!iso->has_mounts || iso->ns[NS_MOUNT] >= 0)
		r = enter_by_chroot(
			e); /* a mount namespace that we joined keeps its root for those who live in it */
	else if (iso->no_pivot)
		r = enter_by_move(iso, e);
	else
		r = enter_by_pivot(iso->root_fd, e);
	if (r < 0)
		return r;
	return sys_chdir("/") < 0 ? err_sys(e, "enter \"/\"") : 0;
}

int rootfs_finish(struct isolation *iso, struct err *e)
{
	const char *word = iso->spec->linux.rootfs_propagation;
	struct mount_change c = { 0 };
	int64_t flags = 0;

	if (!iso->has_mounts) {
		if (iso->spec->root.readonly)
			log_debug("root.readonly has no effect without a mount namespace");
		return 0;
	}
	if (!str_empty(word) && !names_find(propagation_names, word, &flags))
		return err_set(e, EINVAL, "linux.rootfsPropagation: \"%s\" is not known", word);
	c.propagation = (uint64_t)flags;
	c.recursive = flags & MS_REC;
	if (c.propagation && mount_change(iso->root_fd, &c) < 0)
		return err_sys(e, "linux.rootfsPropagation");
	c = (struct mount_change){ .set = MOUNT_ATTR_RDONLY };
	if (iso->spec->root.readonly && mount_change(iso->root_fd, &c) < 0)
		return err_sys(e, "make the root read-only");
	return 0;
}
