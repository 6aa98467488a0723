/* debootstrap - a Debian root made on the spot. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_DEBOOTSTRAP_H
#define RUNTIME_ZONE_DEBOOTSTRAP_H

#include "runtime/base/err.h"
#include "runtime/zone/tree.h"

/* Pure: a name that can be a suite: letters, digits, "-", "." and "_". */
bool debootstrap_suite_ok(const char *suite);
/* Fill the empty root with the suite's minimal system and an init, by mmdebstrap or, when that is not installed, debootstrap; packages come from the mirror that the host's own apt uses. -ENOENT: neither is installed. */
MUST_CHECK int debootstrap_run(const struct zone_dirs *d, struct tree_job *job, const char *suite,
			       struct err *e);

#endif
