/* audit_mounts - the root, the mounts of the plan with their options, device nodes, hidden paths; and that nothing else of the host is there.
 *
 * Which mount is at a path says audit_look.c by its number; the mount itself is a line of /proc/PID/mountinfo. */
#include "isolation/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/str.h"

enum { INFO_MAX = 16 << 20, NULL_MAJOR = 1, NULL_MINOR = 3, KIB = 1024 };

struct rows {
	char *text; /* the rows' words are in there */
	struct audit_mount *rows;
	size_t n;
};
static void rows_done(struct rows *r)
{
	free(r->text);
	free(r->rows);
}

struct table {
	struct audit *a;
	struct rows inside, host; /* the host's: where the audit runs */
	bool *planned;            /* beside the rows inside */
};
static void table_done(struct table *t)
{
	rows_done(&t->inside);
	rows_done(&t->host);
	free(t->planned);
}

/* --- mountinfo -------------------------------------------------------------------------------------------------------- */

/* Blanks and the like are octal. In place. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		bool is_octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
				s[2] <= '7' && s[3] >= '0' && s[3] <= '7';

		*to = is_octal ? (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0')) : *s;
		s += is_octal ? 3 : 0;
	}
	*to = '\0';
}

bool audit_mount_parse(char *line, struct audit_mount *ret)
{
	char *words[7], *save = NULL, *word = strtok_r(line, " ", &save);
	size_t n = 0;

	*ret = (struct audit_mount){ .super = "" };
	for (; word && n < 6; n++, word = strtok_r(NULL, " ", &save))
		words[n] = word;
	for (; word && strcmp(word, "-") != 0; word = strtok_r(NULL, " ", &save)) {
		const char *peers = str_after(word, "shared:");

		ret->is_shared = ret->is_shared || (peers && num_u64(peers, &ret->peers) == 0);
		ret->is_slave = ret->is_slave || str_has_prefix(word, "master:");
	}
	ret->type = word ? strtok_r(NULL, " ", &save) : NULL;
	if (n < 6 || !ret->type || num_u64(words[0], &ret->id) < 0)
		return false;
	(void)strtok_r(NULL, " ", &save); /* the source */
	word = strtok_r(NULL, " ", &save);
	ret->super = word ? word : "";
	word = strchr(words[2], ':');
	if (!word)
		return false;
	ret->major = (unsigned)strtoul(words[2], NULL, 10);
	ret->minor = (unsigned)strtoul(word + 1, NULL, 10);
	unescape(words[3]);
	unescape(words[4]);
	ret->root = words[3];
	ret->target = words[4];
	ret->options = words[5];
	return true;
}

bool audit_has_option(const char *options, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, n) == 0 && (at[n] == ',' || at[n] == '\0'))
			return true;
	}
	return false;
}

static int rows_read(pid_t pid, struct rows *ret, struct err *e)
{
	auto_free char *path = mem_format("/proc/%d/mountinfo", (int)pid);
	char *save = NULL;
	int r = file_read_all(AT_FDCWD, path, INFO_MAX, &ret->text, NULL, e);

	if (r < 0)
		return r;
	for (char *line = strtok_r(ret->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		ret->rows = mem_grow(ret->rows, ret->n + 1, sizeof(*ret->rows));
		if (audit_mount_parse(line, &ret->rows[ret->n]))
			ret->n++;
	}
	return 0;
}

static int table_read(struct table *t, struct err *e)
{
	int r = rows_read(t->a->of->init, &t->inside, e);

	if (r == 0)
		r = rows_read(getpid(), &t->host, e);
	t->planned = mem_array(t->inside.n + 1, sizeof(bool));
	return r;
}

static const struct audit_mount *row_of(struct table *t, const struct audit_place *p)
{
	for (size_t i = 0; i < t->inside.n; i++) {
		if (t->inside.rows[i].id != p->mount)
			continue;
		t->planned[i] = true;
		return &t->inside.rows[i];
	}
	return NULL;
}

/* --- one mount -------------------------------------------------------------------------------------------------------- */

static const struct {
	uint64_t attr;
	const char *word;
} restrictions[] = {
	{ MOUNT_ATTR_RDONLY, "ro" },
	{ MOUNT_ATTR_NOSUID, "nosuid" },
	{ MOUNT_ATTR_NODEV, "nodev" },
	{ MOUNT_ATTR_NOEXEC, "noexec" },
};

static char *promise_text(const struct mount_op *op)
{
	struct strbuf b = { 0 };

	strbuf_add(&b, op->kind == MOUNT_OP_BIND ? op->source : op->type ? op->type : "mounted");
	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++)
		if (op->opts.attr_set & restrictions[i].attr)
			strbuf_format(&b, ",%s", restrictions[i].word);
	return strbuf_steal(&b);
}

