/* still - keep a running zone's processes still while its root is copied. Private to runtime/zone.
 *
 * A child of ours lets them go on again, when it is told to and also when we are killed: a zone that a copy had stopped must not stay so. One that was frozen before stays frozen. */
#ifndef RUNTIME_ZONE_STILL_H
#define RUNTIME_ZONE_STILL_H

#include "runtime/base/err.h"
#include "runtime/zone/store.h"

struct still {
	int pipe; /* the child waits for its end; -1: there is none */
	pid_t child;
	/* Borrowed: should the child be killed, still_end() thaws. */
	const struct zone_dirs *dirs;
	const char *name;
};
#define STILL_NONE          \
	{                   \
		.pipe = -1, \
	}
/* Nothing for a zone that does not run. */
MUST_CHECK int still_begin(const struct zone_dirs *d, const struct zone *z, struct still *s,
			   struct err *e);
void still_end(struct still *s);

#endif
