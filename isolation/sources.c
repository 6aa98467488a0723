/* sources - the idea: everything of the host that will be visible inside is opened by the parent, once, before anything is changed, and detached from the
 * host's mounts at once (OPEN_TREE_CLONE). From then on no host path is looked at again: a source that is swapped for a link later changes nothing, and a
 * process in the container's user namespace, which may not clone mounts of the host, only has to attach what it holds.
 * Where the parent itself may not clone (rootless), init does it in its own copy of the host's mounts, and checks that it got the same object. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

void source_done(struct source *s)
{
	free(s->path);
	fd_close(&s->fd);
	fd_close(&s->tree);
	fd_close(&s->upper);
	*s = (struct source)SOURCE_NONE;
}

int source_open(struct source *s, const char *path, struct err *e)
{
	struct stat st;
	auto_close int fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", path);
	*s = (struct source){ .path = mem_strdup(path), .tree = -1, .upper = -1 };
	s->fd = fd_steal(&fd);
	s->is_dir = S_ISDIR(st.st_mode);
	return 0;
}

int source_open_device(struct source *s, const char *path, const struct device_node *node,
		       struct err *e)
{
	auto_close int fd = sys_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open the host's device \"%s\"", path);
	if (!devices_match(fd, node))
		return err_set(e, EINVAL, "\"%s\" on the host is not the device %u:%u", path,
			       node->major, node->minor);
	*s = (struct source){ .path = mem_strdup(path), .tree = -1, .upper = -1 };
	s->fd = fd_steal(&fd);
	return 0;
}

int source_check(const struct source *s, const struct mount_extra *x, struct err *e)
{
	struct stat st;

	if (!x || !x->pinned)
		return 0;
	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", s->path);
	return st.st_dev == x->device && st.st_ino == x->inode
		       ? 0
		       : err_set(e, EAGAIN, "\"%s\" was replaced while it was mounted", s->path);
}

int source_clone(struct source *s, bool recursive, struct err *e)
{
	s->tree = mount_clone(s->fd, recursive);
	if (s->tree >= 0)
		return 0;
	if (errno == EPERM) {
		log_debug("\"%s\" will be cloned by init: %s", s->path, "not permitted here");
		return 0;
	}
	return err_sys(e, "clone the mount of \"%s\"", s->path);
}

/* Find the same object in init's own mount namespace. */
int source_need(struct source *s, bool recursive, struct err *e)
{
	struct stat wanted, found;

	if (s->tree >= 0)
		return 0;
	auto_close int fd = sys_openat(AT_FDCWD, s->path, O_PATH | O_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "open \"%s\"", s->path);
	if (fstat(fd, &found) < 0 || fstat(s->fd, &wanted) < 0)
		return err_sys(e, "examine \"%s\"", s->path);
	if (found.st_dev != wanted.st_dev || found.st_ino != wanted.st_ino)
		return err_set(e, EAGAIN, "\"%s\" was replaced while the container was made",
			       s->path);
	s->tree = mount_clone(fd, recursive);
	return s->tree < 0 ? err_sys(e, "clone the mount of \"%s\"", s->path) : 0;
}

/* --- what the plan needs ------------------------------------------------------------------------------------------ */

static int plan_bind(struct isolation *iso, const struct mount_op *op, struct source *s,
		     struct err *e)
{
	auto_free char *path = NULL;

	if (op->source[0] == '/')
		path = mem_strdup(op->source);
	else
		path = mem_format("%s/%s", iso->bundle ? iso->bundle : "", op->source);
	int r = source_open(s, path, e);

	if (r == 0)
		r = source_check(s, op->mount ? op->mount->extra : NULL, e);
	if (r == 0)
		r = source_clone(s, op->opts.recursive, e);
	if (r == 0 && s->tree >= 0)
		r = mount_bind_options(s->tree, &op->opts, e);
	return r < 0 ? err_wrap(e, "mounts[%zu].source", op->row) : 0;
}

/* Read-only: that hinders nobody to write to the device, but root inside cannot change the mode or owner of the host's node. */
static int restrict_device(const struct source *s, struct err *e)
{
	const struct mount_change c = {
		.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE,
	};

	if (s->tree < 0)
		return 0;
	return mount_change(s->tree, &c) < 0 ? err_sys(e, "change the clone of \"%s\"", s->path)
					     : 0;
}

static int detach_device(struct source *s, struct err *e)
{
	int r = source_clone(s, false, e);

	return r < 0 ? r : restrict_device(s, e);
}

int source_need_device(struct source *s, struct err *e)
{
	bool is_late = s->tree < 0;
	int r = source_need(s, false, e);

	return r == 0 && is_late ? restrict_device(s, e) : r;
}

