/* snapshot - roots as they were. Private to runtime/zone.
 *
 * The record names the snapshots of a zone. One of layers is nothing but their names; one that is a tree lies in ZONEPATH/snapshots/NAME (a read-only subvolume of btrfs, or a copy whose files share
 * their blocks with the root's). A tree that no record names is rubbish: it is removed by the next command that changes the snapshots of the zone.
 *   ZONEPATH/.back   while a rollback to a tree is under way, the new root or the old one: rubbish as well */
#ifndef RUNTIME_ZONE_SNAPSHOT_H
#define RUNTIME_ZONE_SNAPSHOT_H

#include "runtime/base/err.h"
#include "runtime/zone/store.h"

#define SNAPSHOT_AUTO "auto-" /* names that were made up begin so */
#define SNAPSHOT_BACK ".back"

/* The root as it was, or as it is (`name` NULL), for reading only: a directory to resolve below with base/path.h. */
MUST_CHECK int snapshot_view(const struct zone_dirs *d, const struct zone *z, const char *name,
			     struct err *e);
/* Remove trees that the record does not name. The zone is locked. */
MUST_CHECK int snapshot_sweep(const struct zone_record *r, struct err *e);
/* All of them; `top` is the zonepath. */
MUST_CHECK int snapshot_remove_trees(int top, struct err *e);

#endif
