/* create - the order of everything that makes a container, and the way back.
 *
 * Read create_steps from top to bottom: each row leaves nothing when it fails, and the rows above it are undone in reverse. A create that is killed instead leaves a record that names
 * what exists (first the cgroup that is about to be made); its children die with it (init.c).
 *
 * On hybrid hosts the directories of cgroup v1 are made beside init, whose mounts take longer: it is born into the unified one, and enters the others, with their limits set, before hooks
 * look at it and before anything of the container runs. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/steps.h"
#include "runtime/base/sys.h"
#include "runtime/engine/creation.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/view.h"

/* No id contains "@", so this is never a container. */
#define SECCOMP_CACHE "@seccomp"

/* --- what can be refused at once ---------------------------------------------------------------------------------- */

static int check(const struct engine_create *o, struct err *e)
{
	const struct process_spec *p = o->spec->process;
	const struct linux_spec *l = &o->spec->linux;
	const struct ns_spec *user = &l->namespaces[NS_USER];

	if (!container_id_ok(o->id))
		return err_set(e, EINVAL, "invalid container ID format: \"%.64s\"",
			       o->id ? o->id : "");
	if (p && p->terminal && !o->console_socket && !o->ret_console_master)
		return err_set(
			e, EINVAL,
			"process.terminal: nobody takes the console (a console socket is needed)");
	if (o->init_fd >= 0 && o->preserve_fds > 0)
		return err_set(e, EINVAL, "descriptor 3 cannot be both preserved and init's own");
	if (l->n_net_devices > 0 && !l->namespaces[NS_NETWORK].wanted)
		return err_set(
			e, EINVAL,
			"linux.netDevices: the container has no network namespace of its own");
	/* not a rule of the configuration alone: a zone has no ids before it is installed, and its translation can be printed all the same */
	if (user->wanted && !user->path && (l->n_uid_mappings == 0 || l->n_gid_mappings == 0))
		return err_set(e, EINVAL, "linux.%sMappings: a new user namespace needs mappings",
			       l->n_uid_mappings == 0 ? "uid" : "gid");
	return view_check(o->spec, o->rootless, e);
}

/* --- isolation ---------------------------------------------------------------------------------------------------- */

static void drop_isolation(void *ctx)
{
	struct creation *k = ctx;
	struct launch *l = &k->parent.launch;

	isolation_free(l->iso);
	cgroup_entry_free(l->entry);
	listener_done(&l->program.listener);
	hooks_close(l->container_hooks, &k->spec->hooks.create_container);
	l->iso = NULL;
	l->entry = NULL;
	l->container_hooks = NULL;
	fd_close(&l->sync_parent);
	fd_close(&l->sync_child);
	fd_close(&l->fifo);
}

/* Numbers 3 ... that the program will find open. */
static int *kept_fds(const struct creation *k, size_t *ret_n)
{
	size_t n = k->o->init_fd >= 0 ? 1 : k->parent.launch.program.n_keep;
	int *fds = mem_array(n, sizeof(*fds));

	for (size_t i = 0; i < n; i++)
		fds[i] = 3 + (int)i;
	*ret_n = n;
	return fds;
}

static int plan(struct creation *k, struct err *e)
{
	struct launch *l = &k->parent.launch;
	const bool filters = k->spec->linux.seccomp != NULL;
	auto_free char *cache = filters ? mem_format("%s/" SECCOMP_CACHE, k->o->state_root) : NULL;
	struct isolation_options options = { .bundle = k->o->bundle,
					     .no_pivot = k->o->no_pivot,
					     .no_new_keyring = k->o->no_new_keyring,
					     .cgroup_dirfd =
						     k->c->cgroup ? cgroup_dirfd(k->c->cgroup) : -1,
					     .seccomp_cache = cache };
	auto_free int *keep = kept_fds(k, &options.n_keep_fds);

	options.keep_fds = keep;
	int r = filters ? file_mkdir_p(AT_FDCWD, cache, 0700, e) : 0;

	return r < 0 ? r : isolation_plan(k->spec, &options, &l->iso, e);
}

