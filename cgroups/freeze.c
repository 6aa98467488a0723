/* freeze - two freezers.
 *
 * cgroup.freeze of the unified hierarchy is preferred, also on hybrid hosts: it reports its end as an event, and what it
 * holds can still be killed. v1's freezer.state is polled; it can stay FREEZING for ever while a process is in an
 * uninterruptible sleep, so its state is written again now and then (the kernel retries at each write), and an
 * attempt that fails always ends with a thaw. */
#include "cgroups/freeze.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/backoff.h"
#include "cgroups/tree.h"
#include "runtime/base/file.h"

enum { EVENTS_MAX_BYTES = 4096, LOOK_EVERY_MS = 250 };

static struct cgroup_part *v2_freezer(const struct cgroup *cg)
{
	struct cgroup_part *p = part_unified(cg);

	return p && part_has(p, "cgroup.freeze") ? p : NULL;
}

/* Wait until cgroup.events says "word wanted". Returns 1, 0 at the deadline, -errno; -ENODEV or -ENOENT when the cgroup goes away. */
static int wait_event(struct cgroup_part *p, const char *word, uint64_t wanted,
		      struct backoff *until, struct err *e)
{
	int dir = part_open(p, e);

	if (dir < 0)
		return dir;
	auto_close int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "open \"%s/cgroup.events\"", p->dir);
	for (;;) {
		char text[EVENTS_MAX_BYTES];
		struct pollfd watch = { .fd = fd, .events = POLLPRI };
		uint64_t now = 0;
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return err_sys(e, "read \"%s/cgroup.events\"", p->dir);
		text[n] = '\0';
		if (part_word(text, word, &now) && now == wanted)
			return 1;
		int left = backoff_left_ms(until);

		if (left == 0)
			return 0;
		/* Look by itself now and then: an event between open and poll is not lost, but a lost one would be for ever. */
		(void)poll(&watch, 1, left < 0 || left > LOOK_EVERY_MS ? LOOK_EVERY_MS : left);
	}
}

static int set_v2(struct cgroup_part *p, bool on, struct backoff *until, struct err *e)
{
	int r = part_write(p, "cgroup.freeze", on ? "1" : "0", e);

	return r < 0 ? r : wait_event(p, "frozen", on, until, e);
}

static int set_v1(struct cgroup_part *p, bool on, struct backoff *until, struct err *e)
{
	const char *wanted = on ? "FROZEN" : "THAWED";

	for (;;) {
		auto_free char *state = NULL;
		int r = part_write(p, "freezer.state", wanted, e);

		if (r == 0)
			r = part_read(p, "freezer.state", &state, e);
		if (r < 0)
			return r;
		if (str_eq(state, wanted))
			return 1;
		if (!backoff_wait(until))
			return 0;
	}
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

void freeze_release(struct cgroup *cg)
{
	struct cgroup_part *v2 = v2_freezer(cg);
	struct cgroup_part *v1 = part_of_v1(cg, "freezer");
	struct err ignored = { 0 };

	/* Nothing can be done about a refusal here, and the caller has an error of its own to tell. */
	if (v2)
		(void)!part_write(v2, "cgroup.freeze", "0", &ignored);
	if (v1)
		(void)!part_write(v1, "freezer.state", "THAWED", &ignored);
}

static int thaw(struct cgroup *cg, struct backoff *until, struct err *e)
{
	struct cgroup_part *parts[] = { v2_freezer(cg), part_of_v1(cg, "freezer") };

	for (size_t i = 0; i < 2; i++) {
		struct err why = { 0 };
		int r = !parts[i] ? 1
			: i == 0  ? set_v2(parts[i], false, until, &why)
				  : set_v1(parts[i], false, until, &why);

		if (r == 0)
			return err_set(
				e, ETIMEDOUT,
				"the cgroup \"%s\" does not thaw; a cgroup above it is frozen",
				parts[i]->dir);
		if (r < 0 && !is_gone(r)) {
			*e = why;
			return err_wrap(e, "thaw the cgroup");
		}
	}
	return 0;
}

int freeze_set(struct cgroup *cg, bool on, int timeout_ms, struct err *e)
{
	struct backoff until = backoff_start(timeout_ms);
	struct cgroup_part *v2 = v2_freezer(cg);
	struct cgroup_part *v1 = part_of_v1(cg, "freezer");

	if (!on)
		return thaw(cg, &until, e);
	if (cg->n_parts > 0 && part_open(part_main(cg), e) < 0)
		return -e->code;
	if (!v1 && !v2)
		return err_set(e, EOPNOTSUPP, "this host has no cgroup freezer for the container");
	int r = v2 ? set_v2(v2, true, &until, e) : set_v1(v1, true, &until, e);

	if (r > 0)
		return 0;
	freeze_release(cg);
	if (r == 0)
		return err_set(e, ETIMEDOUT,
			       "the cgroup \"%s\" did not freeze within %d s; it runs again",
			       (v2 ? v2 : v1)->dir, timeout_ms / 1000);
	return err_wrap(e, "freeze the cgroup");
}

void cgroup_freezers(struct cgroup *cg, struct strv *ret)
{
	struct cgroup_part *v2 = v2_freezer(cg);
	struct cgroup_part *v1 = part_of_v1(cg, "freezer");

	if (v2)
		strv_format(ret, "%s/cgroup.freeze", v2->dir);
	if (v1)
		strv_format(ret, "%s/freezer.state", v1->dir);
}

bool cgroup_freezer_says(const char *text)
{
	return *text && !str_has_prefix(text, "0") && !str_has_prefix(text, "THAWED");
}

int freeze_get(struct cgroup *cg, bool *ret, struct err *e)
{
	struct cgroup_part *v2 = v2_freezer(cg);
	struct cgroup_part *v1 = part_of_v1(cg, "freezer");
	auto_free char *wanted = NULL, *state = NULL;
	struct err why = { 0 };
	int r = v2 ? part_read(v2, "cgroup.freeze", &wanted, &why) : 0;

	if (r == 0 && v1)
		r = part_read(v1, "freezer.state", &state, &why);
	if (r < 0 && !is_gone(r)) {
		*e = why;
		return err_wrap(e, "ask whether the cgroup is frozen");
	}
	*ret = (wanted && strcmp(wanted, "1") == 0) || (state && strcmp(state, "THAWED") != 0);
	return 0;
}

static int remaining(struct cgroup *cg, pid_t *ret, size_t *ret_n, struct err *e)
{
	*ret_n = 0;
	for (size_t i = 0; i < cg->n_parts && *ret_n == 0; i++) {
		auto_free pid_t *pids = NULL;
		int r = tree_pids(&cg->parts[i], &pids, ret_n, e);

		if (r < 0)
			return r;
		*ret = *ret_n > 0 ? pids[0] : 0;
	}
	return 0;
}

int freeze_wait_empty(struct cgroup *cg, int timeout_ms, struct err *e)
{
	struct backoff until = backoff_start(timeout_ms);
	struct cgroup_part *v2 = part_unified(cg);
	struct err ignored = { 0 };
	pid_t pid = 0;
	size_t n = 0;

	if (v2 && part_has(v2, "cgroup.events"))
		(void)!wait_event(v2, "populated", 0, &until,
				  &ignored); /* the lists below decide */
	do {
		int r = remaining(cg, &pid, &n, e);

		if (r < 0)
			return r;
		if (n == 0)
			return 0;
	} while (backoff_wait(&until));
	return err_set(e, ETIMEDOUT,
		       "%zu process(es) of the container are still there, process %d for one", n,
		       (int)pid);
}
