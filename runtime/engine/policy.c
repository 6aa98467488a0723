/* policy - the scheduling policy of every thread of a running container, which stands still meanwhile (standstill.c). A child inherits it, and so do new threads. */
#include "runtime/engine/engine.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdlib.h>

#include "config/spec.h"
#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/num.h"
#include "runtime/base/proc.h"
#include "runtime/engine/private.h"

/* With its start a pid is one thread for ever. */
struct thread {
	pid_t tid;
	uint64_t start;
};
struct threads {
	struct thread *items;
	size_t n;
};

struct engine_policy_saved {
	struct engine_policy change;
	struct threads had; /* `to`, before */
};

void engine_policy_saved_free(struct engine_policy_saved *s)
{
	if (!s)
		return;
	free(s->had.items);
	free(s);
}
DEFINE_AUTO_PTR(engine_policy_saved);

static void threads_done(struct threads *t)
{
	free(t->items);
}

static bool threads_have(const struct threads *t, pid_t tid, uint64_t start)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->items[i].tid == tid && t->items[i].start == start)
			return true;
	return false;
}

static void add_thread(struct threads *t, pid_t tid)
{
	struct err gone = { 0 };
	uint64_t start;

	if (proc_stat(tid, &start, NULL, &gone) == 0)
		*LIST_GROW(t->items, t->n) = (struct thread){ tid, start };
}

/* Nobody is born meanwhile; who has ended is left out. */
static int find_threads(struct cgroup *cg, struct threads *ret, struct err *e)
{
	auto_free pid_t *pids = NULL;
	size_t n = 0;
	int r = cgroup_pids_surely(cg, &pids, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		auto_free char *path = mem_format("/proc/%d/task", (int)pids[i]);
		DIR *dir = opendir(path);

		if (!dir)
			continue;
		for (const struct dirent *one = readdir(dir); one; one = readdir(dir)) {
			uint32_t tid;

			if (num_u32(one->d_name, &tid) == 0)
				add_thread(ret, (pid_t)tid);
		}
		(void)closedir(dir);
	}
	return r;
}

static int set_one(pid_t tid, int policy, struct err *e)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(tid, policy, &none) == 0 || errno == ESRCH)
		return 0;
	return err_sys(e, "set the scheduling policy of process %d", (int)tid);
}

/* Those with `from` get `to`, but for `spared`; who had `to` before goes into *had, who got it into *got. */
static int set_all(struct cgroup *cg, const struct engine_policy *p, const struct threads *spared,
		   struct threads *had, struct threads *got, struct err *e)
{
	auto_done(threads) struct threads all = { 0 };
	int r = find_threads(cg, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		const struct thread *one = &all.items[i];
		int now = sched_getscheduler(one->tid);

		if (now == p->to)
			*LIST_GROW(had->items, had->n) = *one;
		if (now != p->from || threads_have(spared, one->tid, one->start))
			continue;
		r = set_one(one->tid, p->to, e);
		if (r == 0)
			*LIST_GROW(got->items, got->n) = *one;
	}
	return r;
}

static int change(struct engine_container *c, const struct engine_policy *p,
		  const struct threads *spared, struct threads *had, struct err *e)
{
	auto_done(threads) struct threads got = { 0 };
	struct standstill still = { .guard = -1 };
	struct err why = { 0 };
	bool is_back = true;
	int r = standstill_begin(c, &still, e);

	if (r == 0)
		r = set_all(still.cg, p, spared, had, &got, e);
	for (size_t i = 0; r < 0 && i < got.n; i++)
		is_back = set_one(got.items[i].tid, p->from, &why) == 0 && is_back;
	if (standstill_end(c, &still, &why) == 0 && is_back)
		return r;
	return err_set(e, ENOTRECOVERABLE, "the container could not be set back: %s", why.text);
}

int engine_policy(struct engine_container *c, const struct engine_policy *p,
		  struct engine_policy_saved **ret, struct err *e)
{
	auto_ptr(engine_policy_saved) struct engine_policy_saved *saved = mem_zero(sizeof(*saved));
	const struct threads nobody = { 0 };
	int r = change(c, p, &nobody, &saved->had, e);

	saved->change = *p;
	if (r == 0 && ret)
		*ret = ptr_steal(&saved);
	return r;
}

int engine_policy_undo(struct engine_container *c, const struct engine_policy_saved *saved,
		       struct err *e)
{
	const struct engine_policy back = { .from = saved->change.to, .to = saved->change.from };
	auto_done(threads) struct threads ignored = { 0 };

	return change(c, &back, &saved->had, &ignored, e);
}

bool engine_can_set_policy(void)
{
	return isolation_is_capable(CAP_SYS_NICE);
}