/* The socket pair and the FIFO that init inherits. */
static int open_channels(struct creation *k, struct err *e)
{
	struct launch *l = &k->parent.launch;
	int pair[2];
	int r = sock_pair(pair, e);

	if (r < 0)
		return r;
	l->sync_parent = pair[0];
	l->sync_child = pair[1];
	if (sys_mkfifoat(k->c->dir, FIFO_FILE, 0600) < 0)
		return err_sys(e, "make " FIFO_FILE);
	/* for writing as well, or init's read would end whenever no start is there */
	l->fifo = sys_openat(k->c->dir, FIFO_FILE, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	return l->fifo < 0 ? err_sys(e, "open " FIFO_FILE) : 0;
}

static int prepare(struct creation *k, struct err *e)
{
	struct launch *l = &k->parent.launch;
	const struct hooks_spec *hooks = &k->spec->hooks;
	const struct ns_spec *net = &k->spec->linux.namespaces[NS_NETWORK];
	int r = plan(k, e);

	if (r == 0)
		r = open_channels(k, e);
	if (r == 0)
		r = listener_connect(k->spec->linux.seccomp, &l->program.listener, e);
	if (r == 0)
		r = hooks_open(&hooks->create_container, &l->container_hooks, e);
	if (r < 0)
		return r;
	l->program.iso = l->iso;
	l->raises_lo = net->wanted && !net->path && !k->o->network.attach;
	l->asks_parent =
		hooks->prestart.n + hooks->create_runtime.n + hooks->create_container.n > 0 ||
		k->o->network.attach || k->spec->linux.n_net_devices > 0;
	return 0;
}

static int plan_isolation(void *ctx, struct err *e)
{
	int r = prepare(ctx, e);

	if (r < 0)
		drop_isolation(ctx);
	return r;
}

/* --- processes ---------------------------------------------------------------------------------------------------- */

/* The way into the cgroup is opened now and not earlier: systemd may remake directories while it is told the limits. */
static int spawn(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct cgroup_entry **entry = &k->parent.launch.entry;
	int r = 0;

	k->parent.launch.enters_late = k->split;
	if (k->split)
		r = cgroup_entry_open_unified(k->c->cgroup, entry, e);
	else if (k->c->cgroup)
		r = cgroup_entry_open(k->c->cgroup, 0, NULL, entry, e);
	return r < 0 ? r : parent_spawn(&k->parent, e);
}

static void kill_processes(void *ctx)
{
	struct creation *k = ctx;

	talk_kill(&k->parent.talk);
}

/* Init goes on without them, and waits for them before it lets anybody in. When it has died, the conversation finds out how. */
static int set_late_limits(void *ctx, struct err *e)
{
	struct creation *k = ctx;

	return k->parent.launch.enters_late ? creation_set_limits(k, e) : 0;
}

static int send_tasks(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct sync_msg m = { .type = SYNC_TASKS };

	_Static_assert((int)CGROUP_MAX_TASKS <= (int)SOCK_MAX_FDS, "one message carries them all");
	if (!k->parent.launch.enters_late)
		return 0;
	int r = cgroup_open_tasks(k->c->cgroup, m.fds, &m.n_fds, e);

	if (r == 0)
		r = sync_send(k->parent.talk.sock, &m, e);
	sync_close_fds(&m);
	return r == -EPIPE ? 0 : r;
}

static int attach_network(void *ctx, struct err *e)
{
	struct creation *k = ctx;

	return parent_network(&k->parent, e);
}

static void detach_network(void *ctx)
{
	struct creation *k = ctx;

	if (k->parent.network_made && k->o->network.detach)
		k->o->network.detach(k->o->network.arg);
}

/* While init builds, there is time to save the configuration. */
static int converse(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	int r = container_save_spec(k->c, k->spec, e);

	return r < 0 ? r : parent_converse(&k->parent, e);
}

/* --- commit ------------------------------------------------------------------------------------------------------- */

static int commit(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct child *init = &k->parent.talk.main;
	const struct sync_msg go = { .type = SYNC_COMMITTED, .u.number = init->pid };
	int r = creation_commit(k, init, e);

	return r < 0 ? r : sync_send(k->parent.talk.sock, &go, e);
}

/* "container init" carries init's own error, so its name reads as the beginning of that sentence. */
static const struct step create_steps[] = {
	{ "reserve the id", creation_reserve, creation_release },
	{ "create the cgroup", creation_make_cgroup, creation_remove_cgroup },
	{ "create the resctrl group", creation_make_resctrl, creation_remove_resctrl },
	{ "prepare the isolation", plan_isolation, drop_isolation },
	{ "set the limits", creation_set_limits, NULL },
	{ "start the processes", spawn, kill_processes },
	{ "create the cgroup", creation_finish_cgroup, NULL },
	{ "set the limits", set_late_limits, NULL },
	{ "enter the cgroup", send_tasks, NULL },
	{ "attach the network", attach_network, detach_network },
	{ "container init", converse, NULL },
	{ "show its own limits", view_make, view_undo },
	{ "save the record", commit, NULL },
};

/* --- the whole ---------------------------------------------------------------------------------------------------- */

static int prepare_launch(struct creation *k, struct err *e)
{
	const struct engine_create *o = k->o;
	struct launch *l = &k->parent.launch;

	k->parent.o = o;
	k->parent.c = k->c;
	*l = (struct launch){ .spec = o->spec,
			      .c = k->c,
			      .program = PROGRAM_NONE,
			      .sync_parent = -1,
			      .sync_child = -1,
			      .fifo = -1,
			      .stdio = { o->stdio[0], o->stdio[1], o->stdio[2] },
			      .private_fds = o->private_fds,
			      .n_private_fds = o->n_private_fds };
	int r = program_kept_fds(o->preserve_fds, &l->program, e);

	if (r < 0)
		return r;
	l->program.process = o->spec->process;
	l->program.seccomp = o->spec->linux.seccomp;
	l->program.record = &k->c->record;
	l->program.as_three = o->init_fd;
	l->program.sysinfo = o->sysinfo;
	k->placeholder = -1;
	if (o->init_fd >= 0 && fcntl(3, F_GETFD) < 0)
		k->placeholder =
			dup3(o->init_fd, 3, O_CLOEXEC); /* nothing of ours may get the number */
	return 0;
}

/* What init and the parent have in common ends; what the caller keeps goes into the container. */
static void finish(struct creation *k)
{
	struct engine_container *c = k->c;

	c->creating = false;
	c->init = k->parent.talk.main;
	c->pidfd = fcntl(c->init.pidfd, F_DUPFD_CLOEXEC, 3);
	c->sync = fd_steal(&k->parent.launch.sync_parent);
	c->lock_is_kept = k->o->start_follows;
	container_unlock(c, !c->lock_is_kept);
}

int engine_create(const struct engine_create *o, struct engine_container **ret, struct err *e)
{
	struct creation k = { .o = o, .spec = o->spec, .may_split = true, .placeholder = -1 };
	int r = check(o, e);

	if (r == 0)
		r = container_new(o->state_root, o->id, &k.c, e);
	if (r < 0)
		return r;
	r = prepare_launch(&k, e);
	if (r == 0)
		r = steps_run(create_steps, STEPS_COUNT(create_steps), &k, e);
	fd_close(&k.placeholder);
	if (r < 0) {
		creation_failed(&k);
		engine_free(k.c);
		return r;
	}
	finish(&k);
	drop_isolation(&k);
	*ret = k.c;
	return 0;
}