/* "size=" of a list of options in bytes; false: none that is a number. */
static bool size_of(const char *options, uint64_t *ret)
{
	const char *at = options ? strstr(options, "size=") : NULL;

	if (!at || (at != options && at[-1] != ','))
		return false;
	at += strlen("size=");
	auto_free char *text = mem_strndup(at, strcspn(at, ","));

	return num_size(text, ret) == 0;
}

/* What is missing of the options, in words; NULL: nothing. */
static char *lacks(const struct mount_op *op, const struct audit_mount *m)
{
	struct strbuf b = { 0 };
	uint64_t wanted, is;

	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++)
		if ((op->opts.attr_set & restrictions[i].attr) &&
		    !audit_has_option(m->options, restrictions[i].word))
			strbuf_format(&b, "%snot %s", b.len ? ", " : "", restrictions[i].word);
	if (op->kind == MOUNT_OP_FS && str_eq(op->type, "tmpfs") &&
	    size_of(op->opts.data.text, &wanted) &&
	    (!size_of(m->super, &is) || (is + 4 * KIB <= wanted || wanted + 4 * KIB <= is)))
		strbuf_format(&b, "%s%s", b.len ? ", " : "", m->super);
	if (b.len > 0)
		return strbuf_steal(&b);
	strbuf_done(&b);
	return NULL;
}

/* A bind shows what is at its source now; a file may have been replaced on the host since. */
static bool is_source(const struct mount_op *op, const struct audit_place *p)
{
	struct stat st;

	if (op->source[0] != '/' || stat(op->source, &st) < 0)
		return true; /* it is gone, and cannot be compared */
	return (st.st_dev == p->dev && st.st_ino == p->ino) || p->links == 0;
}

static bool is_type(const struct mount_op *op, const struct audit_mount *m)
{
	if (op->kind == MOUNT_OP_CGROUP)
		return str_has_prefix(m->type, "cgroup") || str_eq(m->type, "tmpfs");
	if (op->kind == MOUNT_OP_OVERLAY)
		return str_eq(m->type, "overlay");
	return (op->kind != MOUNT_OP_FS && op->kind != MOUNT_OP_IMAGE) || str_eq(m->type, op->type);
}

static void audit_mount(struct table *t, const struct mount_op *op, const struct audit_place *p)
{
	auto_free char *property = mem_format("mounts.%s", op->target);
	auto_free char *promised = promise_text(op);
	const struct audit_mount *m = p->code || !p->is_mount ? NULL : row_of(t, p);
	enum finding_verdict bad = audit_verdict(t->a->spec, CAP_SYS_ADMIN);
	auto_free char *missing = m ? lacks(op, m) : NULL;

	if (p->code && p->code != ENOENT && p->code != ENOTDIR)
		(void)finding_unknown(t->a->ret, property, promised, strerror(p->code));
	else if (!m)
		(void)finding_add(t->a->ret, bad, property, promised, "not mounted");
	else if (!is_type(op, m))
		(void)finding_add(t->a->ret, bad, property, promised, m->type);
	else if (op->kind == MOUNT_OP_BIND && !is_source(op, p))
		(void)finding_add(t->a->ret, bad, property, promised, "something else");
	else if (missing)
		(void)finding_add(t->a->ret, bad, property, promised, missing);
	else
		(void)finding_add(t->a->ret, FINDING_OK, property, promised, promised);
}

