/* storage - find the parts of a root and put them together. The kinds of roots are described in storage.h; what makes and changes them is in layers.c. */
#include "runtime/zone/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/mem.h"
#include "runtime/base/sys.h"
#include "runtime/zone/detached.h"
#include "runtime/zone/snapshot.h"

enum { LAYER_NAME_MIN = 8, LAYER_NAME_MAX = 80, SNAPSHOT_NAME_MAX = 63, ACL_MAX = 4096 };

const char *storage_driver(const struct zone_record *r)
{
	return r->driver ? r->driver : STORAGE_DIR;
}

bool storage_is_overlay(const struct zone_record *r)
{
	return str_eq(r->driver, STORAGE_OVERLAY);
}

void snapshot_done(struct zone_snapshot *s)
{
	free(s->name);
	free(s->created);
	free(s->driver);
	strv_done(&s->layers);
	*s = (struct zone_snapshot){ 0 };
}

void storage_forget(struct zone_record *r)
{
	free(ptr_steal(&r->driver));
	strv_done(&r->layers);
	json_free(ptr_steal(&r->image));
	strv_done(&r->next);
	free(ptr_steal(&r->copying));
	for (size_t i = 0; i < r->n_snapshots; i++)
		snapshot_done(&r->snapshots[i]);
	free(ptr_steal(&r->snapshots));
	r->n_snapshots = 0;
}

bool storage_layer_ok(const char *id)
{
	size_t n = id ? strlen(id) : 0;

	return n >= LAYER_NAME_MIN && n <= LAYER_NAME_MAX && id[0] != '-' &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

bool snapshot_name_ok(const char *name)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = name ? strlen(name) : 0;

	return n > 0 && n <= SNAPSHOT_NAME_MAX && strspn(name, first) > 0 &&
	       n == strspn(name,
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");
}

struct zone_snapshot *snapshot_find(const struct zone_record *r, const char *name)
{
	for (size_t i = 0; i < r->n_snapshots; i++) {
		if (str_eq(r->snapshots[i].name, name))
			return &r->snapshots[i];
	}
	return NULL;
}

char *storage_layer(const struct zone_dirs *d, const char *id)
{
	return mem_format("%s/.layers/%s/fs", d->storage, id);
}

void storage_layers(const struct zone_dirs *d, const struct zone_record *r, struct strv *ret)
{
	for (size_t i = 0; i < r->layers.n; i++)
		strv_take(ret, storage_layer(d, r->layers.items[i]));
}

/* --- is it there? ------------------------------------------------------------------------------------------------- */

static int check_dir(int dirfd, const char *name, const char *shown, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "open \"%s\"", shown);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ENOTDIR, "\"%s\" is not a directory", shown);
	return 0;
}

int storage_check_layers(const struct zone_dirs *d, const struct strv *layers, struct err *e)
{
	if (layers->n == 0)
		return err_set(e, EINVAL, "the record names no layer");
	for (size_t i = 0; i < layers->n; i++) {
		auto_free char *path = storage_layer(d, layers->items[i]);
		int n = check_dir(AT_FDCWD, path, path, e);

		if (n < 0)
			return err_wrap(e, "layer %s is missing", layers->items[i]);
	}
	return 0;
}

int storage_check(const struct zone_dirs *d, const struct zone_record *r, struct err *e)
{
	static const char *const upper[] = { "upper/fs", "upper/work", NULL };

	if (!r->zonepath)
		return err_set(e, EINVAL, "the record names no zonepath");
	if (r->next.n > 0) /* on its way from one form to the other: layers_settle() */
		return check_dir(AT_FDCWD, r->zonepath, r->zonepath, e);
	auto_close int top = zone_storage_open(r->zonepath, e);
	auto_free char *root = mem_format("%s/root", r->zonepath);
	int n = top < 0 ? top : check_dir(top, "root", root, e);

	for (size_t i = 0; n == 0 && storage_is_overlay(r) && upper[i]; i++) {
		auto_free char *path = mem_format("%s/%s", r->zonepath, upper[i]);

		n = check_dir(top, upper[i], path, e);
	}
	return n == 0 && storage_is_overlay(r) ? storage_check_layers(d, &r->layers, e) : n;
}

/* --- a new top ---------------------------------------------------------------------------------------------------- */

static int make_dir(int dirfd, const char *name, mode_t mode, struct err *e)
{
	int r = 0;

	if (sys_mkdirat(dirfd, name, mode) < 0)
		return err_sys(e, "create \"%s\" in the zonepath", name);
	if (sys_fchmodat(dirfd, name, mode) < 0) {
		r = err_sys(e, "create \"%s\" in the zonepath", name);
		(void)sys_unlinkat(dirfd, name, AT_REMOVEDIR);
	}
	return r;
}

