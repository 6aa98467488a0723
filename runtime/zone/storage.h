/* storage - what a zone's root consists of on the disk. Private to runtime/zone.
 *
 * A root is a stack: read-only layers and one writable top. The record says which driver a zone has ("driver", absent in records of versions before: dir) and which layers lie below
 * ("layers", the topmost first):
 *
 *   dir      ZONEPATH/root is the tree
 *   overlay  ZONEPATH/upper/fs takes the changes, ZONEPATH/upper/work is the kernel's; the layers are STORAGE/.layers/ID/fs; ZONEPATH/root is an empty place to mount on
 *   btrfs    ZONEPATH/root is the tree and a subvolume
 *
 * Owners on the disk are those that the zone sees, 0 to 65535. In layers and tops a removed name is a character device 0:0 and a directory that hides those below it has the attribute
 * user.overlay.opaque=y (the kernel's form with "userxattr").
 *
 * Whoever reads or writes the root of a zone gets it here: ZONEPATH/root is not always the tree. */
#ifndef RUNTIME_ZONE_STORAGE_H
#define RUNTIME_ZONE_STORAGE_H

#include <sys/types.h>

#include "runtime/base/err.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/zone/store.h"

#define STORAGE_DIR     "dir"
#define STORAGE_OVERLAY "overlay"
#define STORAGE_BTRFS   "btrfs"

/* Pure: the driver of a record, never NULL. */
const char *storage_driver(const struct zone_record *r);
bool storage_is_overlay(const struct zone_record *r);
/* Pure: no driver, no layers, no snapshots, no image. */
void snapshot_done(struct zone_snapshot *s);
void storage_forget(struct zone_record *r);
/* STORAGE/.layers/ID/fs. Freshly allocated. */
char *storage_layer(const struct zone_dirs *d, const char *id);
/* Pure: may this be the name of a layer? 8 to 80 of a-z 0-9 -, not beginning with -. */
bool storage_layer_ok(const char *id);
/* The directories of all layers of a record, the topmost first. */
void storage_layers(const struct zone_dirs *d, const struct zone_record *r, struct strv *ret);
/* Pure: borrowed, NULL when there is none. */
struct zone_snapshot *snapshot_find(const struct zone_record *r, const char *name);
/* Pure: may a snapshot have this name? 1 to 63 of letters, digits, ".", "_", "-", ":", beginning with a letter or digit. */
bool snapshot_name_ok(const char *name);
/* Everything that the record says is there; the error names what is missing. */
MUST_CHECK int storage_check(const struct zone_dirs *d, const struct zone_record *r, struct err *e);
/* The same for a list of layers alone: of a snapshot. */
MUST_CHECK int storage_check_layers(const struct zone_dirs *d, const struct strv *layers,
				    struct err *e);
/* ZONEPATH/upper with fs and work, empty. The top directory gets owner, mode and attributes of `like`, an open directory (-1: root, 0755). */
MUST_CHECK int storage_make_upper(int zonepath, int like, struct err *e);

/* ZONEPATH/root, empty: a subvolume where the file system has them. *ret_driver is borrowed. */
MUST_CHECK int storage_make_root(int zonepath, const char **ret_driver, struct err *e);
/* Everything of ours in a zonepath, whatever form it is in. */
struct file_watch;
MUST_CHECK int storage_remove(int zonepath, struct file_watch *watch, struct err *e);
/* Remove a tree that may be a subvolume. Nothing there is success. */
MUST_CHECK int storage_remove_tree(int dirfd, const char *name, struct err *e);

/* --- subvolumes of btrfs (storage_btrfs.c) --- */
bool btrfs_is(int fd);
bool btrfs_is_subvolume(int dirfd, const char *name);
bool btrfs_same(int a, int b); /* directories of one btrfs? */
MUST_CHECK int btrfs_create(int dirfd, const char *name, struct err *e);
/* Of the subvolume whose directory `from` is. */
MUST_CHECK int btrfs_snapshot(int from, int dirfd, const char *name, bool readonly, struct err *e);

/* --- what can be had (storage_probe.c); 0, or why not. Paths need not exist: what is there of them counts. --- */
MUST_CHECK int storage_can_reflink(const char *from, const char *to, struct err *e);
/* The zonepath is there, and the zone locked. */
#define STORAGE_PROBE ".probe"
#define STORAGE_KEYS  "keys" /* while clone_keys.c makes them */
MUST_CHECK int storage_can_overlay(const char *zonepath, struct err *e);
bool storage_same_fs(const char *a, const char *b);
/* The deepest part of the path that exists. Freshly allocated. */
char *storage_existing(const char *path);

/* The merged root of a zone that is not running, as the zone sees it but with the owners of the disk: a descriptor to resolve below with base/path.h. Of an overlay it is a detached mount that goes
 * with the descriptor: -EBUSY while the zone runs. The caller holds the zone's lock. */
MUST_CHECK int zone_root_open(const struct zone_dirs *d, const struct zone *z, struct err *e);
/* The layers and the top of any record, for reading only. */
MUST_CHECK int storage_view(const struct strv *layers, struct err *e);

/* The root of a zone that runs, for files that are changed meanwhile. In an overlay only the mount of the zone itself may be used, where the host's root owns nothing: until root_use_end() this process
 * acts on files as the zone's root. */
struct root_use {
	int fd;
	bool is_shifted;
};
#define ROOT_USE_NONE                         \
	{                                     \
		.fd = -1, .is_shifted = false \
	}
MUST_CHECK int root_use_begin(const struct zone_dirs *d, const struct zone *z,
			      struct engine_container *c, struct root_use *ret, struct err *e);
void root_use_end(struct root_use *r);

#endif
