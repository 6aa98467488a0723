#include "cgroups/members.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroups/detect.h"
#include "cgroups/tree.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"

enum { TEXT_MAX = 1 << 16, NO_CHILDREN = 2 /* links: its own and that of its parent */ };

static bool has_pid(const pid_t *list, size_t n, pid_t pid)
{
	return bsearch(&pid, list, n, sizeof(*list), tree_compare_pids) != NULL;
}

static void add_pid(pid_t **list, size_t *n, pid_t pid)
{
	*list = mem_grow(*list, *n + 1, sizeof(**list));
	(*list)[(*n)++] = pid;
}

/* --- alone -------------------------------------------------------------------------------------------------------- */

static bool look(struct cgroup_part *p, struct stat *ret)
{
	struct err ignored = { 0 };
	int fd = part_open(p, &ignored);

	return fd >= 0 && fstat(fd, ret) == 0;
}

static bool was_alone(struct cgroup_part *p, const struct stat *before)
{
	struct stat now;

	return look(p, &now) && before->st_nlink == NO_CHILDREN && now.st_nlink == NO_CHILDREN &&
	       before->st_ctim.tv_sec ==
		       now.st_ctim.tv_sec && /* the other time is its owner's to set */
	       before->st_ctim.tv_nsec == now.st_ctim.tv_nsec;
}

/* --- /proc -------------------------------------------------------------------------------------------------------- */

bool members_has(const struct cgroup_part *p, pid_t pid)
{
	auto_free char *file = mem_format("/proc/%d/cgroup", (int)pid);
	auto_free char *text = NULL;
	struct err gone = { 0 };
	size_t n = 0;

	if (file_read_all(AT_FDCWD, file, TEXT_MAX, &text, &n, &gone) < 0)
		return false;
	auto_free char *place = detect_place(text, &p->controllers, p->root);
	const char *rest = place ? str_after(place, p->path) : NULL;

	return rest && (*rest == '\0' || *rest == '/');
}

int members_ask_proc(const struct cgroup_part *p, pid_t **list, size_t *n, struct err *e)
{
	DIR *dir = opendir("/proc");
	size_t known = *n;

	if (!dir)
		return err_sys(e, "list the processes of the host");
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		uint32_t pid;

		if (num_u32(entry->d_name, &pid) == 0 && !has_pid(*list, known, (pid_t)pid) &&
		    members_has(p, (pid_t)pid))
			add_pid(list, n, (pid_t)pid);
	}
	(void)closedir(dir);
	qsort(*list, *n, sizeof(**list), tree_compare_pids);
	return 0;
}

/* --- another hierarchy -------------------------------------------------------------------------------------------- */

static struct cgroup_part *of_v1(struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n_parts; i++)
		if (!cg->parts[i].v2)
			return &cg->parts[i];
	return NULL;
}

static int ask_other(struct cgroup_part *other, pid_t **list, size_t *n, struct err *e)
{
	auto_free pid_t *more = NULL;
	size_t known = *n, n_more = 0;
	int r = tree_pids(other, &more, &n_more, e);

	for (size_t i = 0; r == 0 && i < n_more; i++)
		if (!has_pid(*list, known, more[i]))
			add_pid(list, n, more[i]);
	qsort(*list, *n, sizeof(**list), tree_compare_pids);
	return r;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */

int members_all(struct cgroup *cg, struct cgroup_part *main, pid_t **ret, size_t *ret_n,
		struct err *e)
{
	struct cgroup_part *other = of_v1(cg);
	struct stat before = { 0 };
	bool is_there = look(main, &before);
	int r = tree_pids(main, ret, ret_n, e);

	if (r < 0 || !is_there || was_alone(main, &before) || other == main)
		return r;
	r = other ? ask_other(other, ret, ret_n, e) : members_ask_proc(main, ret, ret_n, e);
	if (r < 0)
		free(ptr_steal(ret));
	return r;
}
