/* creation - what create and restore begin and end with: the state directory, the cgroup with its limits, the resctrl group, the record. */
#include "runtime/engine/creation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"
#include "runtime/engine/delete.h"
#include "runtime/engine/hooks.h"
#include "runtime/engine/notify.h"

/* --- reserve ------------------------------------------------------------------------------------------------------ */

static int exists(struct err *e)
{
	return err_set(e, EEXIST, "container with given ID already exists");
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry = dir ? readdir(dir) : NULL;

	while (entry && (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..")))
		entry = readdir(dir);
	if (dir)
		(void)closedir(dir);
	return dir && !entry;
}

/* An empty one is what a delete leaves that was killed before its last step, or a create that has just begun: the lock decides. */
static int make_directory(const struct engine_create *o, struct err *e)
{
	auto_free char *path = mem_format("%s/%s", o->state_root, o->id);

	if (sys_mkdirat(AT_FDCWD, path, 0700) == 0)
		return 0;
	if (errno == ENOENT) {
		int r = file_mkdir_p(AT_FDCWD, o->state_root, 0700, e);

		if (r < 0)
			return r;
		if (sys_mkdirat(AT_FDCWD, path, 0700) == 0)
			return 0;
	}
	if (errno != EEXIST)
		return err_sys(e, "make \"%s\"", path);
	return is_empty(path) ? 0 : exists(e);
}

static void fill_record(struct creation *k)
{
	const struct container_spec *s = k->spec;
	struct record *r = &k->c->record;

	r->id = mem_strdup(k->o->id);
	r->bundle = mem_strdup(k->o->bundle ? k->o->bundle : "");
	r->rootfs = mem_strdup(s->root.path ? s->root.path : "");
	r->oci_version = mem_strdup(s->oci_version ? s->oci_version : "");
	r->created = record_now();
	r->owner = (uint32_t)getuid();
	r->has_process = s->process != NULL;
	r->own_pids = s->linux.namespaces[NS_PID].wanted && !s->linux.namespaces[NS_PID].path;
	r->has_poststart = s->hooks.poststart.n > 0;
	r->has_poststop = s->hooks.poststop.n > 0;
	r->extensions = container_extensions(s);
	strmap_copy(&r->annotations, &s->annotations);
	k->c->has_record = true;
}

void creation_release(void *ctx)
{
	struct creation *k = ctx;

	delete_directory(k->c);
}

int creation_reserve(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct engine_container *c = k->c;
	auto_free char *path = mem_format("%s/%s", k->o->state_root, k->o->id);
	int r = make_directory(k->o, e);

	if (r < 0)
		return r;
	c->dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (c->dir < 0)
		return err_sys(e, "open \"%s\"", path); /* an empty directory keeps no id */
	r = file_lock(c->dir, LOCK_FILE, true, 0, &c->lock, e);
	if (r == -EWOULDBLOCK || (r == 0 && file_exists(c->dir, "state.json")))
		return exists(e); /* another create's: nothing in there is ours */
	if (r < 0) {
		(void)sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR); /* only an empty one goes */
		return r;
	}
	c->creating = true;
	fill_record(k);
	if (k->o->notify)
		r = notify_make_directory(c->dir, e);
	if (r < 0)
		creation_release(k);
	return r;
}

/* --- cgroup ------------------------------------------------------------------------------------------------------- */

/* What an id of the container is on the host; without maps it is the same, and not set when the maps leave it out. */
static struct opt_u64 host_id(const struct id_map *maps, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (id >= maps[i].container_id && id - maps[i].container_id < maps[i].size)
			return (struct opt_u64){ true,
						 maps[i].host_id + id - maps[i].container_id };
	}
	return (struct opt_u64){ n == 0, id };
}

/* config-linux.md, "Cgroup ownership": a cgroup namespace of its own and a writable mount of it mean that the program's user may manage it. */
static bool offers_cgroup(const struct container_spec *s)
{
	const struct ns_spec *ns = &s->linux.namespaces[NS_CGROUP];

	if (!ns->wanted || ns->path)
		return false;
	for (size_t i = 0; i < s->n_mounts; i++) {
		const struct mount_spec *m = &s->mounts[i];

		if (str_eq(m->destination, "/sys/fs/cgroup") &&
		    str_has_prefix(m->type ? m->type : "", "cgroup"))
			return !strv_has(&m->options, "ro");
	}
	return false;
}

/* Zones say it themselves and mean their root. Not for the host's root, who owns it as it is, nor where the maps are those of a namespace that others have made. */
static void choose_owner(const struct container_spec *s, struct cgroup_options *o)
{
	const struct linux_spec *l = &s->linux;
	const struct process_spec *p = l->delegate_cgroup ? NULL : s->process;

	if (!l->delegate_cgroup && !offers_cgroup(s))
		return;
	if (l->namespaces[NS_USER].wanted && l->n_uid_mappings == 0)
		return;
	struct opt_u64 uid = host_id(l->uid_mappings, l->n_uid_mappings, p ? p->user.uid : 0);

	if (!uid.set || (uid.value == 0 && !l->delegate_cgroup))
		return;
	o->delegate_uid = uid;
	o->delegate_gid = host_id(l->gid_mappings, l->n_gid_mappings, p ? p->user.gid : 0);
}

/* Half of the cgroup can wait until the first process is there and prepares itself. What that process does meanwhile is bounded by the configuration, unless it has a limit of memory to keep or
 * copies what is in the image. */
static bool may_wait(const struct container_spec *s)
{
	const struct resources_spec *r = s->linux.resources;

	for (size_t i = 0; i < s->n_mounts; i++) {
		if (strv_has(&s->mounts[i].options, "tmpcopyup"))
			return false;
	}
	return !r || (!r->memory && r->n_hugepages == 0);
}

