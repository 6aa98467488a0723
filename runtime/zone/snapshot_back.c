/* snapshot_back - make a root what it was.
 *
 * To layers: the same as when a top becomes a layer (layers.c), but the top that is there goes. To a tree: a copy of it is made beside the root and takes its place in one rename; only the record may have to
 * follow, and until it has, the old layers are still mounted over the new tree and nothing is lost. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/events.h"
#include "runtime/zone/layers.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"
#include "runtime/zone/zone.h"

static int back_to_layers(const struct zone_dirs *d, struct zone *z, const struct zone_snapshot *s,
			  struct err *e)
{
	struct zone_record *r = &z->record;
	int n = storage_check_layers(d, &s->layers, e); /* before the top that is there goes */

	if (n < 0)
		return n;
	strv_done(&r->next);
	strv_copy(&r->next, &s->layers);
	n = zone_record_write(d, z, e);

	return n < 0 ? n : layers_settle(d, z, e);
}

static int copy_tree(int from, int top, struct err *e)
{
	int r = sys_mkdirat(top, SNAPSHOT_BACK, 0700) < 0 ? err_sys(e, "make the new root") : 0;
	auto_close int to = r < 0 ? r : file_open_dir(top, SNAPSHOT_BACK, e);
	struct tree_job job = { .root = to };

	r = to < 0 ? to : tree_copy_open(&job, from, "the snapshot", e);
	if (r == 0 && syncfs(to) < 0)
		r = err_sys(e, "flush the file system");
	return r;
}

static int exchange(int top, struct err *e)
{
	auto_close int fd = file_open_dir(top, ".", e);

	if (fd < 0)
		return fd;
	if (sys_renameat2(fd, SNAPSHOT_BACK, fd, "root", RENAME_EXCHANGE) < 0)
		return err_sys(e, "put the new root in the place of the old one");
	return sys_fsync(fd) < 0 ? err_sys(e, "flush the zonepath") : 0;
}

static int back_to_tree(const struct zone_dirs *d, struct zone *z, const struct zone_snapshot *s,
			struct err *e)
{
	struct zone_record *r = &z->record;
	bool is_subvolume = str_eq(s->driver, STORAGE_BTRFS);
	auto_free char *path = mem_format("snapshots/%s", s->name);
	auto_close int top = zone_storage_open(r->zonepath, e);
	auto_close int from = top < 0 ? top : file_open_dir(top, path, e);

	if (from < 0)
		return from;
	int n = is_subvolume ? btrfs_snapshot(from, top, SNAPSHOT_BACK, false, e)
			     : copy_tree(from, top, e);

	if (n == 0)
		n = exchange(top, e);
	if (n < 0)
		return n;
	strv_done(&r->layers);
	free(r->driver);
	r->driver = mem_strdup(s->driver);
	n = zone_record_write(d, z, e);
	if (n == 0)
		n = file_remove_tree(top, "upper", e);
	return n;
}

int zone_snapshot_rollback(const struct zone_dirs *d, const char *name, const char *snapshot,
			   struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);

	if (r == 0)
		r = zone_allow(z, ZONE_VERB_ROLLBACK, NULL, e);
	const struct zone_snapshot *s = r < 0 ? NULL : snapshot_find(&z->record, snapshot);

	if (r < 0)
		return r;
	if (!s)
		return err_set(e, ENOENT,
			       "zone \"%s\" has no snapshot \"%s\": zone snapshot list %s", name,
			       snapshot, name);
	r = snapshot_sweep(&z->record, e);
	if (r == 0)
		r = str_eq(s->driver, STORAGE_OVERLAY) ? back_to_layers(d, z, s, e)
						       : back_to_tree(d, z, s, e);
	if (r == 0)
		r = snapshot_sweep(&z->record, e);
	layers_prune_now(d);
	if (r < 0)
		return err_wrap(e, "rollback of %s to %s", name, snapshot);
	auto_free char *text = mem_format("the root is as it was in snapshot %s", snapshot);

	zone_event(d, name, "rollback", text, NULL);
	return 0;
}
