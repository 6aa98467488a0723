/* image_config - an image's configuration in the words of a zone's file. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_IMAGE_CONFIG_H
#define RUNTIME_ZONE_IMAGE_CONFIG_H

#include "runtime/zone/image.h"

/* {"name","digest","layers":[ids, the lowest first],"service":{as in zone.json},"exposedPorts":[],"volumes":[],"labels":{},"healthCheck":text,"architecture","created"}: what stays with a zone and under an image's name. Members without a
 * value are left out. `service` has no "command" when the image's program is an init, or a shell without arguments, which would end at once without a terminal: then the tree's own init boots.
 * Refused: a user or a directory that a zone's service cannot have. Variables that zone.json cannot hold (with line breaks) are left out, said through options->warn. */
MUST_CHECK int image_facts(const struct image *i, const struct zone_install *options,
			   struct json **ret, struct err *e);

#endif