/* --- devices, hidden paths -------------------------------------------------------------------------------------------- */

static bool is_the_containers(const struct linux_spec *l, const struct audit_place *p)
{
	return idmap_has_host_id(l->uid_mappings, l->n_uid_mappings, p->uid) &&
	       idmap_has_host_id(l->gid_mappings, l->n_gid_mappings, p->gid);
}

/* Whom the device is given to, the container's root if nobody is named: may it open the node? Outside a user namespace root may. */
static bool is_open_to(const struct container_spec *spec, const struct mount_op *op,
		       const struct audit_place *p)
{
	const struct linux_spec *l = &spec->linux;
	mode_t wanted = op->node.has_mode ? op->node.mode >> 6 & 06 : 06, given = p->mode;
	uint32_t uid, gid;

	if (!op->node.is_granted || !l->namespaces[NS_USER].wanted ||
	    !idmap_host_id(l->uid_mappings, l->n_uid_mappings, op->node.uid, &uid) ||
	    !idmap_host_id(l->gid_mappings, l->n_gid_mappings, op->node.gid, &gid))
		return true;
	if (op->node.uid == 0 && is_the_containers(l, p) && audit_may(spec, CAP_DAC_OVERRIDE))
		return true;
	if (p->uid == uid)
		given >>= 6;
	else if (p->gid == gid)
		given >>= 3;
	return (given & wanted) == wanted;
}

static void audit_device(struct table *t, const struct mount_op *op, const struct audit_place *p)
{
	auto_free char *property = mem_format("devices.%s", op->target);
	char letter = S_ISBLK(op->node.type) ? 'b' : S_ISFIFO(op->node.type) ? 'p' : 'c';
	auto_free char *promised = mem_format("%c %u:%u", letter, op->node.major, op->node.minor);
	bool same = !p->code && (p->mode & S_IFMT) == op->node.type &&
		    (S_ISFIFO(op->node.type) || p->rdev == makedev(op->node.major, op->node.minor));

	if (!p->code && p->is_mount)
		(void)row_of(t, p);
	if (p->code && p->code != ENOENT && p->code != ENOTDIR)
		(void)finding_unknown(t->a->ret, property, promised, strerror(p->code));
	else if (same && !is_open_to(t->a->spec, op, p)) /* its own it may have shut itself */
		(void)finding_add(t->a->ret,
				  is_the_containers(&t->a->spec->linux, p) ? FINDING_CHANGED
									   : FINDING_DIFFERS,
				  property, promised, "not open to its owner inside");
	else if (same)
		(void)finding_add(t->a->ret, FINDING_OK, property, promised, promised);
	else /* root inside may take nodes away; that it makes no others is the device rules' part */
		(void)finding_add(t->a->ret, FINDING_CHANGED, property, promised,
				  p->code ? "not there" : "something else");
}

static bool is_covered(const struct audit_mount *m, const struct audit_place *p)
{
	if (!m)
		return false;
	if (S_ISDIR(p->mode))
		return str_eq(m->type, "tmpfs") && audit_has_option(m->options, "ro");
	return S_ISCHR(p->mode) && p->rdev == makedev(NULL_MAJOR, NULL_MINOR);
}

static void audit_hidden(struct table *t, const struct mount_op *op, const struct audit_place *p)
{
	bool mask = op->kind == MOUNT_OP_MASK;
	auto_free char *property =
		mem_format("%s.%s", mask ? "maskedPaths" : "readonlyPaths", op->target);
	const char *promised = mask ? "hidden" : "read-only";
	const struct audit_mount *m = p->code || !p->is_mount ? NULL : row_of(t, p);
	bool holds = mask ? is_covered(m, p) : m && audit_has_option(m->options, "ro");

	if (p->code == ENOENT || p->code == ENOTDIR)
		(void)finding_add(t->a->ret, FINDING_OK, property, promised, "not there");
	else if (p->code)
		(void)finding_unknown(t->a->ret, property, promised, strerror(p->code));
	else
		(void)finding_judge(t->a->ret, property, promised,
				    holds  ? promised
				    : mask ? "visible"
					   : "writable",
				    FINDING_DIFFERS);
}

