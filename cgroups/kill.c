/* kill - SIGKILL for all, against processes that fork as fast as they can.
 *
 * cgroup.kill (Linux 5.14) does it in the kernel, atomically against fork, and it works for the unified hierarchy of
 * hybrid hosts too, whose membership is the same. Without it: freeze, so that nobody can fork, signal each, thaw, and
 * look again. A process that a v1 freezer holds dies only after the thaw, so every path ends with one. The lists of the
 * v1 hierarchies are looked at as well: a process may have left the unified directory, if somebody moved it. */
#include "cgroups/kill.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "cgroups/backoff.h"
#include "cgroups/freeze.h"
#include "cgroups/systemd.h"
#include "cgroups/tree.h"
#include "runtime/base/log.h"
#include "runtime/base/sys.h"

enum { KILL_MS = 10000, FREEZE_MS = 500, HELD_AT_ONCE = 256, BY_NUMBER = -2 };

/* -1: it has ended. Without a descriptor left the number has to do. */
static int hold(pid_t pid)
{
	int fd = sys_pidfd_open(pid, 0);

	return fd < 0 && errno != ESRCH ? BY_NUMBER : fd;
}

/* A number may be given to another process between the list and the signal. A descriptor keeps to its process, and who is in the list when it is held is the one that was meant. */
static int signal_some(struct cgroup_part *p, const pid_t *pids, size_t n, int signo, struct err *e)
{
	int fds[HELD_AT_ONCE];
	auto_free pid_t *now = NULL;
	size_t n_now = 0;

	for (size_t i = 0; i < n; i++)
		fds[i] = hold(pids[i]);
	int r = tree_pids(p, &now, &n_now, e);

	for (size_t i = 0; i < n; i++) {
		bool is_meant = r >= 0 && fds[i] != -1 &&
				bsearch(&pids[i], now, n_now, sizeof(*now), tree_compare_pids);
		int sent = !is_meant             ? 0
			   : fds[i] == BY_NUMBER ? sys_kill(pids[i], signo)
						 : sys_pidfd_send_signal(fds[i], signo);

		if (sent < 0 && errno != ESRCH)
			r = err_sys(e, "send signal %d to process %d", signo, (int)pids[i]);
		fd_close(&fds[i]);
	}
	return r;
}

/* Signal everybody in all lists; *ret_n counts those that were found. */
static int signal_each(struct cgroup *cg, int signo, size_t *ret_n, struct err *e)
{
	int failed = 0;

	*ret_n = 0;
	for (size_t i = 0; i < cg->n_parts; i++) {
		auto_free pid_t *pids = NULL;
		size_t n = 0;
		int r = tree_pids(&cg->parts[i], &pids, &n, e);

		if (r < 0)
			return r;
		for (size_t k = 0; k < n; k += HELD_AT_ONCE) {
			size_t some = n - k < HELD_AT_ONCE ? n - k : HELD_AT_ONCE;

			r = signal_some(&cg->parts[i], pids + k, some, signo, e);
			failed = r < 0 ? r : failed;
		}
		*ret_n += n;
		/* The other hierarchies hold the same processes: asking one is enough unless it is for their end. */
		if (n > 0 && signo != SIGKILL)
			break;
	}
	return failed;
}

static bool kill_in_kernel(struct cgroup *cg)
{
	struct cgroup_part *v2 = part_unified(cg);
	struct err why = { 0 };

	if (!v2 || !part_has(v2, "cgroup.kill"))
		return false;
	part_set_killed(v2);
	if (part_write(v2, "cgroup.kill", "1", &why) == 0)
		return true;
	log_debug("%s", why.text); /* a threaded cgroup, for one: the lists do it */
	return false;
}

static int kill_by_lists(struct cgroup *cg, struct err *e)
{
	struct backoff until = backoff_start(KILL_MS);
	size_t n = 0;

	for (bool again = false;; again = true) {
		struct err why = { 0 };

		/* Frozen processes cannot fork. Where that fails, being faster has to do. */
		if (again && freeze_set(cg, true, FREEZE_MS, &why) < 0)
			log_debug("%s", why.text);
		int r = signal_each(cg, SIGKILL, &n, e);

		freeze_release(cg);
		if (r < 0 || n == 0)
			return r;
		if (!backoff_wait(&until))
			break;
	}
	int r = freeze_wait_empty(cg, 0, e);

	return r < 0 ? err_wrap(e, "kill the container") : 0;
}

void kill_leave_taken(struct cgroup *cg)
{
	for (size_t i = cg->n_parts; i-- > 0;) {
		auto_free pid_t *pids = NULL;
		struct err ignored = { 0 };
		size_t n = 0;

		if (!part_is_taken(&cg->parts[i], cg->token) ||
		    tree_pids(&cg->parts[i], &pids, &n, &ignored) < 0 || n == 0)
			continue;
		tree_hand_over(&cg->parts[i]);
		part_drop(cg, i);
		cgroup_unit_free(cg->unit); /* theirs as well */
		cg->unit = NULL;
	}
}

int kill_all(struct cgroup *cg, int signo, struct err *e)
{
	size_t n = 0;

	kill_leave_taken(cg);
	if (signo != SIGKILL)
		return signal_each(cg, signo, &n, e);
	if (!kill_in_kernel(cg))
		return kill_by_lists(cg, e);
	freeze_release(cg);
	return cg->mode == CGROUP_MODE_V2 ? 0 : signal_each(cg, SIGKILL, &n, e);
}