int storage_make_root(int zonepath, const char **ret_driver, struct err *e)
{
	*ret_driver = STORAGE_DIR;
	if (btrfs_is(zonepath)) {
		*ret_driver = STORAGE_BTRFS;
		return btrfs_create(zonepath, "root", e);
	}
	return make_dir(zonepath, "root", 0755, e);
}

/* What the root itself has beside its mode; marks of an overlay are none of it. */
static int copy_acls(int from, int to, struct err *e)
{
	static const char *const names[] = { "system.posix_acl_access",
					     "system.posix_acl_default" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char value[ACL_MAX];
		ssize_t n = fgetxattr(from, names[i], value, sizeof(value));

		if (n < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
			continue;
		if (n < 0 || fsetxattr(to, names[i], value, (size_t)n, 0) < 0)
			return err_sys(e, "copy the access list of the root");
	}
	return 0;
}

int storage_make_upper(int zonepath, int like, struct err *e)
{
	struct stat st = { .st_mode = 0755 };
	int r = make_dir(zonepath, "upper", 0700, e);

	if (r == 0)
		r = make_dir(zonepath, "upper/work", 0700, e);
	if (r == 0)
		r = make_dir(zonepath, "upper/fs", 0700, e);
	if (r < 0)
		return r;
	auto_close int fs = file_open_dir(zonepath, "upper/fs", e);

	if (fs < 0)
		return fs;
	if (like >= 0 && fstat(like, &st) < 0)
		return err_sys(e, "examine the root");
	if (sys_fchownat(fs, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 ||
	    sys_fchmod(fs, st.st_mode & 07777) < 0)
		return err_sys(e, "set the owner of the root");
	return like < 0 ? 0 : copy_acls(like, fs, e);
}

/* A tree that may be a subvolume, which goes at once; else somebody may want to know how far it is. */
static int remove_part(int zonepath, const char *name, struct file_watch *watch, struct err *e)
{
	return btrfs_is_subvolume(zonepath, name)
		       ? storage_remove_tree(zonepath, name, e)
		       : file_remove_tree_watched(zonepath, name, watch, e);
}

int storage_remove(int zonepath, struct file_watch *watch, struct err *e)
{
	static const char *const parts[] = { "root",        "upper",       "changes",   "log",
					     DETACHED_FILE, STORAGE_PROBE, STORAGE_KEYS };
	int r = snapshot_remove_trees(zonepath, e);

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		r = remove_part(zonepath, parts[i], watch, e);
	return r;
}

/* --- the tree ----------------------------------------------------------------------------------------------------- */

static int open_plain(const struct zone_record *r, struct err *e)
{
	auto_close int top = zone_storage_open(r->zonepath, e);
	int root = top < 0 ? top : file_open_dir(top, "root", e);

	return root < 0 ? err_wrap(e, "the zone's root in \"%s\"", r->zonepath) : root;
}

static int open_overlay(const struct zone_dirs *d, const struct zone_record *r, struct err *e)
{
	auto_done(strv) struct strv layers = { 0 };
	auto_free char *upper = mem_format("%s/upper", r->zonepath);
	int n = storage_check(d, r, e);

	if (n < 0)
		return n;
	storage_layers(d, r, &layers);
	return engine_overlay(&layers, upper, e);
}

int storage_view(const struct strv *layers, struct err *e)
{
	return engine_overlay(layers, NULL, e);
}

int zone_root_open(const struct zone_dirs *d, const struct zone *z, struct err *e)
{
	const struct zone_record *r = &z->record;

	if (!r->zonepath)
		return err_set(e, EINVAL, "zone \"%s\" has no root", z->name);
	if (!storage_is_overlay(r))
		return open_plain(r, e);
	if (z->init_alive)
		return err_set(
			e, EBUSY,
			"zone \"%s\" runs, and its root in layers can only be used from inside meanwhile: halt it first: zone halt %s",
			z->name, z->name);
	return open_overlay(d, r, e);
}

int root_use_begin(const struct zone_dirs *d, const struct zone *z, struct engine_container *c,
		   struct root_use *ret, struct err *e)
{
	bool is_shifted = storage_is_overlay(&z->record);
	int fd = is_shifted ? engine_open_root(c, e) : zone_root_open(d, z, e);

	if (fd < 0)
		return fd;
	*ret = (struct root_use){ .fd = fd, .is_shifted = is_shifted };
	if (!is_shifted)
		return 0;
	(void)setfsgid(z->record.id_base);
	(void)setfsuid(z->record.id_base);
	return 0;
}

void root_use_end(struct root_use *r)
{
	if (r->is_shifted) {
		(void)setfsuid(geteuid()); /* the rights over files come back with it */
		(void)setfsgid(getegid());
	}
	fd_close(&r->fd);
	r->is_shifted = false;
}
