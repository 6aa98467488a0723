/* snapshot_view - look at a root as it was, or as it is, without changing anything; and take a file out of it.
 *
 * The root of a zone that runs in layers belongs to the zone's own mount: here its top is shown as one more layer. What the zone is writing at that moment may be seen or not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/path.h"
#include "runtime/base/sys.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/zone.h"

enum { CHUNK = 64 * 1024 };

static int view_layers(const struct zone_dirs *d, const struct strv *ids, const char *top,
		       struct err *e)
{
	auto_done(strv) struct strv layers = { 0 };

	if (top)
		strv_add(&layers, top);
	for (size_t i = 0; i < ids->n; i++)
		strv_take(&layers, storage_layer(d, ids->items[i]));
	return storage_view(&layers, e);
}

static int view_now(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	auto_free char *top = mem_format("%s/upper/fs", z->record.zonepath);

	if (!storage_is_overlay(&z->record) || !z->init_alive)
		return zone_root_open(d, z, e);
	return view_layers(d, &z->record.layers, top, e);
}

int snapshot_view(const struct zone_dirs *d, const struct zone *z, const char *name, struct err *e)
{
	if (!z->record.zonepath)
		return err_set(e, EBUSY, "zone \"%s\" is not installed: zone install %s", z->name,
			       z->name);
	if (!name)
		return view_now(d, z, e);
	const struct zone_snapshot *s = snapshot_find(&z->record, name);

	if (!s)
		return err_set(e, ENOENT,
			       "zone \"%s\" has no snapshot \"%s\": zone snapshot list %s", z->name,
			       name, z->name);
	if (str_eq(s->driver, STORAGE_OVERLAY))
		return view_layers(d, &s->layers, NULL, e);
	auto_free char *path = mem_format("%s/snapshots/%s", z->record.zonepath, name);

	return file_open_dir(AT_FDCWD, path, e);
}

/* What `to` holds goes only now, when there is something to put in its place. */
static int pour(int from, int to, struct err *e)
{
	auto_free char *chunk = mem_array(1, CHUNK);
	struct stat st;
	ssize_t n;

	if (fstat(to, &st) == 0 && S_ISREG(st.st_mode) && !(fcntl(to, F_GETFL) & O_APPEND) &&
	    lseek(to, 0, SEEK_CUR) == 0 && ftruncate(to, 0) < 0)
		return err_sys(e, "empty the file");
	while ((n = sys_read(from, chunk, CHUNK)) > 0) {
		for (ssize_t at = 0; at < n;) {
			ssize_t written = sys_write(to, chunk + at, (size_t)(n - at));

			if (written < 0)
				return err_sys(e, "write");
			at += written;
		}
	}
	return n < 0 ? err_sys(e, "read") : 0;
}

/* Opened so that a FIFO or a device of the zone can neither block nor be read. */
static int open_regular(int root, const char *path, struct err *e)
{
	auto_close int fd = path_open(root, path, O_RDONLY | O_NONBLOCK, 0, 0, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "examine \"%s\"", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, "\"%s\" is not a regular file", path);
	return fd_steal(&fd);
}

int zone_snapshot_get(const struct zone_dirs *d, const char *name, const char *snapshot,
		      const char *path, int to, struct err *e)
{
	auto_ptr(zone) struct zone *z = NULL;
	int r = zone_open_for(d, name, ZONE_OPEN_LOCK | ZONE_OPEN_MUST_EXIST, &z, e);
	auto_close int root = r < 0 ? r : snapshot_view(d, z, snapshot, e);
	auto_close int from = root < 0 ? root : open_regular(root, path, e);

	r = from < 0 ? from : pour(from, to, e);
	return r < 0 ? err_wrap(e, "snapshot %s of %s", snapshot, name) : 0;
}
