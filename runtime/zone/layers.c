/* layers - the order of the steps is what makes a kill at any moment harmless:
 *
 *   1. the record says what the layers are going to be ("nextLayers"), which also protects the new one
 *   2. the tree is renamed to its place in the store - or, when it is a copy, was put there before 1
 *   3. an empty top is made
 *   4. the record says that it is so
 *
 * Is the first of the next layers there, 3 and 4 are done (again); is it not, nothing has happened yet and the record forgets it. */
#include "runtime/zone/layers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/quota.h"
#include "runtime/zone/snapshot.h"
#include "runtime/zone/still.h"
#include "runtime/zone/storage.h"
#include "runtime/zone/tree.h"

int layers_open(const struct zone_dirs *d, struct err *e)
{
	auto_free char *path = mem_format("%s/.layers", d->storage);

	if (sys_mkdirat(AT_FDCWD, path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "create \"%s\"", path);
	auto_close int fd = file_open_dir(AT_FDCWD, path, e);

	if (fd < 0)
		return fd;
	if (sys_fchmod(fd, 0700) < 0)
		return err_sys(e, "close \"%s\" to others", path);
	return fd_steal(&fd);
}

int layers_lock(const struct zone_dirs *d, int wait_ms, int *ret_fd, struct err *e)
{
	auto_free char *path = mem_format("%s/.layers.lock", d->storage);

	return file_lock(AT_FDCWD, path, true, wait_ms, ret_fd, e);
}

int layers_new_id(char **ret, struct err *e)
{
	uint64_t n[2];

	if (getrandom(n, sizeof(n), 0) != (ssize_t)sizeof(n))
		return err_sys(e, "get random bytes for the name of a layer");
	*ret = mem_format("%016llx%016llx", (unsigned long long)n[0], (unsigned long long)n[1]);
	return 0;
}

/* To be flushed as well, so no O_PATH. */
static int open_zonepath(const struct zone_record *r, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);

	return top < 0 ? top : file_open_dir(top, ".", e);
}

/* --- a new layer -------------------------------------------------------------------------------------------------- */

