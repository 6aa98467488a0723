/* journal - what a verb has begun that must not stay half done: `rename` and `move` change several files, and a crash between two of them would leave a zone in two places or in none.
 *
 * STORAGE/.journal/NAME.json says, durably and before the first change, what is being done to the zone NAME; it is removed after the last one. Whoever comes next and finds an entry whose
 * writer is gone brings it to an end: forward or back, each verb's *_finish() decides by what it finds. Its steps can therefore be repeated any number of times.
 *
 * An entry is an object: "verb", "zone", "to" (the other zone's name that is locked as well; may be absent), and what the verb needs.
 * Called with the locks of the zones that it names, as root, by the verbs; journal_settle() takes the locks itself. Private to runtime/zone. */
#ifndef RUNTIME_ZONE_JOURNAL_H
#define RUNTIME_ZONE_JOURNAL_H

#include <stdbool.h>

#include "runtime/base/err.h"
#include "runtime/base/json.h"
#include "runtime/zone/store.h"

/* Write the entry, or replace it by its next phase; durable when it returns. */
MUST_CHECK int journal_write(const struct zone_dirs *d, const struct json *entry, struct err *e);
/* The work is done, or undone. */
MUST_CHECK int journal_end(const struct zone_dirs *d, const char *name, struct err *e);
/* Is there an entry that names this zone? Costs one system call when there is no entry at all. */
bool journal_names(const struct zone_dirs *d, const char *name);
/* Bring every entry to its end whose zones nobody has locked; `wait`: also those that are locked, when their holder lets go (at most a minute). The first failure is returned. */
MUST_CHECK int journal_settle(const struct zone_dirs *d, bool wait, struct err *e);

/* What brings the entries of a verb to their end (rename.c, move.c). */
MUST_CHECK int rename_finish(const struct zone_dirs *d, const struct json *entry, struct err *e);
MUST_CHECK int move_finish(const struct zone_dirs *d, const struct json *entry, struct err *e);

#endif
