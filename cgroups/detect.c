/* detect - hierarchies found by two ways.
 *
 * /proc/self/cgroup lists the hierarchies and where we are in each. On most hosts their mounts are where everybody
 * expects them, so that is tried first: one access(2) per hierarchy, because files that exist only in a hierarchy's real
 * root (v1 "release_agent") prove the directory. /proc/self/mountinfo, which grows with the host's mounts, is read only
 * when that fails or when we live in a cgroup namespace, whose roots look like children. */
#include "cgroups/detect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "config/spec.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"

#define USUAL_PLACE "/sys/fs/cgroup"

#define INITIAL_NAMESPACE_INODE 0xEFFFFFFBu /* PROC_CGROUP_INIT_INO of the kernel */

enum { TEXT_MAX = 64 << 20 };

void cgroup_host_done(struct cgroup_host *h)
{
	for (size_t i = 0; i < h->n; i++) {
		strv_done(&h->items[i].controllers);
		free(h->items[i].mount);
		free(h->items[i].root);
		free(h->items[i].own);
	}
	free(h->items);
	*h = (struct cgroup_host){ 0 };
}

/* --- the texts ---------------------------------------------------------------------------------------------------- */

/* One line "4:cpu,cpuacct:/user.slice"; unified is "0::/...". Modifies the line. False when it is none. */
struct membership {
	char *controllers;
	char *path;
};
static bool parse_membership(char *line, struct membership *ret)
{
	char *first = strchr(line, ':');
	char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || second[1] != '/')
		return false;
	*second = '\0';
	*ret = (struct membership){ .controllers = first + 1, .path = second + 1 };
	return true;
}

/* Undo mountinfo's \040 in place. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
			     s[2] <= '7' && s[3] >= '0' && s[3] <= '7';

		if (octal) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

struct mount_line {
	char *root, *mount, *type, *options;
};

/* "31 23 0:28 ROOT MOUNT opts [tags...] - TYPE source SUPEROPTS". Modifies the line. */
static bool parse_mount(char *line, struct mount_line *ret)
{
	char *save = NULL;
	char *fields[5] = { 0 };
	char *tail = strstr(line, " - ");

	if (!tail)
		return false;
	*tail = '\0';
	for (size_t i = 0; i < 5; i++)
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &save);
	ret->type = strtok_r(tail + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save); /* the source says nothing */
	ret->options = strtok_r(NULL, " ", &save);
	ret->root = fields[3];
	ret->mount = fields[4];
	if (!ret->root || !ret->mount || !ret->type || !ret->options)
		return false;
	unescape(ret->root);
	unescape(ret->mount);
	return true;
}

/* What follows `root` in `path`, always beginning with "/"; NULL when path is not below root. */
static const char *below(const char *path, const char *root)
{
	if (strcmp(root, "/") == 0)
		return path;
	const char *rest = str_after(path, root);

	if (!rest || (*rest && *rest != '/'))
		return NULL;
	return *rest ? rest : "/";
}

/* A path outside our cgroup namespace is written "/.." and on. */
static bool is_outside(const char *path)
{
	return str_has_prefix(path, "/..") && (path[3] == '\0' || path[3] == '/');
}

static bool carries(const struct mount_line *m, const struct hierarchy *h)
{
	struct strv options auto_done(strv) = { 0 };

	if (h->v2)
		return strcmp(m->type, "cgroup2") == 0;
	if (strcmp(m->type, "cgroup") != 0)
		return false;
	strv_split(&options, m->options, ',');
	for (size_t i = 0; i < h->controllers.n; i++) {
		if (!strv_has(&options, h->controllers.items[i]))
			return false;
	}
	return h->controllers.n > 0;
}

/* Take this mount for the hierarchy unless an earlier one was better: better means that we are below its root. */
static void consider(struct hierarchy *h, const struct mount_line *m, const char *path)
{
	const char *own = is_outside(path) ? NULL : below(path, m->root);

	if (is_outside(m->root) || (h->mount && !own))
		return;
	if (h->mount && below(path, h->root))
		return;
	free(h->mount);
	free(h->root);
	free(h->own);
	h->mount = mem_strdup(m->mount);
	h->root = mem_strdup(m->root);
	h->own = mem_strdup(own ? own : "/");
}

static void find_mount(struct hierarchy *h, const char *path, const char *mountinfo,
		       detect_usable_fn usable)
{
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, mountinfo, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct mount_line m;

		if (!parse_mount(lines.items[i], &m) || !carries(&m, h))
			continue;
		if (!usable || usable(m.mount, h->v2))
			consider(h, &m, path);
	}
}