/* The kernel maps the ids of a file system only for who rules both it and the mapping: that is us, not root of a user namespace. Init attaches what we made. */
static int plan_mapped_fs(const struct mount_op *op, struct source *s, struct err *e)
{
	const struct mount_fs fs = {
		.type = op->type,
		.source = op->source,
		.data = strbuf_text(&op->opts.data),
		.flags = op->opts.set,
		.attrs = (op->opts.attr_set | op->opts.rattr_set) & ~op->opts.rattr_clear,
	};

	s->tree = mount_fs_new(&fs, e);
	if (s->tree < 0)
		return err_wrap(e, "mounts[%zu]", op->row);
	s->path = mem_strdup(op->type);
	s->is_dir = true;
	return 0;
}

static int plan_device(struct isolation *iso, const struct mount_op *op, struct source *s,
		       struct err *e)
{
	if (!iso->binds_devices || S_ISFIFO(op->node.type))
		return 0;
	int r = source_open_device(s, op->target, &op->node, e);

	if (r == 0)
		r = device_nodes_plan(iso, op, s, e);
	return r < 0 || s->is_own ? r : detach_device(s, e);
}

/* A host may forbid its own root to make nodes: then its nodes have to do, whoever may open them. */
static int plan_own_devices(struct isolation *iso, struct err *e)
{
	struct err cause = { 0 };
	int r = device_nodes_make(iso, &cause);

	if (r != -EPERM) {
		if (r < 0)
			*e = cause;
		return r;
	}
	log_debug("%s: the host's nodes are bound", cause.text);
	for (size_t i = 0; i < iso->plan.n; i++) {
		struct source *s = &iso->sources[i];

		r = s->is_own ? detach_device(s, e) : 0;
		s->is_own = false;
		if (r < 0)
			return r;
	}
	return 0;
}

static int plan_null(struct isolation *iso, struct err *e)
{
	const struct device_node null = { .type = S_IFCHR, .major = 1, .minor = 3 };

	if (iso->null.path)
		return 0;
	int r = source_open_device(&iso->null, "/dev/null", &null, e);

	return r < 0 ? r : detach_device(&iso->null, e);
}

static int plan_op(struct isolation *iso, const struct mount_op *op, struct source *s,
		   struct err *e)
{
	switch (op->kind) {
	case MOUNT_OP_BIND:
		return plan_bind(iso, op, s, e);
	case MOUNT_OP_DEVICE:
		return plan_device(iso, op, s, e);
	case MOUNT_OP_MASK:
		return plan_null(iso, e);
	case MOUNT_OP_CGROUP:
		return mount_cgroup_plan(iso, e);
	case MOUNT_OP_FS:
		return op->idmap == MOUNT_IDMAP_NONE ? 0 : plan_mapped_fs(op, s, e);
	case MOUNT_OP_IMAGE:
		return image_plan(op, s, e);
	case MOUNT_OP_OVERLAY:
		return mount_overlay_plan(op, s, e);
	case MOUNT_OP_REMOUNT:
	case MOUNT_OP_LINK:
	case MOUNT_OP_READONLY:
		return 0;
	}
	return 0;
}

static int plan_root(struct isolation *iso, struct err *e)
{
	const struct mount_change slave = { .propagation = MS_SLAVE, .recursive = true };
	int r = source_open(&iso->root, iso->spec->root.path, e);

	if (r < 0)
		return err_wrap(e, "root.path");
	if (!iso->root.is_dir)
		return err_set(e, ENOTDIR, "root.path: \"%s\" is not a directory", iso->root.path);
	if (iso->spec->root.upper)
		return overlay_plan(iso, e);
	if (!iso->has_mounts)
		return 0;
	r = source_clone(&iso->root, true, e);
	if (r < 0 || iso->root.tree < 0)
		return r;
	/* Never a peer of the host's mount: what is mounted below it must not show up out there. */
	return mount_change(iso->root.tree, &slave) < 0
		       ? err_sys(e, "detach the root from the host's mounts")
		       : 0;
}

int sources_plan_mounts(struct isolation *iso, struct err *e)
{
	iso->sources = mem_array(iso->plan.n, sizeof(*iso->sources));
	for (size_t i = 0; i < iso->plan.n; i++)
		iso->sources[i] = (struct source)SOURCE_NONE;
	for (size_t i = 0; i < iso->plan.n; i++) {
		int r = plan_op(iso, &iso->plan.ops[i], &iso->sources[i], e);

		if (r < 0)
			return r;
	}
	return plan_own_devices(iso, e);
}

int sources_plan(struct isolation *iso, struct err *e)
{
	int r = plan_root(iso, e);

	return r < 0 ? r : sources_plan_mounts(iso, e);
}

/* --- id mappings -------------------------------------------------------------------------------------------------- */

