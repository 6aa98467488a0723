/* rlimits - a limit of every process of a running container, which stands still meanwhile (standstill.c). */
#include "runtime/engine/engine.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>

#include "config/names.h"
#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/engine/private.h"

enum { ROUNDS_MAX = 20 };

struct engine_rlimits_saved {
	struct saved_one {
		pid_t pid;
		uint64_t start; /* with the pid one process for ever */
		struct rlimit old;
	} * items;
	size_t n;
	char *type;
	struct rlimit to, of_init;
};

void engine_rlimits_saved_free(struct engine_rlimits_saved *s)
{
	if (!s)
		return;
	free(s->items);
	free(s->type);
	free(s);
}
DEFINE_AUTO_PTR(engine_rlimits_saved);

static bool is_same(const struct rlimit *a, const struct rlimit *b)
{
	return a->rlim_cur == b->rlim_cur && a->rlim_max == b->rlim_max;
}

/* What a process that has `now` gets. RLIM_INFINITY is the largest number. */
static struct rlimit becomes(const struct rlimit *now, const struct rlimit *from,
			     const struct rlimit *to)
{
	struct rlimit r = *now;

	if (is_same(now, from))
		return *to;
	r.rlim_max = r.rlim_max > to->rlim_max ? to->rlim_max : r.rlim_max;
	r.rlim_cur = r.rlim_cur > r.rlim_max ? r.rlim_max : r.rlim_cur;
	return r;
}

static bool is_done(const struct engine_rlimits_saved *s, pid_t pid, uint64_t start)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].pid == pid && s->items[i].start == start)
			return true;
	}
	return false;
}

struct round {
	struct engine_container *c;
	int resource;
	struct isolation_rlimit *list;
	struct saved_one *saved; /* of the same rows */
	size_t n;
};

static void round_done(struct round *r)
{
	free(r->list);
	free(r->saved);
}

/* Those of the cgroup that are new. */
static int find_new(struct round *r, const struct engine_rlimits_saved *done, struct err *e)
{
	auto_free pid_t *pids = NULL;
	struct cgroup *cg = engine_cgroup(r->c);
	size_t n = 0;
	int code = cg ? cgroup_pids_surely(cg, &pids, &n, e)
		      : err_set(e, EOPNOTSUPP, "the container has no cgroup");

	if (code < 0)
		return code;
	r->list = mem_array(n + 1, sizeof(*r->list));
	r->saved = mem_array(n + 1, sizeof(*r->saved));
	for (size_t i = 0; i < n; i++) {
		struct err gone = { 0 };
		uint64_t start = 0;

		if (proc_stat(pids[i], &start, NULL, &gone) < 0 || is_done(done, pids[i], start))
			continue;
		r->saved[r->n] = (struct saved_one){ .pid = pids[i], .start = start };
		r->list[r->n++].pid = pids[i];
	}
	return 0;
}

/* A pid that was given to somebody else between the list and now is no longer in the cgroup, or has another start. */
static int drop_strangers(struct round *r, struct err *e)
{
	auto_free pid_t *pids = NULL;
	size_t n = 0, kept = 0;
	int code = cgroup_pids_surely(engine_cgroup(r->c), &pids, &n, e);

	for (size_t i = 0; code == 0 && i < r->n; i++) {
		bool there = false;

		for (size_t k = 0; k < n && !there; k++)
			there = pids[k] == r->saved[i].pid;
		if (!there || r->list[i].gone || !proc_is(r->saved[i].pid, r->saved[i].start))
			continue;
		r->list[kept] = r->list[i];
		r->saved[kept++] = r->saved[i];
	}
	r->n = kept;
	return code;
}

/* Returns how many were new. */
static int one_round(struct engine_container *c, int resource, const struct engine_rlimit *change,
		     struct engine_rlimits_saved *done, struct err *e)
{
	auto_done(round) struct round r = { .c = c, .resource = resource };
	int pidfd = engine_pidfd(c);
	int code = find_new(&r, done, e);
	size_t found =
		r.n; /* also those that end before they are set: they may have had children */

