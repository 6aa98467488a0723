/* install_image - what an install does differently when the root comes from an image: layers of the store below, an empty top in the zonepath. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_INSTALL_IMAGE_H
#define RUNTIME_ZONE_INSTALL_IMAGE_H

#include "runtime/base/err.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

/* Have the layers, and name them in the record, with what the image says; the caller writes the record and then closes *ret_lock. */
MUST_CHECK int install_image_get(const struct zone_dirs *d, struct zone *z, const char *from,
				 const struct zone_install *options, int *ret_lock, struct err *e);
/* The empty top, and mount points that the image lacks. `top` is the zonepath. */
MUST_CHECK int install_image_root(const struct zone_dirs *d, const struct zone *z, int top,
				  const struct zone_install *options, struct err *e);

#endif
