/* layers - the store of layers, STORAGE/.layers (0700): how a zone's top becomes a layer, and how layers that nobody needs go. Private to runtime/zone.
 *
 *   STORAGE/.layers/ID/fs   a layer; never written again
 *   STORAGE/.layers/.new-ID a layer that is being copied: needed like the layer ID
 *   STORAGE/.layers/.NAME   anything else: rubbish for whoever holds the lock
 *   STORAGE/.layers.lock    held while layers are removed, and for the moment in which a file names a layer that another file named before
 *
 * A layer is needed while a file names it: a zone's record ("layers", "nextLayers", "copying", those of "snapshots"), or an image, STORAGE/.images/ANYTHING.json with a member "layers". There are no counters: whoever
 * removes lists the store first and reads the names afterwards, so a name that is written before the layer is made protects it, and no lock is held while it is made, however long that takes. */
#ifndef RUNTIME_ZONE_LAYERS_H
#define RUNTIME_ZONE_LAYERS_H

#include <stddef.h>

#include "runtime/base/err.h"
#include "runtime/zone/store.h"

#define LAYERS_NEW ".new-"
enum { LAYERS_WAIT_MS = 60000 };
/* So many layers may a zone have before its next one is made of all of them together. */
enum { LAYERS_KEEP = 48 };

/* The store, made if need be; root's alone: what a zone's root has made setuid lies in it. */
MUST_CHECK int layers_open(const struct zone_dirs *d, struct err *e);
/* Busy: -EWOULDBLOCK. The lock goes with the descriptor. */
MUST_CHECK int layers_lock(const struct zone_dirs *d, int wait_ms, int *ret_fd, struct err *e);
/* A name that no layer has yet. Freshly allocated. */
MUST_CHECK int layers_new_id(char **ret, struct err *e);

/* Remove what no file names, and rubbish. *ret_n (may be NULL) is how many layers went. Whoever has the lock calls layers_sweep(); layers_prune() takes it, and does nothing when it is busy and `wait_ms` is over:
 * who holds it prunes or is followed by somebody who does. */
MUST_CHECK int layers_sweep(const struct zone_dirs *d, size_t *ret_n, struct err *e);
MUST_CHECK int layers_prune(const struct zone_dirs *d, int wait_ms, size_t *ret_n, struct err *e);

/* The same for whoever has done something else with success: what cannot be removed now is logged, and stays for the next one. */
void layers_prune_now(const struct zone_dirs *d);

/* Make what the zone's root is now a layer, with an empty top above it: the zone is an overlay afterwards. By a rename, whatever its size; a root in LAYERS_KEEP layers is copied into one. Nothing is done
 * when the top is empty already. The zone is installed, does not run and is locked; zonepath and store are on one file system (-EXDEV). A kill at any moment is finished or undone by layers_settle(). */
MUST_CHECK int layers_freeze(const struct zone_dirs *d, struct zone *z, struct err *e);
/* The same for a zone that runs or not, by copying the top into a layer: *ret is the list of layers that show the root as it is now. The zone stays as it is; its processes stand still while the top is
 * copied. `holder` is the zone whose record says what is being copied: the same one, or a clone. The caller names the layers in that record and writes it. Both zones are locked. */
MUST_CHECK int layers_copy_top(const struct zone_dirs *d, const struct zone *z, struct zone *holder,
			       struct strv *ret, struct err *e);
/* Finish or undo what an interruption has left of layers_freeze() and layers_copy_top(). The zone is locked. */
MUST_CHECK int layers_settle(const struct zone_dirs *d, struct zone *z, struct err *e);

#endif