static const struct {
	long magic;
	const char *name;
} file_systems[] = {
	{ 0xef53, "ext4" },         { 0x58465342, "xfs" },   { 0x9123683e, "btrfs" },
	{ 0x794c7630, "overlay" },  { 0x01021994, "tmpfs" }, { 0x6969, "nfs" },
	{ 0x65735546, "fuse" },     { 0x01021997, "9p" },    { 0x2fc12fc1, "zfs" },
	{ 0x73717368, "squashfs" }, { 0xe0f5e1e2, "erofs" }, { 0x9fa0, "proc" },
	{ 0x62656572, "sysfs" },    { 0x1cd1, "devpts" },    { 0xff534d42, "cifs" },
	{ 0xca451a4e, "bcachefs" },
};

static const char *fs_name(int fd)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return "unknown";
	for (size_t i = 0; i < sizeof(file_systems) / sizeof(file_systems[0]); i++)
		if (file_systems[i].magic == (long)st.f_type)
			return file_systems[i].name;
	return "unknown";
}

int source_map(const struct source *s, int userns, bool recursive, struct err *e)
{
	const struct mount_change c = { .set = MOUNT_ATTR_IDMAP,
					.userns = userns,
					.recursive = recursive };

	if (s->tree < 0)
		return err_set(e, EOPNOTSUPP,
			       "\"%s\" cannot be idmapped without privileges on the host", s->path);
	if (mount_change(s->tree, &c) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(e, EINVAL, "the file system of \"%s\" (%s) cannot be idmapped",
			       s->path, fs_name(s->fd >= 0 ? s->fd : s->tree));
	return err_sys(e, "map the ids of \"%s\"", s->path);
}

/* The sparse root shows the host's /usr read-only; unmapped it is just as readable. */
static bool may_stay_unmapped(const struct mount_op *op)
{
	return (op->opts.attr_set & MOUNT_ATTR_RDONLY) && str_eq(op->target, "/usr");
}

static int map_bind(struct isolation *iso, const struct mount_op *op, struct source *s,
		    int container, struct err *e)
{
	auto_close int own = -1;

	if (op->idmap == MOUNT_IDMAP_OWN) {
		own = idmap_namespace(iso, op->mount, e);
		if (own < 0)
			return err_wrap(e, "mounts[%zu].uidMappings", op->row);
	}
	struct err cause = { 0 };
	bool recursive = op->opts.ridmap ||
			 (op->idmap == MOUNT_IDMAP_OWN && !op->opts.idmap && op->opts.recursive);
	int r = source_map(s, own >= 0 ? own : container, recursive, &cause);

	if (r == -EINVAL && may_stay_unmapped(op)) {
		log_debug("%s: shown without id mapping", cause.text);
		return 0;
	}
	if (r < 0) {
		*e = cause;
		return err_wrap(e, "mounts[%zu]", op->row);
	}
	if (s->upper < 0)
		return 0;
	const struct source upper = { .path = op->mount->extra->upper, .fd = -1, .tree = s->upper };

	return source_map(&upper, container, false, e);
}

static int user_namespace(struct isolation *iso, pid_t child, struct err *e)
{
	int fd;

	if (iso->new_user) {
		auto_free char *path = mem_format("/proc/%d/ns/user", (int)child);

		fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	} else {
		fd = fcntl(iso->ns[NS_USER], F_DUPFD_CLOEXEC, 3);
	}
	return fd < 0 ? err_sys(e, "open the container's user namespace") : fd;
}

static bool maps_root(const struct isolation *iso)
{
	return iso->has_mounts && iso->spec->root.idmap && iso->in_user;
}

static bool needs_user_namespace(const struct isolation *iso)
{
	for (size_t i = 0; i < iso->plan.n; i++)
		if (iso->plan.ops[i].idmap == MOUNT_IDMAP_CONTAINER || mount_lock_wanted(iso, i))
			return true;
	return maps_root(iso);
}

int sources_map(struct isolation *iso, pid_t child, struct err *e)
{
	auto_close int userns = -1;

	if (needs_user_namespace(iso)) {
		userns = user_namespace(iso, child, e);
		if (userns < 0)
			return userns;
	}
	if (maps_root(iso)) {
		int r = iso->stack ? overlay_build(iso, userns, e)
				   : source_map(&iso->root, userns, true, e);

		if (r < 0)
			return err_wrap(e, "root");
	}
	for (size_t i = 0; i < iso->plan.n; i++) {
		if (iso->plan.ops[i].idmap == MOUNT_IDMAP_NONE)
			continue;
		int r = map_bind(iso, &iso->plan.ops[i], &iso->sources[i], userns, e);

		if (r < 0)
			return r;
	}
	return userns >= 0 ? mount_lock_run(iso, userns, e) : 0;
}

void sources_close(struct isolation *iso)
{
	for (size_t i = 0; i < iso->plan.n; i++)
		source_done(&iso->sources[i]);
	source_done(&iso->null);
	overlay_done(iso);
	fd_close(&iso->nodes);
	fd_close(&iso->root.fd);
	iso->root_fd = iso->root.tree;
	for (int t = 0; t < NS_COUNT; t++)
		fd_close(&iso->ns[t]);
}
