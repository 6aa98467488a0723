/* criu_mounts - which mounts of a container come from outside, and from where. Pure, but for the reading of mountinfo. Private to this folder.
 *
 * CRIU saves mounts that it can make again by itself (proc, tmpfs with its content ...); those that show something of the host it must be told of by name, when it saves and when it restores.
 * The names are the mount points; they are kept beside the images in mounts.json, as a JSON array. */
#ifndef RUNTIME_ENGINE_CRIU_MOUNTS_H
#define RUNTIME_ENGINE_CRIU_MOUNTS_H

#include "config/spec.h"
#include "runtime/base/err.h"
#include "runtime/base/str.h"

/* Where on the host the mount at `at` of the container comes from: a bind mount's source (for a mount below a recursive one, the same place below its source), /dev/null for a masked file,
 * /dev/NAME for a device that is bound. NULL: from nowhere outside. Freshly allocated. */
char *criu_mount_source(const struct container_spec *spec, const char *at);
/* The mount points in the text of /proc/PID/mountinfo that come from outside. */
void criu_mounts_find(const struct container_spec *spec, const char *mountinfo, struct strv *ret);
/* The same without a look at a container, as far as the configuration tells: for images that another runtime has made. */
void criu_mounts_expect(const struct container_spec *spec, struct strv *ret);

MUST_CHECK int criu_mounts_save(int dir, const struct strv *points, struct err *e);
/* -ENOENT: these images have none. */
MUST_CHECK int criu_mounts_load(int dir, struct strv *ret, struct err *e);

#endif
