/* confirm - the question before something is destroyed. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_CONFIRM_H
#define RUNTIME_ZONE_CMD_CONFIRM_H

#include "runtime/base/err.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/commands.h"

/* With -F: yes. On a terminal: "QUESTION "web"?". Without one: no. The state table is asked first, so nobody is asked about what would be refused anyway. -ECANCELED for no. */
MUST_CHECK int confirm(const struct cli_args *a, const struct zone_dirs *d, enum zone_verb verb,
		       const char *question, struct err *e);

#endif
