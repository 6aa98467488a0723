/* layout - the container's path in one hierarchy. Pure. Private to this folder. */
#ifndef CGROUPS_LAYOUT_H
#define CGROUPS_LAYOUT_H

#include "cgroups/detect.h"

/* The path below the hierarchy's mount, beginning with "/", freshly allocated:
 *   absolute `path`   below the mount's root
 *   relative `path`   v1: below our own cgroup; v2: beside it, because a cgroup that holds processes (ours) gives its children no controllers
 *   NULL              as relative, with the container's id
 * -EINVAL: "..", control characters, or the root itself. */
MUST_CHECK int layout_path(const struct hierarchy *h, const char *path, const char *id, char **ret,
			   struct err *e);

/* "/a/b/c" cut after its first n elements; n counts from 1. Freshly allocated; NULL when it has fewer. */
char *layout_prefix(const char *path, size_t n);
size_t layout_depth(const char *path);

#endif