/* rootless: what was refused is not there for exec, kill and ps to look for. Written with the commit; at once if a directory was there before: by now it is known that nobody else lives there. */
static int record_cgroup(struct engine_container *c, struct err *e)
{
	json_free(c->record.cgroup);
	c->record.cgroup = cgroup_has_any(c->cgroup) ? cgroup_save(c->cgroup) : NULL;
	return cgroup_is_all_made(c->cgroup) ? 0 : record_write(c->dir, &c->record, e);
}

void creation_remove_cgroup(void *ctx)
{
	struct creation *k = ctx;
	struct err ignored = { 0 };

	if (!k->c->cgroup || cgroup_remove_if_empty(k->c->cgroup))
		return;
	(void)!cgroup_kill(k->c->cgroup, SIGKILL,
			   &ignored); /* what a hook may have left in there */
	if (cgroup_remove(k->c->cgroup, &ignored) < 0)
		log_debug("remove the cgroup: %s", ignored.text);
}

int creation_make_cgroup(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct engine_container *c = k->c;
	const struct linux_spec *l = &k->spec->linux;
	struct cgroup_options options = { .manager = k->o->cgroup_manager,
					  .path = l->cgroups_path,
					  .rootless = k->o->rootless,
					  .annotations = &k->spec->annotations };

	if (options.manager == CGROUP_MANAGER_DISABLED)
		return record_write(c->dir, &c->record, e);
	choose_owner(k->spec, &options);
	int r = cgroup_plan(k->o->id, &options, &c->cgroup, e);

	if (r < 0)
		return r;
	/* saved before it is made, as planned: whoever opens that record takes only what was missing for ours */
	c->record.cgroup = cgroup_save(c->cgroup);
	r = record_write(c->dir, &c->record, e);
	if (r < 0)
		return r;
	k->split = k->may_split && may_wait(k->spec) && cgroup_has_halves(c->cgroup);
	if (k->split)
		return cgroup_make_unified(c->cgroup, e);
	r = cgroup_make(c->cgroup, e);
	if (r < 0)
		return r;
	r = record_cgroup(c, e);
	if (r < 0)
		creation_remove_cgroup(k); /* a step that fails is not undone by the caller */
	return r;
}

int creation_finish_cgroup(void *ctx, struct err *e)
{
	struct creation *k = ctx;

	if (!k->split)
		return 0;
	int r = cgroup_make(k->c->cgroup, e);

	if (r < 0)
		return r;
	k->split = false;
	return record_cgroup(k->c, e);
}

int creation_make_resctrl(void *ctx, struct err *e)
{
	struct creation *k = ctx;
	struct record *record = &k->c->record;
	const struct intel_rdt_spec *rdt = k->spec->linux.intel_rdt;

	if (!rdt)
		return 0;
	int r = resctrl_plan(rdt, k->o->id, &record->resctrl, e);

	if (r == 0)
		r = record_write(k->c->dir, record, e); /* saved first, as for the cgroup */
	return r < 0 ? r : resctrl_make(record->resctrl, rdt, e);
}

void creation_remove_resctrl(void *ctx)
{
	struct creation *k = ctx;
	struct err ignored = { 0 };

	if (k->c->record.resctrl && resctrl_remove(k->c->record.resctrl, &ignored) < 0)
		log_debug("%s", ignored.text);
}

int creation_set_limits(void *ctx, struct err *e)
{
	static struct device_rule_spec nothing = { .allow = false };
	struct creation *k = ctx;
	const struct resources_spec *given = k->spec->linux.resources;
	struct resources_spec r = { 0 };

	if (!k->c->cgroup || k->split)
		return 0;
	if (given)
		r = *given; /* borrowed members: only `devices` is replaced, and nothing is freed */
	/* without any rule a container would reach every device of the host that it can make a node for */
	if (r.n_devices == 0 && !k->o->rootless) {
		r.devices = &nothing;
		r.n_devices = 1;
	}
	return cgroup_limit(k->c->cgroup, &r, e);
}

/* --- commit ------------------------------------------------------------------------------------------------------- */

static int announce(const struct creation *k, const struct child *init, struct err *e)
{
	int r = k->o->pid_file ? container_write_pid(k->o->pid_file, init->pid, e) : 0;

	if (r == 0 && k->o->pidfd_socket)
		r = container_send_fd(k->o->pidfd_socket, "pidfd", init->pidfd, e);
	return r;
}

int creation_commit(struct creation *k, const struct child *init, struct err *e)
{
	struct engine_container *c = k->c;
	int r = c->record.resctrl ? resctrl_attach(c->record.resctrl, init->pid, e) : 0;

	if (r == 0 && c->cgroup)
		r = cgroup_settle(c->cgroup, e);
	if (r == 0)
		r = proc_stat(init->pid, &c->record.start, NULL, e);
	if (r < 0)
		return r;
	c->record.pid = init->pid;
	c->record.complete = true;
	r = record_write(c->dir, &c->record, e);
	return r < 0 ? r : announce(k, init, e);
}

void creation_failed(struct creation *k)
{
	struct engine_container *c = k->c;

	if (!k->parent.hooks_begun || k->spec->hooks.poststop.n == 0)
		return;
	/* runtime.md: a hook of create that fails leads to the delete step and its hooks */
	auto_free char *state = container_state_text(c, ENGINE_STOPPED, 0);
	const struct hooks_call call = { .kind = "poststop",
					 .list = &k->spec->hooks.poststop,
					 .state = state,
					 .cwd = c->record.bundle };

	(void)hooks_run_all(&call);
}
