/* image_store - what is kept of images. Private to runtime/zone.
 *
 *   STORAGE/.images/NAME.json      an image under a name ("/" and ":" as %2F, %3A): digest, layers, its configuration as far as zones use it (atomic, fsynced)
 *   STORAGE/.images/.lock          flock: whoever unpacks layers or removes them, until what names them is on the disk
 *   STORAGE/.images/.pull-SUM/     what skopeo has fetched so far of one reference; goes on from there
 *   STORAGE/.images/.tmp-*         an archive unpacked for reading, a layer that is being unpacked
 *   STORAGE/.images/_wanted.json   the layers of the image that is being got: named before they are made, so that nobody removes them (layers.h). After an interruption they stay until the next prune: the same
 *                                  command then goes on where it was
 *   STORAGE/.layers/ID/fs/         a layer (layers.h)
 *
 * All folders are root's alone. What begins with a dot or "_" is a remnant when nobody has the lock. */
#ifndef RUNTIME_ZONE_IMAGE_STORE_H
#define RUNTIME_ZONE_IMAGE_STORE_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

/* Make the folders and take the lock; waits for ten minutes, since a pull may take long. */
MUST_CHECK int image_store_lock(const struct zone_dirs *d, int *ret_fd, struct err *e);
/* Remove remnants; the lock is held. `all`: also what would help the same command to go on. */
void image_store_sweep(const struct zone_dirs *d, bool all);

MUST_CHECK int image_store_write(const struct zone_dirs *d, const char *name, const struct json *j,
				 struct err *e);
/* -ENOENT: no image of that name, with the nearest as a hint. */
MUST_CHECK int image_store_read(const struct zone_dirs *d, const char *name, struct json **ret,
				struct err *e);
MUST_CHECK int image_store_remove(const struct zone_dirs *d, const char *name, struct err *e);
/* Sorted. */
MUST_CHECK int image_store_names(const struct zone_dirs *d, struct strv *ret, struct err *e);
/* Name layers before they are made; the lock is held. image_unwant(): what follows is named by something else, or nobody wants them. */
MUST_CHECK int image_want(const struct zone_dirs *d, const struct json *layers, struct err *e);
void image_unwant(const struct zone_dirs *d);

/* A new folder for something that is removed again: STORAGE/.images/.tmp-WHAT-XXXXXX. */
MUST_CHECK int image_temporary(const struct zone_dirs *d, const char *what, char **ret,
			       struct err *e);
/* The folder in which skopeo's copy of that reference is kept until it is whole. */
MUST_CHECK int image_pull_folder(const struct zone_dirs *d, const char *reference, char **ret,
				 struct err *e);

/* --- layers --- */
char *image_layer_folder(const struct zone_dirs *d, const char *id);
MUST_CHECK int image_layer_temporary(const struct zone_dirs *d, char **ret, struct err *e);
/* New names of layers are on the disk. */
MUST_CHECK int image_layers_flush(const struct zone_dirs *d, struct err *e);

/* Pure: a name as a file name and back; the second is NULL for a file that is none of ours. Freshly allocated. */
char *image_name_to_file(const char *name);
char *image_name_from_file(const char *file);

#endif
