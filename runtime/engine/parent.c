/* parent - the process that called engine_create, between its first clone and the moment init is ready.
 *
 * Its jobs: clone, write id maps and share mounts for the setup child, attach the network, run the hooks of the runtime's namespaces while init waits, pass the console on.
 * It never waits for one thing only (talk.h), and it closes the children's ends of everything right after the clone. */
#include "runtime/engine/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "net/net.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/engine/hooks.h"

/* --- answers ------------------------------------------------------------------------------------------------------ */

static int send_shared(struct talk *t, const struct isolation *iso, struct err *e)
{
	const int *fds = NULL;
	size_t n = isolation_export(iso, &fds);

	for (size_t sent = 0; sent < n;) {
		struct sync_msg m = { .type = SYNC_FDS };

		while (m.n_fds < SOCK_MAX_FDS && sent < n)
			m.fds[m.n_fds++] = fds[sent++];
		int r = sync_send(t->sock, &m, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A child that has died meanwhile is no error here: the next turn of the conversation finds out how. */
static int answer(struct talk *t, enum sync_type type, struct err *e)
{
	int r = sync_say(t->sock, type, e);

	return r == -EPIPE ? 0 : r;
}

static int on_map(struct talk *t, struct sync_msg *m, struct err *e)
{
	struct parent *p = t->arg;
	int r = isolation_map_ids(p->launch.iso, t->setup.pid, e);

	(void)m;
	if (r == 0)
		r = isolation_share(p->launch.iso, t->setup.pid, e);
	if (r == 0)
		r = send_shared(t, p->launch.iso, e);
	return r < 0 ? r : answer(t, SYNC_MAPPED, e);
}

static int runtime_hooks(struct parent *p, const char *kind, const struct hook_list *list,
			 struct err *e)
{
	if (list->n == 0)
		return 0;
	auto_free char *state = container_state_text(p->c, ENGINE_CREATING, p->talk.main.pid);
	const struct hooks_call call = {
		.kind = kind, .list = list, .state = state, .cwd = p->c->record.bundle
	};

	p->hooks_begun = true;
	return hooks_run(&call, e);
}

static int on_mounted(struct talk *t, struct sync_msg *m, struct err *e)
{
	struct parent *p = t->arg;
	const struct hooks_spec *hooks = &p->o->spec->hooks;
	int r = runtime_hooks(p, "prestart", &hooks->prestart, e);

	(void)m;
	if (r == 0)
		r = runtime_hooks(p, "createRuntime", &hooks->create_runtime, e);
	if (r < 0)
		return r;
	p->hooks_begun |= hooks->create_container.n > 0;
	return answer(t, SYNC_CONTINUE, e);
}

int parent_console(const char *socket, int *ret_master, struct sync_msg *m, struct err *e)
{
	int r = socket ? container_send_fd(socket, "/dev/ptmx", m->fds[0], e) : 0;

	if (r < 0)
		return err_wrap(e, "console socket \"%s\"", socket);
	if (ret_master)
		*ret_master = fd_steal(&m->fds[0]);
	return 0;
}

static int on_console(struct talk *t, struct sync_msg *m, struct err *e)
{
	const struct parent *p = t->arg;

	return parent_console(p->o->console_socket, p->o->ret_console_master, m, e);
}

static const struct talk_row create_rows[] = {
	{ SYNC_MAP, DURING(PHASE_SETUP), PHASE_SETUP, on_map },
	{ SYNC_INIT, DURING(PHASE_SETUP), PHASE_BUILD, talk_take_init },
	{ SYNC_CONSOLE, DURING(PHASE_BUILD) | DURING(PHASE_HOOKED), PHASE_SETUP, on_console },
	{ SYNC_MOUNTED, DURING(PHASE_BUILD), PHASE_HOOKED, on_mounted },
	{ SYNC_READY, DURING(PHASE_BUILD) | DURING(PHASE_HOOKED), PHASE_READY, NULL },
};

/* --- spawn -------------------------------------------------------------------------------------------------------- */

int parent_clone(struct launch *l, struct process_birth *birth, struct child *ret, struct err *e)
{
	struct err first = { 0 };

	birth->cgroup_fd = l->entry ? cgroup_entry_dirfd(l->entry) : -1;
	l->born_inside = birth->cgroup_fd >= 0;
	int r = process_clone(birth, ret, &first);

	if (r == -EPERM || (r < 0 && !l->born_inside)) {
		*e = first;
		return r;
	}
	if (r == 0)
		return 0;
	/* Kernels before 5.7, a cgroup that gives controllers to its children, or one we may not write: then it walks in by itself */
	log_debug("clone into the cgroup: %s", first.text);
	birth->cgroup_fd = -1;
	l->born_inside = false;
	return process_clone(birth, ret, e);
}

int parent_spawn(struct parent *p, struct err *e)
{
	struct launch *l = &p->launch;
	bool with_setup = isolation_needs_setup(l->iso);
	int flags = isolation_clone_flags(l->iso), r = 0;

	l->enter = setup_join;
	l->clone_flags = (uint64_t)(unsigned)flags;
	l->body = init_main;
	if (!isolation_new_user_ns(l->iso))
		r = isolation_share(l->iso, 0, e);
	if (r < 0)
		return r;
	struct process_birth birth = { .flags = with_setup ? 0 : l->clone_flags,
				       .exit_signal = SIGCHLD,
				       .body = with_setup ? setup_main : init_main,
				       .arg = l };

	p->talk = (struct talk){ .rows = create_rows,
				 .n_rows = sizeof(create_rows) / sizeof(create_rows[0]),
				 .end_means_executed = PHASE_READY,
				 .who = "it", /* the row of the step table says who */
				 .sock = l->sync_parent,
				 .phase = with_setup ? PHASE_SETUP : PHASE_BUILD,
				 .setup = CHILD_NONE,
				 .main = CHILD_NONE,
				 .cgroup = p->c->cgroup,
				 .arg = p };
	r = parent_clone(l, &birth, with_setup ? &p->talk.setup : &p->talk.main, e);
	fd_close(&l->sync_child);
	fd_close(&l->fifo);
	if (r == 0)
		r = talk_until(&p->talk, PHASE_BUILD, e);
	if (r < 0)
		talk_kill(&p->talk);
	return r;
}

/* --- network, the rest -------------------------------------------------------------------------------------------- */

int parent_network(struct parent *p, struct err *e)
{
	const struct engine_network *n = &p->o->network;

	const struct linux_spec *l = &p->o->spec->linux;

	if (!n->attach && l->n_net_devices == 0)
		return 0;
	auto_free char *path = mem_format("/proc/%d/ns/net", (int)p->talk.main.pid);
	auto_close int ns = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (ns < 0)
		return err_sys(e, "open %s", path);
	int r = n->attach ? n->attach(n->arg, ns, p->talk.main.pid, e) : 0;

	p->network_made = n->attach && r == 0;
	if (r == 0 && l->n_net_devices > 0)
		r = net_move_devices(l->net_devices, l->n_net_devices, ns, e);
	if (r < 0 && p->network_made && n->detach)
		n->detach(n->arg);
	return r;
}

int parent_converse(struct parent *p, struct err *e)
{
	int r = talk_until(&p->talk, PHASE_READY, e);

	talk_reap_setup(&p->talk);
	return r;
}
