/* trusted - the trusted path into a container with a read-only root: a mount namespace of its own, in which the root is writable.
 *
 * "ro" of the container's root is locked, and the kernel unlocks nothing for anybody. So the root is cloned afresh from the host's tree, and put on top of a private copy of the container's mount namespace; what
 * the container has mounted on its old root is cloned onto the new one, but for the binds of the root's own folders, which are writable now as part of it. The copy belongs to the host, not to
 * the container's root, and ends with the last process in it.
 *
 * Processes of the container's root could look into one that has come this way (it has their ids) and reach the writable root through /proc/PID/root. So it lives in a user namespace
 * beside the container's, with the same maps: over that the container's root has no rights. For the same reason it has none over the container's other namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/path.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum { MOUNTINFO_MAX = 16 << 20, FIELDS_MIN = 5 };

/* --- what is mounted ---------------------------------------------------------------------------------------------- */

struct mounted {
	uint32_t id, parent;
	char *place;
	bool is_root; /* the old root, or a bind of a folder of it */
};
struct mounted_list {
	struct mounted *items;
	size_t n;
};
static void mounted_list_done(struct mounted_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->items[i].place);
	free(l->items);
}

/* "\040" and its like, as mountinfo writes blanks, tabs, line ends and backslashes. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

static bool is_part(const struct root_part *p, const char *place)
{
	for (; p->path; p++)
		if (str_eq(p->path, place))
			return true;
	return false;
}

/* Is the mount with this number one of the old root's? */
static bool is_old_root(const struct mounted_list *l, uint32_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].id == id)
			return l->items[i].is_root;
	return false;
}