/* --- the root --------------------------------------------------------------------------------------------------------- */

static const struct audit_mount *root_row(struct table *t)
{
	const struct audit_mount *found = NULL;

	for (size_t i = 0; i < t->inside.n; i++) {
		if (!str_eq(t->inside.rows[i].target, "/"))
			continue;
		t->planned[i] = true;
		found = &t->inside.rows[i]; /* the last one is on top */
	}
	return found;
}

/* Are mounts of the one seen in the other? */
static bool is_peer_of_host(const struct table *t, const struct audit_mount *m)
{
	for (size_t i = 0; i < t->host.n; i++)
		if (t->host.rows[i].is_shared && t->host.rows[i].peers == m->peers)
			return true;
	return false;
}

/* Root inside may make peers for mount namespaces of its own. */
static void audit_propagation(struct table *t, const struct audit_mount *m)
{
	bool is_hosts = m->is_slave || (m->is_shared && is_peer_of_host(t, m));

	(void)finding_judge(t->a->ret, "root.propagation", "private",
			    m->is_slave    ? "slave"
			    : m->is_shared ? "shared"
					   : "private",
			    is_hosts ? FINDING_DIFFERS : audit_verdict(t->a->spec, CAP_SYS_ADMIN));
}

static void audit_root(struct table *t)
{
	const struct root_spec *root = &t->a->spec->root;
	const struct audit_mount *m = root_row(t);
	const char *wanted = t->a->spec->linux.rootfs_propagation;
	bool readonly = root->readonly || root->parts;

	if (!m) {
		(void)finding_unknown(t->a->ret, "root", "mounted", "it is not in mountinfo");
		return;
	}
	(void)finding_judge(t->a->ret, "root.readonly", readonly ? "true" : "false",
			    audit_has_option(m->options, "ro") ? "true" : "false",
			    readonly ? FINDING_DIFFERS : FINDING_CHANGED);
	if (root->idmap && root->layers.n == 0)
		(void)finding_judge(t->a->ret, "root.idmap", "true",
				    audit_has_option(m->options, "idmapped") ? "true" : "false",
				    FINDING_DIFFERS);
	if (!wanted || strstr(wanted, "private"))
		audit_propagation(t, m);
}

static void audit_part(struct table *t, const struct root_part *part, const struct audit_place *p)
{
	auto_free char *property = mem_format("root.parts.%s", part->path);
	const char *promised = part->readonly ? "read-only" : "writable";
	const struct audit_mount *m = p->code ? NULL : row_of(t, p);

	if (!m)
		return; /* what is missing in the root is left out */
	(void)finding_judge(t->a->ret, property, promised,
			    audit_has_option(m->options, "ro") ? "read-only" : "writable",
			    part->readonly ? FINDING_DIFFERS : FINDING_CHANGED);
}

/* --- what else is there ----------------------------------------------------------------------------------------------- */

/* File systems that root of a user namespace can mount: they show nothing of the host's files. */
static bool is_own_kind(const char *type)
{
	static const char *const types[] = { "proc",    "sysfs",       "tmpfs",  "ramfs",
					     "devpts",  "mqueue",      "cgroup", "cgroup2",
					     "overlay", "binfmt_misc", "fuse",   "nsfs" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(type, types[i]) || (i == 10 && str_has_prefix(type, "fuse.")))
			return true;
	return false;
}

/* What root inside has mounted is not mounted on the host. */
static bool is_on_host(const struct table *t, const struct audit_mount *m)
{
	for (size_t i = 0; i < t->host.n; i++)
		if (t->host.rows[i].major == m->major && t->host.rows[i].minor == m->minor)
			return true;
	return false;
}

/* There is one of these for all, whoever mounts it. */
static bool is_one_for_all(const char *type)
{
	return str_has_prefix(type, "cgroup") || str_eq(type, "nsfs");
}

