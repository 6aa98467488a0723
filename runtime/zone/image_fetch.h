/* image_fetch - images of registries, by skopeo. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_IMAGE_FETCH_H
#define RUNTIME_ZONE_IMAGE_FETCH_H

#include "runtime/zone/image.h"

/* Copy "docker://..." to an OCI layout in `folder`, tag "image". What an earlier call has fetched is not fetched again. -ENOENT: skopeo is not installed. Who may fetch what is skopeo's business: its policy.json, registries.conf and
 * logins (containers-auth.json) are the host's. It runs behind a wall, see below: what it cannot read in its usual places and in those that the environment names it does not get. */
MUST_CHECK int image_fetch(const char *reference, const char *folder,
			   const struct zone_install *options, struct err *e);

/* In the child that becomes skopeo: no capability, the folder to write, of the host only what it needs to read. For good. */
MUST_CHECK int image_fetch_wall(const void *folder, struct err *e);

#endif
