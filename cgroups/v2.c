/* v2 - a controller is usable in a cgroup when every ancestor lists it in cgroup.subtree_control. The write is tried with
 * all controllers at once, then one by one, because one that cannot be enabled makes the kernel refuse them all. */
#include "cgroups/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/layout.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

enum { TEXT_MAX = 64 << 10 };

static int read_words(int fd, const char *file, struct strv *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = file_read_all(fd, file, TEXT_MAX, &text, &n, e);

	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	strv_split(ret, text, ' ');
	return 0;
}

/* Where enabling failed first, for the sentence at the end. */
struct refusal {
	int code;
	char *dir;
};
static void refusal_done(struct refusal *f)
{
	free(f->dir);
}

static void refuse(struct refusal *f, int code, const char *dir)
{
	if (f->code)
		return;
	f->code = code;
	f->dir = mem_strdup(dir);
}

static void enable_each(int fd, const struct strv *names, const char *dir, struct refusal *f)
{
	for (size_t i = 0; i < names->n; i++) {
		struct err why = { 0 };
		auto_free char *one = mem_format("+%s", names->items[i]);
		int r = file_write_kernel(fd, "cgroup.subtree_control", one, &why);

		if (r < 0)
			refuse(f, r, dir);
	}
}

/* Only the hierarchy's real root may hold processes and give controllers to children all the same. */
static bool holds_processes(int fd)
{
	struct err ignored = { 0 };
	struct strv pids auto_done(strv) = { 0 };

	if (faccessat(fd, "cgroup.events", F_OK, 0) < 0)
		return false; /* the real root has no such file */
	return read_words(fd, "cgroup.procs", &pids, &ignored) == 0 && pids.n > 0;
}

/* What is offered to dir and not yet given to its children. */
static int find_missing(int fd, const struct strv *wanted, struct strv *ret, struct err *e)
{
	struct strv enabled auto_done(strv) = { 0 };
	struct strv offered auto_done(strv) = { 0 };
	int r = read_words(fd, "cgroup.subtree_control", &enabled, e);

	if (r == 0)
		r = read_words(fd, "cgroup.controllers", &offered, e);
	for (size_t i = 0; r == 0 && i < wanted->n; i++) {
		const char *name = wanted->items[i];

		if (!strv_has(&enabled, name) && !strv_has(ret, name) && strv_has(&offered, name))
			strv_add(ret, name);
	}
	return r;
}

static int enable_in(const char *dir, const struct strv *wanted, struct refusal *f, struct err *e)
{
	struct strv missing auto_done(strv) = { 0 };
	struct err why = { 0 };
	auto_close int fd = file_open_dir(AT_FDCWD, dir, e);
	int r = fd < 0 ? fd : find_missing(fd, wanted, &missing, e);

	if (r < 0)
		return err_wrap(e, "cgroup \"%s\"", dir);
	if (missing.n == 0)
		return 0;
	/* The kernel would accept cpu and pids here, make the cgroup "domain threaded", and let nobody into its children. */
	if (holds_processes(fd)) {
		refuse(f, -EBUSY, dir);
		return 0;
	}
	auto_free char *names = strv_join(&missing, " +");
	auto_free char *batch = mem_format("+%s", names);

	if (file_write_kernel(fd, "cgroup.subtree_control", batch, &why) < 0)
		enable_each(fd, &missing, dir, f);
	return 0;
}

static int check_offered(struct cgroup_part *p, const struct strv *wanted, const struct refusal *f,
			 struct err *e)
{
	struct strv offered auto_done(strv) = { 0 };
	int fd = part_open(p, e);
	int r = fd < 0 ? fd : read_words(fd, "cgroup.controllers", &offered, e);

	if (r < 0)
		return err_wrap(e, "cgroup \"%s\"", p->dir);
	for (size_t i = 0; i < wanted->n; i++) {
		const char *name = wanted->items[i];

		if (strv_has(&offered, name))
			continue;
		if (f->code == -EBUSY)
			return err_set(
				e, EOPNOTSUPP,
				"controller \"%s\" is not available in cgroup v2 at %s: \"%s\" holds processes of its own, so the kernel lets it give its children no controllers; choose a cgroup elsewhere",
				name, p->dir, f->dir);
		if (f->code)
			return err_set(
				e, EOPNOTSUPP,
				"controller \"%s\" is not available in cgroup v2 at %s: enabling it in \"%s\" was refused: %s",
				name, p->dir, f->dir, strerror(-f->code));
		return err_set(e, EOPNOTSUPP,
			       "controller \"%s\" is not available in cgroup v2 at %s", name,
			       p->dir);
	}
	return 0;
}

int v2_enable(struct cgroup_part *p, const struct strv *wanted, bool strict, struct err *e)
{
	struct refusal f auto_done(refusal) = { 0 };
	size_t depth = layout_depth(p->path);

	for (size_t i = 0; i < depth; i++) {
		auto_free char *prefix = layout_prefix(p->path, i);
		auto_free char *dir = mem_format("%s%s", p->mount, prefix ? prefix : "");
		int r = enable_in(dir, wanted, &f, e);

		if (r < 0)
			return r;
	}
	return strict ? check_offered(p, wanted, &f, e) : 0;
}

/* --- delegation --------------------------------------------------------------------------------------------------- */

static const char *const delegate_fallback =
	"cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

/* Whoever may make cgroups uses memory of the kernel that no limit counts: a bound far above what any system needs, unless the configuration has one. Names have up to 255 bytes, and /proc/PID/cgroup shows no path that is
 * longer than PATH_MAX: 14 of them fit, with room for ours, so that nobody hides in a place without a name (members.c). */
static const struct {
	const char *file, *most;
} delegate_bounds[] = {
	{ "cgroup.max.descendants", "10000" },
	{ "cgroup.max.depth", "14" },
};

static int bound_delegated(struct cgroup_part *p, struct err *e)
{
	struct err cause = { 0 };

	for (size_t i = 0; i < sizeof(delegate_bounds) / sizeof(delegate_bounds[0]); i++) {
		auto_free char *now = NULL;
		const char *file = delegate_bounds[i].file;

		if (!part_has(p, file) || part_read(p, file, &now, &cause) < 0 ||
		    !str_has_prefix(now, "max"))
			continue;
		int r = part_write(p, file, delegate_bounds[i].most, &cause);

		if (r < 0 && r != -EACCES && r != -EPERM) { /* rootless: the host's to set */
			*e = cause;
			return r;
		}
	}
	return 0;
}

int v2_delegate(struct cgroup_part *p, uid_t uid, gid_t gid, struct err *e)
{
	struct err ignored = { 0 };
	struct strv files auto_done(strv) = { 0 };
	auto_free char *text = NULL;
	size_t n = 0;
	int fd = part_open(p, e);

	if (fd < 0)
		return fd;
	if (bound_delegated(p, e) < 0)
		return -e->code;
	if (file_read_all(AT_FDCWD, "/sys/kernel/cgroup/delegate", TEXT_MAX, &text, &n, &ignored) <
	    0)
		text = mem_strdup(delegate_fallback); /* kernels before 4.15 */
	if (sys_fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return err_sys(e, "give the cgroup \"%s\" to user %u", p->dir, (unsigned)uid);
	strv_split(&files, text, '\n');
	for (size_t i = 0; i < files.n; i++) {
		const char *name = files.items[i];

		if (!*name || strchr(name, '/'))
			continue;
		/* The list names what any cgroup may have; this one has some of it. */
		if (sys_fchownat(fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_sys(e, "give \"%s/%s\" to user %u", p->dir, name, (unsigned)uid);
	}
	return 0;
}
