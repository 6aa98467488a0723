/* oom - the kernel says when it has killed for memory: v1 through an eventfd that is registered in cgroup.event_control, v2 by changing memory.events. Both also fire for other
 * reasons: v1 at the cgroup's end, v2 when another counter moves. v1 speaks before its counter of kills moves, so there only the end is told apart; on v2 the counter decides. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgroups/part.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

struct cgroup_oom {
	struct cgroup_part *part; /* borrowed from the cgroup */
	const char *file;
	bool v1;
	int fd;
	uint64_t kills;
};

static uint64_t kills_now(struct cgroup_oom *w)
{
	struct err ignored = { 0 };
	auto_free char *text = NULL;
	uint64_t n = 0;

	if (part_read(w->part, w->file, &text, &ignored) < 0 || !part_word(text, "oom_kill", &n))
		return w->kills; /* the cgroup has gone: nothing new */
	return n;
}

static int watch_v1(struct cgroup_oom *w, struct err *e)
{
	int dir = part_open(w->part, e);

	if (dir < 0)
		return dir;
	auto_close int control = sys_openat(dir, w->file, O_RDONLY | O_CLOEXEC, 0);

	if (control < 0)
		return err_sys(e, "open \"%s\"", w->file);
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0)
		return err_sys(e, "make an event descriptor");
	auto_free char *line = mem_format("%d %d", w->fd, control);

	return part_write(w->part, "cgroup.event_control", line, e);
}

static int watch_v2(struct cgroup_oom *w, struct err *e)
{
	auto_free char *path = mem_format("%s/%s", w->part->dir, w->file);

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0 || inotify_add_watch(w->fd, path, IN_MODIFY) < 0)
		return err_sys(e, "watch \"%s\"", path);
	return 0;
}

int cgroup_oom_watch(struct cgroup *cg, struct cgroup_oom **ret, struct err *e)
{
	struct cgroup_part *v1 = part_of_v1(cg, "memory");
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);
	const char *file = v1 ? "memory.oom_control" : "memory.events";

	if (!p || !part_has(p, file))
		return err_set(e, EOPNOTSUPP, "the container has no memory controller");
	struct cgroup_oom *w = mem_zero(sizeof(*w));

	*w = (struct cgroup_oom){ .part = p, .file = file, .v1 = v1 != NULL, .fd = -1 };
	w->kills = kills_now(w);
	int r = v1 ? watch_v1(w, e) : watch_v2(w, e);

	if (r < 0) {
		cgroup_oom_free(w);
		return r;
	}
	*ret = w;
	return 0;
}

int cgroup_oom_fd(const struct cgroup_oom *w)
{
	return w->fd;
}

bool cgroup_oom_happened(struct cgroup_oom *w)
{
	char events[4096];
	uint64_t before = w->kills;
	bool told = false;

	while (sys_read(w->fd, events, sizeof(events)) > 0)
		told = true;
	w->kills = kills_now(w);
	if (w->v1)
		return told && part_has(w->part, w->file);
	return w->kills > before;
}

void cgroup_oom_free(struct cgroup_oom *w)
{
	if (!w)
		return;
	fd_close(&w->fd);
	free(w);
}

char *cgroup_memory_path(const struct cgroup *cg)
{
	const struct cgroup_part *v1 = part_of_v1(cg, "memory");
	const struct cgroup_part *p = v1 ? v1 : part_unified(cg);

	if (!p)
		return NULL;
	return mem_format("%s%s", str_eq(p->root, "/") ? "" : p->root, p->path);
}
