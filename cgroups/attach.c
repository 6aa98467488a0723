/* attach - two ways into the cgroup.
 *
 * By a write of the pid to every hierarchy's cgroup.procs, from outside: works always, but the first such write waits for
 * an RCU grace period, because it must stop every fork and exec of the machine (cgroup_threadgroup_rwsem).
 * Or without waiting: the unified hierarchy by birth (CLONE_INTO_CGROUP), and each v1 hierarchy by the process itself, which
 * writes "0" to `tasks`: a thread that moves itself cannot exit or exec meanwhile, so the kernel takes no such lock. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/detect.h"
#include "cgroups/part.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"

enum { TEXT_MAX = 64 << 10 };

/* --- where -------------------------------------------------------------------------------------------------------- */

static bool is_below(const char *path, const char *top)
{
	const char *rest = str_after(path, top);

	return rest && (!*rest || *rest == '/');
}

/* Where init is now, if that is ours or below ours; else our own directory. */
static void add_place_of_init(const struct cgroup_part *p, const char *cgroups, struct strv *ret)
{
	auto_free char *place = cgroups ? detect_place(cgroups, &p->controllers, p->root) : NULL;

	if (place && is_below(place, p->path))
		strv_format(ret, "%s%s", p->mount, place);
	else
		strv_add(ret, p->dir);
}

/* What "[controller[,controller]:]path" says for this part: the path, or NULL when it speaks of others. */
static const char *sub_for(const struct cgroup_part *p, const char *word)
{
	const char *colon = strchr(word, ':');
	auto_done(strv) struct strv wanted = { 0 };

	if (!colon)
		return word;
	auto_free char *names = mem_strndup(word, (size_t)(colon - word));

	strv_split(&wanted, names, ',');
	for (size_t i = 0; i < wanted.n; i++) {
		if (strv_has(&p->controllers, wanted.items[i]))
			return colon + 1;
	}
	return NULL;
}

static int check_sub(const struct cgroup *cg, const char *word, struct err *e)
{
	const char *colon = strchr(word, ':'), *path = colon ? colon + 1 : word;
	auto_free char *absolute = mem_format("/%s", path + (*path == '/'));
	bool found = false;

	if (!path_is_clean(absolute))
		return err_set(e, EINVAL, "cgroup \"%s\" is no path below the container's cgroup",
			       word);
	for (size_t i = 0; i < cg->n_parts; i++) {
		auto_free char *dir = mem_format("%s%s", cg->parts[i].dir, absolute);

		found = found || (sub_for(&cg->parts[i], word) && access(dir, F_OK) == 0);
	}
	return found ? 0
		     : err_set(e, ENOENT, "cgroup \"%s\" does not exist below the container's",
			       word);
}

/* A word that names controllers wins over one for all. */
static void add_part(const struct cgroup_part *p, const struct strv *words, struct strv *ret)
{
	const char *best = NULL;
	bool is_named = false;

	for (size_t i = 0; i < words->n; i++) {
		bool names = strchr(words->items[i], ':');
		const char *path = sub_for(p, words->items[i]);

		if (!path || (is_named && !names))
			continue;
		best = path + (*path == '/');
		is_named = names;
	}
	auto_free char *dir = best ? mem_format("%s/%s", p->dir, best) : NULL;

	strv_add(ret, dir && access(dir, F_OK) == 0 ? dir : p->dir);
}

/* One "[controller[,controller]:]path" a line. */
static int add_sub(const struct cgroup *cg, const char *sub, struct strv *ret, struct err *e)
{
	auto_done(strv) struct strv words = { 0 };
	int r = 0;

	strv_split(&words, sub, '\n');
	for (size_t i = 0; r == 0 && i < words.n; i++)
		r = check_sub(cg, words.items[i], e);
	for (size_t i = 0; r == 0 && i < cg->n_parts; i++)
		add_part(&cg->parts[i], &words, ret);
	return r;
}

/* One directory per part. */
static int find_places(const struct cgroup *cg, pid_t init_pid, const char *sub, struct strv *ret,
		       struct err *e)
{
	struct err ignored = { 0 };
	auto_free char *file = mem_format("/proc/%d/cgroup", (int)init_pid);
	auto_free char *cgroups = NULL;
	size_t n = 0;

	if (sub)
		return add_sub(cg, sub, ret, e);
	/* An init that is gone or hidden leaves our own directories to choose. */
	if (init_pid > 0 && file_read_all(AT_FDCWD, file, TEXT_MAX, &cgroups, &n, &ignored) < 0)
		cgroups = NULL;
	for (size_t i = 0; i < cg->n_parts; i++)
		add_place_of_init(&cg->parts[i], cgroups, ret);
	return 0;
}

/* --- by a write ----------------------------------------------------------------------------------------------------- */

static int explain(const struct cgroup_part *p, const char *dir, pid_t pid, struct err *e)
{
	switch (e->code) {
	case ESRCH:
		return err_set(e, ESRCH, "put process %d into a cgroup: no such process", (int)pid);
	case EBUSY:
		return err_set(
			e, EBUSY,
			"put process %d into \"%s\": that cgroup gives controllers to its children, so it may hold no process itself",
			(int)pid, dir);
	case EOPNOTSUPP:
		return err_set(e, EOPNOTSUPP,
			       "put process %d into \"%s\": a cgroup above it is threaded",
			       (int)pid, dir);
	case ENOSPC:
		return err_set(
			e, ENOSPC,
			"put process %d into \"%s\": its cpuset has no CPUs or no memory nodes",
			(int)pid, dir);
	default:
		return err_wrap(e, "put process %d into \"%s\" (%s)", (int)pid, dir,
				p->v2 ? "unified" : p->mount);
	}
}

