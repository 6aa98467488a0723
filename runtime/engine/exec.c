/* exec - the parent's half of a new process in a running container.
 *
 * As in create, a setup child enters the namespaces and clones the process as our own child; it puts itself into init's cgroup before it runs anything of the container. The end of the
 * socket means that the program runs, so this returns only when that is known. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/engine/parent.h"

#define SECCOMP_CACHE "@seccomp"

struct execution {
	const struct engine_exec *x;
	struct engine_container *c;
	struct launch launch;
	struct talk talk;
};

static int check(struct engine_container *c, const struct engine_exec *x, struct err *e)
{
	if (x->process->args.n == 0)
		return err_set(e, EINVAL, "process.args must not be empty");
	if (x->process->terminal && !x->console_socket && !x->ret_console_master)
		return err_set(
			e, EINVAL,
			"process.terminal: nobody takes the console (a console socket is needed)");
	switch (engine_status(c)) {
	case ENGINE_CREATING:
		return err_set(e, EBUSY, "cannot exec in a container that is still being created");
	case ENGINE_STOPPED:
		return err_set(e, EBUSY, "cannot exec in a stopped container");
	case ENGINE_PAUSED:
		if (!x->ignore_paused)
			return err_set(
				e, EBUSY,
				"cannot exec in a paused container (use --ignore-paused to override)");
		break;
	case ENGINE_CREATED:
	case ENGINE_RUNNING:
		break;
	}
	return 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static int on_console(struct talk *t, struct sync_msg *m, struct err *e)
{
	const struct execution *k = t->arg;

	return parent_console(k->x->console_socket, k->x->ret_console_master, m, e);
}

/* It asks who it is on the host, for the seccomp agent. */
static int on_ready(struct talk *t, struct sync_msg *m, struct err *e)
{
	const struct sync_msg pid = { .type = SYNC_COMMITTED, .u.number = t->main.pid };

	(void)m;
	return sync_send(t->sock, &pid, e);
}

static const struct talk_row exec_rows[] = {
	{ SYNC_INIT, DURING(PHASE_SETUP), PHASE_BUILD, talk_take_init },
	{ SYNC_CONSOLE, DURING(PHASE_BUILD), PHASE_SETUP, on_console },
	{ SYNC_READY, DURING(PHASE_BUILD), PHASE_SETUP, on_ready },
};

/* --- prepare, run ------------------------------------------------------------------------------------------------- */

static void execution_done(struct execution *k)
{
	struct launch *l = &k->launch;

	isolation_free(l->iso);
	cgroup_entry_free(l->entry);
	listener_done(&l->program.listener);
	fd_close(&l->sync_parent);
	fd_close(&l->sync_child);
}

static int plan(struct execution *k, struct err *e)
{
	struct launch *l = &k->launch;
	auto_free char *cache = mem_format("%s/" SECCOMP_CACHE, k->c->root);
	size_t n = l->program.n_keep;
	auto_free int *keep = mem_array(n, sizeof(*keep));
	const struct isolation_options options = { .cgroup_dirfd = -1,
						   .seccomp_cache =
							   l->spec->linux.seccomp ? cache : NULL,
						   .trusted = k->x->trusted,
						   .keep_fds = keep,
						   .n_keep_fds = n };

	for (size_t i = 0; i < n; i++)
		keep[i] = 3 + (int)i;
	return isolation_plan_exec(l->spec, k->x->process, engine_pidfd(k->c), &options, &l->iso,
				   e);
}

static int prepare(struct execution *k, struct err *e)
{
	struct launch *l = &k->launch;
	struct cgroup *cg = engine_cgroup(k->c);
	int pair[2] = { -1, -1 };
	int r = program_kept_fds(k->x->preserve_fds, &l->program, e);

	if (r == 0)
		r = container_load_spec(k->c, e);
	if (r < 0)
		return r;
	l->spec = k->c->spec;
	l->program.process = k->x->process;
	l->program.seccomp = l->spec->linux.seccomp;
	l->program.record = &k->c->record;
	l->program.host_program = k->x->program_fd;
	l->program.sysinfo = k->x->sysinfo;
	r = plan(k, e);
	if (r == 0)
		r = sock_pair(pair, e);
	if (r < 0)
		return r;
	l->sync_parent = pair[0];
	l->sync_child = pair[1];
	l->program.iso = l->iso;
	if (cg)
		r = cgroup_entry_open(cg, k->c->record.pid, k->x->cgroup, &l->entry, e);
	return r < 0 ? r : listener_connect(l->program.seccomp, &l->program.listener, e);
}

static int join_resctrl(struct execution *k, pid_t pid, struct err *e)
{
	const struct json *group = k->c->record.resctrl;
	int r = group && pid > 0 ? resctrl_attach(group, pid, e) : 0;

	return r == -ESRCH ? 0 : r; /* it has ended already */
}

static int run(struct execution *k, struct err *e)
{
	struct launch *l = &k->launch;
	/* it enters, clones and ends, and we have nothing else to do: copying our memory would be a tenth of all that is done here */
	bool borrows = isolation_may_borrow(l->iso);
	struct process_birth birth = { .exit_signal = SIGCHLD,
				       .body = borrows ? setup_main_borrowed : setup_main,
				       .arg = l,
				       .borrows = borrows };

	k->talk = (struct talk){ .rows = exec_rows,
				 .n_rows = sizeof(exec_rows) / sizeof(exec_rows[0]),
				 .end_means_executed = PHASE_BUILD,
				 .who = "the new process",
				 .sock = l->sync_parent,
				 .phase = PHASE_SETUP,
				 .setup = CHILD_NONE,
				 .main = CHILD_NONE,
				 .cgroup = k->c->cgroup,
				 .arg = k };
	int r = parent_clone(l, &birth, &k->talk.setup, e);

	fd_close(&l->sync_child);
	/* what the setup child clones is born in its group; when it was quicker than us, the process itself follows below */
	if (r == 0)
		r = join_resctrl(k, k->talk.setup.pid, e);
	if (r == 0)
		r = talk_until(&k->talk, PHASE_EXECUTED, e);
	if (r == 0)
		r = join_resctrl(k, k->talk.main.pid, e);
	if (r == 0 && k->x->pid_file)
		r = container_write_pid(k->x->pid_file, k->talk.main.pid, e);
	if (r == 0 && k->x->pidfd_socket)
		r = container_send_fd(k->x->pidfd_socket, "pidfd", k->talk.main.pidfd, e);
	if (r < 0)
		talk_kill(&k->talk);
	else
		talk_reap_setup(&k->talk);
	return r;
}

int engine_exec(struct engine_container *c, const struct engine_exec *x, pid_t *ret_pid,
		struct err *e)
{
	struct execution k = { .x = x,
			       .c = c,
			       .launch = { .c = c,
					   .program = PROGRAM_NONE,
					   .sync_parent = -1,
					   .sync_child = -1,
					   .fifo = -1,
					   .stdio = { x->stdio[0], x->stdio[1], x->stdio[2] },
					   .enter = exec_child_enter,
					   .body = exec_child_main } };
	int r = check(c, x, e);

	if (r == 0)
		r = prepare(&k, e);
	if (r == 0)
		r = run(&k, e);
	execution_done(&k);
	if (r < 0)
		return r;
	*ret_pid = k.talk.main.pid;
	fd_close(&k.talk.main.pidfd);
	return 0;
}
