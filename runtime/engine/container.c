/* container - an id becomes an object: its directory, its lock, its record, and what the kernel says about it now.
 *
 * The status is derived, never stored: init's pid counts only together with its start time, "created" means that init still reads exec.fifo, "paused" is asked of the freezer,
 * and "creating" is believed only as long as somebody holds the lock. */
#include "runtime/engine/private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "config/oci.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sock.h"
#include "runtime/base/sys.h"

enum { LOCK_WAIT_MS = 30000, ID_MAX_LENGTH = 1024 };

const char *engine_status_word(enum engine_status s)
{
	static const char *const words[] = {
		[ENGINE_CREATING] = "creating", [ENGINE_CREATED] = "created",
		[ENGINE_RUNNING] = "running",   [ENGINE_PAUSED] = "paused",
		[ENGINE_STOPPED] = "stopped",
	};

	return words[s];
}

bool container_id_ok(const char *id)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t n = id ? strlen(id) : 0;

	if (n == 0 || n > ID_MAX_LENGTH || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
		return false;
	return strspn(id, allowed) == n;
}

int container_new(const char *state_root, const char *id, struct engine_container **ret,
		  struct err *e)
{
	if (!container_id_ok(id)) {
		(void)err_set(e, EINVAL, "invalid container ID format: \"%.64s\"", id ? id : "");
		return -EINVAL;
	}
	struct engine_container *c = mem_zero(sizeof(*c));

	c->root = mem_strdup(state_root);
	c->id = mem_strdup(id);
	c->dir = c->lock = c->pidfd = c->sync = c->init.pidfd = -1;
	*ret = c;
	return 0;
}

void engine_free(struct engine_container *c)
{
	if (!c)
		return;
	container_unlock(c, true);
	fd_close(&c->dir);
	fd_close(&c->pidfd);
	fd_close(&c->sync);
	fd_close(&c->init.pidfd);
	cgroup_free(c->cgroup);
	container_spec_free(c->spec);
	record_done(&c->record);
	free(c->root);
	free(c->id);
	free(c);
}

/* --- open, lock --------------------------------------------------------------------------------------------------- */

static int unknown(struct err *e)
{
	return err_set(e, ENOENT, "container does not exist");
}

/* Read the record. None at all is what a killed create leaves: still a container, of which only delete makes sense. */
static int container_load(struct engine_container *c, struct err *e)
{
	struct record fresh;
	struct err cause = { 0 };
	int r = record_read(c->dir, &fresh, &cause);

	if (r < 0 && r != -ENOENT) {
		*e = cause;
		return r;
	}
	record_done(&c->record);
	c->has_record = r == 0;
	c->record = fresh;
	if (r == 0)
		return 0;
	c->record.id = mem_strdup(c->id);
	c->record.oci_version = mem_strdup(OCI_VERSION);
	c->record.created = mem_strdup("");
	c->record.bundle = mem_strdup("");
	c->record.rootfs = mem_strdup("");
	return 0;
}

int container_lock(struct engine_container *c, bool *ret_taken, struct err *e)
{
	*ret_taken = false;
	if (c->lock >= 0)
		return 0;
	int r = file_lock(c->dir, LOCK_FILE, true, LOCK_WAIT_MS, &c->lock, e);

	if (r == -ENOENT)
		return unknown(e); /* the directory was removed while we waited */
	if (r < 0)
		return r;
	r = container_load(c, e);
	if (r < 0) {
		container_unlock(c, true);
		return r;
	}
	*ret_taken = true;
	return 0;
}

void container_unlock(struct engine_container *c, bool taken)
{
	if (!taken || c->lock < 0)
		return;
	/* explicitly: a child that has not executed yet shares the open file and would keep the lock */
	(void)sys_flock(c->lock, LOCK_UN);
	fd_close(&c->lock);
}

int engine_open(const char *state_root, const char *id, bool lock, struct engine_container **ret,
		struct err *e)
{
	auto_free char *path = NULL;
	struct engine_container *c = NULL;
	bool taken;
	int r = container_new(state_root, id, &c, e);

