/* mount_cgroup - /sys/fs/cgroup inside.
 *
 *   unified (v2 host, type cgroup2, or linux.cgroup_hierarchy "unified")  one cgroup2 mount; in a cgroup namespace its root is the container's cgroup
 *   v1 and hybrid hosts                                                  a tmpfs with one mount per hierarchy, as on the host
 *
 * Without a cgroup namespace a fresh mount would show the host's whole tree: the container's own directories are bound instead. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "isolation/private.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

enum { CGROUP_FILE_MAX = 1 << 16, DIR_MODE = 0755 };

static bool is_fs(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (long)fs.f_type == magic;
}

/* One line of /proc/PID/cgroup: "4:memory:/path", "9:name=systemd:/", "0::/path". Cuts it up in place. */
static bool split_line(char *line, char **ret_name, char **ret_path)
{
	char *name = strchr(line, ':');
	char *path = name ? strchr(name + 1, ':') : NULL;

	if (!path)
		return false;
	*name++ = 0;
	*path++ = 0;
	*ret_name = name;
	*ret_path = path;
	return true;
}

/* "name=systemd" is mounted as "systemd". */
static const char *folder_of(const char *hierarchy)
{
	const char *named = str_after(hierarchy, "name=");

	return named ? named : hierarchy;
}

int mount_cgroup_plan(struct isolation *iso, struct err *e)
{
	auto_free char *text = NULL;
	auto_done(strv) struct strv lines = { 0 };

	iso->is_cgroup_v2 = is_fs(CGROUP_ROOT, CGROUP2_SUPER_MAGIC);
	if (iso->is_cgroup_v2 || iso->hierarchies.n)
		return 0;
	iso->is_cgroup_hybrid = is_fs(CGROUP_ROOT "/unified", CGROUP2_SUPER_MAGIC);
	int r = file_read_all(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *name, *path;

		if (split_line(lines.items[i], &name, &path) && *name &&
		    !strchr(folder_of(name), '/'))
			strv_add(&iso->hierarchies, name);
	}
	return 0;
}

/* --- unified ------------------------------------------------------------------------------------------------------ */

static bool has_namespace(const struct isolation *iso)
{
	return iso->spec->linux.namespaces[NS_CGROUP].wanted;
}

static int change(int tree, const struct mount_op *op, struct err *e)
{
	const struct mount_change c = { .set = op->opts.attr_set,
					.clear = op->opts.attr_clear,
					.propagation = MS_PRIVATE };

	return mount_change(tree, &c) < 0 ? err_sys(e, "change the cgroup mount") : 0;
}

/* The container's own directory of the host's cgroup2, or all of it where nobody told us which it is. */
static int bind_unified(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	auto_close int tree = -1;

	if (iso->cgroup_dirfd >= 0)
		tree = mount_clone(iso->cgroup_dirfd, false);
	if (tree < 0)
		tree = mount_host_tree(iso->is_cgroup_hybrid ? CGROUP_ROOT "/unified" : CGROUP_ROOT,
				       false, e);
	if (tree < 0)
		return tree;
	int r = change(tree, op, e);

	return r < 0 ? r : fd_steal(&tree);
}

static int make_unified(const struct isolation *iso, const struct mount_op *op, struct err *e)
{
	const struct mount_fs fs = { .type = "cgroup2",
				     .source = "cgroup2",
				     .attrs = op->opts.attr_set };
	struct err cause = { 0 };

	if (!has_namespace(iso) && iso->cgroup_dirfd >= 0)
		return bind_unified(iso, op, e);
	int tree = mount_fs_new(&fs, &cause);

	if (tree == -EPERM || tree == -EBUSY) {
		log_debug("%s: the host's is bound", cause.text);
		return bind_unified(iso, op, e);
	}
	if (tree < 0)
		*e = cause;
	return tree;
}

/* --- v1 ----------------------------------------------------------------------------------------------------------- */

/* Where this process sits in a hierarchy; freshly allocated, NULL when it does not say. */
static char *own_path(const char *text, const char *hierarchy)
{
	auto_done(strv) struct strv lines = { 0 };

	strv_split(&lines, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		char *name, *path;

		if (split_line(lines.items[i], &name, &path) && str_eq(name, hierarchy))
			return mem_strdup(path);
	}
	return NULL;
}