static int attach_to(struct cgroup *cg, const struct strv *places, pid_t pid, struct err *e)
{
	auto_free char *text = mem_format("%d", (int)pid);

	cg->fresh = false;
	for (size_t i = 0; i < places->n; i++) {
		auto_free char *file = mem_format("%s/cgroup.procs", places->items[i]);

		if (file_write_kernel(AT_FDCWD, file, text, e) < 0)
			return explain(&cg->parts[i], places->items[i], pid, e);
	}
	return 0;
}

int cgroup_attach(struct cgroup *cg, pid_t pid, struct err *e)
{
	return cgroup_attach_exec(cg, pid, 0, NULL, e);
}

int cgroup_attach_exec(struct cgroup *cg, pid_t pid, pid_t init_pid, const char *sub, struct err *e)
{
	struct strv places auto_done(strv) = { 0 };
	int r = find_places(cg, init_pid, sub, &places, e);

	return r < 0 ? r : attach_to(cg, &places, pid, e);
}

/* --- by birth and by itself ------------------------------------------------------------------------------------------ */

struct cgroup_entry {
	int dir;    /* the unified directory */
	int procs;  /* its cgroup.procs, for a process that was born elsewhere */
	int *tasks; /* v1 */
	size_t n_tasks;
};

void cgroup_entry_free(struct cgroup_entry *entry)
{
	if (!entry)
		return;
	for (size_t i = 0; i < entry->n_tasks; i++)
		fd_close(&entry->tasks[i]);
	fd_close(&entry->dir);
	fd_close(&entry->procs);
	free(entry->tasks);
	free(entry);
}
DEFINE_AUTO_PTR(cgroup_entry);

static int open_for_write(const char *dir, const char *name, struct err *e)
{
	auto_free char *file = mem_format("%s/%s", dir, name);
	int fd = sys_openat(AT_FDCWD, file, O_WRONLY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open \"%s\"", file) : fd;
}

static int entry_add(struct cgroup_entry *entry, struct cgroup_part *p, const char *dir,
		     struct err *e)
{
	if (!p->v2) {
		int fd = open_for_write(dir, "tasks", e);

		if (fd >= 0)
			entry->tasks[entry->n_tasks++] = fd;
		return fd;
	}
	int top = part_open(p, e);

	if (top < 0)
		return top;
	/* a sub-cgroup is its root's, who may have killed it: nobody remembers that */
	if (!part_was_killed(p) && str_eq(dir, p->dir))
		entry->dir = file_open_dir(AT_FDCWD, dir, e);
	entry->procs = open_for_write(dir, "cgroup.procs", e);
	return entry->procs;
}

int cgroup_entry_open(struct cgroup *cg, pid_t init_pid, const char *sub, struct cgroup_entry **ret,
		      struct err *e)
{
	auto_ptr(cgroup_entry) struct cgroup_entry *entry = mem_zero(sizeof(*entry));
	struct strv places auto_done(strv) = { 0 };

	entry->dir = entry->procs = -1;
	entry->tasks = mem_array(cg->n_parts, sizeof(int));
	int r = find_places(cg, init_pid, sub, &places, e);

	for (size_t i = 0; r >= 0 && i < places.n; i++)
		r = entry_add(entry, &cg->parts[i], places.items[i], e);
	if (r < 0)
		return r;
	cg->fresh = false;
	*ret = ptr_steal(&entry);
	return 0;
}

int cgroup_entry_open_unified(struct cgroup *cg, struct cgroup_entry **ret, struct err *e)
{
	auto_ptr(cgroup_entry) struct cgroup_entry *entry = mem_zero(sizeof(*entry));
	struct cgroup_part *p = part_unified(cg);

	entry->dir = entry->procs = -1;
	int r = p ? entry_add(entry, p, p->dir, e)
		  : err_set(e, EOPNOTSUPP, "this host has no unified cgroup hierarchy");

	if (r < 0)
		return r;
	*ret = ptr_steal(&entry);
	return 0;
}

int cgroup_open_tasks(struct cgroup *cg, int fds[CGROUP_MAX_TASKS], size_t *ret_n, struct err *e)
{
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < cg->n_parts && n < CGROUP_MAX_TASKS; i++) {
		if (cg->parts[i].v2)
			continue;
		r = open_for_write(cg->parts[i].dir, "tasks", e);
		if (r >= 0)
			fds[n++] = r;
	}
	while (r < 0 && n > 0)
		fd_close(&fds[--n]);
	cg->fresh = false;
	*ret_n = n;
	return r < 0 ? r : 0;
}

int cgroup_entry_dirfd(const struct cgroup_entry *entry)
{
	return entry->dir;
}

int cgroup_enter_tasks(const int *fds, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int r = file_write_fd(fds[i], "0", "tasks", e);

		if (r < 0)
			return err_wrap(e, "enter the cgroup");
	}
	return 0;
}

int cgroup_entry_enter(const struct cgroup_entry *entry, bool born_inside, struct err *e)
{
	int r = cgroup_enter_tasks(entry->tasks, entry->n_tasks, e);

	if (r < 0 || born_inside || entry->procs < 0)
		return r;
	r = file_write_fd(entry->procs, "0", "cgroup.procs", e);

	return r < 0 ? err_wrap(e, "enter the cgroup") : 0;
}
