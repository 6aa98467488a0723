/* device_nodes - nodes of the container's own, where the host's would not let anybody in.
 *
 * In a user namespace mknod(2) is refused, so the host's node is bound (devices.c), with the host's owner and mode. Where those are not open to everybody (0660 root:kvm, 0600 root:root) nobody inside may
 * open it, and whatever owner and mode the configuration names would not hold. Then the parent, who may, makes a node with the same number on a tmpfs that holds nothing else, owned by somebody of
 * the container, and init attaches that. The host's node is never touched. The tmpfs itself is never visible anywhere: each node is a mount of its own.
 *
 * Only for a device that the rules grant by its number. For --privileged engines list every device of the host and allow all of them in one rule, also for a user namespace, and count on the owner and mode of
 * the host's nodes to keep its root away from the host's disks.
 *
 * Before Linux 6.15 only what is mounted in one's own mount namespace can be cloned: there a helper mounts the tmpfs in a namespace of its own, and hands the clones back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum { ANYBODY = 0006, ALL_READ_WRITE = 0666, PERMISSIONS = 0777 };

/* --- what is wanted, pure ----------------------------------------------------------------------------------------- */

/* Everybody may read and write it, and nobody has asked for anything else: whose it is makes no difference then. */
static bool is_enough(const struct device_node *wanted, mode_t host)
{
	return (host & ANYBODY) == ANYBODY && !wanted->uid && !wanted->gid &&
	       (!wanted->has_mode || (wanted->mode & ALL_READ_WRITE) == ALL_READ_WRITE);
}

/* 0: there is no root inside that it could be given to. */
static int map_one(const struct id_map *maps, size_t n, uint32_t *id)
{
	bool is_root = *id == 0;

	if (idmap_host_id(maps, n, *id, id))
		return 1;
	return is_root ? 0 : -EINVAL;
}

int device_nodes_decide(const struct linux_spec *l, const struct mount_op *op, mode_t host,
			struct device_node *ret, struct err *e)
{
	struct device_node node = op->node;

	/* without maps the namespace is one that others have made, and who is who in it is not known */
	if (!node.is_granted || is_enough(&node, host) || !l->n_uid_mappings || !l->n_gid_mappings)
		return 0;
	node.mode = node.has_mode ? node.mode & PERMISSIONS : host & ALL_READ_WRITE;
	int r = map_one(l->uid_mappings, l->n_uid_mappings, &node.uid);

	if (r < 0)
		return err_set(e, EINVAL, "linux.devices[%zu].uid: %u is not in linux.uidMappings",
			       op->row, (unsigned)op->node.uid);
	if (r == 0)
		return 0;
	r = map_one(l->gid_mappings, l->n_gid_mappings, &node.gid);
	if (r < 0)
		return err_set(e, EINVAL, "linux.devices[%zu].gid: %u is not in linux.gidMappings",
			       op->row, (unsigned)op->node.gid);
	if (r > 0)
		*ret = node;
	return r;
}

int device_nodes_plan(const struct isolation *iso, const struct mount_op *op, struct source *s,
		      struct err *e)
{
	struct stat st;