	if (r < 0)
		return r;
	path = mem_format("%s/%s", state_root, id);
	c->dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (c->dir < 0)
		r = errno == ENOENT || errno == ENOTDIR ? unknown(e)
							: err_sys(e, "open \"%s\"", path);
	else
		r = lock ? container_lock(c, &taken, e) : container_load(c, e);
	if (r < 0) {
		engine_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

/* --- status ------------------------------------------------------------------------------------------------------- */

bool container_is_waiting(const struct engine_container *c)
{
	/* O_NONBLOCK on the writing side: ENXIO when nobody has it open for reading. init has, until its execve. */
	auto_close int fd =
		sys_openat(c->dir, FIFO_FILE, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0);

	/* without a descriptor or memory left to ask: who acts on it will meet the same error and say it */
	return fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM;
}

/* Is the create that wrote this record still at work? It holds the lock as long as it lives. */
static bool creator_alive(const struct engine_container *c)
{
	if (c->creating)
		return true;
	if (c->lock >= 0)
		return false;
	auto_close int fd = sys_openat(c->dir, LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return false;
	return sys_flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

enum engine_status engine_status(struct engine_container *c)
{
	struct err ignored;
	bool frozen = false;

	if (!c->has_record || !c->record.complete)
		return creator_alive(c) ? ENGINE_CREATING : ENGINE_STOPPED;
	if (!proc_is(c->record.pid, c->record.start))
		return ENGINE_STOPPED;
	if (container_is_waiting(c))
		return ENGINE_CREATED;
	struct cgroup *cg = engine_cgroup(c);

	if (cg && cgroup_is_frozen(cg, &frozen, &ignored) == 0 && frozen)
		return ENGINE_PAUSED;
	return ENGINE_RUNNING;
}

bool engine_has_record(const struct engine_container *c)
{
	return c->has_record;
}

pid_t engine_pid(const struct engine_container *c)
{
	return proc_is(c->record.pid, c->record.start) ? c->record.pid : 0;
}

uint64_t engine_pid_start(const struct engine_container *c)
{
	return c->record.start;
}

pid_t engine_init_pid(const struct engine_container *c)
{
	return c->record.pid;
}

uint32_t engine_owner(const struct engine_container *c)
{
	return c->record.owner;
}

int container_pidfd(struct engine_container *c, struct err *e)
{
	bool is_new = c->pidfd < 0 && c->record.pid > 0;
	struct err why = { 0 };

	if (is_new) {
		int fd = proc_pidfd(c->record.pid, 0, &why);

		c->pidfd = fd < 0 ? -1 : fd;
	}
	/* asked after the descriptor was opened: if it is the right process now, the descriptor's was as well */
	if (engine_pid(c) <= 0) {
		if (is_new)
			fd_close(&c->pidfd);
		return err_set(e, EBUSY, "container not running");
	}
	if (c->pidfd >= 0)
		return c->pidfd;
	if (why.code == ESRCH)
		return err_set(e, EBUSY, "container not running");
	*e = why;
	return err_wrap(e, "hold the container's init");
}

/* The kernel ends a pid namespace with its first process; a create that was killed has left processes that are not in it. */
bool container_ends_with_init(const struct engine_container *c)
{
	return c->record.complete && c->record.own_pids;
}

int engine_pidfd(struct engine_container *c)
{
	struct err ignored = { 0 };
	int fd = container_pidfd(c, &ignored);

	return fd < 0 ? -1 : fd;
}

struct cgroup *engine_cgroup(struct engine_container *c)
{
	struct err ignored;

	if (!c->cgroup && c->record.cgroup &&
	    cgroup_open(c->record.cgroup, &c->cgroup, &ignored) < 0)
		c->cgroup = NULL;
	return c->cgroup;
}

struct json *engine_state_json(struct engine_container *c)
{
	enum engine_status status = engine_status(c);
	pid_t pid = status == ENGINE_STOPPED ? 0 : engine_pid(c);

	return record_state(&c->record, engine_status_word(status), pid);
}

char *container_state_text(const struct engine_container *c, enum engine_status status, pid_t pid)
{
	auto_ptr(json) struct json *j = record_state(&c->record, engine_status_word(status), pid);

	return json_print(j, false);
}

/* --- configuration ------------------------------------------------------------------------------------------------ */

struct json *container_extensions(const struct container_spec *spec)
{
	struct json *j = json_new_object();

	if (spec->root.idmap)
		(void)json_set(j, "rootIdmap", json_new_bool(true));
	if (spec->root.upper) {
		struct json *layers = json_set(j, "rootLayers", json_new_array());

		(void)json_set(j, "rootUpper", json_new_string(spec->root.upper));
		for (size_t i = 0; i < spec->root.layers.n; i++)
			(void)json_add(layers, json_new_string(spec->root.layers.items[i]));
	}
	if (spec->linux.owner_uid.set)
		(void)json_set(j, "ownerUid", json_new_u64(spec->linux.owner_uid.value));
	if (spec->linux.delegate_cgroup)
		(void)json_set(j, "delegateCgroup", json_new_bool(true));
	if (spec->linux.cgroup_hierarchy)
		(void)json_set(j, "cgroupHierarchy", json_new_string(spec->linux.cgroup_hierarchy));
	if (j->n > 0)
		return j;
	json_free(j);
	return NULL;
}

static void extend_root(struct root_spec *root, const struct json *j)
{
	const struct json *layers = json_get(j, "rootLayers");

	root->idmap = json_get_bool(j, "rootIdmap", false);
	free(root->upper);
	root->upper = mem_strdup(json_get_string(j, "rootUpper", NULL));
	strv_done(&root->layers);
	for (size_t i = 0; layers && i < layers->n; i++)
		strv_add(&root->layers, layers->items[i]->text);
}

static void extend(struct container_spec *spec, const struct json *j)
{
	int64_t owner = json_get_i64(j, "ownerUid", -1);

	extend_root(&spec->root, j);
	spec->linux.delegate_cgroup = json_get_bool(j, "delegateCgroup", false);
	spec->linux.owner_uid = (struct opt_u64){ owner >= 0, owner >= 0 ? (uint64_t)owner : 0 };
	free(spec->linux.cgroup_hierarchy);
	spec->linux.cgroup_hierarchy = mem_strdup(json_get_string(j, "cgroupHierarchy", NULL));
}

int container_load_spec(struct engine_container *c, struct err *e)
{
	auto_free char *text = NULL;
	struct diag_list diags = { .file = CONFIG_FILE };
	size_t n = 0;

	if (c->spec)
		return 0;
	int r = file_read_all(c->dir, CONFIG_FILE, OCI_MAX_CONFIG_SIZE, &text, &n, e);

	if (r < 0)
		return r;
	r = oci_parse(text, n, &c->spec, &diags);
	if (r < 0)
		r = diag_err(&diags, e);
	diag_done(&diags);
	if (r == 0 && c->record.extensions)
		extend(c->spec, c->record.extensions);
	return r;
}

int container_save_spec(struct engine_container *c, const struct container_spec *spec,
			struct err *e)
{
	auto_ptr(json) struct json *j = oci_save(spec);
	auto_free char *text = json_print(j, false);

	return file_replace(c->dir, CONFIG_FILE, text, strlen(text), 0600, e);
}

const struct container_spec *engine_spec(struct engine_container *c)
{
	struct err ignored;

	return container_load_spec(c, &ignored) < 0 ? NULL : c->spec;
}

/* --- what callers are told ---------------------------------------------------------------------------------------- */

int container_write_pid(const char *path, pid_t pid, struct err *e)
{
	auto_free char *text = mem_format("%d", (int)pid);
	int r = file_replace(AT_FDCWD, path, text, strlen(text), 0644, e);

	return r < 0 ? err_wrap(e, "write the pid file") : 0;
}

int container_send_fd(const char *socket, const char *what, int fd, struct err *e)
{
	auto_free char *name = mem_strdup(what);
	struct sock_msg m = { .data = name, .size = strlen(name), .fds = { fd }, .n_fds = 1 };
	auto_close int sock = sock_connect_stream(socket, e);

	if (sock < 0)
		return sock;
	return sock_send(sock, &m, e);
}
