/* rootlock - a root that is read-only but for some folders, and stays so whatever root inside does (root.parts of the specification).
 *
 * On the stage of mount_lock.c, where we still have the host's rights: the folders are bound over themselves, then everything but the writable ones becomes read-only. The copy into the zone's user
 * namespace locks that: neither can "ro" be taken back, nor can one of the binds be taken away from what is beneath.
 * What will be mounted in the zone needs a place, and init can make none any more: those that are missing are made here, as the zone's root, through a second, writable mount of the tree that nobody else ever has. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"

bool rootlock_wanted(const struct isolation *iso)
{
	return iso->spec->root.parts && iso->in_user && iso->has_mounts;
}

/* 1 and *ret, or 0: the root has no such folder. A link in the place of a writable one would make something else writable; where a read-only one should be it leads to what is read-only anyway,
 * or to a writable folder that is none of the list. */
static int part_open(int root, const struct root_part *p, int *ret, struct err *e)
{
	struct err why = { 0 };
	int fd = path_open(root, p->path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS,
			   &why);

	if (fd >= 0) {
		*ret = fd;
		return 1;
	}
	if (why.code == ENOENT || (p->readonly && (why.code == ELOOP || why.code == ENOTDIR)))
		return 0;
	if (why.code == ELOOP || why.code == ENOTDIR)
		return err_set(
			e, why.code,
			"\"%s\" of the root is to be writable and must be a directory, not a symbolic link or a file",
			p->path);
	*e = why;
	return -why.code;
}

static int part_bind(int root, const struct root_part *p, struct err *e)
{
	const struct mount_change c = { .set = p->readonly ? MOUNT_ATTR_RDONLY : 0,
					.clear = p->readonly ? 0 : MOUNT_ATTR_RDONLY,
					.propagation = MS_PRIVATE,
					.recursive = true };
	auto_close int place = -1;
	int r = part_open(root, p, &place, e);

	if (r <= 0)
		return r;
	auto_close int tree = mount_clone(place, true);

	if (tree < 0 || mount_change(tree, &c) < 0)
		return err_sys(e, "bind \"%s\" of the root", p->path);
	return mount_attach(tree, place, e);
}

int rootlock_stage(const struct isolation *iso, int root, int *ret_writable, struct err *e)
{
	const struct mount_change closed = { .set = MOUNT_ATTR_RDONLY, .recursive = true };
	auto_close int writable = mount_clone(root, true);
	int r = 0;

	if (writable < 0 || mount_change(root, &closed) < 0)
		return err_sys(e, "make the root read-only");
	for (const struct root_part *p = iso->spec->root.parts; r == 0 && p->path; p++)
		r = part_bind(root, p, e);
	if (r == 0)
		*ret_writable = fd_steal(&writable);
	return r;
}

/* Below another mount of the zone it is made there, by init. */
static bool is_below_another(const struct isolation *iso, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (iso->plan.ops[i].mount &&
		    mount_plan_is_within(iso->plan.ops[at].target, iso->plan.ops[i].target))
			return true;
	return false;
}

void rootlock_targets(const struct isolation *iso, int writable)
{
	for (size_t i = 0; i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];
		bool is_dir = op->kind != MOUNT_OP_BIND || iso->sources[i].is_dir;
		struct err why = { 0 };

		if (!op->mount || is_below_another(iso, i))
			continue;
		auto_close int fd = path_open_target(writable, op->target, is_dir, NULL, &why);

		if (fd < 0) /* init finds the same, and tells */
			log_debug("%s", why.text);
	}
}
