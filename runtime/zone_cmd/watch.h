/* watch - progress and warnings of a verb that copies files. Private to zone_cmd. */
#ifndef RUNTIME_ZONE_CMD_WATCH_H
#define RUNTIME_ZONE_CMD_WATCH_H

#include "runtime/base/str.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/output.h"

struct watch {
	struct output_progress progress;
	struct strv warnings;
};
/* What zone_install, zone_move ... call back with. */
struct zone_install watch_options(struct watch *w);
/* The warnings as one note, after the bar is gone; NULL when there is none. Freshly allocated. */
char *watch_note(struct watch *w);
void watch_done(struct watch *w);

#endif
