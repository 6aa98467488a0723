/* view - a container that sees its own limits and use without a monitor that cares for it: "org.zones.procView": "true" among the annotations of config.json. Private to this folder; what the monitor uses of
 * view.c is in engine.h.
 *
 * create starts the server and records it, delete ends it; it ends by itself with the container's mounts. When it is killed before, reading those files fails inside (ENOTCONN) until the container is made anew.
 * sysinfo(2) is not answered: a listener needs somebody who outlives the server. */
#ifndef RUNTIME_ENGINE_VIEW_H
#define RUNTIME_ENGINE_VIEW_H

#include "runtime/engine/creation.h"

/* What can be refused at once. -EINVAL: not "true" or "false", or the container has no mounts of its own; -EPERM: rootless. */
MUST_CHECK int view_check(const struct container_spec *spec, bool rootless, struct err *e);
/* Whether a configuration that was checked asks for it. */
bool view_is_wanted(const struct container_spec *spec);
/* -ENOTSUP by name: criu can neither save nor make such a file system. */
MUST_CHECK int view_check_criu(const struct container_spec *spec, struct err *e);

/* A step of create: ctx is a struct creation, whose init has built its root and is not recorded yet. */
MUST_CHECK int view_make(void *ctx, struct err *e);
void view_undo(void *ctx);
/* The server of the record, if there is one and it lives. */
void view_end(const struct record *r);

/* The files over those of the container of this process; what it does not have is left out. */
MUST_CHECK int view_cover(int tree, int pidfd, struct err *e);

#endif
