/* view_annotation - see view.h. */
#include <errno.h>
#include <string.h>

#include "isolation/isolation.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/proc.h"
#include "runtime/engine/view.h"

#define ANNOTATION "org.zones.procView"
/* Nobody has ids from here on (systemd keeps away from everything beyond 2^31); with the pid of init each server has one of its own, so that none could trace another. A pid has at most 22 bits. */
#define SERVER_UID UINT32_C(0xff000000)

bool view_is_wanted(const struct container_spec *spec)
{
	return str_eq(strmap_get(&spec->annotations, ANNOTATION), "true");
}

int view_check(const struct container_spec *spec, bool rootless, struct err *e)
{
	const char *value = strmap_get(&spec->annotations, ANNOTATION);
	const struct ns_spec *mounts = &spec->linux.namespaces[NS_MOUNT];

	if (!value || str_eq(value, "false"))
		return 0;
	if (!str_eq(value, "true"))
		return err_set(e, EINVAL,
			       "annotations." ANNOTATION ": \"%.40s\" is neither true nor false",
			       value);
	if (!mounts->wanted || mounts->path)
		return err_set(e, EINVAL,
			       "annotations." ANNOTATION
			       ": the container has no mount namespace of its own");
	return rootless ? err_set(e, EPERM,
				  "annotations." ANNOTATION ": only root can give it a server")
			: 0;
}

int view_check_criu(const struct container_spec *spec, struct err *e)
{
	return view_is_wanted(spec)
		       ? err_set(e, ENOTSUP,
				 "annotations." ANNOTATION
				 ": a container that sees its own limits cannot be saved by criu")
		       : 0;
}

static int make(struct creation *k, int device, struct err *e)
{
	struct record *record = &k->c->record;
	const struct child *init = &k->parent.talk.main;
	const struct engine_view v = { .device = device, .uid = SERVER_UID + (uint32_t)init->pid };
	auto_close int tree = isolation_fuse(device, "procview", e);
	auto_close int pidfd = -1;

	if (tree < 0)
		return tree;
	int r = engine_view_start(k->c, &v, &record->view, &pidfd, e);

	if (r == 0)
		r = proc_stat(record->view, &record->view_start, NULL, e);
	return r < 0 ? r : view_cover(tree, init->pidfd, e);
}

int view_make(void *ctx, struct err *e)
{
	struct creation *k = ctx;

	if (!view_is_wanted(k->spec))
		return 0;
	auto_close int device = engine_fuse_open(e);
	int r = device < 0 ? device : make(k, device, e);

	if (r < 0)
		view_undo(k);
	return r;
}

void view_undo(void *ctx)
{
	struct creation *k = ctx;

	view_end(&k->c->record);
	k->c->record.view = 0;
}

void view_end(const struct record *r)
{
	struct err ignored = { 0 };
	auto_close int pidfd = r->view > 0 ? proc_pidfd(r->view, r->view_start, &ignored) : -1;

	(void)engine_view_end(r->view, pidfd);
}
