/* mount_text - the plan as lines for people: what --dry-run prints and what the golden tests compare. One verb per line, names in double quotes. */
#include <sys/stat.h>

#include "isolation/mount_plan.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"

static char device_letter(mode_t type)
{
	if (S_ISBLK(type))
		return 'b';
	return S_ISFIFO(type) ? 'p' : 'c';
}

static void text_options(struct strbuf *b, const struct mount_op *op)
{
	if (op->mount && op->mount->options.n) {
		auto_free char *words = strv_join(&op->mount->options, ",");

		strbuf_format(b, ": %s", words);
	}
	if (op->idmap == MOUNT_IDMAP_OWN)
		strbuf_add(b, ", ids mapped by its own maps");
	if (op->idmap == MOUNT_IDMAP_CONTAINER)
		strbuf_add(b, ", ids mapped by the container's user namespace");
}

static void text_device(struct strbuf *b, const struct mount_op *op)
{
	strbuf_format(b, "device \"%s\" %c %u:%u mode %04o", op->target,
		      device_letter(op->node.type), op->node.major, op->node.minor,
		      (unsigned)op->node.mode);
	if (op->node.uid || op->node.gid)
		strbuf_format(b, " owner %u:%u", (unsigned)op->node.uid, (unsigned)op->node.gid);
}

static void text_op(struct strbuf *b, const struct mount_op *op)
{
	switch (op->kind) {
	case MOUNT_OP_FS:
	case MOUNT_OP_IMAGE:
	case MOUNT_OP_OVERLAY:
		strbuf_format(b, "mount %s on \"%s\"", op->type, op->target);
		text_options(b, op);
		break;
	case MOUNT_OP_BIND:
		strbuf_format(b, "bind \"%s\" on \"%s\"", op->source, op->target);
		text_options(b, op);
		break;
	case MOUNT_OP_CGROUP:
		strbuf_format(b, "mount %s on \"%s\"", op->type, op->target);
		text_options(b, op);
		break;
	case MOUNT_OP_REMOUNT:
		strbuf_format(b, "change the mount on \"%s\"", op->target);
		text_options(b, op);
		break;
	case MOUNT_OP_DEVICE:
		text_device(b, op);
		break;
	case MOUNT_OP_LINK:
		strbuf_format(b, "link \"%s\" -> \"%s\"", op->target, op->source);
		break;
	case MOUNT_OP_MASK:
		strbuf_format(b, "mask \"%s\"", op->target);
		break;
	case MOUNT_OP_READONLY:
		strbuf_format(b, "read-only \"%s\"", op->target);
		break;
	}
	strbuf_add_char(b, '\n');
}

static void text_phase(struct strbuf *b, const struct mount_plan *p, enum mount_phase phase)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].phase == phase)
			text_op(b, &p->ops[i]);
}

static void text_root(struct strbuf *b, const struct container_spec *spec)
{
	if (!spec->linux.namespaces[NS_MOUNT].wanted) {
		strbuf_format(
			b,
			"root \"%s\" without a mount namespace: no mounts\nenter the root by chroot\n",
			spec->root.path ? spec->root.path : "");
		return;
	}
	strbuf_format(b, "root \"%s\"%s\n", spec->root.path ? spec->root.path : "",
		      spec->root.idmap ? ", ids mapped by the container's user namespace" : "");
}

char *mount_plan_text(const struct container_spec *spec, const struct mount_plan *p)
{
	struct strbuf b = { 0 };
	bool mounts = spec->linux.namespaces[NS_MOUNT].wanted;

	text_root(&b, spec);
	if (spec->hostname)
		strbuf_format(&b, "hostname \"%s\"\n", spec->hostname);
	if (spec->domainname)
		strbuf_format(&b, "domainname \"%s\"\n", spec->domainname);
	text_phase(&b, p, MOUNT_PHASE_BUILD);
	if (mounts)
		strbuf_add(&b, "enter the root by pivot_root\n");
	for (size_t i = 0; i < spec->linux.sysctl.n; i++)
		strbuf_format(&b, "sysctl %s=\"%s\"\n", spec->linux.sysctl.items[i].key,
			      spec->linux.sysctl.items[i].value);
	text_phase(&b, p, MOUNT_PHASE_HIDE);
	text_phase(&b, p, MOUNT_PHASE_CGROUP);
	if (mounts && spec->root.readonly)
		strbuf_add(&b, "read-only \"/\"\n");
	return strbuf_steal(&b);
}
