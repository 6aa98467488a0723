/* systemd - the driver that asks systemd for cgroups is not part of this build. Private to this folder. */
#ifndef CGROUPS_SYSTEMD_H
#define CGROUPS_SYSTEMD_H

#include "runtime/base/err.h"

/* Always -EOPNOTSUPP, with the sentence that fits this host. */
MUST_CHECK int systemd_refuse(struct err *e);

#endif
