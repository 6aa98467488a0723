/* running - RUN/NAME/running.N.json: the effective configuration that a zone runs with, as it was booted and as `zone apply` has changed it since. Private to runtime/zone.
 *
 * N is the number of the boot (zone_run.restarts): an apply that is late, because the monitor has booted the zone again meanwhile, writes a file that nobody reads.
 * The monitor writes the first one, verbs replace it under the zone's lock (store.h). */
#ifndef RUNTIME_ZONE_RUNNING_H
#define RUNTIME_ZONE_RUNNING_H

#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/zone/changes.h"
#include "runtime/zone/store.h"

struct running {
	struct json *config; /* zone_spec_save() of an effective configuration */
	/* Paths that an apply has begun to change; empty when none is under way. What holds of them is not known when that apply was killed. */
	struct strv unsure;
	bool matches;      /* it is all that the file asked for, whose text had ... */
	uint64_t file_sum; /* ... this sum (zone.config_sum) */
};
void running_done(struct running *r);

/* 1 when it is there, 0 when it is not (the zone was booted by a version that kept none), or a negative errno. */
MUST_CHECK int running_load(const struct zone_dirs *d, const struct zone *z, struct running *ret,
			    struct err *e);
MUST_CHECK int running_store(const struct zone_dirs *d, const struct zone *z,
			     const struct running *r, struct err *e);

/* What the file of a zone asks for, as such a document. z->spec must not be NULL. */
MUST_CHECK int running_wanted(const struct zone_dirs *d, const struct zone *z, struct json **ret,
			      struct err *e);

#endif
