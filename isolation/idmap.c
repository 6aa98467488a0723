/* idmap - who is who in a user namespace: maps as text, written by a privileged parent, by the parent for itself alone, or by newuidmap(1) and newgidmap(1).
 *
 * A parent without rights may map just its own id, and its group only after setgroups has been forbidden; for anything more the setuid helpers of the
 * distribution look the ranges up in /etc/subuid. */
#include "isolation/private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/mem.h"
#include "runtime/base/proc.h"
#include "runtime/base/sys.h"

enum { MAPS_MAX = 340, HELPER_TIMEOUT_MS = 10000 };

char *idmap_text(const struct id_map *maps, size_t n)
{
	struct strbuf b = { 0 };

	for (size_t i = 0; i < n; i++)
		strbuf_format(&b, "%llu %llu %llu\n", (unsigned long long)maps[i].container_id,
			      (unsigned long long)maps[i].host_id,
			      (unsigned long long)maps[i].size);
	return strbuf_steal(&b);
}

bool idmap_host_id(const struct id_map *maps, size_t n, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (id < maps[i].container_id || id - maps[i].container_id >= maps[i].size)
			continue;
		*ret = (uint32_t)(maps[i].host_id + (id - maps[i].container_id));
		return true;
	}
	return false;
}

bool idmap_has_host_id(const struct id_map *maps, size_t n, uint64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= maps[i].host_id && id - maps[i].host_id < maps[i].size)
			return true;
	return false;
}

struct idmap_kind {
	const char *file, *program, *key;
};
static const struct idmap_kind uid_kind = { "uid_map", "newuidmap", "linux.uidMappings" };
static const struct idmap_kind gid_kind = { "gid_map", "newgidmap", "linux.gidMappings" };

/* The helpers live where the distribution puts programs; a PATH of somebody else is not asked. */
static int run_helper(const struct idmap_kind *k, pid_t child, const struct id_map *maps, size_t n,
		      struct err *e)
{
	static const char *const folders[] = { "/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin" };
	auto_done(strv) struct strv argv = { 0 };
	auto_free char *file = NULL;
	auto_free char *output = NULL;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		free(file);
		file = mem_format("%s/%s", folders[i], k->program);
		if (file_exists(AT_FDCWD, file))
			break;
	}
	strv_add(&argv, k->program);
	strv_format(&argv, "%d", (int)child);
	for (size_t i = 0; i < n; i++) {
		strv_format(&argv, "%llu", (unsigned long long)maps[i].container_id);
		strv_format(&argv, "%llu", (unsigned long long)maps[i].host_id);
		strv_format(&argv, "%llu", (unsigned long long)maps[i].size);
	}
	int r = proc_run(file, argv.items, 512, HELPER_TIMEOUT_MS, &output, e);

	if (r < 0)
		return err_wrap(e, "run %s", k->program);
	return r == 0 ? 0
		      : err_set(e, EPERM, "%s: %s said: %s", k->key, k->program,
				output ? output : "");
}

static int write_map(struct isolation *iso, const struct idmap_kind *k, pid_t child,
		     const struct id_map *maps, size_t n, struct err *e)
{
	auto_free char *text = idmap_text(maps, n);
	auto_free char *path = mem_format("%d/%s", (int)child, k->file);
	struct err cause = { 0 };

	if (n > MAPS_MAX)
		return err_set(e, EINVAL, "%s: more than %d lines", k->key, MAPS_MAX);
	int r = procfs_write(iso, path, text, &cause);

	if (r != -EPERM && r != -EACCES) {
		if (r < 0)
			*e = cause;
		return r < 0 ? err_wrap(e, "%s", k->key) : 0;
	}
	log_debug("%s: %s is asked", cause.text, k->program);
	return run_helper(k, child, maps, n, e);
}

static bool is_own_id(const struct id_map *maps, size_t n, uint64_t own)
{
	return n == 1 && maps[0].size == 1 && maps[0].host_id == own;
}

int isolation_map_ids(struct isolation *iso, pid_t child, struct err *e)
{
	const struct linux_spec *l = &iso->spec->linux;

	if (!iso->new_user)
		return 0;
	int r = write_map(iso, &uid_kind, child, l->uid_mappings, l->n_uid_mappings, e);

	if (r < 0)
		return r;
	if (!iso->is_host_root && is_own_id(l->gid_mappings, l->n_gid_mappings, getegid())) {
		auto_free char *path = mem_format("%d/setgroups", (int)child);

		r = procfs_write(iso, path, "deny", e);
		if (r < 0)
			return r;
	}
	return write_map(iso, &gid_kind, child, l->gid_mappings, l->n_gid_mappings, e);
}

/* --- a namespace that only carries maps --------------------------------------------------------------------------- */

/* The child lives until its parent has opened the namespace and closes the pipe. */
static _Noreturn void hold_namespace(int ready, int go)
{
	char byte = 0;

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sys_unshare(CLONE_NEWUSER) == 0 && sys_write(ready, "u", 1) == 1)
		(void)sys_read(go, &byte, 1);
	proc_exit(0);
}

static int map_helper(struct isolation *iso, pid_t child, const struct mount_spec *m, struct err *e)
{
	int r = write_map(iso, &uid_kind, child, m->uid_mappings, m->n_uid_mappings, e);

	if (r == 0)
		r = write_map(iso, &gid_kind, child, m->gid_mappings, m->n_gid_mappings, e);
	if (r < 0)
		return r;
	auto_free char *path = mem_format("/proc/%d/ns/user", (int)child);
	int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "open the user namespace of the maps") : fd;
}

int idmap_namespace(struct isolation *iso, const struct mount_spec *m, struct err *e)
{
	int up[2], down[2];
	struct clone_args args = { .exit_signal = SIGCHLD };
	char byte = 0;

	if (sys_pipe2(up, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int up_read = up[0], up_write = up[1];

	if (sys_pipe2(down, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	auto_close int down_read = down[0], down_write = down[1];
	pid_t child = sys_clone3(&args, sizeof(args));

	if (child < 0)
		return err_sys(e, "make a process for the maps");
	if (child == 0) {
		fd_close(&up_read);
		fd_close(&down_write);
		hold_namespace(up_write, down_read);
	}
	fd_close(&up_write);
	fd_close(&down_read);
	int r = sys_read(up_read, &byte, 1) == 1
			? map_helper(iso, child, m, e)
			: err_set(e, EPERM, "a user namespace for the maps was refused");

	fd_close(&down_write);
	(void)waitpid(child, NULL, 0);
	return r;
}

/* --- becoming root ------------------------------------------------------------------------------------------------ */

int idmap_become_root(struct err *e)
{
	/* setgroups may be forbidden in the namespace; then there are no groups to be lost that we could lose. */
	if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "drop the supplementary groups");
	/* A namespace need not have an id 0: then we stay who we are, with all capabilities in it. */
	if (sys_setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "become group 0 of the user namespace");
	if (sys_setresuid(0, 0, 0) < 0 && errno != EINVAL)
		return err_sys(e, "become user 0 of the user namespace");
	return 0;
}