	if (!op->node.is_granted || !iso->in_user || !iso->is_host_root)
		return 0;
	if (fstat(s->fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", s->path);
	int r = device_nodes_decide(&iso->spec->linux, op, st.st_mode, &s->node, e);

	if (r > 0)
		s->is_own = true;
	return r < 0 ? r : 0;
}

/* --- the nodes ---------------------------------------------------------------------------------------------------- */

static int make_node(int dir, const char *name, const struct device_node *n, struct err *e)
{
	if (sys_mknodat(dir, name, n->type, makedev(n->major, n->minor)) < 0)
		return err_sys(e, "make the device %u:%u", n->major, n->minor);
	/* not with mknod(2), which heeds the caller's umask */
	if (sys_fchownat(dir, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    sys_fchmodat(dir, name, n->mode) < 0)
		return err_sys(e, "set owner and mode of the device %u:%u", n->major, n->minor);
	return 0;
}

static int make_fs(const struct isolation *iso, size_t n, struct err *e)
{
	const char *label = iso->spec->linux.mount_label;
	bool is_labelled = !str_empty(label) && lsm_is_selinux_enabled();
	auto_free char *data = mem_format("mode=0700,size=4k,nr_inodes=%zu", n + 1);
	auto_free char *extra = is_labelled ? mem_format("context=\"%s\"", label) : NULL;
	/* No "nodev", of course, and writable: root inside may give its own node to a user of its own. */
	const struct mount_fs fs = { .type = "tmpfs",
				     .source = "devices",
				     .data = data,
				     .extra = extra,
				     .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };

	return mount_fs_new(&fs, e);
}

static int fill(const struct isolation *iso, int dir, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < iso->plan.n; i++) {
		auto_free char *name = mem_format("%zu", i);

		if (iso->sources[i].is_own)
			r = make_node(dir, name, &iso->sources[i].node, e);
	}
	return r;
}

static int clone_node(int dir, size_t i)
{
	auto_free char *name = mem_format("%zu", i);

	return sys_open_tree(dir, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
}

static int clone_all(struct isolation *iso, struct err *e)
{
	for (size_t i = 0; i < iso->plan.n; i++) {
		struct source *s = &iso->sources[i];

		if (!s->is_own)
			continue;
		s->tree = clone_node(iso->nodes, i);
		if (s->tree < 0)
			return err_sys(e, "clone the node for \"%s\"", s->path);
	}
	return 0;
}

/* --- where they have to be mounted for that ----------------------------------------------------------------------- */

static int send_clone(int sock, int dir, size_t i, struct err *e)
{
	auto_close int tree = clone_node(dir, i);

	return tree < 0 ? err_sys(e, "clone a device node") : helper_give(sock, tree, e);
}

static int send_all(void *arg, int sock, struct err *e)
{
	const struct isolation *iso = arg;
	const struct source nodes = { .tree = iso->nodes, .is_dir = true };
	int r = creds_not_dumpable(e);

	if (r == 0)
		r = mount_stage_make(e);
	if (r == 0)
		r = mount_stage_add(&nodes, "nodes", e);
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++)
		if (iso->sources[i].is_own)
			r = send_clone(sock, iso->nodes, i, e);
	return r;
}

int device_nodes_clone_apart(struct isolation *iso, struct err *e)
{
	const struct helper_job job = { .run = send_all,
					.arg = iso,
					.name = "the process that clones device nodes",
					.keep = &iso->nodes,
					.n_keep = 1 };
	struct helper h;
	int r = helper_start(&h, &job, e);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++)
		if (iso->sources[i].is_own)
			r = helper_take(&h, &iso->sources[i].tree, e);
	helper_end(&h, r);
	return r;
}

/* --- parent ------------------------------------------------------------------------------------------------------- */

int device_nodes_fill(struct isolation *iso, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < iso->plan.n; i++)
		n += iso->sources[i].is_own;
	if (n == 0)
		return 0;
	iso->nodes = make_fs(iso, n, e);
	return iso->nodes < 0 ? iso->nodes : fill(iso, iso->nodes, e);
}

int device_nodes_make(struct isolation *iso, struct err *e)
{
	struct err cause = { 0 };
	int r = device_nodes_fill(iso, e);

	if (r < 0 || iso->nodes < 0)
		return r;
	r = clone_all(iso, &cause);
	if (r == -EINVAL) {
		log_debug("%s: from a namespace where it is mounted", cause.text);
		return device_nodes_clone_apart(iso, e);
	}
	if (r < 0)
		*e = cause;
	return r;
}

/* --- instead of the host's, for somebody who binds by path -------------------------------------------------------- */

static int plan_all(struct isolation *iso, struct err *e)
{
	int r = mount_plan_make(iso->spec, &iso->plan, e);

	if (r < 0)
		return r;
	iso->sources = mem_array(iso->plan.n, sizeof(*iso->sources));
	for (size_t i = 0; i < iso->plan.n; i++)
		iso->sources[i] = (struct source)SOURCE_NONE;
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++) {
		const struct mount_op *op = &iso->plan.ops[i];

		if (op->kind != MOUNT_OP_DEVICE || S_ISFIFO(op->node.type))
			continue;
		r = source_open_device(&iso->sources[i], op->target, &op->node, e);
		if (r == 0)
			r = device_nodes_plan(iso, op, &iso->sources[i], e);
	}
	return r;
}

int isolation_show_devices(const struct container_spec *spec, struct err *e)
{
	const struct isolation_options options = { .cgroup_dirfd = -1 };
	auto_ptr(isolation) struct isolation *iso = isolation_new(spec, NULL, &options);
	struct err cause = { 0 };

	iso->in_user = spec->linux.namespaces[NS_USER].wanted;
	if (!iso->in_user)
		return 0;
	int r = plan_all(iso, e);

	if (r < 0)
		return r;
	r = device_nodes_make(iso, &cause);
	if (r == -EPERM)
		return 0; /* as at create */
	if (r < 0)
		*e = cause;
	for (size_t i = 0; r == 0 && i < iso->plan.n; i++)
		if (iso->sources[i].is_own)
			r = mount_attach(iso->sources[i].tree, iso->sources[i].fd, e);
	return r;
}