	if (code == 0)
		code = isolation_rlimits_get(pidfd, resource, r.list, r.n, e);
	if (code == 0)
		code = drop_strangers(&r, e);
	for (size_t i = 0; code == 0 && i < r.n; i++) {
		struct saved_one *new_one = LIST_GROW(done->items, done->n);

		*new_one = r.saved[i];
		new_one->old = r.list[i].value;
		r.list[i].value = becomes(&new_one->old, &change->from, &change->to);
	}
	if (code == 0)
		code = isolation_rlimits_set(pidfd, resource, r.list, r.n, e);
	return code < 0 ? code : (int)found;
}

static int set_back(struct engine_container *c, int resource,
		    const struct engine_rlimits_saved *saved, struct err *e)
{
	auto_free struct isolation_rlimit *list = mem_array(saved->n + 1, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < saved->n; i++) {
		if (proc_is(saved->items[i].pid, saved->items[i].start))
			list[n++] = (struct isolation_rlimit){ .pid = saved->items[i].pid,
							       .value = saved->items[i].old };
	}
	return isolation_rlimits_set(engine_pidfd(c), resource, list, n, e);
}

/* Until nobody is new: one round and a look, unless somebody comes in from outside. */
static int all_rounds(struct engine_container *c, int resource, const struct engine_rlimit *change,
		      struct engine_rlimits_saved *done, struct err *e)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		int r = one_round(c, resource, change, done, e);

		if (r <= 0)
			return r;
	}
	return err_set(e, EAGAIN, "new processes come in all the time");
}

/* --- what others call ----------------------------------------------------------------------------------------------------- */

static int begin(struct engine_container *c, const char *type, int *ret, struct rlimit *of_init,
		 struct err *e)
{
	struct isolation_rlimit init = { .pid = engine_pid(c) };
	int64_t resource;
	int r;

	if (!names_find(rlimit_names, type, &resource))
		return err_set(e, EINVAL, "\"%s\" is no resource limit", type);
	*ret = (int)resource;
	if (init.pid <= 0 || engine_pidfd(c) < 0)
		return err_set(e, EBUSY, "container not running");
	r = isolation_rlimits_get(engine_pidfd(c), *ret, &init, 1, e);
	*of_init = init.value;
	return r;
}

bool engine_can_raise_rlimits(void)
{
	return isolation_is_capable(CAP_SYS_RESOURCE);
}

int engine_rlimit(struct engine_container *c, const struct engine_rlimit *change,
		  struct engine_rlimits_saved **ret, struct err *e)
{
	auto_ptr(engine_rlimits_saved) struct engine_rlimits_saved *done = mem_zero(sizeof(*done));
	struct engine_rlimit x = *change;
	struct standstill still = { .guard = -1 };
	struct err why = { 0 };
	int resource = 0, r = begin(c, change->type, &resource, &done->of_init, e);

	if (r < 0)
		return r;
	done->type = mem_strdup(change->type);
	done->to = change->to;
	if (!change->has_from)
		x.from = done->of_init;
	r = standstill_begin(c, &still, e);
	if (r == 0)
		r = all_rounds(c, resource, &x, done, e);
	bool is_back = r == 0 || set_back(c, resource, done, &why) == 0;

	if (standstill_end(c, &still, &why) < 0 || !is_back)
		return err_set(e, ENOTRECOVERABLE, "%s: the container could not be set back: %s",
			       change->type, why.text);
	if (r == 0)
		*ret = ptr_steal(&done);
	return r;
}

int engine_rlimit_undo(struct engine_container *c, const struct engine_rlimits_saved *saved,
		       struct err *e)
{
	auto_ptr(engine_rlimits_saved) struct engine_rlimits_saved *done = mem_zero(sizeof(*done));
	const struct engine_rlimit born_since = { .type = saved->type,
						  .from = saved->to,
						  .to = saved->of_init };
	struct standstill still = { .guard = -1 };
	struct rlimit unused;
	struct err why = { 0 };
	int resource = 0, r = begin(c, saved->type, &resource, &unused, e);

	if (r == 0)
		r = standstill_begin(c, &still, e);
	if (r == 0)
		r = set_back(c, resource, saved, e);
	done->items = mem_dup(saved->items, saved->n * sizeof(*saved->items));
	done->n = saved->n;
	if (r == 0)
		r = all_rounds(c, resource, &born_since, done, e);
	if (standstill_end(c, &still, &why) < 0 && r == 0) {
		*e = why;
		r = -e->code;
	}
	return r;
}