/* The usual place, proven by a file that only a hierarchy's real root has (v1) or has not (v2). */
static void find_usual(struct hierarchy *h, const char *controllers, const char *path)
{
	static const char *const unified[] = { USUAL_PLACE, USUAL_PLACE "/unified" };
	const char *named = str_after(controllers, "name=");
	auto_free char *dir = NULL;

	if (!h->v2) {
		dir = mem_format("%s/%s", USUAL_PLACE, named ? named : controllers);
		auto_free char *proof = mem_format("%s/release_agent", dir);

		if (access(proof, F_OK) < 0)
			return;
	}
	for (size_t i = 0; h->v2 && !dir && i < 2; i++) {
		auto_free char *root_file = mem_format("%s/cgroup.subtree_control", unified[i]);
		auto_free char *child_file = mem_format("%s/cgroup.events", unified[i]);

		if (access(root_file, F_OK) == 0 && access(child_file, F_OK) < 0)
			dir = mem_strdup(unified[i]);
	}
	if (!dir)
		return;
	h->mount = ptr_steal(&dir);
	h->root = mem_strdup("/");
	h->own = mem_strdup(path);
}

static enum cgroup_mode mode_of(const struct cgroup_host *h)
{
	bool v1 = false, v2 = false;

	for (size_t i = 0; i < h->n; i++) {
		v1 = v1 || !h->items[i].v2;
		v2 = v2 || h->items[i].v2;
	}
	if (v1)
		return v2 ? CGROUP_MODE_HYBRID : CGROUP_MODE_V1;
	return v2 ? CGROUP_MODE_V2 : CGROUP_MODE_NONE;
}

/* Returns false when a hierarchy was not found and `mountinfo` was not there to ask. */
static bool collect(const char *cgroups, const char *mountinfo, detect_usable_fn usable,
		    struct cgroup_host *ret)
{
	struct strv lines auto_done(strv) = { 0 };

	strv_split(&lines, cgroups, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct membership m;

		if (!parse_membership(lines.items[i], &m))
			continue;
		struct hierarchy *h = LIST_GROW(ret->items, ret->n);

		h->v2 = !*m.controllers;
		strv_split(&h->controllers, m.controllers, ',');
		if (mountinfo)
			find_mount(h, m.path, mountinfo, usable);
		else
			find_usual(h, m.controllers, m.path);
		if (h->mount)
			continue;
		if (!mountinfo)
			return false;
		strv_done(&h->controllers);
		ret->n--;
	}
	ret->mode = mode_of(ret);
	return true;
}

int detect_parse(const char *cgroups, const char *mountinfo, detect_usable_fn usable,
		 struct cgroup_host *ret, struct err *e)
{
	struct cgroup_host h auto_done(cgroup_host) = { 0 };

	if (!collect(cgroups, mountinfo, usable, &h))
		return err_set(e, EINVAL, "no list of mounts was given");
	*ret = h;
	h = (struct cgroup_host){ 0 };
	return 0;
}

/* --- this host ---------------------------------------------------------------------------------------------------- */

static bool is_cgroup_mount(const char *mount, bool v2)
{
	struct statfs s;

	return statfs(mount, &s) == 0 &&
	       (unsigned long)s.f_type == (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static bool in_initial_namespace(void)
{
	struct stat s;

	return stat("/proc/self/ns/cgroup", &s) == 0 && s.st_ino == INITIAL_NAMESPACE_INODE;
}

int detect_host(struct cgroup_host *ret, struct err *e)
{
	struct cgroup_host usual auto_done(cgroup_host) = { 0 };
	auto_free char *cgroups = NULL, *mountinfo = NULL;
	size_t n = 0;
	int r = file_read_all(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX, &cgroups, &n, e);

	if (r < 0)
		return err_wrap(e, "find our own cgroup");
	if (in_initial_namespace() && collect(cgroups, NULL, NULL, &usual)) {
		*ret = usual;
		usual = (struct cgroup_host){ 0 };
		return 0;
	}
	r = file_read_all(AT_FDCWD, "/proc/self/mountinfo", TEXT_MAX, &mountinfo, &n, e);
	if (r < 0)
		return err_wrap(e, "find the cgroup mounts");
	return detect_parse(cgroups, mountinfo, is_cgroup_mount, ret, e);
}

char *detect_place(const char *cgroups, const struct strv *controllers, const char *root)
{
	struct strv lines auto_done(strv) = { 0 };
	auto_free char *wanted = strv_join(controllers, ",");

	strv_split(&lines, cgroups, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		struct membership m;

		if (!parse_membership(lines.items[i], &m) || strcmp(m.controllers, wanted) != 0)
			continue;
		char *deleted = strstr(m.path, " (deleted)");

		if (deleted && !deleted[10])
			*deleted = '\0';
		return is_outside(m.path) ? NULL : mem_strdup(below(m.path, root));
	}
	return NULL;
}
