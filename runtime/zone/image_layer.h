/* image_layer - a layer of an image becomes a directory of the layer store, STORAGE/.layers/ID/fs. Private to runtime/zone.
 *
 * It is made under a temporary name and gets its own one when everything is on the disk and both digests are right, so a layer that is there is whole, and what an interruption leaves is swept away by the
 * next one that has the store's lock. Layers that are there are not unpacked again. */
#ifndef RUNTIME_ZONE_IMAGE_LAYER_H
#define RUNTIME_ZONE_IMAGE_LAYER_H

#include "runtime/zone/image.h"

/* All layers of an image, the lowest first. The store's lock is held. */
MUST_CHECK int image_layers_unpack(const struct zone_dirs *d, const struct image_source *s,
				   const struct image *i, const struct zone_install *options,
				   struct err *e);
/* What the first `n` layers show together, read-only: a directory that is gone with its descriptor. */
MUST_CHECK int image_layers_view(const struct zone_dirs *d, const struct image *i, size_t n,
				 struct err *e);

#endif
