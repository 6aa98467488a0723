/* events - what happened to zones, kept on disk.
 *
 * STORAGE/.events/NAME holds an event a line, as JSON:
 *   {"time":"2026-11-29T10:50:01.123Z","zone":"web","event":"oom","text":"...","data":{...}}
 * `event` is one of the words of zone(8), `text` a sentence for people, `data` what programs want of it (absent when there is nothing). A file that has grown to EVENTS_MAX bytes becomes
 * ".NAME", which replaces an older one, so that a zone that makes events as fast as it can fills 2 * EVENTS_MAX bytes and pushes out nobody's events but its own. Both go with the zone.
 * Writers (the monitor, the verbs) append whole lines under flock(2); readers take no lock and skip a line that a crash has left unfinished.
 * As root, in the host's mount namespace. */
#ifndef RUNTIME_ZONE_EVENTS_H
#define RUNTIME_ZONE_EVENTS_H

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/zone/store.h"

enum { EVENTS_MAX = 128 << 10, EVENTS_LINE_MAX = 8192 };

/* Append one; `data` is taken and may be NULL. An event that cannot be written is logged: it never stops what it tells of. */
void zone_event(const struct zone_dirs *d, const char *name, const char *event, const char *text,
		struct json *data);
/* The zone is deleted. Gone is fine. */
void zone_events_forget(const struct zone_dirs *d, const char *name);
/* The zone has another name; what happened to it stays with it. Again is fine. */
void zone_events_rename(const struct zone_dirs *d, const char *from, const char *to);

struct zone_events_query {
	const struct strv *names; /* NULL or empty: of all zones */
	const struct strv *kinds; /* only these words of `event`; NULL or empty: all */
	const char *
		since; /* a time as in the events, or the beginning of one: "2026-11-29"; NULL: all */
	size_t last;   /* only so many, the latest; 0: all */
	bool follow;   /* go on for ever */
	/* Called for each in the order of time (those of one zone in the order in which they happened). A negative result ends zone_events() with it. */
	int (*each)(void *arg, const struct json *event);
	void *arg;
};
/* -ENOENT: a name that is no zone and has no events. */
MUST_CHECK int zone_events(const struct zone_dirs *d, const struct zone_events_query *q,
			   struct err *e);

#endif
