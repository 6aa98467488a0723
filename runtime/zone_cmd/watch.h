/* watch - what a long command says while it works: a bar on a terminal, and warnings that are kept for the end. Fits zone_install. */
#ifndef RUNTIME_ZONE_CMD_WATCH_H
#define RUNTIME_ZONE_CMD_WATCH_H

#include "runtime/base/str.h"
#include "runtime/zone/zone.h"
#include "runtime/zone_cmd/output.h"

struct watch {
	struct output_progress progress;
	struct strv warnings;
};
void watch_progress(void *arg, const char *what, unsigned long long done, unsigned long long total);
void watch_warn(void *arg, const char *sentence);
/* The options with both of them. */
struct zone_install watch_options(struct watch *w);
/* The warnings as one note, after the bar is gone; NULL when there is none. Freshly allocated. */
char *watch_note(struct watch *w);
void watch_done(struct watch *w);

#endif
