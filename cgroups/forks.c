/* forks - the kernel counts what pids.max has refused in pids.events ("max 3"); v2 says so when the number moves. */
#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgroups/part.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"

static const char counter[] = "pids.events";

struct cgroup_forks {
	struct cgroup_part *part; /* borrowed from the cgroup */
	int fd;
	uint64_t refused;
};

static uint64_t refused_now(const struct cgroup_forks *w)
{
	struct err ignored = { 0 };
	auto_free char *text = NULL;
	uint64_t n = 0;

	if (part_read(w->part, counter, &text, &ignored) < 0 || !part_word(text, "max", &n))
		return w->refused; /* the cgroup has gone: nothing new */
	return n;
}

int cgroup_forks_watch(struct cgroup *cg, struct cgroup_forks **ret, struct err *e)
{
	struct cgroup_part *v1 = part_of_v1(cg, "pids");
	struct cgroup_part *p = v1 ? v1 : part_unified(cg);

	if (!p || !part_has(p, counter))
		return err_set(e, EOPNOTSUPP, "the container has no pids controller that counts");
	auto_free char *path = mem_format("%s/%s", p->dir, counter);
	auto_close int fd = v1 ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (!v1 && (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0))
		return err_sys(e, "watch \"%s\"", path);
	struct cgroup_forks *w = mem_zero(sizeof(*w));

	*w = (struct cgroup_forks){ .part = p, .fd = fd_steal(&fd) };
	w->refused = refused_now(w);
	*ret = w;
	return 0;
}

int cgroup_forks_fd(const struct cgroup_forks *w)
{
	return w->fd;
}

uint64_t cgroup_forks_refused(struct cgroup_forks *w)
{
	char told[4096];
	uint64_t before = w->refused;

	while (w->fd >= 0 && sys_read(w->fd, told, sizeof(told)) > 0)
		;
	w->refused = refused_now(w);
	return w->refused > before ? w->refused - before : 0;
}

void cgroup_forks_free(struct cgroup_forks *w)
{
	if (!w)
		return;
	fd_close(&w->fd);
	free(w);
}
