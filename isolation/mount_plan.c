/* mount_plan - the idea: everything that depends only on the configuration is decided here, without touching the system, so that it can be printed, tested
 * and refused before anything has happened. mount_run.c then follows the list without thinking. */
#include "isolation/mount_plan.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/str.h"

enum { DEFAULT_DEVICE_MODE = 0666 };

/* config-linux.md "Default Devices". /dev/console is bound with the terminal, /dev/ptmx is a link. */
static const struct {
	const char *path;
	unsigned major, minor;
} default_devices[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

/* config-linux.md "Dev symbolic links" */
static const struct {
	const char *path, *text;
} default_links[] = {
	{ "/dev/fd", "/proc/self/fd" },       { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/core", "/proc/kcore" },       { "/dev/ptmx", "pts/ptmx" },
};

/* What may be covered in /proc: files that lxcfs and friends provide a container's view of. */
static const char *const proc_targets[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/loadavg",
	"/proc/slabinfo",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

bool mount_plan_is_within(const char *a, const char *b)
{
	const char *rest = str_eq(b, "/") ? a : str_after(a, b);

	return rest && (*rest == 0 || *rest == '/');
}

bool mount_plan_allows_target(const char *target)
{
	if (!mount_plan_is_within(target, "/proc") || str_eq(target, "/proc"))
		return true;
	for (size_t i = 0; i < sizeof(proc_targets) / sizeof(proc_targets[0]); i++)
		if (str_eq(target, proc_targets[i]))
			return true;
	return false;
}

static struct mount_op *plan_add(struct mount_plan *p, enum mount_op_kind kind)
{
	struct mount_op *op;

	p->ops = mem_grow(p->ops, p->n + 1, sizeof(*p->ops));
	op = &p->ops[p->n++];
	*op = (struct mount_op){ .kind = kind };
	return op;
}

/* --- mounts ------------------------------------------------------------------------------------------------------- */

static enum mount_op_kind mount_kind(const struct mount_spec *m, const struct mount_opts *o)
{
	if (m->extra && m->extra->image)
		return MOUNT_OP_IMAGE;
	if (m->extra && m->extra->upper)
		return MOUNT_OP_OVERLAY;
	if (o->bind || str_eq(m->type, "bind") || str_eq(m->type, "rbind"))
		return o->remount ? MOUNT_OP_REMOUNT : MOUNT_OP_BIND;
	if (o->remount)
		return MOUNT_OP_REMOUNT;
	if (str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2"))
		return MOUNT_OP_CGROUP;
	return MOUNT_OP_FS;
}

static int check_mount(const struct container_spec *spec, const struct mount_op *op, struct err *e)
{
	if (str_eq(op->target, "/"))
		return err_set(e, EINVAL, "mounts[%zu].destination: \"/\" is the root itself",
			       op->row);
	if (!mount_plan_allows_target(op->target))
		return err_set(e, EINVAL,
			       "mounts[%zu].destination: \"%s\" is inside /proc, which is refused",
			       op->row, op->target);
	if ((op->kind == MOUNT_OP_BIND || op->kind == MOUNT_OP_REMOUNT ||
	     op->kind == MOUNT_OP_IMAGE) &&
	    op->opts.data.len)
		return err_set(e, EINVAL,
			       "mounts[%zu].options: \"%s\" has no meaning for this mount", op->row,
			       strbuf_text(&op->opts.data));
	if (op->kind == MOUNT_OP_BIND && str_empty(op->source))
		return err_set(e, EINVAL, "mounts[%zu].source: a bind mount needs one", op->row);
	if (op->kind == MOUNT_OP_FS && str_empty(op->type))
		return err_set(e, EINVAL, "mounts[%zu].type: missing", op->row);
	if (op->idmap == MOUNT_IDMAP_CONTAINER && !spec->linux.namespaces[NS_USER].wanted)
		return err_set(e, EINVAL,
			       "mounts[%zu].options: idmap needs a user namespace or mappings",
			       op->row);
	if (op->idmap != MOUNT_IDMAP_NONE &&
	    (op->kind == MOUNT_OP_CGROUP || op->kind == MOUNT_OP_REMOUNT))
		return err_set(e, EOPNOTSUPP,
			       "mounts[%zu]: a cgroup mount or a remount cannot be idmapped",
			       op->row);
	return 0;
}

static int plan_mount(const struct container_spec *spec, size_t row, struct mount_plan *p,
		      struct err *e)
{
	const struct mount_spec *m = &spec->mounts[row];
	struct mount_op *op = plan_add(p, MOUNT_OP_FS);

	op->mount = m;
	op->row = row;
	mount_opts_parse(&m->options, &op->opts);
	op->kind = mount_kind(m, &op->opts);
	if (str_eq(m->type, "rbind"))
		op->opts.recursive = true;
	op->target = path_clean(m->destination ? m->destination : "");
	op->source = mem_strdup(m->source);
	op->type = mem_strdup(m->type);
	if (m->n_uid_mappings || m->n_gid_mappings)
		op->idmap = MOUNT_IDMAP_OWN;
	else if (op->opts.idmap || op->opts.ridmap)
		op->idmap = MOUNT_IDMAP_CONTAINER;
	return check_mount(spec, op, e);
}

/* --- devices ------------------------------------------------------------------------------------------------------ */

static bool has_device(const struct container_spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->linux.n_devices; i++) {
		auto_free char *clean = path_clean(spec->linux.devices[i].path);

		if (str_eq(clean, path))
			return true;
	}
	return false;
}

static mode_t device_type(const char *word)
{
	if (str_eq(word, "b"))
		return S_IFBLK;
	return str_eq(word, "p") ? S_IFIFO : S_IFCHR;
}

static bool is_granted(const struct resources_spec *r, const struct device_node *n)
{
	for (size_t i = 0; r && i < r->n_devices; i++) {
		const struct device_rule_spec *d = &r->devices[i];

		if (d->allow && d->type && device_type(d->type) == n->type && d->major.set &&
		    d->major.value == n->major && d->minor.set && d->minor.value == n->minor)
			return true;
	}
	return false;
}

static void plan_device(const struct container_spec *spec, size_t row, struct mount_plan *p)
{
	const struct device_spec *d = &spec->linux.devices[row];
	struct mount_op *op = plan_add(p, MOUNT_OP_DEVICE);

	op->row = row;
	op->target = path_clean(d->path);
	op->node = (struct device_node){
		.type = device_type(d->type),
		.major = (unsigned)d->major,
		.minor = (unsigned)d->minor,
		.mode = d->file_mode.set ? (mode_t)d->file_mode.value & 07777 : DEFAULT_DEVICE_MODE,
		.has_mode = d->file_mode.set,
		.uid = d->uid.set ? (uid_t)d->uid.value : 0,
		.gid = d->gid.set ? (gid_t)d->gid.value : 0,
	};
	op->node.is_granted = is_granted(spec->linux.resources, &op->node);
}

static void plan_devices(const struct container_spec *spec, struct mount_plan *p)
{
	for (size_t i = 0; i < sizeof(default_devices) / sizeof(default_devices[0]); i++) {
		if (has_device(spec, default_devices[i].path))
			continue;
		struct mount_op *op = plan_add(p, MOUNT_OP_DEVICE);

		op->target = mem_strdup(default_devices[i].path);
		op->node = (struct device_node){ .type = S_IFCHR,
						 .major = default_devices[i].major,
						 .minor = default_devices[i].minor,
						 .mode = DEFAULT_DEVICE_MODE };
	}
	for (size_t i = 0; i < spec->linux.n_devices; i++)
		plan_device(spec, i, p);
}

static void plan_links(struct mount_plan *p)
{
	for (size_t i = 0; i < sizeof(default_links) / sizeof(default_links[0]); i++) {
		struct mount_op *op = plan_add(p, MOUNT_OP_LINK);

		op->target = mem_strdup(default_links[i].path);
		op->source = mem_strdup(default_links[i].text);
	}
}

/* A /dev of the host that is shown as it is gets no nodes of ours. */
static bool shows_host_dev(const struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].kind == MOUNT_OP_BIND && str_eq(p->ops[i].target, "/dev"))
			return true;
	return false;
}

/* --- hidden paths ------------------------------------------------------------------------------------------------- */

static void plan_hidden(const struct strv *paths, enum mount_op_kind kind, struct mount_plan *p)
{
	for (size_t i = 0; i < paths->n; i++) {
		struct mount_op *op = plan_add(p, kind);

		op->phase = MOUNT_PHASE_HIDE;
		op->row = i;
		op->target = path_clean(paths->items[i]);
	}
}

/* --- putting cgroup mounts off ------------------------------------------------------------------------------------ */

static bool touches(const char *a, const char *b)
{
	return mount_plan_is_within(a, b) || mount_plan_is_within(b, a);
}

/* A cgroup mount may wait for the end when no later row lies above or below its place, and when it needs nothing of the host's tree any more, which is so
 * in a cgroup namespace only. */
static bool can_wait(const struct container_spec *spec, const struct mount_plan *p, size_t at)
{
	if (!spec->linux.namespaces[NS_CGROUP].wanted)
		return false;
	for (size_t i = at + 1; i < p->n; i++)
		if (touches(p->ops[i].target, p->ops[at].target))
			return false;
	return true;
}

int mount_plan_make(const struct container_spec *spec, struct mount_plan *ret, struct err *e)
{
	auto_done(mount_plan) struct mount_plan p = { 0 };

	if (!spec->linux.namespaces[NS_MOUNT].wanted) {
		*ret = (struct mount_plan){ 0 };
		return 0;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		int r = plan_mount(spec, i, &p, e);

		if (r < 0)
			return r;
	}
	if (!shows_host_dev(&p)) {
		plan_devices(spec, &p);
		plan_links(&p);
	}
	plan_hidden(&spec->linux.masked_paths, MOUNT_OP_MASK, &p);
	plan_hidden(&spec->linux.readonly_paths, MOUNT_OP_READONLY, &p);
	for (size_t i = 0; i < p.n; i++)
		if (p.ops[i].kind == MOUNT_OP_CGROUP && can_wait(spec, &p, i))
			p.ops[i].phase = MOUNT_PHASE_CGROUP;
	*ret = p;
	p = (struct mount_plan){ 0 };
	return 0;
}

int mount_plan_make_one(const struct container_spec *spec, struct mount_plan *ret, struct err *e)
{
	auto_done(mount_plan) struct mount_plan p = { 0 };
	int r = plan_mount(spec, 0, &p, e);

	if (r < 0)
		return r;
	*ret = p;
	p = (struct mount_plan){ 0 };
	return 0;
}

void mount_plan_make_device(const struct container_spec *spec, struct mount_plan *ret)
{
	*ret = (struct mount_plan){ 0 };
	plan_device(spec, 0, ret);
	ret->ops[0].node.is_granted = true;
}

void mount_plan_done(struct mount_plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->ops[i].target);
		free(p->ops[i].source);
		free(p->ops[i].type);
		mount_opts_done(&p->ops[i].opts);
	}
	free(p->ops);
	*p = (struct mount_plan){ 0 };
}