static bool is_own(const struct table *t, const struct audit_mount *m)
{
	return is_own_kind(m->type) && (is_one_for_all(m->type) || !is_on_host(t, m));
}

/* A part of what was given to it may be bound elsewhere by whoever may mount inside. */
static bool is_part_of_planned(const struct table *t, const struct audit_mount *m)
{
	for (size_t i = 0; i < t->inside.n; i++) {
		const struct audit_mount *p = &t->inside.rows[i];

		if (t->planned[i] && p->major == m->major && p->minor == m->minor &&
		    mount_plan_is_within(m->root, p->root))
			return true;
	}
	return false;
}

/* Mounts below the source come along with rbind. */
static bool is_below_recursive(const struct table *t, const struct audit_mount *m)
{
	const struct mount_plan *p = &t->a->plan;

	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].kind == MOUNT_OP_BIND && p->ops[i].opts.recursive &&
		    mount_plan_is_within(m->target, p->ops[i].target))
			return true;
	return false;
}

static void audit_others(struct table *t)
{
	static const char none[] = "nothing of the host but these";

	for (size_t i = 0; i < t->inside.n; i++) {
		const struct audit_mount *m = &t->inside.rows[i];

		if (t->planned[i] || is_own(t, m) || is_part_of_planned(t, m) ||
		    is_below_recursive(t, m))
			continue;
		auto_free char *what = mem_format("%s: %s of %s %u:%u", m->target, m->root, m->type,
						  m->major, m->minor);

		finding_worse(t->a->ret, FINDING_DIFFERS, "mounts", none, what);
	}
	finding_worse(t->a->ret, FINDING_OK, "mounts", none, none);
}

/* A later row that covers the place decides. */
static bool is_mount(const struct mount_op *op)
{
	return op->kind != MOUNT_OP_DEVICE && op->kind != MOUNT_OP_LINK &&
	       op->kind != MOUNT_OP_MASK && op->kind != MOUNT_OP_READONLY;
}

static bool is_overruled(const struct mount_plan *p, size_t i)
{
	for (size_t k = i + 1; k < p->n; k++)
		if (is_mount(&p->ops[k]) &&
		    mount_plan_is_within(p->ops[i].target, p->ops[k].target))
			return true;
	return false;
}

static void audit_row(struct table *t, size_t i)
{
	const struct mount_op *op = &t->a->plan.ops[i];
	const struct audit_place *p = &t->a->view->places[i];

	if (!p->code && p->is_mount && is_overruled(&t->a->plan, i))
		(void)row_of(t, p);
	if (is_overruled(&t->a->plan, i))
		return;
	switch (op->kind) {
	case MOUNT_OP_FS:
	case MOUNT_OP_BIND:
	case MOUNT_OP_IMAGE:
	case MOUNT_OP_OVERLAY:
	case MOUNT_OP_CGROUP:
	case MOUNT_OP_REMOUNT:
		audit_mount(t, op, p);
		return;
	case MOUNT_OP_DEVICE:
		audit_device(t, op, p);
		return;
	case MOUNT_OP_MASK:
	case MOUNT_OP_READONLY:
		audit_hidden(t, op, p);
		return;
	case MOUNT_OP_LINK:
		return;
	}
}

void audit_mounts(struct audit *a)
{
	struct table t auto_done(table) = { .a = a };
	const struct root_part *part = a->spec->root.parts;
	struct err why = { 0 };

	if (!a->spec->linux.namespaces[NS_MOUNT].wanted)
		return;
	if (!a->view || table_read(&t, &why) < 0) {
		(void)finding_unknown(a->ret, "mounts", "those of the configuration",
				      a->view ? why.text : a->why);
		return;
	}
	audit_root(&t);
	for (size_t i = 0; i < a->plan.n; i++)
		audit_row(&t, i);
	for (size_t i = a->plan.n; part && part->path; i++, part++)
		audit_part(&t, part, &a->view->places[i]);
	audit_others(&t);
}