static bool is_empty(int dirfd, const char *path)
{
	int fd = sys_openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;

	if (!stream) {
		cleanup_close(&fd);
		return false;
	}
	for (const struct dirent *entry = readdir(stream); entry; entry = readdir(stream))
		found = found || !(str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."));
	(void)closedir(stream);
	return !found;
}

static int make_parent(int store, const char *id, struct err *e)
{
	return sys_mkdirat(store, id, 0700) < 0 ? err_sys(e, "create the layer %s", id) : 0;
}

/* `top` is ZONEPATH; flush what a rename has changed there and in the store. */
static int flush(int store, const char *id, int top, struct err *e)
{
	auto_close int layer = file_open_dir(store, id, e);

	if (layer < 0)
		return layer;
	if (sys_fsync(layer) < 0 || sys_fsync(store) < 0 || sys_fsync(top) < 0)
		return err_sys(e, "flush the layer %s", id);
	return 0;
}

/* The place to mount on. A tree that is there is an old root, which a rollback to layers leaves. */
static int make_place(int top, struct err *e)
{
	if (file_exists(top, "root") && !is_empty(top, "root")) {
		int r = storage_remove_tree(top, SNAPSHOT_BACK, e);

		if (r < 0)
			return r;
		if (sys_renameat2(top, "root", top, SNAPSHOT_BACK, RENAME_NOREPLACE) < 0)
			return err_sys(e, "put the old root aside");
	}
	if (sys_mkdirat(top, "root", 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create the place for the root");
	return 0;
}

/* Steps 3 and 4. */
static int new_top(const struct zone_dirs *d, struct zone *z, int store, int top, struct err *e)
{
	struct zone_record *r = &z->record;
	auto_free char *path = mem_format("%s/fs", r->next.items[0]);
	auto_close int like = file_open_dir(store, path, e);

	if (like < 0)
		return like;
	int n = make_place(top, e);

	if (n == 0)
		n = file_remove_tree(top, "upper", e);

	if (n == 0)
		n = storage_make_upper(top, like, e);
	if (n == 0)
		n = flush(store, r->next.items[0], top, e);
	if (n < 0)
		return n;
	strv_done(&r->layers);
	r->layers = r->next;
	r->next = (struct strv){ 0 };
	free(r->driver);
	r->driver = mem_strdup(STORAGE_OVERLAY);
	n = zone_record_write(d, z, e);
	return n < 0 ? n : storage_remove_tree(top, SNAPSHOT_BACK, e);
}

static int forget_next(const struct zone_dirs *d, struct zone *z, int store, struct err *e)
{
	(void)sys_unlinkat(store, z->record.next.items[0], AT_REMOVEDIR); /* empty, or not there */
	strv_done(&z->record.next);
	return zone_record_write(d, z, e);
}

/* Whoever copied had the zone's lock, which we have: it was killed. */
static int forget_copying(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	free(ptr_steal(&z->record.copying));
	int r = zone_record_update(d, z, e);

	if (r == 0)
		layers_prune_now(d);
	return r;
}

/* 1, 0, or that nobody knows, which must not be taken for 0: an announced layer would be forgotten, and what was asked for with it. */
static int is_there(int store, const char *path, struct err *e)
{
	struct stat st;

	if (fstatat(store, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0
						   : err_sys(e, "look for the layer \"%s\"", path);
}

int layers_settle(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	struct zone_record *r = &z->record;
	int forgotten = r->copying ? forget_copying(d, z, e) : 0;

	if (forgotten < 0 || r->next.n == 0)
		return forgotten;
	auto_free char *path = mem_format("%s/fs", r->next.items[0]);
	auto_close int store = layers_open(d, e);
	int n = store < 0 ? store : is_there(store, path, e);

	if (n == 0)
		return forget_next(d, z, store, e);
	auto_close int top = n < 0 ? n : open_zonepath(r, e);

	n = top < 0 ? top : new_top(d, z, store, top, e);
	return n < 0 ? err_wrap(e, "finish what was interrupted in zone \"%s\"", z->name) : 0;
}

/* Step 1. */
static int announce(const struct zone_dirs *d, struct zone *z, const char *id, bool on_top,
		    struct err *e)
{
	struct zone_record *r = &z->record;

	strv_done(&r->next);
	strv_add(&r->next, id);
	if (on_top)
		strv_copy(&r->next, &r->layers);
	return zone_record_write(d, z, e);
}

/* Step 2. */
static int rename_top(const struct zone *z, int store, const char *id, int top, struct err *e)
{
	const char *from = storage_is_overlay(&z->record) ? "upper/fs" : "root";
	auto_free char *to = mem_format("%s/fs", id);
	int r = quota_release(&z->record, top, from, e);

	if (r == 0)
		r = make_parent(store, id, e);
	if (r < 0)
		return r;
	if (sys_renameat2(top, from, store, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EXDEV)
		return err_set(e, EXDEV,
			       "\"%s\" is on another file system than the store of layers",
			       z->record.zonepath);
	return err_sys(e, "make \"%s/%s\" a layer", z->record.zonepath, from);
}

static int freeze_by_rename(const struct zone_dirs *d, struct zone *z, int store, int top,
			    struct err *e)
{
	auto_free char *id = NULL;
	struct err ignored = { 0 };
	int r = layers_new_id(&id, e);

	if (r == 0)
		r = announce(d, z, id, storage_is_overlay(&z->record), e);
	if (r < 0)
		return r;
	r = rename_top(z, store, id, top, e);
	if (r < 0) {
		(void)!forget_next(d, z, store, &ignored); /* else the next command does */
		return r;
	}
	return new_top(d, z, store, top, e);
}

/* A finished copy gets its name. */
static int publish(int store, const char *temporary, const char *id, struct err *e)
{
	auto_close int layer = file_open_dir(store, temporary, e);

	if (layer < 0)
		return layer;
	if (syncfs(layer) < 0)
		return err_sys(e, "flush the file system");
	if (sys_renameat2(store, temporary, store, id, RENAME_NOREPLACE) < 0)
		return err_sys(e, "name the layer %s", id);
	return sys_fsync(store) < 0 ? err_sys(e, "flush the store of layers") : 0;
}

/* `from` as the layer `id`, which a file names already: a whole root, or with `still` the top of one, whose zone goes on as soon as it is copied. */
static int copy_as_layer(int store, int from, struct still *still, const char *id, struct err *e)
{
	auto_free char *temporary = mem_format(LAYERS_NEW "%s", id);
	auto_free char *fs = mem_format("%s/fs", temporary);
	struct err ignored = { 0 };
	int r = make_parent(store, temporary, e);

	if (r == 0)
		r = make_parent(store, fs, e);
	auto_close int to = r < 0 ? r : file_open_dir(store, fs, e);
	struct tree_job job = { .root = to, .is_top = still != NULL };

	r = to < 0 ? to : tree_copy_open(&job, from, "the root", e);
	if (still)
		still_end(still); /* to flush may take long */
	if (r == 0)
		r = publish(store, temporary, id, e);
	if (r < 0)
		(void)!file_remove_tree(store, temporary, &ignored);
	return r;
}

/* What is copied for `holder`; `id` NULL: nothing any more. */
static int say_copying(const struct zone_dirs *d, struct zone *holder, const char *id,
		       struct err *e)
{
	free(holder->record.copying);
	holder->record.copying = mem_strdup(id);
	return zone_record_update(d, holder, e);
}

/* The name is in the record before there is anything. With success the record goes without it at the next writing, which names the layer in another way. `live` is the zone whose top this is and which stands still
 * meanwhile; NULL: a whole root. */
static int copy_for(const struct zone_dirs *d, struct zone *holder, const struct zone *live,
		    int from, char **ret_id, struct err *e)
{
	struct still still = STILL_NONE;
	struct err ignored = { 0 };
	auto_free char *id = NULL;
	auto_close int store = layers_open(d, e);
	int r = store < 0 ? store : layers_new_id(&id, e);

	if (r == 0)
		r = say_copying(d, holder, id, e);
	if (r < 0)
		return r;
	r = live ? still_begin(d, live, &still, e) : 0;
	if (r == 0)
		r = copy_as_layer(store, from, live ? &still : NULL, id, e);
	still_end(&still);
	if (r < 0) {
		(void)!say_copying(d, holder, NULL, &ignored); /* else the next command does */
		return r;
	}
	free(ptr_steal(&holder->record.copying));
	*ret_id = ptr_steal(&id);
	return 0;
}

static int freeze_by_copy(const struct zone_dirs *d, struct zone *z, int store, int top,
			  struct err *e)
{
	auto_free char *id = NULL;
	auto_close int root = zone_root_open(d, z, e);
	int r = root < 0 ? root : copy_for(d, z, NULL, root, &id, e);

	if (r == 0)
		r = announce(d, z, id, false, e);
	return r < 0 ? r : new_top(d, z, store, top, e);
}

int layers_freeze(const struct zone_dirs *d, struct zone *z, struct err *e)
{
	struct zone_record *r = &z->record;
	auto_close int store = layers_open(d, e);

	if (store < 0)
		return store;
	auto_close int top = open_zonepath(r, e);

	if (top < 0)
		return top;
	if (storage_is_overlay(r) && is_empty(top, "upper/fs"))
		return 0;
	int n = r->layers.n >= LAYERS_KEEP ? freeze_by_copy(d, z, store, top, e)
					   : freeze_by_rename(d, z, store, top, e);

	return n < 0 ? err_wrap(e, "make the root of zone \"%s\" a layer", z->name) : 0;
}

int layers_copy_top(const struct zone_dirs *d, const struct zone *z, struct zone *holder,
		    struct strv *ret, struct err *e)
{
	const struct zone_record *r = &z->record;
	auto_free char *path = mem_format("%s/upper/fs", r->zonepath);
	auto_free char *id = NULL;

	if (r->layers.n >= ENGINE_MAX_LAYERS)
		return err_set(
			e, E2BIG,
			"its root is in %zu layers: only while it does not run can they be made one",
			r->layers.n);
	if (!is_empty(AT_FDCWD, path)) {
		auto_close int from = file_open_dir(AT_FDCWD, path, e);
		int n = from < 0 ? from : copy_for(d, holder, z, from, &id, e);

		if (n < 0)
			return err_wrap(e, "copy the top of zone \"%s\"", z->name);
		strv_add(ret, id);
	}
	strv_copy(ret, &r->layers);
	return 0;
}