/* Without a cgroup namespace: our own directory below the host's mount of the hierarchy; "" names the unified one. */
static int bind_hierarchy(const struct mount_op *op, const char *hierarchy, struct err *e)
{
	auto_free char *text = NULL;
	const char *folder = *hierarchy ? folder_of(hierarchy) : "unified";
	int r = file_read_all(AT_FDCWD, "/proc/self/cgroup", CGROUP_FILE_MAX, &text, NULL, e);

	if (r < 0)
		return r;
	auto_free char *path = own_path(text, hierarchy);
	auto_free char *full = mem_format(CGROUP_ROOT "/%s%s", folder, path ? path : "/");

	if (!is_fs(full, CGROUP_SUPER_MAGIC) && !is_fs(full, CGROUP2_SUPER_MAGIC))
		return err_set(e, ENOENT, "\"%s\" is not a cgroup", full);
	auto_close int tree = mount_host_tree(full, false, e);

	r = tree < 0 ? tree : change(tree, op, e);
	return r < 0 ? r : fd_steal(&tree);
}

static int make_hierarchy(const struct isolation *iso, const struct mount_op *op,
			  const char *hierarchy, struct err *e)
{
	auto_free char *data =
		mem_format("%s%s", str_has_prefix(hierarchy, "name=") ? "none," : "", hierarchy);
	const struct mount_fs v1 = {
		.type = "cgroup", .source = "cgroup", .data = data, .attrs = op->opts.attr_set
	};
	const struct mount_fs v2 = { .type = "cgroup2",
				     .source = "cgroup2",
				     .attrs = op->opts.attr_set };

	if (!has_namespace(iso))
		return bind_hierarchy(op, hierarchy, e);
	return mount_fs_new(*hierarchy ? &v1 : &v2, e);
}

/* "cpu,cpuacct" is also found as "cpu" and as "cpuacct". */
static void link_parts(int base, const char *hierarchy)
{
	auto_done(strv) struct strv parts = { 0 };

	if (!strchr(hierarchy, ','))
		return;
	strv_split(&parts, hierarchy, ',');
	for (size_t i = 0; i < parts.n; i++)
		(void)sys_symlinkat(hierarchy, base, parts.items[i]); /* only a convenience */
}

static int attach_hierarchy(const struct isolation *iso, const struct mount_op *op, int base,
			    const char *hierarchy, struct err *e)
{
	const char *folder = *hierarchy ? folder_of(hierarchy) : "unified";
	struct err cause = { 0 };
	auto_close int tree = make_hierarchy(iso, op, hierarchy, &cause);

	if (tree < 0) {
		/* A hierarchy that the host does not show, or does not let us have, is not there inside. */
		log_debug("cgroup hierarchy \"%s\": %s", folder, cause.text);
		return 0;
	}
	if (sys_mkdirat(base, folder, DIR_MODE) < 0 && errno != EEXIST)
		return err_sys(e, "create the directory of the hierarchy \"%s\"", folder);
	auto_close int place =
		path_open(base, folder, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_NO_XDEV, e);
	int r = place < 0 ? place : mount_attach(tree, place, e);

	if (r == 0)
		link_parts(base, hierarchy);
	return r;
}

static int run_v1(struct isolation *iso, const struct mount_op *op, int target, struct err *e)
{
	const struct mount_fs fs = {
		.type = "tmpfs",
		.source = "tmpfs",
		.data = "mode=755,size=64k",
		.attrs = op->opts.attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY,
	};
	const struct mount_change ro = { .set = MOUNT_ATTR_RDONLY };
	auto_close int base = mount_fs_new(&fs, e);
	int r = base < 0 ? base : mount_attach(base, target, e);

	for (size_t i = 0; r == 0 && i < iso->hierarchies.n; i++)
		r = attach_hierarchy(iso, op, base, iso->hierarchies.items[i], e);
	if (r == 0 && iso->is_cgroup_hybrid)
		r = attach_hierarchy(iso, op, base, "", e);
	if (r == 0 && (op->opts.attr_set & MOUNT_ATTR_RDONLY) && mount_change(base, &ro) < 0)
		return err_sys(e, "make the cgroup mount read-only");
	return r;
}

int mount_cgroup_run(struct isolation *iso, const struct mount_op *op, struct source *s,
		     struct err *e)
{
	bool unified = iso->is_cgroup_v2 || str_eq(op->type, "cgroup2") ||
		       str_eq(iso->spec->linux.cgroup_hierarchy, "unified");
	auto_close int target = mount_open_target(iso, op, true, e);

	(void)s;
	if (target < 0)
		return target;
	if (!unified)
		return run_v1(iso, op, target, e);
	auto_close int tree = make_unified(iso, op, e);

	return tree < 0 ? tree : mount_attach(tree, target, e);
}
