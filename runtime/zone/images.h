/* images - container images as sources of zones: `zone image ...`, and what `zone install --from oci:... ` needs of them.
 *
 * A reference is "oci:DIR[:TAG]", "oci:FILE[:TAG]" (an archive of a layout), "oci:...@sha256:...", "docker-archive:FILE[:NAME:TAG]", "docker://HOST/NAME:TAG" (by skopeo) or "image:NAME" (one that is kept).
 * Layers are unpacked once, whatever the number of images and zones that have them. */
#ifndef RUNTIME_ZONE_IMAGES_H
#define RUNTIME_ZONE_IMAGES_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"
#include "runtime/zone/zone.h"

/* Does it begin like a reference? Else it is a directory or an archive. */
bool zone_image_is_reference(const char *text);
/* Keep an image under a name; `name` NULL: under its own. Of an image of that name the new one takes the place. */
MUST_CHECK int zone_image_add(const struct zone_dirs *d, const char *from, const char *name,
			      const struct zone_install *options, char **ret_name, struct err *e);
/* An array of objects: name, digest, layers, service, size (bytes of its layers as they were packed; absent when not known), source, added. */
MUST_CHECK int zone_image_list(const struct zone_dirs *d, struct json **ret, struct err *e);
MUST_CHECK int zone_image_inspect(const struct zone_dirs *d, const char *name, struct json **ret,
				  struct err *e);
/* Take the name away, and the layers that nothing else has. */
MUST_CHECK int zone_image_remove(const struct zone_dirs *d, const char *name, size_t *ret_layers,
				 struct err *e);
/* Remove layers that no image, zone or snapshot has, and what interruptions have left. */
MUST_CHECK int zone_image_prune(const struct zone_dirs *d, size_t *ret_layers, struct err *e);

/* For install: have the layers of an image, and what it says (image_facts() in image_config.h). *ret_lock keeps the layers from being removed until the record that names them is on the disk; then zone_image_got(). */
MUST_CHECK int zone_image_get(const struct zone_dirs *d, const char *from,
			      const struct zone_install *options, struct json **ret, int *ret_lock,
			      struct err *e);
void zone_image_got(const struct zone_dirs *d, int *lock);

#endif
