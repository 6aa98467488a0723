/* shut - can users of the host run what lies in a directory with the rights of whoever owns it? Private to runtime/zone.
 *
 * What root of a zone makes in a writable lofs is root's on the host's disk, its set-user-ID bits and file capabilities included. In the zone they mean nothing, but a user of the host who gets to such a file by
 * the host's path would run it as root. So one of two must keep him from it: a directory above that only root enters, or a mount that honours no set-user-ID. The directory itself is no door: root of the zone can
 * change its mode. */
#ifndef RUNTIME_ZONE_SHUT_H
#define RUNTIME_ZONE_SHUT_H

#include <stdbool.h>

#include "runtime/base/err.h"

/* -EPERM with a sentence that names the ways out when neither holds for `path` (a directory or a file of the host), which is called `name` there. With `below`, what is mounted below it is seen too, and only a directory above counts. */
MUST_CHECK int shut_check(const char *path, const char *name, bool below, struct err *e);

#endif
