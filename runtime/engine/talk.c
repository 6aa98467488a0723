/* talk - each turn handles one message, or, when there is none left to read, one death. */
#include "runtime/engine/talk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"

enum { DIE_MS = 5000, STATUS_TEXT = 64, EXIT_SOON_MS = 1000 };

static bool oom_killed(const struct talk *t, int status)
{
	struct cgroup_stats stats = { 0 };
	struct err ignored;

	if (!t->cgroup || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		return false;
	return cgroup_stats(t->cgroup, &stats, &ignored) == 0 && stats.oom_kills.set &&
	       stats.oom_kills.value > 0;
}

/* The child has ended without a word. */
static int died(struct talk *t, struct child *child, struct err *e)
{
	char how[STATUS_TEXT];
	int status = 0;

	/* or it has executed, and we could not look: then it goes on */
	if (child_reap(child, DIE_MS, &status) == 0)
		return err_set(e, EPROTO, "%s is silent and has not ended", t->who);
	if (oom_killed(t, status))
		return err_set(e, ENOMEM, "%s was OOM-killed (memory limit too low?)", t->who);
	process_status_text(status, how, sizeof(how));
	return err_set(e, ECHILD, "%s %s before it was ready", t->who, how);
}

static int handle(struct talk *t, struct sync_msg *m, struct err *e)
{
	if (m->type == SYNC_FAILED) {
		*e = m->u.err;
		return -e->code;
	}
	for (size_t i = 0; i < t->n_rows; i++) {
		const struct talk_row *row = &t->rows[i];

		if (row->type != m->type || !(row->legal & DURING(t->phase)))
			continue;
		log_debug("%s: %s", t->who, sync_word(m->type));
		int r = row->run ? row->run(t, m, e) : 0;

		if (r == 0 && row->next > t->phase)
			t->phase = row->next;
		return r;
	}
	return err_set(e, EPROTO, "%s said %s at the wrong time", t->who, sync_word(m->type));
}

/* Nobody holds the other end any more. After a certain phase that is success, unless the process died on the way to its execve. The kernel closes the descriptors of a dying process before
 * its pidfd tells, so whether it is dead yet says nothing; whether it has executed does, and that is settled before execve closes anything. */
static int ended(struct talk *t, struct err *e)
{
	struct child *who = t->main.pid > 0 ? &t->main : &t->setup;

	if (t->phase < t->end_means_executed) {
		if (who->pid > 0 && process_wait_end(who->pidfd, EXIT_SOON_MS))
			return died(t, who, e);
		return err_set(e, EPROTO, "%s has closed the conversation", t->who);
	}
	if (!process_has_executed(who->pid))
		return died(t, who, e);
	t->phase = PHASE_EXECUTED;
	return 0;
}

static int turn(struct talk *t, struct err *e)
{
	struct child *watched = t->main.pid > 0 ? &t->main : &t->setup;
	struct pollfd fds[2] = { { .fd = t->sock, .events = POLLIN },
				 { .fd = watched->pidfd, .events = POLLIN } };
	struct sync_msg m;

	if (poll(fds, 2, -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, "wait for %s", t->who);
	/* what it said before it died comes first; nothing can follow after its death was seen together with an empty socket */
	if (fds[0].revents == 0)
		return t->end_means_executed <= t->phase ? ended(t, e) : died(t, watched, e);
	int r = sync_recv(t->sock, &m, e);

	/* it ended without having read all that we said (TASKS): the kernel tells that once, and before its last words */
	if (r == -ECONNRESET)
		r = sync_recv(t->sock, &m, e);
	if (r == 0)
		return ended(t, e);
	if (r < 0)
		return err_wrap(e, "%s", t->who);
	r = handle(t, &m, e);
	sync_close_fds(&m);
	return r;
}

int talk_until(struct talk *t, enum phase goal, struct err *e)
{
	while (t->phase < goal) {
		int r = turn(t, e);

		if (r < 0)
			return r;
	}
	return 0;
}

int talk_take_init(struct talk *t, struct sync_msg *m, struct err *e)
{
	if (t->main.pid > 0 || m->u.number <= 0 || m->u.number > INT32_MAX)
		return err_set(e, EPROTO, "%s was made twice", t->who);
	t->main = (struct child){ .pid = (pid_t)m->u.number, .pidfd = fd_steal(&m->fds[0]) };
	return 0;
}

void talk_reap_setup(struct talk *t)
{
	if (t->setup.pid > 0 && t->main.pid > 0)
		(void)child_reap(&t->setup, -1, NULL);
}

void talk_kill(struct talk *t)
{
	child_kill(&t->main);
	child_kill(&t->setup);
}
