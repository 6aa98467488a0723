/* inside - a running container's root, console and users for the layers above, which must not reach into isolation themselves. */
#include "runtime/engine/engine.h"

#include <errno.h>
#include <fcntl.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/engine/private.h"
#include "runtime/engine/view.h"

static int inside_alive(struct engine_container *c, struct err *e)
{
	int fd = container_pidfd(c, e);

	return fd < 0 ? fd : 0;
}

int engine_open_root(struct engine_container *c, struct err *e)
{
	int r = inside_alive(c, e);

	return r < 0 ? r : isolation_open_root(engine_pid(c), engine_pidfd(c), e);
}

int engine_overlay(const struct strv *layers, const char *upper, struct err *e)
{
	return isolation_overlay(layers, upper, e);
}

int engine_sysctl(struct engine_container *c, const char *name, const char *value, char **ret_old,
		  struct err *e)
{
	const struct strmap_item parameter = { .key = (char *)name, .value = (char *)value };
	int r = inside_alive(c, e);

	if (r == 0)
		r = container_load_spec(c, e);
	return r < 0 ? r : isolation_sysctl(c->spec, engine_pidfd(c), &parameter, ret_old, e);
}

int engine_new_console(struct engine_container *c, int *ret_master, struct err *e)
{
	int r = inside_alive(c, e);

	return r < 0 ? r : isolation_new_console(engine_pid(c), engine_pidfd(c), ret_master, e);
}

int engine_fuse(int device, const char *name, struct err *e)
{
	return isolation_fuse(device, name, e);
}

int engine_fuse_number(int tree, unsigned *ret, struct err *e)
{
	return isolation_fuse_number(tree, ret, e);
}

int engine_fuse_abort(unsigned number, struct err *e)
{
	return isolation_fuse_abort(number, e);
}

int engine_user_namespace(struct engine_container *c, struct err *e)
{
	auto_free char *path = mem_format("/proc/%d/ns/user", (int)engine_pid(c));
	auto_close int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return err_sys(e, "open \"%s\"", path);
	r = inside_alive(c, e); /* so the pid was still its */
	return r < 0 ? r : fd_steal(&fd);
}

int engine_traceable_procfs(struct err *e)
{
	return isolation_traceable_procfs(e);
}

int engine_view_show(struct engine_container *c, int tree, struct err *e)
{
	int r = inside_alive(c, e);

	return r < 0 ? r : view_cover(tree, engine_pidfd(c), e);
}

void engine_user_done(struct engine_user *u)
{
	free(u->name);
	free(u->home);
	free(u->shell);
	*u = (struct engine_user){ 0 };
}

int engine_find_user(struct engine_container *c, const char *user, struct process_spec *process,
		     struct engine_user *ret, struct err *e)
{
	struct isolation_user found = { 0 };
	auto_close int root = engine_open_root(c, e);
	int r;

	if (root < 0)
		return root;
	r = isolation_find_user(root, user, &found, e);
	if (r < 0)
		return r;
	free(process->user.additional_gids);
	process->user.uid = found.uid;
	process->user.gid = found.gid;
	process->user.n_additional_gids = found.n_groups;
	process->user.additional_gids = mem_array(found.n_groups, sizeof(uint64_t));
	for (size_t i = 0; i < found.n_groups; i++)
		process->user.additional_gids[i] = found.groups[i];
	*ret = (struct engine_user){ .name = ptr_steal(&found.name),
				     .home = ptr_steal(&found.home),
				     .shell = ptr_steal(&found.shell) };
	isolation_user_done(&found);
	return 0;
}

int engine_user_ids(int root, const char *user, uint32_t *ret_uid, uint32_t *ret_gid, struct err *e)
{
	struct isolation_user found = { 0 };
	int r = isolation_find_user(root, user, &found, e);

	if (r < 0)
		return r;
	*ret_uid = found.uid;
	*ret_gid = found.gid;
	isolation_user_done(&found);
	return 0;
}