static int read_line(const char *line, const struct root_part *parts, struct mounted_list *l)
{
	auto_done(strv) struct strv f = { 0 };
	struct mounted m = { 0 };

	strv_split(&f, line, ' ');
	if (f.n < FIELDS_MIN || num_u32(f.items[0], &m.id) < 0 ||
	    num_u32(f.items[1], &m.parent) < 0)
		return -EINVAL;
	m.place = mem_strdup(f.items[4]);
	unescape(m.place);
	m.is_root = str_eq(m.place, "/") || (is_old_root(l, m.parent) && is_part(parts, m.place));
	l->items = mem_grow(l->items, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = m;
	return 0;
}

/* In the order in which they were mounted: a parent stands before what is mounted on it. */
static int list_mounts(const struct isolation *iso, const struct root_part *parts,
		       struct mounted_list *ret, struct err *e)
{
	auto_close int fd = procfs_open_file(iso, "self/mountinfo", O_RDONLY, e);
	auto_free char *text = NULL;
	auto_done(strv) struct strv lines = { 0 };
	int r = fd < 0 ? fd : file_read_fd(fd, MOUNTINFO_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++)
		if (lines.items[i][0] && read_line(lines.items[i], parts, ret) < 0)
			return err_set(e, EPROTO, "mountinfo has a line that is none");
	return 0;
}

/* --- the helper ---------------------------------------------------------------------------------------------------- */

struct trusted {
	const struct isolation *iso;
	const struct root_spec *root;
	int tree; /* the new root */
};

/* One mount of the old root, with all that is mounted in it. What the new root has no place for, and what cannot be cloned (unbindable), is left out: it is less to be seen, not more to be written. */
static void move_over(int from, int to, const char *place)
{
	struct err why = { 0 };
	auto_close int old = path_open(from, place, O_PATH, 0, RESOLVE_NO_SYMLINKS, &why);
	auto_close int tree = old < 0 ? -1 : mount_clone(old, true);
	auto_close int new =
		tree < 0 ? -1 : path_open(to, place, O_PATH, 0, RESOLVE_NO_SYMLINKS, &why);

	if (new < 0 || mount_attach(tree, new, &why) < 0)
		log_debug("\"%s\" is not there on the trusted path", place);
}

static int put_on_top(const struct trusted *t, struct err *e)
{
	const struct mount_change alone = { .propagation = MS_PRIVATE, .recursive = true };
	auto_done(mounted_list) struct mounted_list list = { 0 };
	auto_close int old = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

	if (old < 0 || mount_change(old, &alone) < 0)
		return err_sys(e, "separate the mounts from the container's");
	int r = list_mounts(t->iso, t->root->parts, &list, e);

	if (r == 0)
		r = mount_attach(t->tree, old, e);
	for (size_t i = 0; r == 0 && i < list.n; i++)
		if (!list.items[i].is_root && is_old_root(&list, list.items[i].parent))
			move_over(old, t->tree, list.items[i].place);
	return r;
}

static int build_namespace(void *arg, int sock, struct err *e)
{
	const struct trusted *t = arg;
	int r = creds_not_dumpable(e);

	if (r == 0 && sys_setns(t->iso->target, CLONE_NEWNS) < 0)
		r = err_sys(e, "enter the container's mount namespace");
	if (r == 0 && sys_unshare(CLONE_NEWNS) < 0)
		r = err_sys(e, "copy the container's mount namespace");
	if (r == 0)
		r = put_on_top(t, e);
	if (r < 0)
		return r;
	/* in our own procfs, of the host's pid namespace; the last step is a magic link */
	auto_close int own = sys_openat(t->iso->proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC, 0);

	return own < 0 ? err_sys(e, "open the trusted path's mount namespace")
		       : helper_give(sock, own, e);
}

/* --- the parent --------------------------------------------------------------------------------------------------- */

static int run_helper(struct trusted *t, struct err *e)
{
	int kept[] = { t->iso->target, t->iso->proc, t->tree };
	const struct helper_fds keep = { kept, sizeof(kept) / sizeof(kept[0]) };
	int namespace = -1;
	int r = mount_child(build_namespace, t, &keep, &namespace, e);

	return r < 0 ? r : namespace;
}

/* The tree as init got it, but writable. */
static int clone_root(const struct root_spec *root, pid_t pid, struct source *s, struct err *e)
{
	const struct mount_change alone = { .propagation = MS_PRIVATE, .recursive = true };
	auto_free char *user = mem_format("/proc/%d/ns/user", (int)pid);
	auto_close int userns = sys_openat(AT_FDCWD, user, O_RDONLY | O_CLOEXEC, 0);

	if (userns < 0)
		return err_sys(e, "open the container's user namespace");
	int r = source_open(s, root->path, e);

	if (r == 0)
		r = source_clone(s, true, e);
	if (r == 0 && (s->tree < 0 || mount_change(s->tree, &alone) < 0))
		r = err_sys(e, "clone the root");
	return r == 0 ? source_map(s, userns, true, e) : r;
}

int trusted_plan(struct isolation *iso, pid_t pid, const struct root_spec *root, struct err *e)
{
	const struct linux_spec *l = &iso->spec->linux;
	const struct mount_spec maps = { .uid_mappings = l->uid_mappings,
					 .n_uid_mappings = l->n_uid_mappings,
					 .gid_mappings = l->gid_mappings,
					 .n_gid_mappings = l->n_gid_mappings };
	struct source s = SOURCE_NONE;
	struct trusted t = { .iso = iso, .root = root };

	if (!iso->is_host_root || !iso->in_user || !iso->has_mounts || !root->parts)
		return err_set(e, EOPNOTSUPP,
			       "there is no trusted path: the container's root is not locked");
	/* all that is mounted in there is moved over: none of it may be a tenant's bind over /bin/sh */
	if (mount_may_change(iso))
		return err_set(
			e, EPERM,
			"there is no trusted path (-T) where root inside has CAP_SYS_ADMIN (limitpriv sys_admin): it may have mounted programs of its own over the root's; change the files from outside while it is halted, or in a boot with a writable root (zone boot -w)");
	int r = procfs_open(iso, e);

	if (r == 0)
		r = clone_root(root, pid, &s, e);
	t.tree = s.tree;
	if (r == 0)
		r = iso->ns[NS_MOUNT] = run_helper(&t, e);
	source_done(&s);
	if (r < 0)
		return r;
	r = iso->ns[NS_USER] = idmap_namespace(iso, &maps, e);
	if (r < 0)
		return r;
	iso->enter_flags &= ~(CLONE_NEWNS | CLONE_NEWUSER);
	fd_close(&iso->target_root); /* the new namespace's root is the top of it */
	return 0;
}

int trusted_enter(const struct isolation *iso, struct err *e)
{
	if (iso->ns[NS_MOUNT] < 0)
		return 0;
	if (sys_setns(iso->ns[NS_MOUNT], CLONE_NEWNS) < 0)
		return err_sys(e, "enter the trusted path's mount namespace");
	if (sys_setns(iso->ns[NS_USER], CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the trusted path's user namespace");
	return 0;
}
